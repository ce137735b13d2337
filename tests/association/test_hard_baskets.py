"""Baskets at the edge, each through the whole road: learn, offer, test on others."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.association import AssociationRules, FrequentItemsets
from crmml.exceptions import DataQualityWarning, SchemaError


def walk(baskets, min_support=1, min_confidence=0.1):
    rules = AssociationRules(min_support, min_confidence).fit(baskets)
    return rules, rules.predict(baskets), rules.validate(baskets)


def test_empty_baskets_count_and_get_no_offer():
    rules, offers, result = walk([[], ["a", "b"], []])
    assert rules.n_baskets_ == result.n_baskets == 3
    assert rules.rules_["support"].tolist() == [1 / 3, 1 / 3]
    assert len(offers) == 0
    assert (result.rules["lift"] == 3).all()


def test_one_item_makes_no_rule():
    rules, offers, result = walk([["a"], ["a"]])
    assert rules.itemsets_["count"].tolist() == [2]
    assert (rules.n_rules_, len(offers), len(result.rules)) == (0, 0, 0)


def test_baskets_that_are_all_alike_have_rules_of_lift_one_and_none_survives():
    rules, offers, result = walk([["a", "b", "c"]] * 50, min_support=1.0)
    # All splits of one set of three and of three of two.
    assert rules.n_rules_ == 6 + 3 * 2
    assert (rules.rules_["lift"] == 1).all()
    assert len(offers) == 0
    assert (result.rules["verdict"] == "gone").all()


def test_a_hundred_thousand_items_are_no_more_than_their_lines():
    rng = np.random.default_rng(0)
    lines = pd.DataFrame(
        {
            "order_id": np.repeat(np.arange(25_000), 4),
            "product_id": rng.permutation(100_000),
        }
    )
    again = pd.concat([lines, lines.assign(order_id=lines["order_id"] + 25_000)])
    rules = AssociationRules(2, 0.5, max_length=2, max_itemsets=300_000).fit(again)
    # Each basket of four comes twice: four items, six pairs of them.
    assert len(rules.itemsets_) == 100_000 + 6 * 25_000
    assert rules.n_rules_ == 2 * 6 * 25_000
    (first,) = lines.groupby("order_id")["product_id"].agg(list).head(1)
    offers = rules.predict([first[:3]], n_items=5)
    assert offers["item"].tolist() == first[3:]
    result = rules.validate(lines.head(4000))
    assert result.n_survive == 2 * 6 * 1000
    assert (result.rules["verdict"] == "not seen").sum() == 2 * 6 * 24_000
    # What is hidden is the only item that its companions know.
    assert result.hits.loc[0, "hit_rate"] == 1


@pytest.mark.parametrize("make", [list, pd.DataFrame, pl.DataFrame, pa.table])
def test_the_empty_text_is_an_item_and_missing_ones_are_none(make):
    items = ["", "a", None, "", "a", None]
    if make is list:
        X = [["", "a", None], ["", "a", None]]
    else:
        X = make({"order_id": [1, 1, 1, 2, 2, 2], "product_id": items})
    with pytest.warns(DataQualityWarning, match="2 of 6"):
        rules = AssociationRules(2, 0.5).fit(X)
    assert set(rules.itemsets_["itemsets"]) == {
        frozenset([""]),
        frozenset(["a"]),
        frozenset(["", "a"]),
    }
    assert rules.predict([["a"]])["item"].tolist() == [""]
    with pytest.warns(DataQualityWarning, match="1 of 2 items"):
        assert rules.predict([["a", np.nan]])["item"].tolist() == [""]


def test_chinese_orders_in_gbk_go_the_whole_road():
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "GoodsOrder.csv"
    if not path.is_file():
        pytest.skip("GoodsOrder.csv is not in a folder shared/data beside the checkout")
    lines = pd.read_csv(path, encoding="gbk")
    rules = AssociationRules(0.01, 0.2, order_column="id", item_column="Goods")
    is_later = lines["id"] % 2 == 1
    rules.fit(lines[~is_later])
    assert rules.predict([["根茎类蔬菜", "酸奶"]])["item"].iloc[0] == "全脂牛奶"
    result = rules.validate(lines[is_later])
    assert result.n_baskets == lines.loc[is_later, "id"].nunique()
    assert result.n_survive > 0.8 * rules.n_rules_ > 100
    assert result.n_confirmed > 0.6 * rules.n_rules_
    # Both counts come from the lines themselves.
    beef = lines[is_later & (lines["Goods"] == "牛肉")]["id"].nunique()
    row = result.rules[result.rules["antecedents"] == frozenset({"牛肉"})].iloc[0]
    assert row["antecedent_count"] == beef
    assert result.hits.set_index("way").loc["rules, then bestsellers", "gain_low"] > 0


def test_numbers_and_text_mixed_are_refused_at_every_door():
    mixed = [["a", 1]]
    rules = AssociationRules(1).fit([["a", "b"]])
    for ask in (AssociationRules(1).fit, rules.predict, rules.validate):
        with pytest.raises(SchemaError, match="1 items are text and 1 are numbers"):
            ask(mixed)
    with pytest.raises(SchemaError, match="several types"):
        AssociationRules(1).fit(
            pd.DataFrame({"order_id": [1, 1], "product_id": ["a", 1]})
        )


def test_repeated_lines_count_once_in_rules_offers_and_tests():
    once = [["a", "b"], ["a"], ["b", "c"]]
    twice = [basket * 2 for basket in once]
    for one, other in zip(walk(once)[1:], walk(twice)[1:], strict=True):
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)
        else:
            pd.testing.assert_frame_equal(one.rules, other.rules)
            pd.testing.assert_frame_equal(one.hits, other.hits)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_form_gives_the_same_rules_and_the_same_verdicts(make, tmp_path):
    rng = np.random.default_rng(1)
    baskets = [
        sorted(set(rng.choice(["尿布", "啤酒", "茶", "米", "盐"], 3)))
        for _ in range(60)
    ]
    lines = {
        "订单": np.repeat(np.arange(60), [len(one) for one in baskets]),
        "商品": [item for one in baskets for item in one],
    }
    expected = AssociationRules(2, 0.2).fit(baskets)
    rules = AssociationRules(2, 0.2, order_column="订单", item_column="商品")
    table = make(lines)
    path = tmp_path / "订单.parquet"
    pd.DataFrame(lines).to_parquet(path)
    one_hot = pd.crosstab(lines["订单"], np.array(lines["商品"])) > 0
    for X in (table, path, str(path), one_hot, make(one_hot.to_dict("list"))):
        rules.fit(X)
        pd.testing.assert_frame_equal(rules.rules_, expected.rules_)
        found = rules.validate(X)
        pd.testing.assert_frame_equal(found.rules, expected.validate(baskets).rules)


def test_arrays_that_cannot_be_written_to_are_read():
    orders, items = np.array([1, 1, 2]), np.array([7, 8, 7])
    table = pd.DataFrame({"order_id": orders, "product_id": items})
    arrow = pa.table({"order_id": orders, "product_id": items})
    weights = np.array([1, 2, 3])
    fixed = np.array([[True, True], [True, False], [True, True]])
    for array in (orders, items, weights, fixed):
        array.flags.writeable = False
    for X in (table, arrow, arrow.to_pandas()):
        rules = AssociationRules(1).fit(X)
        assert rules.n_rules_ == 2
        rules.validate(X)
    one_hot = pd.DataFrame(fixed, columns=["a", "b"], copy=False)
    found = FrequentItemsets(1).fit(one_hot, sample_weight=weights)
    assert found.itemsets_["count"].tolist() == [6, 4, 4]


def test_mlxtend_reads_our_tables_and_we_read_its_baskets():
    # mlxtend sets a warning filter for the whole process when it is imported.
    with warnings.catch_warnings():
        from mlxtend.frequent_patterns import association_rules
        from mlxtend.preprocessing import TransactionEncoder
    rng = np.random.default_rng(0)
    baskets = [rng.choice(list("abcdef"), 3).tolist() for _ in range(64)]
    encoder = TransactionEncoder()
    held = encoder.fit(baskets).transform(baskets)
    one_hot = pd.DataFrame(held, columns=encoder.columns_)
    ours = AssociationRules(0.125, 0.25, min_lift=1.0).fit(one_hot)
    pd.testing.assert_frame_equal(
        ours.rules_, AssociationRules(0.125, 0.25, min_lift=1.0).fit(baskets).rules_
    )
    theirs = association_rules(ours.itemsets_, metric="confidence", min_threshold=0.25)
    theirs = theirs[theirs["lift"] >= 1 - 1e-12]
    both = ours.rules_.merge(theirs, on=["antecedents", "consequents"])
    assert len(both) == len(theirs) == ours.n_rules_ > 0
    for name in ("support", "confidence", "lift", "leverage", "zhang", "jaccard"):
        theirs_name = {"zhang": "zhangs_metric"}.get(name, f"{name}_y")
        ours_name = "zhang" if name == "zhang" else f"{name}_x"
        np.testing.assert_allclose(both[ours_name], both[theirs_name], atol=1e-12)
