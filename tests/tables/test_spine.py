"""Who counts at a cutoff, and rosters that the caller gives."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import make_spine
from crmml.tables._spine import build_spine, read_spine

DAY = 86_400_000_000


def when(microseconds):
    return pd.Timestamp(microseconds, unit="us")


def known_at(world, row):
    if not world.is_recorded:
        return row["timestamp"]
    recorded = row["recorded_at"]
    return np.inf if recorded is None else max(recorded, row["timestamp"])


def counted(world, cutoff, window):
    """Who had joined or bought before the cutoff, and had not left before it."""
    came = {
        row["customer_id"]
        for row in world.transactions
        if known_at(world, row) < cutoff
    } | {
        row["customer_id"]
        for row in world.customers
        if row["joined_at"] is not None and row["joined_at"] < cutoff
    }
    gone = {
        row["customer_id"]
        for row in world.customers
        if row["left_at"] is not None and row["left_at"] < cutoff
    }
    active = {
        row["customer_id"]
        for row in world.transactions
        if known_at(world, row) < cutoff
        and (window is None or row["timestamp"] >= cutoff - window)
    }
    return (came - gone) & active if window else came - gone


@settings(max_examples=15)
@given(data=st.data())
def test_spine_holds_who_had_come_and_not_gone(worlds, noon, data):
    cutoffs = [noon - 3 * DAY, noon]
    world = data.draw(worlds(cutoffs, [DAY, 7 * DAY]))
    window = data.draw(st.sampled_from([None, DAY, 7 * DAY, 500 * DAY]))
    expected = [
        (one, when(cutoff))
        for cutoff in cutoffs
        for one in sorted(counted(world, cutoff, window))
    ]
    within = None if window is None else pd.Timedelta(window, "us")
    if expected:
        found = make_spine(
            world.tables(), list(map(when, cutoffs)), active_within=within
        )
        assert list(found.itertuples(index=False, name=None)) == expected
    else:
        with pytest.raises(NotEnoughHistoryError, match="active within"):
            make_spine(world.tables(), list(map(when, cutoffs)), active_within=within)


def test_leaving_at_the_very_cutoff_is_not_gone_yet(make_tables):
    """The label window begins at the cutoff, so it alone counts who leaves then."""
    people = pd.DataFrame(
        {
            "customer_id": ["before", "at", "after", "stays"],
            "joined_at": "2023-01-01",
            "left_at": [
                "2024-01-31T23:59:59.999999",
                "2024-02-01",
                "2024-02-01T00:00:00.000001",
                None,
            ],
        }
    )
    spine = make_spine(make_tables(customers=people), "2024-02-01")
    assert spine["customer_id"].tolist() == ["after", "at", "stays"]


def test_joining_at_the_very_cutoff_is_too_late(make_tables):
    people = pd.DataFrame(
        {
            "customer_id": ["before", "at"],
            "joined_at": ["2024-01-31T23:59:59.999999", "2024-02-01"],
        }
    )
    spine = make_spine(make_tables(customers=people), "2024-02-01")
    assert spine["customer_id"].tolist() == ["before"]


def test_a_customer_without_orders_counts_by_joining(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["z"], "joined_at": ["2024-01-05"]})
    spine = make_spine(make_tables(sales, customers=people), "2024-02-01")
    assert spine["customer_id"].tolist() == ["a", "b", "z"]


def test_everyone_gone_is_said(make_tables):
    people = pd.DataFrame(
        {"customer_id": ["a"], "joined_at": "2023-01-01", "left_at": "2023-02-01"}
    )
    with pytest.raises(NotEnoughHistoryError, match="not left"):
        make_spine(make_tables(customers=people), "2024-02-01")


@pytest.mark.parametrize(
    "roster",
    [
        ["c", "nobody", "a"],
        np.array(["c", "nobody", "a"]),
        pd.Series(["c", "nobody", "a"], index=[7, 7, 7]),
        pd.Series(["c", "nobody", "a"], dtype="category"),
        pl.Series(["c", "nobody", "a"]),
        ("c", "nobody", "a"),
    ],
    ids=["list", "numpy", "pandas", "category", "polars", "tuple"],
)
def test_a_roster_is_honoured_as_it_stands(make_tables, sales, roster):
    """Order, who is unknown and who bought only later: all as the caller says."""
    spine = make_spine(
        make_tables(sales), ["2024-02-15", "2024-01-05"], customers=roster
    )
    assert spine["customer_id"].tolist() == ["c", "nobody", "a"] * 2
    assert spine["cutoff"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("roster", "message"),
    [
        (["a", "b", "a"], "repeats 1 ids"),
        (["a", None], "misses 1 of 2"),
        (["a", 1], "several types"),
        ([1, 2], "integer, the tables' are text"),
        ([1.0], "double, the tables' are text"),
        ([True], "bool"),
        ("abc", "one piece of text"),
        (7, "list of ids, got int"),
        ([2**70], "several types"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused(make_tables, sales, roster, message):
    with pytest.raises(SchemaError, match=message):
        make_spine(make_tables(sales), "2024-02-15", customers=roster)


def test_an_empty_roster_gives_an_empty_spine_of_the_same_types(make_tables, sales):
    tables = make_tables(sales.assign(customer_id=[5, 6, 5, 5, 7]))
    whole = make_spine(tables, "2024-02-15")
    none = make_spine(tables, "2024-02-15", customers=[])
    assert none.empty
    assert none.dtypes.to_dict() == whole.dtypes.to_dict()


def test_any_roster_fits_empty_tables(make_tables, sales):
    for roster in ([1, 2], ["a"]):
        spine = make_spine(make_tables(sales.iloc[:0]), "2024-02-15", customers=roster)
        assert spine["customer_id"].tolist() == roster


def test_the_index_names_the_rows_of_the_frame(make_tables, sales):
    tables, cutoffs = make_tables(sales), ["2024-02-15", "2024-03-15"]
    for roster in (None, ["c", "a", "b"]):
        spine = build_spine(tables, cutoffs, customers=roster)
        frame = spine.to_frame(tables)[["cutoff", "customer_id"]]
        pd.testing.assert_index_equal(
            spine.to_index(tables), pd.MultiIndex.from_frame(frame)
        )
        assert read_spine(spine, tables) is spine
