import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import SchemaError
from crmml.models._columns import CellTypeError, read_array, read_frame

DAY = datetime.timedelta(days=1)

# What is given, kind expected, values expected.
SERIES = {
    "int64": (pd.Series([1, 2]), "number", [1, 2]),
    "Int64": (pd.Series([1, None], dtype="Int64"), "number", [1, None]),
    "float": (pd.Series([1.5, np.nan]), "number", [1.5, None]),
    "float32": (pd.Series([1.5, np.nan], dtype="float32"), "number", [1.5, None]),
    "bool": (pd.Series([True, False]), "boolean", [1, 0]),
    "boolean": (pd.Series([True, None], dtype="boolean"), "boolean", [1, None]),
    "object booleans": (pd.Series([True, None], dtype=object), "boolean", [1, None]),
    "object numbers": (pd.Series([1, 2.5], dtype=object), "number", [1, 2.5]),
    "decimals": (pd.Series([decimal.Decimal("1.5"), None]), "number", [1.5, None]),
    "str": (pd.Series(["a", None], dtype="str"), "text", ["a", None]),
    "object text": (pd.Series(["007", None], dtype=object), "text", ["007", None]),
    "category": (pd.Series(["a", None], dtype="category"), "text", ["a", None]),
    "integer category": (pd.Series([1, 2], dtype="category"), "text", ["1", "2"]),
    "timedelta": (pd.Series([DAY, None]), "number", [1, None]),
    "object timedelta": (pd.Series([DAY, None], dtype=object), "number", [1, None]),
    "all missing": (pd.Series([None, None], dtype=object), "empty", [None, None]),
    "all NaN": (pd.Series([np.nan, np.nan]), "empty", [None, None]),
    "polars int": (pl.Series([1, None]), "number", [1, None]),
    "polars bool": (pl.Series([True, None]), "boolean", [1, None]),
    "polars text": (pl.Series(["上海", None]), "text", ["上海", None]),
    "polars category": (
        pl.Series(["a", None], dtype=pl.Categorical),
        "text",
        ["a", None],
    ),
    "polars enum": (pl.Series(["a", None], dtype=pl.Enum(["a"])), "text", ["a", None]),
    "polars decimal": (
        pl.Series([decimal.Decimal("1.5"), None]),
        "number",
        [1.5, None],
    ),
    "polars duration": (pl.Series([DAY / 2, None]), "number", [0.5, None]),
    "polars null": (pl.Series([None, None]), "empty", [None, None]),
    "arrow int": (pa.chunked_array([[1, None]]), "number", [1, None]),
    "arrow text": (pa.chunked_array([["a", None]]), "text", ["a", None]),
    "arrow duration": (
        pa.chunked_array([pa.array([DAY, None], pa.duration("ms"))]),
        "number",
        [1, None],
    ),
}


def as_frame(series):
    if isinstance(series, pd.Series):
        return pd.DataFrame({"x": series})
    if isinstance(series, pl.Series):
        return pl.DataFrame({"x": series})
    return pa.table({"x": series})


def plain(values):
    return [None if pd.isna(value) else value for value in values.tolist()]


@pytest.mark.parametrize("case", SERIES)
def test_every_carrier_becomes_numbers_or_text(case):
    series, kind, expected = SERIES[case]
    columns = read_frame(as_frame(series), ["x"])
    assert columns.kinds == [kind]
    assert plain(columns.arrays[0]) == expected


def test_an_object_array_is_read_column_by_column():
    X = np.array([[1, "a", True], [None, "b", None]], dtype=object)
    columns = read_array(X, ["x0", "x1", "x2"])
    assert columns.kinds == ["number", "text", "boolean"]
    assert [plain(values) for values in columns.arrays] == [
        [1, None],
        ["a", "b"],
        [1, None],
    ]


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(pd.to_datetime(["2024-01-01", None])),
        pd.Series(pd.to_datetime(["2024-01-01", None], utc=True)),
        pd.Series([datetime.date(2024, 1, 1), None], dtype=object),
        pl.Series([datetime.datetime(2024, 1, 1), None]),
        pl.Series([datetime.date(2024, 1, 1), None]),
    ],
)
def test_dates_are_refused_with_the_way_out(dates):
    with pytest.raises(SchemaError, match=r"'x'.*subtract the date from the cutoff"):
        read_frame(as_frame(dates), ["x"])


def test_infinite_numbers_are_refused_with_all_columns_and_counts():
    X = pd.DataFrame({"a": [1.0, np.inf, -np.inf], "b": [1, 2, 3], "c": [np.inf, 0, 0]})
    with pytest.raises(SchemaError, match=r"'a' \(2 of 3\), 'c' \(1 of 3\)"):
        read_frame(X, ["a", "b", "c"])


def test_numbers_among_text_are_refused_without_quoting_them():
    X = pd.DataFrame({"a": pd.Series(["secret", 1, 2], dtype=object)})
    with pytest.raises(SchemaError, match=r"'a'.*2 int, 1 str") as error:
        read_frame(X, ["a"])
    assert "secret" not in str(error.value)


def test_other_objects_are_a_type_error():
    X = np.array([[{"foo": 1}], [2]], dtype=object)
    with pytest.raises(CellTypeError, match="argument must be a string or a number"):
        read_array(X, ["x0"])


def test_input_is_not_modified():
    X = np.array([["a"], [None]], dtype=object)
    X.setflags(write=False)
    read_array(X, ["x0"])
    frame = pd.DataFrame({"a": pd.Series(["a", np.nan], dtype=object)})
    before = frame.copy(deep=True)
    read_frame(frame, ["a"])
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("missing", [pd.NaT, np.datetime64("NaT")])
def test_a_column_without_any_value_is_no_column_of_dates(missing):
    X = pd.DataFrame({"x": pd.Series([missing] * 3, dtype="datetime64[ns]")})
    columns = read_frame(X, ["x"])
    assert columns.kinds == ["empty"]
