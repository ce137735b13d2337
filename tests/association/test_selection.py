from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crmml.association import AssociationRules
from crmml.association._measures import MEASURES
from crmml.association._selection import adjust_p_values
from crmml.exceptions import SchemaError

BASKETS = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=20)


def pairs(rules):
    return set(
        zip(rules.rules_["antecedents"], rules.rules_["consequents"], strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, min_count=st.integers(1, 4))
def test_what_is_left_gains_over_every_shorter_rule(
    enumerate_rules, enumerate_itemsets, baskets, min_count
):
    everything = enumerate_rules(baskets, min_count, 0)
    counts = enumerate_itemsets(baskets, min_count)
    confidence = {rule: found["confidence"] for rule, found in everything.items()}
    for then in {then for _, then in everything}:
        confidence[frozenset(), then] = Fraction(counts[then], len(baskets))
    expected = {
        (first, then)
        for first, then in everything
        if not any(
            shorter < first and value >= confidence[first, then]
            for (shorter, other), value in confidence.items()
            if other == then
        )
    }
    rules = AssociationRules(min_count, 0.0, drop_redundant=True).fit(baskets)
    assert pairs(rules) == expected


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_sides_hold_only_the_items_they_may(enumerate_rules, baskets, data):
    held = sorted(set().union(*baskets))
    some = st.none() | (st.sets(st.sampled_from(held)) if held else st.just(set()))
    first, then = data.draw(some), data.draw(some)
    rules = AssociationRules(1, 0.2, antecedent_items=first, consequent_items=then).fit(
        baskets
    )
    expected = {
        (a, b)
        for a, b in enumerate_rules(baskets, 1, Fraction("0.2"))
        if (first is None or a <= first) and (then is None or b <= then)
    }
    assert pairs(rules) == expected
    assert rules.n_rules_ == len(expected)


@pytest.mark.parametrize(
    ("correction", "peer"), [("fdr_bh", "bh"), ("holm", None), ("bonferroni", None)]
)
def test_adjusted_p_values(correction, peer):
    p_values = np.random.default_rng(0).random(50) ** 4
    found = adjust_p_values(p_values, 50, correction)
    if peer:
        expected = stats.false_discovery_control(p_values, method=peer)
    elif correction == "bonferroni":
        expected = np.minimum(p_values * 50, 1)
    else:
        order = np.sort(p_values)
        expected = [
            min(1, max((50 - j) * order[j] for j in range(np.sum(order <= p))))
            for p in p_values
        ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_chance_alone_leaves_no_rule():
    rng = np.random.default_rng(1)
    held = rng.random((400, 30)) < 0.2
    baskets = [np.flatnonzero(row).tolist() for row in held]
    assert AssociationRules(5, 0.1).fit(baskets).n_rules_ > 1000
    assert AssociationRules(5, 0.1, max_p_value=0.05).fit(baskets).n_rules_ == 0


def test_a_real_effect_survives_the_correction():
    baskets = [["diapers", "beer"]] * 40 + [["diapers"]] * 10 + [["beer"]] * 10
    baskets += [["milk"]] * 140
    rules = AssociationRules(5, 0.1, max_p_value=0.01).fit(baskets)
    assert rules.n_rules_ == 2
    plain = MEASURES["fisher_p_value"](*np.array([[40], [50], [50]]), 200)
    # Two rules were tested, both with this p-value.
    assert rules.rules_["p_value"].tolist() == pytest.approx([2 * plain[0]] * 2)


def test_all_measures_are_columns_in_the_order_of_their_list():
    baskets = [["a", "b"]] * 3 + [["a"], ["b", "c"]]
    table = AssociationRules(1, 0.0, measures="all").fit(baskets).rules_
    assert set(MEASURES) <= set(table.columns)
    assert len(MEASURES) > 20
    assert not table.isna().to_numpy().any()
    some = AssociationRules(1, 0.0, measures=["cosine"]).fit(baskets).rules_
    assert some.columns.tolist()[-2:] == ["jaccard", "cosine"]


def test_an_unknown_measure_is_refused_with_those_there_are():
    with pytest.raises(SchemaError, match="kulczynski"):
        AssociationRules(1, measures=["kosine"]).fit([["a", "b"]])
