"""The retention triangle, against sets of customers per month."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import DataQualityWarning, NotEnoughHistoryError, SchemaError
from crmml.segmentation import compute_cohort_retention


def _make_events(n_events=400, seed=0):
    rng = np.random.default_rng(seed)
    start = np.datetime64("2023-11-20T00:00:00", "s")
    seconds = rng.integers(0, 150 * 86_400, n_events).astype("timedelta64[s]")
    customers = rng.choice([f"客户{i}" for i in range(60)], n_events)
    return pd.DataFrame({"customer": customers, "stamp": start + seconds})


@pytest.mark.parametrize(
    ("period", "alias"), [("week", "W-SUN"), ("month", "M"), ("quarter", "Q")]
)
def test_cells_equal_counting_with_sets(period, alias):
    events = _make_events()
    until = "2024-04-30"
    table = compute_cohort_retention(
        events["customer"],
        events["stamp"],
        period=period,
        observed_until=until,
        share=False,
    )
    bought = events["stamp"].dt.to_period(alias)
    first = bought.groupby(events["customer"]).transform("min")
    last = pd.Period(pd.Timestamp(until) + pd.Timedelta("1D"), alias) - 1
    expected_index = pd.period_range(bought.min(), last, freq=alias)
    assert table.index.tolist() == [p.start_time for p in expected_index]
    for i, cohort in enumerate(expected_index):
        members = set(events["customer"][first == cohort])
        assert table["n_customers"].iloc[i] == len(members)
        for k in range(len(expected_index)):
            cell = table.iloc[i, 1 + k]
            if i + k >= len(expected_index):
                assert np.isnan(cell)
            else:
                buyers = set(events["customer"][bought == cohort + k])
                assert cell == len(members & buyers)


def test_cells_not_yet_lived_are_empty_even_where_some_have_bought():
    table = compute_cohort_retention(
        ["a", "b", "a"], ["2024-01-05", "2024-01-06", "2024-02-10"]
    )
    assert table.shape == (1, 2)
    table = compute_cohort_retention(
        ["a", "b", "a"],
        ["2024-01-05", "2024-01-06", "2024-02-10"],
        observed_until="2024-02-29",
    )
    assert table.loc["2024-01-01", [0, 1]].tolist() == [1.0, 0.5]
    assert np.isnan(table.loc["2024-02-01", 1])


def test_the_diagonal_of_period_zero_is_one_where_there_are_customers():
    events = _make_events()
    table = compute_cohort_retention(events["customer"], events["stamp"])
    has_any = table["n_customers"] > 0
    assert (table.loc[has_any, 0] == 1).all()
    shares = table.drop(columns="n_customers").to_numpy()
    known = np.isfinite(shares)
    assert (shares[known] <= 1).all()
    # Every later cohort has lived one period less.
    assert known[has_any].sum(axis=1).tolist() == sorted(
        known[has_any].sum(axis=1), reverse=True
    )


def test_row_order_carriers_and_zones_agree():
    events = _make_events()
    expected = compute_cohort_retention(events["customer"], events["stamp"])
    shuffled = events.sample(frac=1, random_state=0)
    aware = events["stamp"].dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai")
    polars = pl.from_pandas(events)
    for ids, stamps in (
        (shuffled["customer"], shuffled["stamp"]),
        (events["customer"], aware),
        (polars["customer"], polars["stamp"]),
        (events["customer"].tolist(), events["stamp"].astype(str).tolist()),
    ):
        found = compute_cohort_retention(ids, stamps)
        pd.testing.assert_frame_equal(found, expected, check_index_type=False)


def test_rows_that_lack_something_are_left_out_with_their_count():
    with pytest.warns(DataQualityWarning, match="2 of 4 rows lack"):
        table = compute_cohort_retention(
            ["a", None, "b", "c"],
            ["2024-01-01", "2024-01-01", None, "2024-01-31"],
        )
    assert table["n_customers"].tolist() == [2]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((["a"], ["2024-01-31", "x"]), {}, SchemaError, "found 1 and 2 rows"),
        ((["a"], ["soon"]), {}, SchemaError, "must be dates, found others"),
        ((["a"], [3]), {}, SchemaError, "must be dates, found int64"),
        ((["a"], ["2024-01-31"]), {"period": "day"}, SchemaError, "period must be one"),
        ((["a"], ["2024-01-05"]), {}, NotEnoughHistoryError, "No month is over"),
        (([None], ["2024-01-05"]), {}, NotEnoughHistoryError, "None of 1 rows"),
    ],
)
def test_events_that_do_not_fit_are_refused(arguments, options, error, message):
    with pytest.raises(error, match=message) as caught:
        compute_cohort_retention(*arguments, **options)
    assert "soon" not in str(caught.value)
