"""Whole-number arithmetic reads ISO 8601 text as a calendar does."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest
import sqlglot.expressions as exp
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.tables import _sql as sql
from crmml.tables._duckdb_engine import DuckDBEngine
from crmml.tables._iso_text import text_to_microseconds

ENGINE = DuckDBEngine()


def read(texts, *, is_aware):
    """Run what is written for other engines, of which this one understands all."""
    tree = text_to_microseconds(sql.column("text"), is_aware, "spark")
    query = exp.select(exp.alias_(tree, "instant")).from_(sql.table("texts"))
    with ENGINE.lend("texts", pa.table({"text": pa.array(texts, pa.string())})):
        return ENGINE.run(query)["instant"].to_pylist()


def microseconds(text):
    instant = pd.Timestamp(text)
    if instant.tz is not None:
        instant = instant.tz_convert("UTC").tz_localize(None)
    return (instant.floor("us") - pd.Timestamp(0)) // pd.Timedelta(1, "us")


DAYS = st.dates(dt.date(1700, 1, 1), dt.date(2250, 1, 1))
TIMES = st.from_regex(
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?)", fullmatch=True
)
OFFSETS = st.from_regex(r"(Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?)", fullmatch=True)


@settings(max_examples=25)
@given(days=st.lists(st.tuples(DAYS, st.one_of(st.just(""), TIMES)), min_size=20))
def test_text_without_an_offset_is_taken_as_it_is(days):
    texts = [f"{day:%Y-%m-%d}{time}" for day, time in days]
    assert read(texts, is_aware=False) == [microseconds(text) for text in texts]


@settings(max_examples=25)
@given(days=st.lists(st.tuples(DAYS, TIMES, OFFSETS), min_size=20))
def test_offsets_are_taken_off(days):
    texts = [f"{day:%Y-%m-%d}{time}{offset}" for day, time, offset in days]
    assert read(texts, is_aware=True) == [microseconds(text) for text in texts]


def test_edges_are_those_of_the_engine_in_this_process():
    texts = ["2024-01-01T24:00", "2023-12-31T24:00:00", "0000-01-01", "0000-02-29"]
    tree = text_to_microseconds(sql.column("text"), False, "duckdb")
    query = exp.select(exp.alias_(tree, "instant")).from_(sql.table("texts"))
    with ENGINE.lend("texts", pa.table({"text": texts})):
        expected = ENGINE.run(query)["instant"].to_pylist()
    assert read(texts, is_aware=False) == expected
    assert None not in expected


def test_every_day_of_four_centuries_follows_the_one_before():
    days = pd.date_range("1999-12-31", "2400-03-01")
    found = pd.Series(read(days.strftime("%Y-%m-%d").tolist(), is_aware=False))
    assert (found.diff()[1:] == 86_400_000_000).all()


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "1900-02-29", "2024-06-31", "2024-13-01", "2024-00-01"),
        *("2024-01-32", "2024-01-00", "2024-01-01T24:01", "2024-01-01T00:60"),
        *("2024-01-01T00:00:60", "2024-01-01T24:00:00.5", "2024-01-01+02:00"),
    ],
)
def test_what_there_is_not_is_null(text):
    assert read([text, None, "2024-02-29"], is_aware=False) == [
        None,
        None,
        microseconds("2024-02-29"),
    ]
