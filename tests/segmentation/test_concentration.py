"""The concentration curve and Gini, against their definitions."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.segmentation import (
    compute_concentration_curve,
    compute_value_shares,
    gini_coefficient,
)

VALUES = st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(sum)
ANY = st.lists(st.integers(-500, 1000), min_size=1, max_size=40).filter(
    lambda v: sum(v) > 0
)


@given(values=ANY)
def test_gini_is_the_mean_difference_of_all_pairs(values):
    v = np.array(values, dtype=float)
    pairs = np.abs(v[:, None] - v).sum() / (2 * len(v) * v.sum())
    # Sums of at most 1600 whole numbers, so only the last bits may differ.
    assert gini_coefficient(values) == pytest.approx(pairs, abs=1e-12)


@given(values=VALUES)
def test_gini_is_twice_the_area_between_curve_and_diagonal(values):
    curve = compute_concentration_curve(values, n_points=len(values) + 1)
    area = np.trapezoid(curve["value_share"], curve["customer_share"])
    assert curve.attrs["gini"] == pytest.approx(2 * area - 1, abs=1e-9)


@given(values=VALUES)
def test_the_curve_rises_ever_less_from_zero_to_one(values):
    curve = compute_concentration_curve(values)["value_share"].to_numpy()
    assert curve[0] == 0
    assert curve[-1] == 1
    steps = np.diff(curve)
    assert (steps >= -1e-12).all()
    assert (np.diff(steps) <= 1e-12).all()


@given(values=ANY, seed=st.integers(0, 99))
def test_row_order_and_currency_change_nothing(values, seed):
    v = np.array(values, dtype=float)
    shuffled = np.random.default_rng(seed).permutation(v)
    assert gini_coefficient(shuffled) == gini_coefficient(v)
    assert gini_coefficient(v * 7.5) == pytest.approx(gini_coefficient(v), abs=1e-12)
    np.testing.assert_array_equal(
        compute_concentration_curve(shuffled), compute_concentration_curve(v)
    )


def test_the_curve_passes_through_every_customer():
    values = np.array([5.0, 40.0, 25.0, 10.0, 20.0])
    curve = compute_concentration_curve(values, n_points=6)
    expected = np.r_[0, np.cumsum([40, 25, 20, 10, 5])] / 100
    np.testing.assert_allclose(curve["value_share"], expected, rtol=1e-15)


def test_losses_carry_the_curve_above_one():
    curve = compute_concentration_curve([80, 40, -20], n_points=4)
    assert curve["value_share"].tolist() == [0, 0.8, 1.2, 1.0]


def test_shares_are_put_into_words():
    values = [80] + [20 / 4] * 4
    table = compute_value_shares(values, customer_shares=[0.2, 1.0])
    assert table["statement"].tolist() == [
        "20 % of customers bring 80 % of value.",
        "100 % of customers bring 100 % of value.",
    ]
    assert table["n_customers"].tolist() == [1, 5]


def test_missing_values_bring_nothing_and_carriers_agree():
    expected = compute_value_shares([3.0, 0.0, 1.0])
    for given_value in ([3.0, np.nan, 1.0], pl.Series([3.0, None, 1.0])):
        assert compute_value_shares(given_value).equals(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "found 0 customers"),
        ([0.0, 0.0], "must sum to more than 0, found 2"),
        ([5.0, -9.0], "must sum to more than 0"),
        ([1.0, np.inf], "must be finite"),
        (["a", "b"], "found text"),
        ([[1.0, 2.0]], "found 2 dimensions"),
    ],
)
def test_values_without_shares_are_refused(value, message):
    for function in (
        compute_concentration_curve,
        compute_value_shares,
        gini_coefficient,
    ):
        with pytest.raises(SchemaError, match=message):
            function(value)


@pytest.mark.parametrize("shares", [[0.0], [1.2], [0.5, -0.1], [np.nan]])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(SchemaError, match="above 0 and at most 1"):
        compute_value_shares([1.0, 2.0], customer_shares=shares)
