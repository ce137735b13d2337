"""Durations: a length with a unit, in whole microseconds."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from crmml._utils._durations import check_duration, format_duration, say_duration
from crmml.exceptions import SchemaError


@pytest.mark.parametrize(
    "value", ["28D", "28 days", timedelta(28), pd.Timedelta(28, "D"), "672h"]
)
def test_any_spelling_is_one_length(value):
    assert check_duration(value, "horizon") == pd.Timedelta(28, "D")


def test_a_clock_time_is_a_length():
    assert check_duration("12:30:00", "gap") == pd.Timedelta(750, "min")


@pytest.mark.parametrize("value", [28, 28.0, np.int64(90_000), "90000", "", " 7 "])
def test_numbers_without_a_unit_are_refused(value):
    with pytest.raises(SchemaError, match="horizon must be a duration"):
        check_duration(value, "horizon")


@pytest.mark.parametrize("value", ["-1D", "0D", "5ns", "soon", None, pd.NaT, [1]])
def test_what_is_no_length_is_refused(value):
    with pytest.raises(SchemaError, match="horizon must be a duration"):
        check_duration(value, "horizon")


def test_zero_is_allowed_where_asked_for():
    assert check_duration("0D", "gap", allow_zero=True) == pd.Timedelta(0)


@pytest.mark.parametrize(
    ("length", "name"), [("90D", "90d"), ("36h", "36h"), ("90min", "5400000000us")]
)
def test_names_use_the_largest_whole_unit(length, name):
    assert format_duration(pd.Timedelta(length)) == name


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ("28D", "28 days"),
        ("1D", "1 day"),
        ("36h", "36 hours"),
        ("1h 30min", "90 minutes"),
        ("61s", "61 seconds"),
        ("1500us", "1,500 microseconds"),
    ],
)
def test_readers_get_the_largest_whole_unit(length, said):
    assert say_duration(pd.Timedelta(length)) == said
