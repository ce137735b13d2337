"""Value of contracts: a geometric life has a formula, and models feed in directly."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import compute_contract_value, retention_value
from crmml.exceptions import SchemaError
from crmml.models import ShiftedBetaGeoModel, TimeToChurnModel

YEARLY = {"annual_discount_rate": 0.1, "period": "365D"}


@given(rate=st.floats(0, 1), n=st.integers(1, 40), discount=st.floats(0, 0.5))
def test_one_retention_rate_gives_its_formula(rate, n, discount):
    """The formula pays the first margin now, the contract one period from now."""
    survival = rate ** np.arange(1, n + 1)
    money = {"margin": 7.0, "annual_discount_rate": discount, "period": "30D"}
    found = compute_contract_value(survival, **money)
    formula = retention_value(retention_rate=rate, n_periods=n + 1, **money)
    assert 7.0 + found.sum() == pytest.approx(formula, rel=1e-12)


@given(
    life=st.lists(st.floats(0, 1), min_size=2, max_size=20),
    low=st.floats(0, 0.4),
    more=st.floats(1e-3, 0.5),
)
def test_value_grows_with_the_margin_and_falls_with_the_discount(life, low, more):
    survival = np.sort(life)[::-1]
    rates = [low, low + more]
    near, far = (
        compute_contract_value(
            survival, margin=10, annual_discount_rate=rate, period="30D"
        )
        for rate in rates
    )
    assert (far <= near).all()
    dearer = compute_contract_value(
        survival, margin=20, annual_discount_rate=low, period="30D"
    )
    np.testing.assert_allclose(dearer, 2 * near, atol=1e-300)


def test_renewals_feed_it_for_customers_of_any_age():
    there = np.array([100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1])
    periods = pd.DataFrame({"n_periods": [1, 2, 3, 4, 5, 6, 7, 7]})
    share = np.append(-np.diff(there), there[-1])
    model = ShiftedBetaGeoModel().fit(periods, [1] * 7 + [0], sample_weight=10 * share)
    ages = np.array([0, 1, 5])
    ahead = model.predict_survival(np.add.outer(ages, np.arange(1, 11)))
    survival = ahead / model.predict_survival(ages)[:, None]
    value = compute_contract_value(survival, margin=100, **YEARLY)
    assert value.shape == (3, 10)
    # Who has stayed is likelier to stay.
    assert (np.diff(value.sum(axis=1)) > 0).all()
    expected = model.predict_expected_renewals(pd.DataFrame({"n_periods": ages}), 10)
    undiscounted = compute_contract_value(
        survival, margin=100, annual_discount_rate=0, period="365D"
    )
    np.testing.assert_allclose(undiscounted.sum(axis=1), 100 * expected, rtol=1e-12)


def test_time_to_churn_feeds_it_with_margins_of_each_customer():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"contract": ["monthly", "yearly"] * 500})
    life = rng.geometric(np.where(X["contract"] == "monthly", 0.10, 0.02))
    model = TimeToChurnModel(period=1).fit(X, np.minimum(life, 24), life <= 24)
    survival = model.predict_survival(X.head(2), np.arange(1, 13))
    value = compute_contract_value(
        survival, margin=[30.0, 20.0], annual_discount_rate=0.1, period="30D"
    )
    each = [
        compute_contract_value(
            row, margin=margin, annual_discount_rate=0.1, period="30D"
        )
        for row, margin in zip(survival.to_numpy(), [30.0, 20.0], strict=True)
    ]
    np.testing.assert_array_equal(value, each)
    assert value[1].sum() > value[0].sum() * 20 / 30


@pytest.mark.parametrize(
    ("survival", "money", "message"),
    [
        ([0.9, 1.2], {}, r"1 of 2 lie outside"),
        ([0.5, 0.6], {}, "1 rise"),
        ([0.5, np.nan], {}, "survival"),
        ([[[0.5]]], {}, "one column for each period"),
        ([0.5], {"margin": [1.0, 2.0]}, "margin"),
        ([0.5], {"annual_discount_rate": -0.1}, "annual_discount_rate"),
        ([0.5], {"annual_discount_rate": 10}, "0.1 for ten percent"),
        ([0.5], {"period": 30}, "no unit"),
    ],
)
def test_bad_arguments_are_refused(survival, money, message):
    with pytest.raises(SchemaError, match=message):
        compute_contract_value(survival, **({"margin": 1.0} | YEARLY | money))
