"""Measures of forecasts of money against brute force and edge cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import compute_value_deciles, compute_value_summary
from crmml.exceptions import NotEnoughHistoryError, SchemaError

NUMBERS = st.lists(st.integers(0, 50), min_size=2, max_size=30)


@given(actual=NUMBERS, seed=st.integers(0, 9))
def test_gini_is_the_mean_over_all_orders_of_ties(actual, seed):
    actual = np.array(actual, dtype=float)
    if actual.max() == actual.min():
        actual[0] += 1
    rng = np.random.default_rng(seed)
    forecast = rng.integers(0, 3, len(actual)).astype(float)

    def area(order):
        shares = np.concatenate([[0], actual[order].cumsum() / actual.sum()])
        return np.trapezoid(shares, dx=1 / len(actual)) * 2 - 1

    found = compute_value_summary(actual, forecast)["gini"]
    by_truth = area(np.argsort(-actual))
    orders = [np.lexsort((rng.random(len(actual)), -forecast)) for _ in range(300)]
    chance = np.array([area(order) for order in orders]) / by_truth
    # The mean of 300 random orders is this far from the true one, at most.
    spread = 5 * chance.std() / np.sqrt(300) + 1e-9
    assert abs(found - chance.mean()) < spread


def test_the_best_order_has_gini_one_and_the_worst_minus_one():
    actual = [5.0, 1.0, 0.0, 3.0]
    assert compute_value_summary(actual, actual)["gini"] == pytest.approx(1)
    worst = [-one for one in actual]
    assert compute_value_summary(actual, worst)["gini"] == pytest.approx(-1)
    constant = [1.0] * 4
    assert compute_value_summary(actual, constant)["gini"] == pytest.approx(0)


@given(actual=NUMBERS)
def test_deciles_hold_everybody_once(actual):
    actual = np.array(actual, dtype=float)
    actual[0] += 1
    forecast = np.arange(len(actual)) // 2
    table = compute_value_deciles(actual, forecast)
    assert table["n_customers"].sum() == len(actual)
    assert table["share_of_actual"].sum() == pytest.approx(1)
    total = (table["n_customers"] * table["mean_actual"]).sum()
    assert total == pytest.approx(actual.sum())
    assert table["mean_forecast"].is_monotonic_decreasing


def test_bad_input_is_refused():
    with pytest.raises(SchemaError, match="2 values and y_pred 3"):
        compute_value_summary([1, 2], [1, 2, 3])
    with pytest.raises(SchemaError, match="y_pred"):
        compute_value_summary([1, 2], [1, np.nan])
    with pytest.raises(NotEnoughHistoryError, match="0 in total"):
        compute_value_summary([0, 0], [1, 2])
    with pytest.raises(SchemaError, match="n_groups"):
        compute_value_deciles([1, 2], [1, 2], n_groups=0)
