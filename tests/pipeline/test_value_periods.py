"""Opportunities against their definition, and never with what was not known yet."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.datasets import load_cdnow
from crmml.exceptions import SchemaError
from crmml.models import BetaBinomialModel, GammaGammaModel
from crmml.pipeline import ValuePipeline
from crmml.pipeline._value_periods import summarise_opportunities
from crmml.tables import Customers, CustomerTables, Transactions

CUTOFF = pd.Timestamp("1997-10-01")
UNIT = pd.Timedelta("28D")
MONEY = {"margin": 0.3, "discount_rate": 0.1}


def brute_force(purchases, cutoff, unit):
    rows = {}
    for customer, own in purchases[purchases["date"] < cutoff].groupby("customer_id"):
        ago = (cutoff - own["date"] - pd.Timedelta(1, "us")) // unit
        spend = own["dollar_value"].groupby(ago).sum()
        x, first = len(spend) - 1, spend.index.max()
        rows[customer] = {
            "frequency": x,
            "recency": first - spend.index.min(),
            "T": first,
            "monetary_value": spend.drop(first).mean(),
            "total_spend": spend.sum(),
            "unit_days": unit / pd.Timedelta("1D"),
            "grain_days": unit / pd.Timedelta("1D"),
        }
    found = pd.DataFrame.from_dict(rows, orient="index").astype(float)
    return found.rename_axis("customer_id")


@pytest.mark.parametrize("unit", ["28D", "36h"])
def test_opportunities_are_summarised_as_defined(cdnow, unit):
    some = load_cdnow(sample=True).head(600)
    length = pd.Timedelta(unit)
    expected = brute_force(some, CUTOFF, length).iloc[:-1]
    found = summarise_opportunities(cdnow, CUTOFF, length).loc[expected.index]
    assert_frame_equal(found, expected, check_like=True, rtol=1e-9, atol=1e-9)


def test_what_was_not_known_changes_nothing():
    sales = pd.DataFrame(
        {
            "id": ["007", "007", "007", "客", "客"],
            "at": [
                "2024-01-01",
                "2024-02-15",
                "2024-03-01",
                "2024-02-28",
                "2024-03-05",
            ],
            "money": [5.0, 7.0, 9.0, 4.0, 4.0],
            "known": ["2024-01-01", "2024-03-02", "2024-03-01", "2024-02-28", None],
        }
    )
    customers = pd.DataFrame({"id": ["new"], "since": ["2024-02-29"]})
    tables = CustomerTables(
        transactions=Transactions(
            sales,
            customer_id="id",
            timestamp="at",
            amount="money",
            recorded_at="known",
        ),
        customers=Customers(customers, customer_id="id", joined_at="since"),
    )
    found = summarise_opportunities(tables, "2024-03-01", pd.Timedelta("10D"))
    # 60 days before the cutoff is the first instant of the sixth period back.
    assert found.index.tolist() == ["007", "new", "客"]
    assert found["frequency"].tolist() == [0, 0, 0]
    assert found["T"].tolist() == pytest.approx([5, np.nan, 0], nan_ok=True)
    assert found["total_spend"].tolist() == [5, 0, 4]


def test_months_are_opportunities_from_fit_to_value(cdnow):
    pipeline = ValuePipeline(
        purchases=BetaBinomialModel(unit="28D"), spend=GammaGammaModel()
    ).fit(cdnow, CUTOFF)
    found = pipeline.predict(cdnow, CUTOFF, horizon="252D", **MONEY)
    assert found.notna().all(axis=None)
    summary = summarise_opportunities(cdnow, CUTOFF, UNIT)
    alone = BetaBinomialModel(unit="28D").fit(summary)
    assert pipeline.purchases_.params_.to_dict() == alone.params_.to_dict()
    expected = alone.predict_expected_purchases(summary, "252D")
    np.testing.assert_array_equal(found["expected_purchases"], expected)
    with pytest.raises(SchemaError, match="unit is 7 days"):
        BetaBinomialModel(unit="7D").fit(summary)


def test_who_came_at_the_last_opportunity_is_as_any_new_customer(cdnow):
    summary = summarise_opportunities(cdnow, CUTOFF, UNIT)[
        ["frequency", "recency", "T"]
    ]
    model = BetaBinomialModel(unit="28D").fit(summary)
    new = pd.DataFrame({"frequency": [0], "recency": [0], "T": [0]})
    assert model.predict_alive_probability(new).tolist() == [1.0]
    assert model.predict_expected_purchases(new, "84D")[0] == pytest.approx(
        model.predict_new_customer_purchases("84D")
    )
    # They say nothing of how often anybody buys.
    more = BetaBinomialModel(unit="28D").fit(pd.concat([summary, new]))
    assert more.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-9)


def test_orders_are_no_opportunities(cdnow):
    pipeline = ValuePipeline(purchases=BetaBinomialModel(unit="28D"), grain="order")
    with pytest.raises(SchemaError, match="Leave grain out"):
        pipeline.fit(cdnow, CUTOFF)


def test_a_horizon_between_opportunities_is_refused(cdnow):
    pipeline = ValuePipeline(purchases=BetaBinomialModel(unit="28D"))
    with pytest.raises(SchemaError, match="whole number of units"):
        pipeline.fit(cdnow, CUTOFF).predict(cdnow, CUTOFF, horizon="30D")
