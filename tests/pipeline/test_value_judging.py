"""How a value pipeline is judged: on what came, beside what a shop knows, in words."""

import re

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.datasets import load_cdnow
from crmml.evaluation import compute_value_summary
from crmml.exceptions import LeakageError, SchemaError
from crmml.features import RFM, FeatureSet, Tenure
from crmml.models import (
    BetaBinomialModel,
    BetaGeoModel,
    GammaGammaModel,
    LifetimeValueRegressor,
)
from crmml.pipeline import ValuePipeline
from crmml.pipeline._value_verdict import summarise_forecasts
from crmml.tables import CustomerTables, Transactions

CUTOFF = "1997-10-01"
MODELS = [
    ("purchases", "BetaGeoModel"),
    ("purchases", "rule: as before"),
    ("purchases", "rule: as lately"),
    ("spend", "BetaGeoModel x GammaGammaModel"),
    ("spend", "rule: as before"),
    ("spend", "rule: as lately"),
    ("spend", "LifetimeValueRegressor"),
]


@pytest.fixture(scope="module")
def purchases():
    return load_cdnow(sample=True)


def make_pipeline():
    return ValuePipeline(purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel())


@pytest.fixture(scope="module")
def scores(cdnow):
    return make_pipeline().backtest_scores(
        cdnow,
        ["1997-09-01", CUTOFF],
        horizon="180D",
        features=FeatureSet([RFM(), Tenure()]),
        regressor=LifetimeValueRegressor(n_estimators=50),
    )


@pytest.fixture(scope="module")
def table(scores):
    return summarise_forecasts(scores)


def between(purchases, start, end):
    days = purchases["date"]
    return purchases[(days >= start) & (days < end)].groupby("customer_id")


@pytest.mark.parametrize("cutoff", ["1997-09-01", CUTOFF])
def test_what_came_and_what_went_before_is_looked_up(purchases, scores, cutoff):
    begin, length = pd.Timestamp(cutoff), pd.Timedelta("180D")
    later = between(purchases, begin, begin + length)
    lately = between(purchases, begin - length, begin)
    own = scores[scores["cutoff"] == begin]
    for quantity, measure in {
        "purchases": lambda groups: groups["date"].nunique(),
        "spend": lambda groups: groups["dollar_value"].sum(),
    }.items():
        for model, group in own[own["quantity"] == quantity].groupby("model"):
            actual = group["customer_id"].map(measure(later)).fillna(0)
            np.testing.assert_allclose(group["actual"], actual, atol=1e-9)
            if model == "rule: as lately":
                before = group["customer_id"].map(measure(lately)).fillna(0)
                np.testing.assert_allclose(group["forecast"], before, atol=1e-9)


def test_models_and_rules_stand_side_by_side(table):
    assert len(table) == 2 * len(MODELS)
    found = table.set_index(["quantity", "model"])
    assert found.index.unique().tolist() == MODELS
    # The rule forgets that customers leave: it expects far too much.
    bias = found["bias"]
    assert (bias["purchases", "BetaGeoModel"].abs() < 0.25).all()
    assert (bias["purchases", "rule: as before"] > 0.3).all()


def test_measures_are_those_of_the_scores(scores, table):
    keys = ["cutoff", "quantity", "model"]
    found = table.set_index(keys)
    for key, group in scores.groupby(keys):
        expected = compute_value_summary(group["actual"], group["forecast"])
        np.testing.assert_allclose(
            found.loc[key, expected.index].astype(float), expected, rtol=1e-12
        )


def test_intervals_lie_around_what_was_found(table):
    for name in ("mae", "bias", "gini"):
        assert (table[f"{name}_low"] < table[name]).all()
        assert (table[name] < table[f"{name}_high"]).all()


def test_intervals_are_as_wide_as_those_of_a_mean(scores, table):
    """Of the mean absolute error, which is a mean, the width is known."""
    for key, group in scores.groupby(["cutoff", "quantity", "model"]):
        error = (group["forecast"] - group["actual"]).abs()
        row = table.set_index(["cutoff", "quantity", "model"]).loc[key]
        # Skewed errors, and 400 draws: within a fifth.
        width = 2 * 1.96 * error.sem()
        assert row["mae_high"] - row["mae_low"] == pytest.approx(width, rel=0.2)


def test_of_many_customers_some_stand_for_all():
    n = 60_000
    rng = np.random.default_rng(0)
    actual, forecast = rng.gamma(0.5, 10, n), rng.gamma(0.5, 10, n)
    models = ["Model", "rule: as before"]
    scores = pd.concat(
        pd.DataFrame(
            {
                "cutoff": pd.Timestamp(CUTOFF),
                "customer_id": np.arange(n),
                "quantity": "spend",
                "model": model,
                "forecast": forecast,
                "actual": actual,
            }
        )
        for model in models
    ).reset_index(drop=True)
    table = summarise_forecasts(scores)
    row = table.iloc[0]
    width = 2 * 1.96 * np.abs(forecast - actual).std() / np.sqrt(n)
    # 400 draws: within a fifth.
    assert row["mae_high"] - row["mae_low"] == pytest.approx(width, rel=0.2)
    for name in ("mae", "bias", "gini"):
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    # Forecasts that are the same are no better than each other.
    assert "does not clearly beat the rule" in table.attrs["verdict"]
    assert "is about as close as" in table.attrs["verdict"]


def test_the_verdict_names_models_measures_and_rules(table):
    verdict = table.attrs["verdict"]
    assert len(re.findall("Gini", verdict)) == 3
    assert "BetaGeoModel does not clearly beat the rule" in verdict
    assert "comes closer than the rule 'as before'" in verdict
    bias = table.set_index(["quantity", "model"])["bias"]["purchases", "BetaGeoModel"]
    assert f"expects {-100 * bias.mean():.0f} % too little" in verdict
    assert verdict.endswith("2 cutoffs.")


def test_backtest_measures_its_scores_the_same_each_time(cdnow):
    short = {"horizon": "90D"}
    scores = make_pipeline().backtest_scores(cdnow, CUTOFF, **short)
    once, again = (
        make_pipeline().backtest(cdnow, CUTOFF, **short),
        summarise_forecasts(scores),
    )
    assert_frame_equal(once, again, rtol=0, atol=0)
    assert once.attrs == again.attrs


def test_what_comes_after_the_horizon_changes_nothing(purchases):
    end = pd.Timestamp(CUTOFF) + pd.Timedelta("90D")
    tables = [
        CustomerTables(
            transactions=Transactions(
                frame,
                customer_id="customer_id",
                timestamp="date",
                amount="dollar_value",
            ),
            observed_until="1998-07-01",
        )
        for frame in (purchases, purchases[purchases["date"] < end])
    ]
    whole, part = (
        make_pipeline().backtest_scores(one, CUTOFF, horizon="90D") for one in tables
    )
    assert_frame_equal(whole, part, rtol=1e-12)


def test_what_was_recorded_after_the_cutoff_is_not_learned_from(purchases):
    is_late = purchases["date"].between("1997-06-01", "1997-09-30")
    is_late &= np.random.default_rng(0).random(len(purchases)) < 0.5
    known = purchases["date"].mask(is_late, pd.Timestamp(CUTOFF))
    both = []
    for frame in (purchases.assign(known=known), purchases[~is_late]):
        tables = CustomerTables(
            transactions=Transactions(
                frame.assign(known=known[frame.index]),
                customer_id="customer_id",
                timestamp="date",
                amount="dollar_value",
                recorded_at="known",
            ),
            observed_until="1998-07-01",
        )
        both.append(
            make_pipeline().backtest_scores(
                tables,
                CUTOFF,
                horizon="120D",
                features=RFM(),
                regressor=LifetimeValueRegressor(n_estimators=20),
            )
        )
    assert is_late.sum() > 100
    assert_frame_equal(*both)


def test_opportunities_are_judged_like_purchases(cdnow):
    pipeline = ValuePipeline(purchases=BetaBinomialModel(unit="28D"))
    table = pipeline.backtest(cdnow, CUTOFF, horizon="252D").set_index("model")
    assert table.index.tolist() == [
        "BetaBinomialModel",
        "rule: as before",
        "rule: as lately",
    ]
    assert abs(table.loc["BetaBinomialModel", "bias"]) < 0.2


def test_a_horizon_that_is_not_over_is_refused(cdnow):
    with pytest.raises(LeakageError, match="observed_until"):
        make_pipeline().backtest(cdnow, [CUTOFF], horizon="365D")
    with pytest.raises(LeakageError, match="observed_until"):
        make_pipeline().fit(cdnow, CUTOFF).compute_tracking(
            cdnow, CUTOFF, horizon="364D"
        )


def test_tracking_counts_what_came(purchases, cdnow, value):
    table = value(cdnow).compute_tracking(cdnow, CUTOFF, horizon="273D")
    days = purchases.drop_duplicates(["customer_id", "date"])
    first = days.groupby("customer_id")["date"].transform("min")
    repeats = days[days["date"] > first]
    week = pd.Timedelta("7D")
    expected = [
        repeats["date"].between(end - week, end, inclusive="left").sum()
        for end in table["period_end"]
    ]
    assert table["actual"].tolist() == expected
    assert len(table) == 39 + 39
    assert table["is_forecast"].sum() == 39
    assert table["period_end"].iloc[38] == pd.Timestamp(CUTOFF)


def test_tracking_expects_what_fader_and_hardie_do(cdnow, value):
    """With their parameters: by hand from E(X(t)), customer by customer."""
    fitted = value(cdnow)
    table = fitted.compute_tracking(cdnow, CUTOFF, horizon="273D", period="91D")
    model, end = fitted.purchases_, pd.Timestamp("1998-07-01")
    since = load_cdnow(sample=True).groupby("customer_id")["date"].min()
    by_hand = sum(
        n * model.predict_new_customer_purchases(end - start)
        for start, n in since.value_counts().items()
    )
    assert table["cumulative_expected"].iloc[-1] == pytest.approx(by_hand, rel=1e-12)
    # As published: nearly right at the end of the fit, 5 % too low nine months later.
    known = table[~table["is_forecast"]].iloc[-1]
    assert known["cumulative_expected"] / known["cumulative_actual"] == pytest.approx(
        1.013, abs=1e-3
    )
    last = table.iloc[-1]
    assert last["cumulative_expected"] / last["cumulative_actual"] == pytest.approx(
        0.952, abs=1e-3
    )


def test_tracking_adds_up(cdnow, value):
    table = value(cdnow).compute_tracking(cdnow, CUTOFF, horizon="182D", period="14D")
    for name in ("actual", "expected"):
        np.testing.assert_allclose(table[name].cumsum(), table[f"cumulative_{name}"])


def test_orders_are_tracked_by_their_first_lines():
    lines = [
        ("a", "1", "2024-01-01T08:00"),
        ("a", "1", "2024-01-01T08:00"),
        ("a", "2", "2024-01-01T09:00"),
        ("a", "3", "2024-01-03T23:00"),
        ("a", "3", "2024-01-04T01:00"),
        ("b", "4", "2024-01-02"),
        ("b", None, "2024-01-06"),
        ("c", "5", "2024-01-08"),
    ]
    sales = pd.DataFrame(lines, columns=["customer", "order", "at"])
    tables = CustomerTables(
        transactions=Transactions(
            sales, customer_id="customer", timestamp="at", order_id="order"
        ),
        observed_until="2024-01-09",
    )
    model = BetaGeoModel()
    model.params_ = pd.Series([0.24, 4.4, 0.79, 2.4], index=["r", "alpha", "a", "b"])
    pipeline = ValuePipeline(purchases=model, grain="order")
    pipeline.purchases_ = model
    table = pipeline.compute_tracking(tables, "2024-01-05", horizon="4D", period="1D")
    # The second order of the first day is a repeat; c came after the cutoff.
    assert table["actual"].tolist() == [1, 0, 1, 0, 0, 1, 0, 0]
    half_a_day = model.predict_new_customer_purchases("1D") / 2
    assert table["expected"].iloc[0] == pytest.approx(half_a_day)


def test_periods_that_do_not_fit_are_refused(cdnow, value):
    fitted = value(cdnow)
    for period, horizon in {"36h": "28D", "28D": "14D"}.items():
        with pytest.raises(SchemaError, match="period must be a multiple of 1 days"):
            fitted.compute_tracking(cdnow, CUTOFF, horizon=horizon, period=period)
    with pytest.raises(SchemaError, match="horizon must be a multiple of the period"):
        fitted.compute_tracking(cdnow, CUTOFF, horizon="100D", period="7D")
    monthly = ValuePipeline(purchases=BetaBinomialModel(unit="28D"))
    with pytest.raises(SchemaError, match="period must be a multiple of 28 days"):
        monthly.fit(cdnow, CUTOFF).compute_tracking(cdnow, CUTOFF, horizon="84D")
