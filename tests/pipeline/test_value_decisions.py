"""Value by period, by cohort and of new customers adds up to the lifetime value."""

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import load_cdnow
from crmml.evaluation import compute_payback
from crmml.exceptions import SchemaError
from crmml.models import BetaBinomialModel, BetaGeoModel, ParetoNBDModel
from crmml.pipeline import ValuePipeline

CUTOFF = "1997-10-01"
MONEY = {"margin": 0.3, "discount_rate": 0.1}
MODELS = [
    BetaGeoModel(unit="7D"),
    ParetoNBDModel(unit="7D"),
    BetaBinomialModel(unit="28D"),
]


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: type(model).__name__)
def fitted(request, cdnow, value):
    return value(cdnow, model=request.param)


def test_periods_add_up_to_the_lifetime_value(cdnow, fitted):
    whole = fitted.predict(cdnow, CUTOFF, horizon="336D", **MONEY)
    parts = fitted.predict_by_period(
        cdnow, CUTOFF, horizon="336D", period="84D", **MONEY
    )
    assert parts.index.tolist() == whole["customer_id"].tolist()
    ends = pd.Timestamp(CUTOFF) + np.arange(1, 5) * pd.Timedelta("84D")
    assert parts.columns.tolist() == ends.tolist()
    np.testing.assert_allclose(parts.sum(axis=1), whole["lifetime_value"], rtol=1e-9)
    assert (parts > 0).all(axis=None)
    # Customers leave and money loses value.
    assert (parts.sum().diff().dropna() < 0).all()


def test_cohorts_add_up_to_the_lifetime_value(cdnow, fitted):
    whole = fitted.predict(cdnow, CUTOFF, horizon="336D", **MONEY)
    table = fitted.compute_equity(
        cdnow, CUTOFF, horizon="336D", cohort="month", **MONEY
    )
    assert len(table) > 2
    assert table["customer_equity"].sum() == pytest.approx(
        whole["lifetime_value"].sum()
    )
    assert table["historic_value"].sum() == pytest.approx(whole["historic_value"].sum())


def test_cohorts_are_those_of_the_first_purchase(cdnow, value):
    first = load_cdnow(sample=True).groupby("customer_id")["date"].min()
    table = value(cdnow).compute_equity(
        cdnow, CUTOFF, horizon="336D", cohort="month", **MONEY
    )
    expected = first.dt.to_period("M").astype(str).value_counts().sort_index()
    assert table["n_customers"].to_dict() == expected.to_dict()


def test_a_new_customer_brings_the_first_purchase_and_those_to_come(fitted):
    table = fitted.predict_new_customer(
        horizon="336D", period="28D", margin=0.3, discount_rate=0.0
    )
    later = fitted.purchases_.predict_new_customer_purchases("336D")
    assert table["expected_purchases"].sum() == pytest.approx(1 + later)
    p, q, v = fitted.spend_.params_
    mean = 0.3 * p * v / (q - 1)
    np.testing.assert_allclose(
        table["value"], mean * table["expected_purchases"], rtol=1e-9
    )
    discounted = fitted.predict_new_customer(horizon="336D", period="28D", **MONEY)
    assert (discounted["value"] < table["value"]).all()


def test_acquisition_pays_back_when_values_reach_the_cost(fitted):
    values = fitted.predict_new_customer(horizon="336D", period="28D", **MONEY)["value"]
    table = compute_payback(values, acquisition_cost=16)
    period = table.loc[table["is_paid_back"], "period"].iloc[0]
    assert 1 < period < 12
    assert values[: period - 1].sum() < 16 <= values[:period].sum()


def test_money_needs_a_spend_model(cdnow):
    pipeline = ValuePipeline(purchases=BetaGeoModel(unit="7D")).fit(cdnow, CUTOFF)
    with pytest.raises(SchemaError, match="Money needs a spend model"):
        pipeline.predict_new_customer(horizon="28D", period="28D", **MONEY)
    with pytest.raises(SchemaError, match="Money needs a spend model"):
        pipeline.compute_equity(cdnow, CUTOFF, horizon="28D", **MONEY)


def test_bad_arguments_are_refused(cdnow, value):
    fitted = value(cdnow)
    with pytest.raises(SchemaError, match="horizon must be a multiple of the period"):
        fitted.predict_by_period(cdnow, CUTOFF, horizon="365D", period="28D", **MONEY)
    with pytest.raises(SchemaError, match=r"cohort must be one of .*'week'"):
        fitted.compute_equity(cdnow, CUTOFF, horizon="28D", cohort="week", **MONEY)
    with pytest.raises(SchemaError, match="margin must be a fraction"):
        fitted.predict_new_customer(
            horizon="28D", period="28D", margin=30, discount_rate=0.1
        )
