from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta as beta_distribution

from crmml.evaluation import (
    compute_expected_max_profit,
    expected_max_profit_score,
    max_profit_score,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError

LEFT = [0, 1, 0, 1, 0, 1, 0, 1]
SCORE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
MONEY = {"clv": 200, "incentive_cost": 10, "contact_cost": 1}


def list_lines(y, scores, clv, incentive, contact):
    """Gain and cost of calling everyone above each threshold, by a plain loop."""
    clv, incentive, contact = (
        np.broadcast_to(amount, len(y)).astype(float)
        for amount in (clv, incentive, contact)
    )
    lines = [(0.0, 0.0, 0)]
    for threshold in sorted(set(scores), reverse=True):
        called = np.asarray(scores) >= threshold
        left, stayed = called & (np.asarray(y) == 1), called & (np.asarray(y) == 0)
        gain = (clv - incentive)[left].sum()
        cost = contact[left].sum() + (incentive + contact)[stayed].sum()
        lines.append((gain, cost, called.sum()))
    return np.array(lines) / len(y)


def integrate(y, scores, clv, incentive, contact, alpha, beta):
    """Quadrature over the accept rate, cut where the best threshold changes."""
    lines = list_lines(y, scores, clv, incentive, contact)
    kinks = {
        (cost - other_cost) / (gain - other_gain)
        for gain, cost, _ in lines
        for other_gain, other_cost, _ in lines
        if gain > other_gain
    }
    cuts = [0.0, *sorted(k for k in kinks if 0 < k < 1), 1.0]
    nodes, weights = np.polynomial.legendre.leggauss(16)
    profit = share = 0.0
    for low, high in pairwise(cuts):
        # Between two kinks the best threshold is one and the same.
        middle, half = (low + high) / 2, (high - low) / 2
        gain, cost, called = lines[np.argmax(middle * lines[:, 0] - lines[:, 1])]
        rates = middle + half * nodes
        density = half * weights * beta_distribution(alpha, beta).pdf(rates)
        profit += ((rates * gain - cost) * density).sum()
        share += called * density.sum()
    return profit, share


def test_the_published_example():
    """Figures of another implementation of the paper, empulse 0.13.1 (empc_score)."""
    found = compute_expected_max_profit(LEFT, SCORE, **MONEY, alpha=6, beta=14)
    # All digits given.
    assert found["profit"] == pytest.approx(23.875593418348, abs=1e-12)
    assert found["share_called"] == pytest.approx(0.874370076349, abs=1e-12)
    assert expected_max_profit_score(LEFT, SCORE, **MONEY) == found["profit"]


@pytest.mark.parametrize("seed", range(4))
def test_a_peer_gives_the_same(seed):
    """Both measures of empulse, which are implemented in another way."""
    pytest.importorskip("sympy", reason="empulse needs it for its metrics")
    peer = pytest.importorskip("empulse.metrics")
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 500)
    # Of two digits, so that there are ties.
    scores = (y + rng.normal(size=500)).round(1)
    found = expected_max_profit_score(y, scores, **MONEY, alpha=3, beta=9)
    # The same closed form in double precision.
    assert found == pytest.approx(
        peer.empc_score(y, scores, **MONEY, alpha=3, beta=9), rel=1e-12
    )
    known = {**MONEY, "accept_rate": 0.3}
    assert max_profit_score(y, scores, **known) == pytest.approx(
        peer.mpc_score(y, scores, **known), rel=1e-12
    )


rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=14
)


@given(
    rows,
    st.floats(5.0, 500.0),
    st.floats(0.0, 60.0),
    st.floats(0.01, 20.0),
    st.integers(1, 8),
    st.integers(1, 15),
)
def test_quadrature_agrees_with_ties(pairs, clv, incentive, contact, alpha, beta):
    y, scores = zip(*pairs, strict=True)
    expected, share = integrate(y, scores, clv, incentive, contact, alpha, beta)
    found = compute_expected_max_profit(
        y,
        scores,
        clv=clv,
        incentive_cost=incentive,
        contact_cost=contact,
        alpha=alpha,
        beta=beta,
    )
    # The density is a polynomial of degree 21 at most: 16 nodes integrate it exactly.
    assert found["profit"] == pytest.approx(expected, abs=1e-9)
    assert found["share_called"] == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_values_and_costs_may_differ_by_customer(seed):
    rng = np.random.default_rng(seed)
    n = 40
    y, scores = rng.integers(0, 2, n), rng.integers(0, 15, n)
    clv = rng.gamma(1.0, 80.0, n)
    # Some are worth less than the incentive, one less than nothing.
    clv[0] = -50.0
    incentive, contact = rng.uniform(0, 30, n), rng.uniform(0, 3, n)
    assert (clv < incentive).sum() > 3
    expected, share = integrate(y, scores, clv, incentive, contact, 6, 14)
    found = compute_expected_max_profit(
        y, scores, clv=clv, incentive_cost=incentive, contact_cost=contact
    )
    assert found["profit"] == pytest.approx(expected, abs=1e-9)
    assert found["share_called"] == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_certain_accept_rate_gives_the_maximum_profit(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 200)
    scores = y + rng.normal(size=200)
    # A beta distribution as narrow as 0.3 plus or minus 0.0005.
    narrow = expected_max_profit_score(y, scores, **MONEY, alpha=3e5, beta=7e5)
    known = max_profit_score(y, scores, **MONEY, accept_rate=0.3)
    # The profit moves by at most clv = 200 times what the rate does.
    assert narrow == pytest.approx(known, abs=0.15)


@given(rows, st.randoms(use_true_random=False))
def test_order_and_monotone_transforms_change_nothing(pairs, random):
    y, scores = zip(*pairs, strict=True)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    y_2, scores_2 = zip(*shuffled, strict=True)
    first = expected_max_profit_score(y, scores, **MONEY)
    assert expected_max_profit_score(y_2, np.exp(scores_2), **MONEY) == first


@given(rows)
def test_a_perfect_ranking_bounds_it_from_above_and_nobody_from_below(pairs):
    y, scores = zip(*pairs, strict=True)
    found = expected_max_profit_score(y, scores, **MONEY)
    assert 0 <= found <= expected_max_profit_score(y, y, **MONEY) + 1e-12


def test_where_no_call_pays_the_profit_is_zero():
    found = compute_expected_max_profit(
        LEFT, SCORE, clv=5, incentive_cost=10, contact_cost=1
    )
    assert found.tolist() == [0, 0]
    assert expected_max_profit_score([0, 0], [0.1, 0.2], **MONEY) == 0


def test_free_calls_without_incentives_reach_everyone_who_leaves():
    found = compute_expected_max_profit(
        LEFT, SCORE, clv=100, incentive_cost=0, contact_cost=0
    )
    # Half of the customers leave, 0.3 of them are kept, each worth 100.
    assert found["profit"] == pytest.approx(15)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alpha": 0}, "alpha must be a finite number above 0"),
        ({"beta": np.nan}, "beta must be a finite number above 0"),
        ({"alpha": "6"}, "alpha must be"),
        ({"incentive_cost": -1}, "incentive_cost must be at least 0; 1 of 1"),
        ({"contact_cost": [1, 2]}, r"one for each of 8 customers, got shape \(2,\)"),
        ({"clv": np.nan}, "clv has 1 missing values"),
    ],
)
def test_money_and_shape_are_checked(changes, message):
    with pytest.raises(SchemaError, match=message):
        expected_max_profit_score(LEFT, SCORE, **{**MONEY, **changes})


def test_no_rows_are_refused():
    with pytest.raises(NotEnoughHistoryError, match="0 rows"):
        expected_max_profit_score([], [], **MONEY)
