from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association._basket_lists import read_lists
from crmml.association._itemsets import label_itemsets, sort_itemsets
from crmml.association._mining import mine_itemsets
from crmml.association._rule_table import make_rule_table
from crmml.association._rules import derive_rules
from crmml.association._subset_index import SubsetIndex
from crmml.exceptions import LimitError


def derive(baskets, min_count, min_confidence, min_lift=None, max_rules=10**6):
    coded = read_lists(baskets)
    itemsets = sort_itemsets(mine_itemsets(coded, min_count))
    rules = derive_rules(
        itemsets,
        coded.n_baskets,
        min_confidence=min_confidence,
        min_lift=min_lift,
        max_rules=max_rules,
    )
    labelled = label_itemsets(itemsets, coded.items)
    return make_rule_table(rules, itemsets, labelled, coded.n_baskets)


BASKETS = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=20)
SHARES = st.fractions(0, 1, max_denominator=20)


@settings(max_examples=80, deadline=None)
@given(
    baskets=BASKETS,
    min_count=st.integers(1, 5),
    min_confidence=SHARES,
    min_lift=st.none() | st.fractions(0, 3, max_denominator=20),
)
def test_rules_and_measures_equal_exhaustive_enumeration(
    enumerate_rules, baskets, min_count, min_confidence, min_lift
):
    table = derive(baskets, min_count, min_confidence, min_lift)
    expected = enumerate_rules(baskets, min_count, min_confidence, min_lift)
    keys = list(zip(table["antecedents"], table["consequents"], strict=True))
    assert len(keys) == len(set(keys))
    assert set(keys) == set(expected)
    for name in table.columns[2:]:
        wanted = [float(expected[key][name]) for key in keys]
        # One rounding for each of the few operations on integers.
        assert table[name].tolist() == pytest.approx(wanted, rel=1e-14, abs=1e-15)


@settings(max_examples=50, deadline=None)
@given(baskets=BASKETS)
def test_rows_are_sorted_by_lift_confidence_support_and_labels(baskets):
    table = derive(baskets, 1, Fraction(0))
    keys = [
        (
            -rule.lift,
            -rule.confidence,
            -rule.support,
            sorted(rule.antecedents),
            sorted(rule.consequents),
        )
        for rule in table.itertuples()
    ]
    assert keys == sorted(keys)


def test_a_rule_exactly_on_the_minimum_confidence_is_kept():
    # (16/N) / (20/N) is below 0.8 in floats for many N, 25 among them.
    baskets = [["a", "b"]] * 16 + [["a"]] * 4 + [["c"]] * 5
    table = derive(baskets, 1, Fraction("0.8"))
    first = table[table["antecedents"] == frozenset("a")]
    assert first["count"].tolist() == [16]
    assert derive(baskets, 1, Fraction("0.8000001"))["antecedents"].tolist() == [
        frozenset("b")
    ]


def test_a_rule_exactly_on_the_minimum_lift_is_kept():
    baskets = [["a", "b"]] * 3 + [["a"]] + [["c"]]
    for limit, n_rules in (
        (Fraction(5, 4), 2),
        (Fraction(5, 4) + Fraction(1, 10**9), 0),
    ):
        assert len(derive(baskets, 3, Fraction(0), limit)) == n_rules


def test_every_subset_of_an_itemset_is_found_at_its_place():
    rng = np.random.default_rng(0)
    coded = read_lists([rng.choice(8, size=6).tolist() for _ in range(30)])
    itemsets = sort_itemsets(mine_itemsets(coded, 2))
    index = SubsetIndex(itemsets.codes)
    places = np.arange(len(itemsets.counts))
    keys = np.array([index.item_keys[row[row >= 0]].sum() for row in itemsets.codes])
    assert index.find(keys).tolist() == places.tolist()


def test_the_same_itemset_twice_has_no_place():
    with pytest.raises(RuntimeError, match="twice"):
        SubsetIndex(np.array([[0, 1], [0, 1]], dtype=np.int32))


def test_more_rules_than_allowed_are_refused_with_the_way_out():
    baskets = [list(range(12))] * 2
    with pytest.raises(LimitError, match=r"max_rules=1000 .*4095 itemsets") as caught:
        derive(baskets, 2, Fraction("0.3"), max_rules=1000)
    assert "Raise min_confidence" in str(caught.value)


def test_no_itemsets_give_an_empty_table_of_the_same_types():
    empty = derive([["a"], ["b"]], 2, Fraction(0))
    filled = derive([["a", "b"]], 1, Fraction(0))
    assert len(empty) == 0
    assert len(filled) == 2
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()
