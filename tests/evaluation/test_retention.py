"""Retention economics, against sums and against each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import (
    break_even_incentive,
    break_even_probability,
    compute_call_list,
    compute_keep_or_win,
    retention_value,
)
from crmml.exceptions import SchemaError

rates = st.floats(0.0, 1.0)


@given(st.floats(1, 1000), st.floats(0, 0.99), st.floats(0, 0.5), st.integers(1, 60))
def test_the_value_is_the_sum_of_discounted_margins(margin, stay, annual, n_periods):
    found = retention_value(
        margin=margin,
        retention_rate=stay,
        annual_discount_rate=annual,
        period="30D",
        n_periods=n_periods,
    )
    ratio = stay / (1 + annual) ** (30 / 365)
    expected = sum(margin * ratio**t for t in range(n_periods))
    # Geometric sums lose digits where the ratio is near 1: 1e-16 / (1 - 0.99).
    assert found == pytest.approx(expected, rel=1e-12)


@given(st.floats(0, 0.95), st.floats(0.01, 0.5))
def test_without_end_is_the_limit_of_many_periods(stay, annual):
    fixed = {
        "margin": 10,
        "retention_rate": stay,
        "annual_discount_rate": annual,
        "period": "30D",
    }
    # 0.95 ** 1000 is 5e-23.
    assert retention_value(**fixed) == pytest.approx(
        retention_value(**fixed, n_periods=1000), rel=1e-12
    )


def test_a_year_in_months_or_days_is_discounted_alike():
    one = retention_value(
        margin=120,
        retention_rate=1,
        annual_discount_rate=0.1,
        period=pd.Timedelta("365D"),
        n_periods=2,
    )
    assert one == pytest.approx(120 + 120 / 1.1)


def test_it_grows_with_margin_and_retention_and_falls_with_the_discount():
    def value(**changes):
        fixed = {"margin": 10, "retention_rate": 0.9, "annual_discount_rate": 0.1}
        return retention_value(**{**fixed, **changes}, period="30D")

    assert value(margin=11) > value() > value(retention_rate=0.8)
    assert value() > value(annual_discount_rate=0.2)


def test_arrays_give_one_value_for_each_customer():
    found = retention_value(
        margin=[10, 20],
        retention_rate=np.array([0.5, 0.75]),
        annual_discount_rate=0,
        period="30D",
    )
    np.testing.assert_allclose(found, [20, 80])


def test_certain_retention_is_counted_exactly():
    found = retention_value(
        margin=3,
        retention_rate=1,
        annual_discount_rate=0,
        period="1D",
        n_periods=7,
    )
    assert found == 21


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"retention_rate": 1.2}, r"retention_rate must be in \[0, 1\]"),
        ({"retention_rate": 1, "annual_discount_rate": 0}, "has no end"),
        ({"annual_discount_rate": -0.1}, "annual_discount_rate must be at least 0"),
        # Ten percent is 0.1, and who writes 10 is told.
        ({"annual_discount_rate": 10}, "must be below 1, got 10: it is a share"),
        ({"annual_discount_rate": 1}, "must be below 1, got 1"),
        ({"margin": np.nan}, "margin has 1 missing"),
        ({"margin": [1, 2, 3], "retention_rate": [0.5, 0.5]}, "one for each of 3"),
        ({"period": 30}, "a bare number has no unit"),
        ({"n_periods": 0}, "n_periods must be a whole number"),
    ],
)
def test_bad_input_is_refused_by_name(changes, message):
    fixed = {
        "margin": 10,
        "retention_rate": 0.9,
        "annual_discount_rate": 0.1,
        "period": "30D",
    }
    with pytest.raises(SchemaError, match=message):
        retention_value(**{**fixed, **changes})


@given(rates, st.floats(20, 500), st.floats(0.05, 1), st.floats(0, 19))
def test_at_the_break_even_incentive_a_call_earns_nothing(p, clv, accept, contact):
    most = break_even_incentive(
        churn_probability=p, clv=clv, accept_rate=accept, contact_cost=contact
    )
    if most < 0:
        return
    found = compute_call_list(
        [p],
        clv=clv,
        accept_rate=accept,
        incentive_cost=most,
        contact_cost=contact,
    )
    # Differences of sums of numbers up to 500.
    assert found["expected_profit"][0] == pytest.approx(0, abs=1e-9)


@given(st.floats(30, 500), st.floats(0.3, 1), st.floats(0, 20), st.floats(0.1, 3))
def test_at_the_break_even_probability_a_call_earns_nothing(clv, accept, gift, contact):
    money = {
        "clv": clv,
        "accept_rate": accept,
        "incentive_cost": gift,
        "contact_cost": contact,
    }
    p = break_even_probability(**money)
    assert 0 < p <= 1
    if p < 1:
        found = compute_call_list([p], **money)
        assert found["expected_profit"][0] == pytest.approx(0, abs=1e-9)


def test_where_no_call_pays_the_probability_is_one_and_the_incentive_negative():
    assert (
        break_even_probability(
            clv=5, accept_rate=0.5, incentive_cost=10, contact_cost=1
        )
        == 1
    )
    most = break_even_incentive(
        churn_probability=[0.0, 1.0, 1.0],
        clv=100,
        accept_rate=[0.5, 0.0, 0.0],
        contact_cost=[1.0, 1.0, 0.0],
    )
    assert most.tolist() == [-1.0, -np.inf, 0.0]


def test_one_more_customer_kept_costs_what_the_calls_for_him_cost():
    rng = np.random.default_rng(0)
    n = 200_000
    leaves = rng.random(n) < 0.2
    accepts = rng.random(n) < 0.3
    spent = 2.0 * n + 10.0 * (~leaves | accepts).sum()
    simulated = spent / (leaves & accepts).sum()
    table = compute_keep_or_win(
        churn_probability=0.2,
        accept_rate=0.3,
        incentive_cost=10,
        contact_cost=2,
        kept_value=300,
        acquisition_cost=150,
        won_value=100,
    )
    # 12,000 kept: a relative standard error of 0.9 percent, four of them.
    assert table.loc["keep", "cost"] == pytest.approx(simulated, rel=0.036)
    assert table.loc["win"].tolist() == [150, 100, -50, -1 / 3]
    assert table["profit"].equals(table["value"] - table["cost"])


def test_nobody_kept_is_refused_and_what_is_free_returns_without_end():
    fixed = {
        "churn_probability": 0.5,
        "accept_rate": 0.5,
        "incentive_cost": 0,
        "contact_cost": 0,
        "kept_value": 10,
        "acquisition_cost": 5,
        "won_value": 10,
    }
    assert compute_keep_or_win(**fixed).loc["keep", "return_on_cost"] == np.inf
    with pytest.raises(SchemaError, match="nobody would be kept"):
        compute_keep_or_win(**{**fixed, "accept_rate": 0})
    with pytest.raises(SchemaError, match="acquisition_cost must be at least 0"):
        compute_keep_or_win(**{**fixed, "acquisition_cost": -1})
    with pytest.raises(SchemaError, match="churn_probability must be one number"):
        compute_keep_or_win(**{**fixed, "churn_probability": [0.5]})


def test_one_number_is_asked_for_and_named():
    with pytest.raises(SchemaError, match=r"churn_probability must be one number, got"):
        compute_keep_or_win(
            churn_probability=np.array([0.1, 0.2]),
            accept_rate=0.5,
            incentive_cost=10,
            contact_cost=5,
            kept_value=300,
            acquisition_cost=200,
            won_value=250,
        )


@pytest.mark.parametrize("rate", [1.0, 10.0])
def test_percent_instead_of_a_share_is_refused_with_the_rule(rate):
    with pytest.raises(SchemaError, match=r"share, 0\.1 for ten percent a year"):
        retention_value(
            margin=1, retention_rate=0.8, annual_discount_rate=rate, period="30D"
        )
