from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import AssociationRules, _offer_search, _offers
from crmml.exceptions import SchemaError


def recommend_slowly(rules, n_baskets, baskets, n_items):
    """Walk through all rules for every basket."""
    rows = []
    for position, basket in enumerate(baskets):
        best = {}
        for rule in rules.itertuples():
            if len(rule.consequents) > 1 or not rule.antecedents <= set(basket):
                continue
            (item,) = rule.consequents
            lift = Fraction(
                rule.count * n_baskets, rule.antecedent_count * rule.consequent_count
            )
            key = (
                -Fraction(rule.count, rule.antecedent_count),
                -lift,
                -rule.count,
                item,
                len(rule.antecedents),
                sorted(rule.antecedents),
            )
            if item not in basket and (item not in best or key < best[item]):
                best[item] = key
        for rank, key in enumerate(sorted(best.values())[:n_items], start=1):
            rows.append((position, rank, key[3], float(-key[0]), frozenset(key[5])))
    return rows


BASKETS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=15)


@pytest.fixture(scope="module", params=["plain", "compiled"])
def way(request):
    """Both ways to search: by the interpreter and compiled."""
    few = {"plain": 10**9, "compiled": -1}[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_offers, "choose_search", lambda n: _choose(n, few))
        yield request.param


def _choose(n_entries, few):
    compiled = n_entries > few
    return _offer_search._compile() if compiled else _offer_search.search_offers


@settings(max_examples=40, deadline=None)
@given(history=BASKETS, asked=BASKETS, n_items=st.integers(1, 4))
def test_recommendations_equal_a_walk_through_all_rules(way, history, asked, n_items):
    rules = AssociationRules(min_support=1, min_confidence=0.2)
    rules.fit([*history, ["a", "b"]])
    found = rules.predict(asked, n_items)
    expected = recommend_slowly(rules.rules_, rules.n_baskets_, asked, n_items)
    assert list(found.itertuples(index=False, name=None)) == expected


def test_a_batch_equals_one_basket_at_a_time_whatever_the_chunk(monkeypatch):
    rng = np.random.default_rng(1)
    baskets = [rng.choice(10, size=4).tolist() for _ in range(50)]
    rules = AssociationRules(min_support=2, min_confidence=0.1).fit(baskets)
    whole = rules.predict(baskets)
    assert whole["basket"].nunique() > 10
    monkeypatch.setattr(_offers, "_BLOCK", 21)
    pd.testing.assert_frame_equal(rules.predict(baskets), whole)
    singles = [
        rules.predict([basket]).assign(basket=position)
        for position, basket in enumerate(baskets)
    ]
    singles = pd.concat([one for one in singles if len(one)], ignore_index=True)
    pd.testing.assert_frame_equal(singles, whole)


@pytest.fixture
def rules(diapers_and_beer):
    return AssociationRules(min_support=0.4, min_confidence=0.6).fit(diapers_and_beer)


def test_the_reason_is_the_strongest_rule_that_the_basket_fulfils(rules):
    found = rules.predict([["Diapers"]], n_items=1)
    assert found.to_dict("records") == [
        {
            "basket": 0,
            "rank": 1,
            "item": "Beer",
            "score": 0.75,
            "antecedents": frozenset({"Diapers"}),
        }
    ]


def test_baskets_to_which_no_rule_applies_have_no_row(rules):
    found = rules.predict([[], ["Eggs"], ["unheard of"], ["Diapers"]])
    assert found["basket"].unique().tolist() == [3]


def test_unknown_and_repeated_items_change_nothing(rules):
    plain = rules.predict([["Diapers"]])
    noisy = rules.predict([["Diapers", "caviar", "Diapers"]])
    pd.testing.assert_frame_equal(noisy, plain)


@pytest.mark.parametrize("baskets", [[], [[]], [["unheard of"]]])
def test_nothing_to_offer_is_an_empty_table_of_the_same_types(rules, baskets):
    empty, filled = rules.predict(baskets), rules.predict([["Diapers"]])
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()


def test_a_model_without_rules_offers_nothing():
    rules = AssociationRules(min_support=2).fit([["a"], ["b"]])
    assert rules.predict([["a"]]).columns.tolist() == [
        "basket",
        "rank",
        "item",
        "score",
        "antecedents",
    ]


def test_numbers_for_text_are_refused_instead_of_matching_nothing(rules):
    with pytest.raises(SchemaError, match=r"hold whole numbers, .* learned from text"):
        rules.predict([[7]])
    numbers = AssociationRules(min_support=1).fit([[7, 8]])
    with pytest.raises(SchemaError, match=r"hold text, .* learned from whole numbers"):
        numbers.predict([["7"]])


@pytest.mark.parametrize("n_items", [0, -1, 1.5, "3", True, None])
def test_the_number_of_items_is_checked(rules, n_items):
    with pytest.raises(SchemaError, match="n_items must be a whole number"):
        rules.predict([["Diapers"]], n_items)


@pytest.mark.parametrize(
    "baskets",
    ["Diapers", ["Diapers"], pd.DataFrame({"Diapers": [True]}), {"Diapers"}],
    ids=["text", "list of text", "table", "set"],
)
def test_baskets_in_another_form_are_refused(rules, baskets):
    with pytest.raises(SchemaError, match="baskets"):
        rules.predict(baskets)


def test_a_thousand_baskets_get_what_each_gets_alone():
    """The compiled search of many baskets, and the plain one of few, agree."""
    rng = np.random.default_rng(0)
    baskets = [rng.choice(40, rng.integers(1, 9)).tolist() for _ in range(1000)]
    rules = AssociationRules(4, 0.1).fit(baskets)
    assert rules.n_rules_ > 300
    found = rules.predict(baskets, n_items=5)
    assert found["basket"].nunique() > 900
    best = {}
    for rule in rules.rules_.itertuples():
        if len(rule.consequents) == 1:
            best.setdefault(next(iter(rule.consequents)), []).append(rule)
    for basket, own in found.groupby("basket"):
        held = set(baskets[basket])
        assert held.isdisjoint(own["item"])
        assert own["item"].is_unique
        scores = {
            item: max(
                (rule.confidence for rule in some if rule.antecedents <= held),
                default=None,
            )
            for item, some in best.items()
            if item not in held
        }
        known = sorted((s for s in scores.values() if s is not None), reverse=True)
        assert own["score"].tolist() == known[:5]
        assert all(scores[row.item] == row.score for row in own.itertuples())
        assert all(row.antecedents <= held for row in own.itertuples())
