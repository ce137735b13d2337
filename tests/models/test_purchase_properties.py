"""What must hold of every forecast of purchases and of their value."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.datasets import make_customers
from crmml.features import BTYDSummary
from crmml.models import (
    BetaGeoModel,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    RegularBetaGeoModel,
)

MODELS = [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel, RegularBetaGeoModel]

log_parameters = st.lists(st.floats(-3, 4), min_size=4, max_size=4)


def as_if_fitted(model, parameters, unit="1D"):
    fitted = model(unit=unit)
    fitted.params_, fitted.k_ = pd.Series(parameters), 3
    return fitted


@st.composite
def customers(draw):
    """One customer, as a row of a summary in days."""
    x = draw(st.integers(0, 80))
    age = draw(st.floats(0.5, 500))
    recency = 0.0 if x == 0 else draw(st.floats(0.01, 1)) * age
    return pd.DataFrame({"frequency": [x], "recency": [recency], "T": [age]})


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(point=log_parameters, one=customers(), spend=st.floats(0.01, 1e4))
def test_value_grows_with_spend_and_falls_with_the_discount_rate(
    model, point, one, spend
):
    fitted = as_if_fitted(model, np.exp(point))

    def value(spend, discount_rate, margin=0.3):
        return fitted.predict_lifetime_value(
            one, "730D", spend=spend, margin=margin, discount_rate=discount_rate
        )[0]

    whole = value(spend, 0.0)
    assert whole == pytest.approx(
        0.3 * spend * fitted.predict_expected_purchases(one, "730D")[0], rel=1e-12
    )
    assert value(2 * spend, 0.1) == pytest.approx(2 * value(spend, 0.1), rel=1e-12)
    assert value(spend, 0.1, 0.6) == pytest.approx(2 * value(spend, 0.1), rel=1e-12)
    # Money of two years loses between nothing and all of two years' discount.
    values = [value(spend, rate) for rate in (0.0, 0.05, 0.1, 0.5)]
    assert (np.diff(values) <= 1e-9 * whole).all()
    assert values[2] >= whole / 1.1**2 * (1 - 1e-9)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(point=log_parameters, one=customers())
def test_the_unit_of_time_decides_nothing(model, point, one):
    parameters = np.exp(point)
    days = as_if_fitted(model, parameters)
    is_time = np.isin(model._names, model._times)
    weeks = as_if_fitted(model, np.where(is_time, parameters / 7, parameters), "7D")
    in_weeks = one.assign(recency=one["recency"] / 7, T=one["T"] / 7)
    money = {"spend": 20.0, "margin": 0.5, "discount_rate": 0.2}
    for ask in (
        lambda model, X: model.predict_alive_probability(X),
        lambda model, X: model.predict_expected_purchases(X, "100D"),
        lambda model, X: model.predict_lifetime_value(X, "100D", **money),
        lambda model, _: model.predict_new_customer_purchases("100D"),
    ):
        # Log-odds of thousands lose digits when weeks are rounded.
        np.testing.assert_allclose(ask(weeks, in_weeks), ask(days, one), rtol=1e-8)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=20, deadline=None)
@given(point=log_parameters, some=st.lists(customers(), min_size=1, max_size=4))
def test_equal_customers_get_equal_answers_whoever_is_beside_them(model, point, some):
    fitted = as_if_fitted(model, np.exp(point))
    batch = pd.concat([*some, *some], ignore_index=True)
    for ask in (
        lambda X: fitted.predict_alive_probability(X),
        lambda X: fitted.predict_expected_purchases(X, "50D"),
    ):
        first, second = np.split(ask(batch), 2)
        np.testing.assert_array_equal(first, second)
        alone = np.concatenate([ask(one) for one in some])
        # Vectors of other lengths may take other instructions: the last digits.
        np.testing.assert_allclose(first, alone, rtol=1e-12)
        np.testing.assert_array_equal(ask(batch[::-1]), ask(batch)[::-1])


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(point=log_parameters, one=customers(), hours=st.integers(1, 20_000))
def test_more_time_brings_more_purchases_and_never_fewer(model, point, one, hours):
    fitted = as_if_fitted(model, np.exp(point))
    near = fitted.predict_expected_purchases(one, f"{hours}h")[0]
    far = fitted.predict_expected_purchases(one, f"{2 * hours}h")[0]
    assert 0 <= near <= far * (1 + 1e-12)
    # Customers leave or stay as they are: the second half brings no more.
    if model is not RegularBetaGeoModel:
        assert far <= 2 * near * (1 + 1e-9)


def test_simulated_customers_give_the_parameters_they_were_made_with():
    made = make_customers(
        8_000,
        n_days=500,
        joining_days=200,
        purchase_rate=0.05,
        purchase_shape=1.5,
        drop_out_rate=0.004,
        drop_out_shape=1.2,
        complaint_rate=0,
        random_state=3,
    )
    X = BTYDSummary(unit="1D", grain="order").fit_transform(
        made.to_tables(), pd.Timestamp("2023-01-01") + pd.Timedelta("500D")
    )
    model = ParetoNBDModel(unit="1D").fit(X)
    # Rates of shape / mean: gamma(1.5, 30 days) and gamma(1.2, 300 days).
    off = (model.params_ - [1.5, 30, 1.2, 300]) / model.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"
