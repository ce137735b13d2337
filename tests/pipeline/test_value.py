"""From purchases to value: equal to the parts, never looking past the cutoff."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmml.datasets import load_cdnow, make_customers
from crmml.evaluation import compute_call_list, expected_profit_score
from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.features import (
    RFM,
    BTYDSummary,
    CustomerAttributes,
    FeatureSet,
    Tenure,
)
from crmml.labels import Inactivity
from crmml.models import (
    BetaBinomialModel,
    BetaGeoModel,
    GammaGammaModel,
    LifetimeValueRegressor,
    LogisticChurnClassifier,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    RegularBetaGeoModel,
)
from crmml.pipeline import ChurnPipeline, ValuePipeline
from crmml.tables import Customers, CustomerTables, Transactions

CUTOFF = "1997-10-01"
MONEY = {"horizon": "273D", "margin": 0.25, "discount_rate": 0.1}
COLUMNS = [
    "customer_id",
    "alive_probability",
    "expected_purchases",
    "expected_spend",
    "historic_value",
    "lifetime_value",
    "potential_value",
]


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
    assert found.columns.tolist() == COLUMNS
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


@pytest.mark.parametrize("model", [BetaGeoModel, BetaBinomialModel])
@pytest.mark.parametrize("edit", ["added", "scrambled", "reordered"])
def test_the_future_and_the_order_of_rows_change_nothing(
    purchases, cdnow, value, model, edit
):
    rng = np.random.default_rng(0)
    changed, later = purchases.copy(), (purchases["date"] >= CUTOFF).to_numpy()
    if edit == "added":
        copies = purchases[later].sample(500, replace=True, random_state=0)
        changed = pd.concat([purchases, copies.assign(dollar_value=999.0)])
    elif edit == "scrambled":
        changed.loc[later, "dollar_value"] *= rng.uniform(-2, 9, later.sum())
        changed.loc[later, "customer_id"] = rng.permutation(
            changed.loc[later, "customer_id"]
        )
    else:
        changed = purchases.sample(frac=1, random_state=0)
    other = to_tables(changed, observed_until="1998-07-01")
    money = MONEY | {"horizon": "280D"}
    expected, found = (
        value(tables, model=model(unit="28D")).predict(tables, CUTOFF, **money)
        for tables in (cdnow, other)
    )
    assert_frame_equal(found, expected, rtol=0, atol=0)


def test_polars_and_chinese_names_are_taken(purchases, cdnow, value):
    names = {"customer_id": "客户", "date": "日期", "dollar_value": "金额"}
    frame = pl.from_pandas(purchases.rename(columns=names))
    tables = CustomerTables(
        transactions=Transactions(
            frame, customer_id="客户", timestamp="日期", amount="金额"
        ),
        observed_until="1998-07-01",
    )
    found = value(tables).predict(tables, CUTOFF, **MONEY)
    assert_frame_equal(found, value(cdnow).predict(cdnow, CUTOFF, **MONEY))


def test_zones_move_nothing_but_the_clock(purchases, cdnow, value):
    """Midnight of Shanghai is an instant like any other."""
    days = purchases["date"].dt.tz_localize("Asia/Shanghai")
    tables = to_tables(
        purchases.assign(date=days), observed_until="1998-07-01T00:00+08:00"
    )
    here, there = CUTOFF, f"{CUTOFF}T00:00+08:00"
    ours, theirs = value(cdnow, here), value(tables, there)
    assert_frame_equal(
        ours.predict(cdnow, here, **MONEY), theirs.predict(tables, there, **MONEY)
    )
    tracks = [
        ours.compute_tracking(cdnow, here, horizon="91D"),
        theirs.compute_tracking(tables, there, horizon="91D"),
    ]
    assert_frame_equal(*(track.drop(columns="period_end") for track in tracks))
    assert str(tracks[1]["period_end"].dt.tz) == "UTC"


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


def test_a_spend_model_needs_amounts(purchases):
    tables = Transactions(purchases, customer_id="customer_id", timestamp="date")
    for model in (BetaGeoModel(unit="7D"), BetaBinomialModel(unit="28D")):
        pipeline = ValuePipeline(purchases=model, spend=GammaGammaModel())
        with pytest.raises(SchemaError, match="amount"):
            pipeline.fit(tables, CUTOFF)


def test_bad_arguments_are_refused(purchases):
    tables = to_tables(purchases)
    with pytest.raises(SchemaError, match="purchases must be a model"):
        ValuePipeline(purchases=GammaGammaModel()).fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="one cutoff"):
        make_pipeline().fit(tables, [CUTOFF])
    fitted = make_pipeline().fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="'margin', 'discount_rate'"):
        fitted.predict(tables, CUTOFF, horizon="30D")
    with pytest.raises(SchemaError, match="margin must be one number, got str"):
        fitted.predict(tables, CUTOFF, **(MONEY | {"margin": "a third"}))
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


@pytest.mark.parametrize(
    "model",
    [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel],
    ids=lambda m: m.__name__,
)
def test_days_or_weeks_make_no_difference(cdnow, value, model):
    daily, weekly = (
        value(cdnow, model=model(unit=unit)).predict(cdnow, CUTOFF, **MONEY)
        for unit in ("1D", "7D")
    )
    # Both fits end where the gradient is 1e-8 of the likelihood.
    assert_frame_equal(daily, weekly, rtol=1e-5)
    ranks = [frame["lifetime_value"].rank() for frame in (daily, weekly)]
    assert np.corrcoef(*ranks)[0, 1] > 1 - 1e-9


@settings(max_examples=3)
@given(low=st.floats(0, 0.5), more=st.floats(0.01, 0.4))
def test_value_falls_with_the_discount_rate(cdnow, value, low, more):
    fitted = keep(value, cdnow)
    near, far = (
        fitted.predict(cdnow, CUTOFF, **(MONEY | {"discount_rate": rate}))
        for rate in (low, low + more)
    )
    for name in ("lifetime_value", "potential_value"):
        assert (far[name] < near[name]).all()
    assert_frame_equal(far[COLUMNS[:5]], near[COLUMNS[:5]])


def test_value_grows_with_spend(cdnow, purchases, value):
    fitted = keep(value, cdnow)
    before = fitted.predict(cdnow, CUTOFF, **MONEY)
    dearer = to_tables(
        purchases.assign(dollar_value=1.5 * purchases["dollar_value"]),
        observed_until="1998-07-01",
    )
    after = fitted.predict(dearer, CUTOFF, **MONEY)
    has_repeated = after["expected_spend"] != before["expected_spend"]
    assert has_repeated.sum() == 946
    grown = after[has_repeated] > before[has_repeated]
    assert grown[["expected_spend", "lifetime_value"]].all(axis=None)
    # Bought again for all the money, customers are worth as much as in another
    # currency.
    pd.testing.assert_series_equal(
        value(dearer).predict(dearer, CUTOFF, **MONEY)["lifetime_value"],
        1.5 * before["lifetime_value"],
        rtol=1e-5,
    )


def test_potential_value_is_that_of_a_customer_who_is_there(cdnow, value):
    found = keep(value, cdnow).predict(cdnow, CUTOFF, **MONEY)
    alive = found["alive_probability"]
    np.testing.assert_allclose(
        found["potential_value"] * alive, found["lifetime_value"], rtol=1e-12
    )
    # BG/NBD lets nobody leave before a repeat purchase.
    single = alive == 1
    assert single.sum() == 2357 - 946
    assert (found["potential_value"] == found["lifetime_value"])[single].all()
    assert (found["potential_value"] > found["lifetime_value"])[~single].all()


def test_it_feeds_the_values_of_a_call_list(shop, company):
    worth = value_of(shop, "2024-06-01").set_index("customer_id")
    churn = ChurnPipeline(
        features=FeatureSet([RFM(), Tenure()]),
        label=Inactivity("90D"),
        classifier=LogisticChurnClassifier(),
    ).fit(shop, cutoffs=["2024-01-01", "2024-02-01"])
    leavers = churn.predict(shop, "2024-06-01").set_index("customer_id")
    saved = worth["potential_value"].reindex(leavers.index)
    assert saved.notna().all()
    assert len(leavers) > 20
    money = {"accept_rate": 0.3, "incentive_cost": 2.0, "contact_cost": 0.5}
    proba = leavers["churn_probability"].to_numpy()
    calls = compute_call_list(proba, clv=saved.to_numpy(), **money, top_k=10)
    flat = compute_call_list(proba, clv=saved.mean(), **money, top_k=10)
    p = leavers["churn_probability"].to_numpy()
    by_hand = p * (0.3 * (saved - 2) - 0.5) - (1 - p) * 2.5
    np.testing.assert_allclose(calls["expected_profit"], by_hand, rtol=1e-12)
    called = calls["is_called"].to_numpy()
    assert by_hand[called].sum() >= by_hand[flat["is_called"].to_numpy()].sum()
    left = np.random.default_rng(0).random(len(p)) < p
    earned = expected_profit_score(left, p, clv=saved.to_numpy(), **money)
    assert np.isfinite(earned)


def value_of(tables, cutoff):
    pipeline = ValuePipeline(purchases=BetaGeoModel(), spend=GammaGammaModel())
    with warnings.catch_warnings():
        # Few customers: their spend goes with frequency by chance.
        warnings.simplefilter("ignore", DataQualityWarning)
        fitted = pipeline.fit(tables, cutoff)
    return fitted.predict(tables, cutoff, **MONEY)


KEPT = {}


def keep(value, tables):
    """Fit once for all examples."""
    if "fitted" not in KEPT:
        KEPT["fitted"] = value(tables)
    return KEPT["fitted"]


def test_unit_and_grain_of_fit_are_those_of_predict(cdnow, value):
    expected = value(cdnow).predict(cdnow, CUTOFF, **MONEY)
    changed = value(cdnow).set_params(purchases=BetaGeoModel(unit="1D"), grain="order")
    assert_frame_equal(changed.predict(cdnow, CUTOFF, **MONEY), expected)


def test_the_gaps_of_a_rhythm_are_made(purchases, cdnow, value):
    model = RegularBetaGeoModel(unit="7D", k=2, log_gaps="log_gaps")
    fitted = value(cdnow, model=model)
    days = purchases[purchases["date"] < CUTOFF].drop_duplicates(
        ["customer_id", "date"]
    )
    gaps = days.groupby("customer_id")["date"].diff() / pd.Timedelta("7D")
    summary = BTYDSummary(unit="7D").fit_transform(cdnow, CUTOFF)
    summary["log_gaps"] = np.log(gaps).groupby(days["customer_id"]).sum()
    alone = model.fit(summary)
    assert fitted.purchases_.log_likelihood_ == pytest.approx(
        alone.log_likelihood_, rel=1e-12
    )
    track = fitted.compute_tracking(cdnow, CUTOFF, horizon="91D")
    assert track["expected"].gt(0).all()
    with pytest.raises(SchemaError, match="made of days with a purchase"):
        value(cdnow, model=model, grain="order")


def test_covariates_are_features_of_each_cutoff(purchases):
    rng = np.random.default_rng(0)
    ids = purchases["customer_id"].unique()
    people = pd.DataFrame({"id": ids, "age": rng.integers(18, 80, len(ids))})
    people["渠道"] = rng.integers(0, 2, len(ids))
    tables = to_tables(
        purchases,
        customers=Customers(people, customer_id="id"),
        observed_until="1998-07-01",
    )
    told = CustomerAttributes(fixed=["渠道"])
    model = BetaGeoModel(unit="7D", covariates=["渠道"])
    pipeline = ValuePipeline(
        purchases=model, spend=GammaGammaModel(), covariates=told
    ).fit(tables, CUTOFF)
    found = pipeline.predict(tables, CUTOFF, **MONEY)
    summary = BTYDSummary(unit="7D").fit_transform(tables, CUTOFF)
    summary["渠道"] = people.set_index("id")["渠道"].reindex(summary.index)
    alone = model.fit(summary).predict_expected_purchases(summary, "273D")
    np.testing.assert_allclose(found["expected_purchases"], alone, rtol=1e-9)
    new = {"horizon": "364D", "period": "91D", "margin": 0.3, "discount_rate": 0.1}
    here, there = (
        pipeline.predict_new_customer(covariates={"渠道": code}, **new)["value"].sum()
        for code in (0, 1)
    )
    assert here != there
    table = pipeline.backtest(tables, CUTOFF, horizon="90D")
    assert table["mae"].notna().all()
    for other in (BetaGeoModel(), BetaBinomialModel()):
        with pytest.raises(SchemaError, match="does not read: name them in a model"):
            ValuePipeline(purchases=other, covariates=told).fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="Track one without"):
        pipeline.compute_tracking(tables, CUTOFF, horizon="90D")
