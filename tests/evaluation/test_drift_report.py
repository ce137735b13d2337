"""A flag in exactly the column that changed, and none where nothing did."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import drift_report
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def make_customers(rng, n):
    return {
        "age": rng.normal(40, 10, n),
        "orders": rng.poisson(1.0, n),
        "城市": rng.choice(["北京", "上海", "广州"], n).tolist(),
        "is_member": (rng.random(n) < 0.3).tolist(),
        "note": [f"note {i}" for i in rng.integers(0, 10**9, n)],
        "constant": [1.0] * n,
        "since": (
            np.datetime64("2024-01-01", "us")
            + rng.integers(0, 300, n).astype("timedelta64[D]")
        ),
        "email": np.where(rng.random(n) < 0.1, None, "yes").tolist(),
    }


@pytest.fixture
def customers(rng):
    return make_customers(rng, 2000)


def flagged(report):
    return {
        row.feature: row.status
        for row in report.features.itertuples()
        if row.status != "stable"
    }


def test_identical_data_is_never_drift(customers, constructor):
    table = constructor(customers)
    score = np.linspace(0, 1, 2000)
    left = np.arange(2000) % 3 == 0
    report = drift_report(
        table,
        table,
        reference_score=score,
        current_score=score,
        reference_y=left,
        current_y=left,
    )
    assert report.status == "stable"
    assert report.verdict == "stable: none of 9 columns moved."
    assert (report.features["psi"] == 0).all()
    assert (report.performance["difference"] == 0).all()
    assert (report.performance["status"] == "stable").all()


CHANGES = {
    "age": lambda c, rng: c["age"] + 12,
    "orders": lambda c, rng: c["orders"] + 1,
    "城市": lambda c, rng: ["北京"] * len(c["城市"]),
    "is_member": lambda c, rng: (rng.random(len(c["age"])) < 0.7).tolist(),
    "constant": lambda c, rng: [0.5] * len(c["age"]),
    "since": lambda c, rng: c["since"] + np.timedelta64(200, "D"),
    "email": lambda c, rng: np.where(
        rng.random(len(c["age"])) < 0.5, None, "yes"
    ).tolist(),
}


@pytest.mark.parametrize("column", CHANGES)
def test_exactly_the_changed_column_is_flagged(column, customers, constructor, rng):
    now = make_customers(rng, 1500)
    now[column] = CHANGES[column](now, rng)
    report = drift_report(constructor(customers), constructor(now))
    assert flagged(report) == {column: "large"}
    assert report.status == "large"
    assert report.verdict == f"large shift: 1 of 8 columns moved ({column})."
    assert np.isfinite(report.features[["psi", "psi_by_chance"]]).all(axis=None)
    assert report.features.loc[0, "feature"] == column


def test_new_and_vanished_values_are_counted_but_not_named(customers, rng):
    now = make_customers(rng, 1000)
    now["城市"] = ["深圳" if i % 20 == 0 else "北京" for i in range(1000)]
    report = drift_report(pd.DataFrame(customers), pl.DataFrame(now))
    row = report.features.iloc[0]
    assert (row["feature"], row["n_new"], row["new_share"]) == ("城市", 1, 0.05)
    assert "5% in 1 new categories" in row["reason"]
    assert "深圳" not in report.features.to_string() + report.verdict


def test_a_few_new_categories_are_a_moderate_shift(customers, rng):
    now = {**customers, "城市": list(customers["城市"])}
    now["城市"][:40] = ["深圳"] * 40
    report = drift_report(pd.DataFrame(customers), pd.DataFrame(now))
    assert flagged(report) == {"城市": "moderate"}


def test_ids_are_no_drift_although_every_one_is_new(rng):
    then = pd.DataFrame({"id": [f"a{i}" for i in range(500)]})
    now = pd.DataFrame({"id": [f"b{i}" for i in range(500)]})
    report = drift_report(then, now)
    assert report.features.loc[0, "new_share"] == 1
    assert report.status == "stable"
    assert report.features.loc[0, "reason"].startswith("all categories are new, as")
    assert drift_report(then, then).features.loc[0, "reason"] == ""


def test_missing_rates_count_by_themselves(customers):
    age = np.array(customers["age"])
    now = {**customers, "age": np.where(np.arange(2000) < 120, np.nan, age)}
    report = drift_report(pd.DataFrame(customers), pd.DataFrame(now))
    assert flagged(report)["age"] in {"moderate", "large"}
    assert "missing 0% -> 6%" in report.features.loc[0, "reason"]


def test_a_column_that_turned_to_text_is_said(customers):
    now = {**customers, "age": [str(round(a)) for a in customers["age"]]}
    report = drift_report(pd.DataFrame(customers), pd.DataFrame(now))
    assert flagged(report) == {"age": "large"}
    assert "was number, is category" in report.features.loc[0, "reason"]


def test_all_missing_columns_are_compared(constructor):
    full, none = {"x": [1.0, 2.0] * 200}, {"x": [None] * 400}
    assert drift_report(constructor(none), constructor(none)).status == "stable"
    for then, now in ((full, none), (none, full)):
        report = drift_report(constructor(then), constructor(now))
        assert flagged(report) == {"x": "large"}
        assert np.isfinite(report.features["psi"]).all()


@pytest.mark.parametrize(("n", "m"), [(30, 30), (200, 60), (300, 900)])
def test_samples_of_one_population_raise_an_alarm_in_few_reports(n, m):
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(50):
        then, now = (pd.DataFrame(make_customers(rng, size)) for size in (n, m))
        alarms += drift_report(then, now).status in {"moderate", "large"}
    # One in a hundred is promised; four of fifty have a probability of 0.2 percent.
    assert alarms <= 3


def test_infinite_numbers_are_binned():
    then = pd.DataFrame({"x": [*np.arange(99.0), np.inf]})
    now = pd.DataFrame({"x": [-np.inf] * 50 + [np.inf] * 50})
    report = drift_report(then, now)
    assert np.isfinite(report.features["psi"]).all()
    assert report.status == "large"


def test_the_index_is_the_sum_over_bins():
    then = pd.DataFrame({"x": ["a"] * 60 + ["b"] * 40})
    now = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 70})
    p, q = np.array([60.5, 40.5]) / 101, np.array([30.5, 70.5]) / 101
    expected = ((q - p) * np.log(q / p)).sum()
    report = drift_report(then, now)
    assert report.features.loc[0, "psi"] == pytest.approx(expected)


@given(
    st.lists(st.sampled_from([None, 0.0, 1.5, 7.0]), min_size=1, max_size=50),
    st.lists(st.sampled_from([None, 0.0, 1.5, 9.0]), min_size=1, max_size=50),
    st.randoms(use_true_random=False),
)
def test_row_order_and_the_kind_of_frame_change_nothing(then, now, random):
    first = drift_report(pd.DataFrame({"x": then}), pd.DataFrame({"x": now}))
    random.shuffle(then)
    random.shuffle(now)
    types = {"x": pl.Float64}
    second = drift_report(
        pl.DataFrame({"x": then}, schema=types), pl.DataFrame({"x": now}, schema=types)
    )
    pd.testing.assert_frame_equal(first.features, second.features)
    assert np.isfinite(first.features["psi"]).all()


def make_outcomes(rng, n, *, slope=1.0, shift=0.0):
    x = rng.normal(size=n)
    score = 1 / (1 + np.exp(1.5 - x))
    left = rng.random(n) < 1 / (1 + np.exp(1.5 - shift - slope * x))
    return score, left


def report_on(then, now):
    X = np.zeros((len(then[0]), 1)), np.zeros((len(now[0]), 1))
    return drift_report(
        *X,
        reference_score=then[0],
        current_score=now[0],
        reference_y=then[1],
        current_y=now[1],
    )


def test_performance_is_compared_when_labels_have_arrived(rng):
    then = make_outcomes(rng, 8000)
    same = report_on(then, make_outcomes(rng, 4000))
    assert same.status == "stable"
    assert same.performance["measure"].tolist() == [
        "base_rate",
        "brier",
        "observed_to_predicted",
        "auc",
    ]
    blind = report_on(then, make_outcomes(rng, 4000, slope=0.1)).performance
    assert blind.set_index("measure").loc["auc", "status"] == "large"
    more = report_on(then, make_outcomes(rng, 4000, shift=0.8))
    status = more.performance.set_index("measure")["status"]
    assert status["base_rate"] == status["observed_to_predicted"] == "large"
    assert status["auc"] == "stable"
    assert "measures moved (" in more.verdict


def test_a_better_model_is_no_alarm(rng):
    then = make_outcomes(rng, 8000, slope=0.2)
    found = report_on(then, make_outcomes(rng, 8000, slope=2.0)).performance
    assert found.set_index("measure").loc["auc", "status"] == "stable"


def test_scores_that_only_rank_and_single_outcomes_are_measured_as_far_as_may_be(rng):
    score, left = make_outcomes(rng, 500)
    ranked = report_on((score * 100, left), (score * 100, left))
    assert ranked.performance["measure"].tolist() == ["base_rate", "auc"]
    quiet = report_on((score, left), (score, np.zeros(500)))
    assert "auc" not in quiet.performance["measure"].tolist()
    assert np.isfinite(quiet.performance["difference"]).all()


def test_intervals_of_differences_cover_zero_about_95_times_in_100():
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(150):
        table = report_on(make_outcomes(rng, 600), make_outcomes(rng, 400)).performance
        covered.append((table["low"] <= 0) & (table["high"] >= 0))
    # 150 draws of each: a standard error of 0.018, four of them.
    assert np.mean(covered, axis=0) == pytest.approx(0.95, abs=0.072)


def test_bad_input_is_refused_by_name(customers):
    table = pd.DataFrame(customers)
    with pytest.raises(SchemaError, match="current lacks 1 of 8 columns of"):
        drift_report(table, table.drop(columns="age"))
    with pytest.raises(NotEnoughHistoryError, match="current has 0 rows"):
        drift_report(table, table.iloc[:0])
    with pytest.raises(NotEnoughHistoryError, match="reference has 2000 rows and 0 co"):
        drift_report(table[[]], table)
    with pytest.raises(SchemaError, match="repeats 1 column names"):
        drift_report(pd.concat([table, table[["age"]]], axis=1), table)
    with pytest.raises(SchemaError, match="or have two dimensions, got 1"):
        drift_report([1, 2], table)
    with pytest.raises(SchemaError, match="holds lists"):
        drift_report(pd.DataFrame({"x": [[1], [2]]}), pd.DataFrame({"x": [[1]]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current_score": None}, "reference_score= and current_score="),
        ({"current_score": [0.1]}, "current has 2000 rows and current_score has 1"),
        ({"reference_score": np.full(2000, np.nan)}, "reference_score has 2000 miss"),
        ({"current_y": None}, "performance needs"),
        ({"current_y": np.arange(2000)}, "two classes"),
        ({"current_y": [0, 1]}, "2 rows and y_score has 2000"),
    ],
)
def test_scores_and_labels_are_checked(customers, changes, message):
    table = pd.DataFrame(customers)
    good = {
        "reference_score": np.linspace(0, 1, 2000),
        "current_score": np.linspace(0, 1, 2000),
        "reference_y": np.arange(2000) % 2,
        "current_y": np.arange(2000) % 2,
    }
    with pytest.raises(SchemaError, match=message):
        drift_report(table, table, **{**good, **changes})


def test_the_same_instants_in_another_zone_or_resolution_are_no_drift():
    since = pd.Series(pd.date_range("2024-01-01", periods=500, freq="h", tz="UTC"))
    then = pd.DataFrame({"since": since})
    for same in (
        since.dt.tz_convert("Asia/Shanghai"),
        since.dt.as_unit("ms"),
        since.dt.as_unit("ns"),
    ):
        report = drift_report(then, pd.DataFrame({"since": same}))
        assert report.features.loc[0, ["kind", "psi"]].tolist() == ["number", 0.0]
    later = drift_report(then, pd.DataFrame({"since": since + pd.Timedelta("9D")}))
    assert later.status == "large"


def test_columns_of_every_type_are_compared():
    n = 400
    table = pd.DataFrame(
        {
            0: np.arange(n) / 7,
            "category": pd.Categorical(["a", "b"] * (n // 2)),
            "nullable": pd.array([1, None] * (n // 2), dtype="Int64"),
            "span": pd.to_timedelta(np.arange(n), unit="D"),
            "maybe": pd.array([True, None] * (n // 2), dtype="boolean"),
            "mixed": [1, "x", None, True] * (n // 4),
            "text": pd.array(["甲", "乙"] * (n // 2), dtype="string"),
        }
    )
    assert drift_report(table, table.sample(frac=1, random_state=0)).status == "stable"
    frame = pl.DataFrame(
        {
            "category": pl.Series(["a", "b"] * 200, dtype=pl.Categorical),
            "enum": pl.Series(["a", "b"] * 200, dtype=pl.Enum(["a", "b", "c"])),
            "decimal": pl.Series(["1.5", "2.5"] * 200).cast(pl.Decimal(2, 1)),
        }
    )
    report = drift_report(frame, frame.reverse())
    assert report.features["psi"].tolist() == [0.0, 0.0, 0.0]


def test_inputs_are_not_modified(customers):
    table = pd.DataFrame(customers)
    before = table.copy(deep=True)
    drift_report(table, table.assign(extra=1))
    pd.testing.assert_frame_equal(table, before)


def test_too_few_rows_to_tell_are_not_called_stable():
    then = pd.DataFrame({"a": [1.0, 2.0, 3.0], "c": ["x", "y", "z"]})
    now = pd.DataFrame({"a": [10.0, 20.0, 30.0], "c": ["p", "q", "r"]})
    report = drift_report(then, now)
    assert report.status == "too few rows"
    assert report.verdict == (
        "too few rows to tell in 2 of 2 columns (no number would do, for the reference "
        "is too small); none is seen to have moved."
    )
    assert (report.features["status"] == "too few rows").all()
    assert report.features["reason"].str.startswith("too few rows to tell").all()


def test_what_is_seen_to_move_comes_before_what_cannot_be_told():
    rng = np.random.default_rng(0)
    then = pd.DataFrame({"few": rng.normal(size=100), "flag": [0, 1] * 50})
    now = then.assign(flag=1, few=rng.normal(size=100))
    report = drift_report(then, now)
    assert report.features["feature"].tolist() == ["flag", "few"]
    assert report.features["status"].tolist() == ["large", "too few rows"]
    assert report.verdict == (
        "large shift: 1 of 2 columns moved (flag); too few rows to tell in 1 of 2 "
        "columns (about 1,673 current rows are needed)."
    )


def test_how_many_rows_could_tell_is_what_the_chance_index_says():
    """By hand: (1/n + 1/m) times the quantile shall stay below a large index."""
    rng = np.random.default_rng(1)
    then = pd.DataFrame({"x": rng.normal(size=5000)})
    quantile = 21.666  # chi-squared, 9 degrees of freedom, 1 percent
    needed = 1 / (0.25 / quantile - 1 / 5000)
    for m, status in (
        (10, "too few rows"),
        (int(needed), "too few rows"),
        (90, "stable"),
    ):
        report = drift_report(then, pd.DataFrame({"x": rng.normal(size=m)}))
        row = report.features.iloc[0]
        assert row["n_needed"] == pytest.approx(needed, rel=1e-4)
        assert row["status"] == status
    report = drift_report(then, then[:10])
    assert report.verdict.endswith(
        "(about 89 current rows are needed); none is seen to have moved."
    )


@pytest.mark.parametrize("column", [[1.0] * 10, ["a"] * 10, [None] * 10, [True] * 10])
def test_ten_rows_tell_nothing_of_any_column(column):
    then = pd.DataFrame({"x": pd.Series(column * 500), "n": range(5000)})
    now = pd.DataFrame({"x": pd.Series(column), "n": range(0, 5000, 500)})
    found = drift_report(then, now).features
    assert set(found["status"]) == {"too few rows"}
    assert found["reason"].str.contains(r"about \d+ current rows are needed").all()


def test_one_new_category_among_ten_rows_is_no_alarm():
    then = pd.DataFrame({"plan": ["a", "b"] * 250})
    assert drift_report(then, then[:9].assign(plan="c")).status == "large"
    one = pd.DataFrame({"plan": ["a", "b"] * 4 + ["c"]})
    assert drift_report(then, one).status == "too few rows"


@pytest.mark.parametrize("seed", range(3))
def test_outcomes_of_few_customers_are_no_alarm_and_not_called_stable(seed):
    rng = np.random.default_rng(seed)
    then = make_outcomes(rng, 8000)
    found = [report_on(then, make_outcomes(rng, 10)).performance for _ in range(40)]
    statuses = pd.concat(found)["status"].value_counts()
    # One in a hundred reports is allowed; three of 40 have a probability of 0.8 %.
    assert statuses.get("large", 0) + statuses.get("moderate", 0) <= 2
    assert statuses.get("stable", 0) == 0
    nobody = report_on(then, (then[0][:10], np.zeros(10))).performance
    assert (nobody["status"] == "too few rows").all()
    assert nobody["reason"].str.startswith("too few rows to tell: about ").all()
