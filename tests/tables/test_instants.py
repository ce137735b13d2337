"""The same instant is the same, whatever zone, unit, machine or library says it."""

import datetime as dt
import os
import subprocess
import sys
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, Activity, FeatureSet
from crmml.tables import CustomerTables, Transactions, make_spine

FEATURES = [RFM(windows=["1D", "36h"]), Activity(windows="7D")]


def declare(data, **kwargs):
    kwargs.setdefault("observed_until", "2025-01-01")
    return CustomerTables(
        transactions=Transactions(
            data, customer_id="customer_id", timestamp="timestamp", amount="amount"
        ),
        **kwargs,
    )


def declare_at(instants, **kwargs):
    n = len(instants)
    frame = pd.DataFrame(
        {"customer_id": ["a", "b"] * (n // 2) + ["a"] * (n % 2), "amount": 1.0}
    )
    return declare(frame.assign(timestamp=instants), **kwargs)


DST_WEEKS = {
    "Europe/Berlin": "2024-03-30",
    "America/New_York": "2024-11-02",
    "Australia/Lord_Howe": "2024-04-06",
    "America/Santiago": "2024-09-07",
}


@pytest.mark.parametrize("zone", DST_WEEKS)
def test_aware_instants_equal_their_twins_in_utc(zone):
    """Every half hour of the week in which clocks change."""
    in_utc = pd.date_range(DST_WEEKS[zone], periods=48 * 7, freq="30min")
    aware = in_utc.tz_localize("UTC").tz_convert(zone)
    cutoff = in_utc[-1]
    naive = declare_at(in_utc)
    zoned = declare_at(aware, observed_until="2025-01-01T00:00Z")
    expected = FeatureSet(FEATURES).fit_transform(naive, cutoff)
    features = FeatureSet(FEATURES).fit_transform(zoned, aware[-1])
    assert_frame_equal(features, expected, check_exact=True)
    spine = make_spine(zoned, [aware[-1]])
    assert spine["cutoff"].dt.tz is not None
    assert (spine["cutoff"] == aware[-1]).all()


def test_offsets_in_text_equal_utc():
    texts = ["2024-05-01T02:00+02:00", "2024-04-30 19:00-05", "2024-05-01T00:00:00Z"]
    tables = declare_at(texts, observed_until="2025-01-01T00:00Z")
    assert tables.extents["transactions"].first == pd.Timestamp("2024-05-01")
    assert tables.extents["transactions"].last == pd.Timestamp("2024-05-01")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_resolution_changes_nothing(unit, constructor):
    instants = np.array(
        ["2024-01-01", "2024-01-31T23:59:59", "2024-02-01"], dtype=f"datetime64[{unit}]"
    )
    if constructor is pl.DataFrame and unit == "s":
        pytest.skip("Polars has no seconds")
    data = constructor(
        {"customer_id": ["a"] * 3, "timestamp": instants, "amount": [1.0, 2.0, 4.0]}
    )
    features = RFM(windows="1D").fit_transform(declare(data), "2024-02-01")
    assert features["n_orders_1d"].tolist() == [1]
    assert features["total_spend_1d"].tolist() == [2.0]


@pytest.mark.parametrize("year", [1969, 2024])
def test_nanoseconds_are_rounded_down_never_onto_the_cutoff(year):
    """An event a nanosecond before the cutoff is known; also before 1970."""
    cutoff = pd.Timestamp(f"{year}-06-01")
    instants = pd.to_datetime([cutoff - pd.Timedelta(1, "ns"), cutoff]).as_unit("ns")
    tables = declare_at(instants)
    assert make_spine(tables, cutoff)["customer_id"].tolist() == ["a"]
    text = declare_at([f"{year - 1}-12-31T23:59:59.999999999"])
    assert text.extents["transactions"].last < pd.Timestamp(f"{year}-01-01")


def test_dates_are_midnights(constructor):
    days = [dt.date(2024, 1, 1), dt.date(2024, 2, 1)]
    data = constructor(
        {"customer_id": ["a", "b"], "timestamp": days, "amount": [1.0, 2.0]}
    )
    assert make_spine(declare(data), "2024-02-01")["customer_id"].tolist() == ["a"]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64(), pa.timestamp("s")])
def test_arrow_dates_are_midnights(kind):
    days = pa.array([dt.datetime(2024, 1, 1), dt.datetime(2024, 2, 1)]).cast(kind)
    data = pa.table({"customer_id": ["a", "b"], "timestamp": days, "amount": [1, 2]})
    assert make_spine(declare(data), "2024-02-01")["customer_id"].tolist() == ["a"]


@pytest.mark.parametrize(
    "bad",
    [
        "01/02/2024",
        "2024/01/02",
        "2024-02-30",
        "2024-13-01",
        "2024-1-2",
        "20240102",
        "2024-05-01Z",
        "2024-05-01 25:00",
        "Jan 2, 2024",
        " 2024-01-02",
        "now",
        "1714521600",
        "２０２４-01-02",
        "",
    ],
)
def test_text_that_is_not_iso_is_counted_and_refused(bad):
    with pytest.raises(SchemaError) as caught:
        declare_at(["2024-01-01", bad, bad])
    message = str(caught.value)
    assert "transactions: column 'timestamp' (timestamp) has 2 rows" in message
    assert "ISO 8601" in message
    assert not bad or bad not in message


def test_a_zone_in_some_rows_only_is_refused():
    with pytest.raises(SchemaError, match=r"offset from UTC \(1 rows\) and without"):
        declare_at(["2024-01-01T00:00Z", "2024-01-01T00:00"])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "pair",
    [
        (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
        (dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5)),
    ],
    ids=["zones", "dates"],
)
def test_objects_of_several_kinds_are_refused(pair, reverse):
    """Arrow would take the first for UTC, and cut the time of day from the second."""
    values = pd.Series(pair[::-1] if reverse else pair, dtype=object)
    with pytest.raises(SchemaError, match="'timestamp' mixes values"):
        declare_at(values)


def test_objects_of_several_zones_are_instants():
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    values = [
        dt.datetime(2024, 1, 1, 1, tzinfo=berlin),
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    ]
    tables = declare_at(
        pd.Series(values, dtype=object), observed_until="2025-01-01T00:00Z"
    )
    extent = tables.extents["transactions"]
    assert extent.first == extent.last == pd.Timestamp("2024-01-01")


def test_tables_with_and_without_zones_do_not_meet(make_tables, sales):
    people = pd.DataFrame(
        {
            "customer_id": ["a"],
            "joined_at": pd.to_datetime(["2023-01-01"]).tz_localize("UTC"),
        }
    )
    with pytest.raises(SchemaError) as caught:
        make_tables(sales, customers=people)
    assert "(customers.joined_at)" in str(caught.value)
    assert "(transactions.timestamp)" in str(caught.value)


def test_a_column_without_any_instant_has_no_zone(make_tables, sales):
    """Nobody left: the column is naive by default, which means nothing."""
    aware = sales.assign(timestamp=sales["timestamp"].dt.tz_localize("UTC"))
    people = pd.DataFrame(
        {"customer_id": ["a"], "left_at": pd.to_datetime([pd.NaT]).astype("M8[us]")}
    )
    for left_at in (people["left_at"], None, pd.Series([None], dtype="str")):
        tables = make_tables(
            aware,
            customers=people.assign(left_at=left_at),
            observed_until="2025-01-01T00:00Z",
        )
        assert tables.is_aware


@pytest.mark.parametrize(
    "cutoff",
    [
        "2024-02-01",
        "2024-02-01T00:00",
        "2024-02-01 00:00:00",
        dt.date(2024, 2, 1),
        dt.datetime(2024, 2, 1),
        np.datetime64("2024-02-01"),
        pd.Timestamp("2024-02-01"),
    ],
)
def test_a_cutoff_may_be_said_in_many_ways(make_tables, sales, cutoff):
    spine = make_spine(make_tables(sales), cutoff)
    assert spine["cutoff"].unique().tolist() == [pd.Timestamp("2024-02-01")]


@pytest.mark.parametrize(
    "several",
    [
        lambda one: [one],
        lambda one: (one,),
        lambda one: pd.Series([one], index=[9]),
        lambda one: pd.DatetimeIndex([one]),
        lambda one: np.array([one], dtype="datetime64[ns]"),
        lambda one: pl.Series([one]).str.to_datetime(),
        lambda one: {one},
    ],
)
def test_cutoffs_may_be_listed_in_many_ways(make_tables, sales, several):
    spine = make_spine(make_tables(sales), several("2024-02-01"))
    assert spine["cutoff"].unique().tolist() == [pd.Timestamp("2024-02-01")]


@pytest.mark.parametrize(
    ("cutoffs", "message"),
    [
        ([], "cutoffs is empty"),
        (["2024-02-01", "2024-02-01T00:00"], "repeats 1 of its 2"),
        ("01/02/2024", "ISO 8601"),
        ("2024", "ISO 8601"),
        ("now", "ISO 8601"),
        (20240201, "ISO 8601"),
        (np.int64(1_706_745_600_000_000_000), "ISO 8601"),
        (1.7e18, "ISO 8601"),
        (True, "ISO 8601"),
        (b"2024-02-01", "ISO 8601"),
        (None, "missing"),
        (pd.NaT, "missing"),
        ("2024-02-01T00:00Z", "Time zones differ: cutoff with one, the data without"),
        (pd.Timestamp("2024-02-01", tz="Asia/Tokyo"), "Time zones differ"),
        (pd.Timestamp("2024-02-01T00:00:00.000000001"), "finer than a microsecond"),
        (iter(["2024-02-01"]), "only once"),
    ],
)
def test_a_cutoff_that_cannot_be_read_is_refused(make_tables, sales, cutoffs, message):
    with pytest.raises(SchemaError, match=message):
        make_spine(make_tables(sales), cutoffs)


def test_cutoffs_beyond_the_data_are_refused(make_tables, sales):
    tables = make_tables(sales, observed_until="2024-06-01")
    make_spine(tables, "2024-06-01")
    for cutoff, message in (
        ("2024-06-01T00:00:00.000001", "known until 2024-06-01"),
        ("2024-01-01", "first event is at 2024-01-01"),
        ("1900-01-01", "no event before it"),
    ):
        with pytest.raises(NotEnoughHistoryError, match=message):
            make_spine(tables, [cutoff, "2024-03-01"])


def test_observed_until_defaults_to_the_last_event_of_any_table(make_tables, sales):
    calls = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2024-07-01"]})
    tables = make_tables(sales, complaints=calls, observed_until=None)
    assert tables.observed_until == pd.Timestamp("2024-07-01")
    for bad in ("07/01/2024", 20240701, "2024-07-01T00:00Z"):
        with pytest.raises(SchemaError, match="observed_until"):
            make_tables(sales, observed_until=bad)


PROGRAM = """
import locale, sys
import pandas as pd
from crmml.features import RFM, Activity, ComplaintRate, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.tables import Complaints, CustomerTables, Transactions

try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
# The hour that clocks skip in Europe, and the one they repeat in America.
at = pd.date_range("2024-03-30T22:00", periods=12, freq="30min").append(
    pd.date_range("2024-11-03T04:00", periods=12, freq="30min")
)
sales = pd.DataFrame(
    {"customer_id": ["a", "b", "客户"] * 8, "timestamp": at, "amount": 0.1}
)
tables = CustomerTables(
    transactions=Transactions(
        sales, customer_id="customer_id", timestamp="timestamp", amount="amount"
    ),
    complaints=Complaints(
        sales.astype({"timestamp": "str"}),
        customer_id="customer_id",
        timestamp="timestamp",
    ),
    observed_until="2025-01-01",
)
features = FeatureSet(
    [RFM(), Activity(windows=["1D", "30D"]), ComplaintRate(windows="36h"), Tenure()]
)
cutoffs = ["2024-03-31T02:30", "2024-11-03T06:15"]
print(features.fit_transform(tables, cutoffs).to_csv())
print(Inactivity("1h").transform(tables, cutoffs).to_csv())
print(tables.quality().to_csv())
"""


def test_the_machine_has_no_say():
    """Zone, locale and hash seed of the process change not a byte."""
    places = [
        {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
        {"TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4242"},
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            env={**os.environ, "PYTHONUTF8": "1", **place},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for place in places
    ]
    outputs = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert len(outputs[0][0]) > 500
    assert outputs[0][0] == outputs[1][0]


@pytest.mark.parametrize(
    ("cutoff", "message"),
    [("9999-01-01", "after the data"), ("0001-01-01", "no event before")],
)
@pytest.mark.parametrize("read", [str, pd.Timestamp, dt.datetime.fromisoformat])
def test_cutoffs_of_any_year_are_understood(cutoff, message, read):
    tables = declare_at(pd.date_range("2024-01-01", periods=4))
    with pytest.raises(NotEnoughHistoryError, match=message):
        FeatureSet(FEATURES).fit_transform(tables, read(cutoff))
