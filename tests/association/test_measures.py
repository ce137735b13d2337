import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlxtend.frequent_patterns import association_rules, fpgrowth

from crmml.association import AssociationRules, _measures

# Counts of diapers and beer: both 3, diapers 4, beer 3, of 5 baskets.
COUNTS = {
    "count": np.array([3]),
    "antecedent_count": np.array([4]),
    "consequent_count": np.array([3]),
    "n_baskets": 5,
}
BY_HAND = {
    "support": (("count", "n_baskets"), 0.6),
    "confidence": (("count", "antecedent_count"), 0.75),
    "lift": (tuple(COUNTS), 1.25),
    "leverage": (tuple(COUNTS), 0.6 - 0.8 * 0.6),
    "conviction": (tuple(COUNTS), (1 - 0.6) / (1 - 0.75)),
    "zhang": (tuple(COUNTS), 0.12 / max(0.6 * 0.2, 0.8 * 0.0)),
    "jaccard": (("count", "antecedent_count", "consequent_count"), 0.75),
}


@pytest.mark.parametrize("name", list(BY_HAND))
def test_diapers_and_beer_by_hand(name):
    arguments, expected = BY_HAND[name]
    found = getattr(_measures, name)(**{key: COUNTS[key] for key in arguments})
    assert found == pytest.approx([expected], abs=1e-15)


@st.composite
def counts_of_rules(draw):
    n = draw(st.integers(1, 10**9))
    a, b = draw(st.integers(1, n)), draw(st.integers(1, n))
    together = draw(st.integers(max(0, a + b - n), min(a, b)))
    return np.array([together]), np.array([a]), np.array([b]), n


# Shares are quotients of integers below 2**53, so their error is a few units in the
# last place; leverage and zhang subtract two such shares.
TOLERANCE = 1e-12


@given(counts_of_rules())
def test_measures_stay_in_their_ranges_and_keep_their_symmetries(counts):
    together, a, b, n = counts
    swapped = (together, b, a, n)
    assert 0 <= _measures.support(together, n)[0] <= 1
    assert _measures.support(together, n) <= _measures.confidence(together, a)
    assert _measures.confidence(together, a)[0] <= 1
    assert _measures.lift(*counts) == _measures.lift(*swapped)
    assert abs(_measures.leverage(*counts)[0]) <= 0.25 + TOLERANCE
    assert _measures.leverage(*counts) == _measures.leverage(*swapped)
    assert _measures.conviction(*counts)[0] >= 0
    assert abs(_measures.zhang(*counts)[0]) <= 1 + TOLERANCE
    assert 0 <= _measures.jaccard(together, a, b)[0] <= 1


@given(counts_of_rules())
def test_all_measures_agree_which_side_of_independence_a_rule_lies(counts):
    together, a, b, n = counts
    side = np.sign(int(together[0]) * n - int(a[0]) * int(b[0]))
    if int(together[0]) * n < 2**53 and int(a[0]) * int(b[0]) < 2**53:
        assert np.sign(_measures.leverage(*counts)[0]) == side
        assert np.sign(_measures.lift(*counts)[0] - 1) == side
        defined = a[0] < n
        assert np.sign(_measures.zhang(*counts)[0]) == (side if defined else 0)


def test_conviction_is_infinite_at_confidence_one_also_if_b_is_everywhere():
    found = _measures.conviction(
        np.array([3, 3]), np.array([3, 3]), np.array([4, 5]), n_baskets=5
    )
    assert found.tolist() == [np.inf, np.inf]


def test_zhang_is_zero_where_it_is_not_defined():
    found = _measures.zhang(np.array([3]), np.array([5]), np.array([3]), n_baskets=5)
    assert found.tolist() == [0.0]


def test_counts_whose_products_leave_64_bits_are_measured():
    n = 5 * 10**9
    found = _measures.lift(np.array([n]), np.array([n]), np.array([n]), n)
    assert found.tolist() == [1.0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_measures_equal_those_of_mlxtend(seed):
    import pandas as pd

    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.random((60, 7)) < 0.5, columns=list("abcdefg"))
    peers = association_rules(
        fpgrowth(table, min_support=0.05, use_colnames=True),
        num_itemsets=len(table),
        metric="confidence",
        min_threshold=0.0,
    )
    ours = AssociationRules(min_support=0.05, min_confidence=0.0).fit(table).rules_
    both = ours.merge(
        peers.rename(columns={"zhangs_metric": "zhang"}),
        on=["antecedents", "consequents"],
        suffixes=("", "_peer"),
        validate="one_to_one",
    )
    assert len(both) == len(ours) == len(peers) > 100
    for name in BY_HAND:
        # mlxtend takes differences of rounded shares, hence the absolute part.
        np.testing.assert_allclose(
            both[name], both[f"{name}_peer"], rtol=1e-12, atol=1e-12, err_msg=name
        )
