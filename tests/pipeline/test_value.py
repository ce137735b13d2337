"""From purchases to value: equal to the parts, never looking past the cutoff."""

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import load_cdnow, make_customers
from crmml.exceptions import DataQualityWarning, LeakageError, SchemaError
from crmml.features import RFM, BTYDSummary, FeatureSet, Tenure
from crmml.models import BetaGeoModel, GammaGammaModel, LifetimeValueRegressor
from crmml.pipeline import ValuePipeline
from crmml.tables import Customers, CustomerTables, Transactions

CUTOFF = "1997-10-01"
MONEY = {"horizon": "273D", "margin": 0.25, "discount_rate": 0.1}


def to_tables(purchases, **more):
    transactions = Transactions(
        purchases, customer_id="customer_id", timestamp="date", amount="dollar_value"
    )
    return CustomerTables(transactions=transactions, **more)


@pytest.fixture(scope="module")
def purchases():
    return load_cdnow(sample=True)


def make_pipeline():
    return ValuePipeline(purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel())


def test_it_is_its_parts_put_together(purchases):
    tables = to_tables(purchases)
    found = make_pipeline().fit(tables, CUTOFF).predict(tables, CUTOFF, **MONEY)
    summary = BTYDSummary(unit="7D").fit_transform(tables, CUTOFF)
    model, spend = BetaGeoModel(unit="7D").fit(summary), GammaGammaModel().fit(summary)
    per_purchase = spend.predict_expected_spend(summary)
    value = model.predict_lifetime_value(
        summary, "273D", spend=per_purchase, margin=0.25, discount_rate=0.1
    )
    assert found["customer_id"].tolist() == summary.index.tolist()
    np.testing.assert_array_equal(found["lifetime_value"], value)
    np.testing.assert_array_equal(found["expected_spend"], per_purchase)
    before = purchases[purchases["date"] < CUTOFF].groupby("customer_id")
    np.testing.assert_allclose(
        found["historic_value"], 0.25 * before["dollar_value"].sum(), rtol=1e-12
    )


def test_purchases_at_or_after_the_cutoff_change_nothing(purchases):
    early = purchases[purchases["date"] < CUTOFF]
    tables = to_tables(purchases)
    truncated = to_tables(early, observed_until="1998-07-01")
    whole = make_pipeline().fit(tables, CUTOFF)
    part = make_pipeline().fit(truncated, CUTOFF)
    pd.testing.assert_frame_equal(
        whole.predict(tables, CUTOFF, **MONEY),
        part.predict(truncated, CUTOFF, **MONEY),
    )


def test_who_never_bought_stays_in_the_table_without_a_value(purchases):
    joined = pd.DataFrame(
        {"id": ["新客", "00004"], "day": ["1997-09-01", "1997-01-01"]}
    )
    customers = Customers(joined, customer_id="id", joined_at="day")
    tables = to_tables(purchases, customers=customers)
    pipeline = make_pipeline().fit(tables, CUTOFF)
    found = pipeline.predict(tables, CUTOFF, **MONEY).set_index("customer_id")
    assert pipeline.n_never_bought_ == 1
    assert found.loc["新客"].isna().all()
    assert found.drop("新客").notna().all(axis=None)


def test_backtest_looks_up_what_came(purchases):
    tables = to_tables(purchases)
    scores = make_pipeline().backtest_scores(tables, CUTOFF, horizon="180D")
    start, end = pd.Timestamp(CUTOFF), pd.Timestamp(CUTOFF) + pd.Timedelta("180D")
    later = purchases[(purchases["date"] >= start) & (purchases["date"] < end)]
    known = purchases[purchases["date"] < start]["customer_id"].unique()
    later = later[later["customer_id"].isin(known)].groupby("customer_id")
    for quantity, actual in {
        "purchases": later["date"].nunique(),
        "spend": later["dollar_value"].sum(),
    }.items():
        for _, group in scores[scores["quantity"] == quantity].groupby("model"):
            expected = group["customer_id"].map(actual).fillna(0)
            np.testing.assert_allclose(group["actual"], expected, atol=1e-9)


def test_backtest_puts_models_beside_the_rule_and_a_regressor(purchases):
    table = make_pipeline().backtest(
        to_tables(purchases),
        [CUTOFF],
        horizon="180D",
        features=FeatureSet([RFM(), Tenure()]),
        regressor=LifetimeValueRegressor(n_estimators=50),
    )
    models = table.set_index(["quantity", "model"])
    assert models.index.tolist() == [
        ("purchases", "BetaGeoModel"),
        ("purchases", "rule: as before"),
        ("spend", "BetaGeoModel x GammaGammaModel"),
        ("spend", "rule: as before"),
        ("spend", "LifetimeValueRegressor"),
    ]
    # The rule forgets that customers leave: it expects far too much.
    bias = models["bias"]
    assert abs(bias["purchases", "BetaGeoModel"]) < 0.25
    assert bias["purchases", "rule: as before"] > 0.3


def test_a_horizon_that_is_not_over_is_refused(purchases):
    with pytest.raises(LeakageError, match="observed_until"):
        make_pipeline().backtest(to_tables(purchases), [CUTOFF], horizon="365D")


def test_returns_are_said_and_left_out_of_the_spend_model(purchases):
    returned = purchases.copy()
    known = returned["date"] < CUTOFF
    repeat = returned["customer_id"].isin(
        returned[known].loc[lambda t: t["customer_id"].duplicated(), "customer_id"]
    )
    one = returned.loc[repeat & known, "customer_id"].iloc[0]
    mine = (returned["customer_id"] == one) & known
    returned.loc[mine, "dollar_value"] = -5.0
    tables = to_tables(returned)
    with pytest.warns(DataQualityWarning, match="Repeat purchases of 1 of 2357"):
        pipeline = make_pipeline().fit(tables, CUTOFF)
    found = pipeline.predict(tables, CUTOFF, **MONEY).set_index("customer_id")
    p, q, v = pipeline.spend_.params_
    assert found.loc[one, "expected_spend"] == pytest.approx(p * v / (q - 1))


def test_without_a_spend_model_there_is_no_money():
    tables = make_customers(2000, random_state=0).to_tables()
    pipeline = ValuePipeline(purchases=BetaGeoModel(), grain="order")
    found = pipeline.fit(tables, "2024-06-01").predict(
        tables, "2024-06-01", horizon="90D"
    )
    assert found.columns.tolist() == [
        "customer_id",
        "alive_probability",
        "expected_purchases",
    ]
    with pytest.raises(SchemaError, match="need a spend model"):
        pipeline.predict(tables, "2024-06-01", horizon="90D", margin=0.2)


def test_bad_arguments_are_refused(purchases):
    tables = to_tables(purchases)
    with pytest.raises(SchemaError, match="purchases must be a model"):
        ValuePipeline(purchases=GammaGammaModel()).fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="one cutoff"):
        make_pipeline().fit(tables, [CUTOFF])
    fitted = make_pipeline().fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="'margin', 'discount_rate'"):
        fitted.predict(tables, CUTOFF, horizon="30D")
    with pytest.raises(SchemaError, match="features and regressor"):
        fitted.backtest(tables, CUTOFF, horizon="30D", features=RFM())
    no_money = ValuePipeline(purchases=BetaGeoModel(unit="7D"))
    with pytest.raises(SchemaError, match="regressor predicts money"):
        no_money.backtest(
            tables,
            CUTOFF,
            horizon="30D",
            features=RFM(),
            regressor=LifetimeValueRegressor(),
        )
    with pytest.raises(SchemaError, match="whole days"):
        fitted.backtest(tables, CUTOFF, horizon="30h")
