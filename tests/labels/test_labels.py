"""Labels read their window and nothing else, and only when it is over."""

import importlib
import inspect
import math
import pkgutil

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_series_equal
from sklearn.base import clone

import crmml.labels
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.labels import ContractEnd, FutureSpend, Inactivity, NextPurchase
from crmml.labels._label import WindowLabel
from crmml.tables import make_spine

HOUR = 3_600_000_000
DAY = 24 * HOUR
PEOPLE = ["a", "b", "007", "客户", "silent", "anchor", "nobody"]


def when(microseconds):
    return pd.Timestamp(microseconds, unit="us")


def find_labels():
    modules = [
        importlib.import_module(f"crmml.labels.{module.name}")
        for module in pkgutil.iter_modules(crmml.labels.__path__)
    ]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, WindowLabel)
    }
    return sorted(found - {WindowLabel}, key=lambda kind: kind.__name__)


LABELS = find_labels()
WINDOWS = [(0, DAY), (36 * HOUR, 7 * DAY), (1, 1)]
"""Gap and horizon in microseconds."""


def make(kind, gap, horizon):
    return kind(pd.Timedelta(horizon, "us"), gap=pd.Timedelta(gap, "us"))


def inactivity(world, customer, start, end):
    bought = any(
        row["customer_id"] == customer and start <= row["timestamp"] < end
        for row in world.transactions
    )
    return 0 if bought else 1


def contract_end(world, customer, start, end):
    left = [row["left_at"] for row in world.customers if row["customer_id"] == customer]
    if not left or left[0] is None or left[0] >= end:
        return 0
    return pd.NA if left[0] < start else 1


def in_window(world, customer, start, end):
    return [
        row
        for row in world.transactions
        if row["customer_id"] == customer and start <= row["timestamp"] < end
    ]


def future_spend(world, customer, start, end):
    # Rows hold millionths, so that the sum is exact; one division, as in the label.
    return sum(row["amount"] for row in in_window(world, customer, start, end)) / 1e6


def next_purchase(world, customer, start, end, cutoff):
    instants = [row["timestamp"] for row in in_window(world, customer, start, end)]
    return (min(instants) - cutoff) / DAY if instants else math.nan


ORACLES = {
    "ContractEnd": contract_end,
    "FutureSpend": future_spend,
    "Inactivity": inactivity,
    "NextPurchase": next_purchase,
}
VALUES = (FutureSpend, NextPurchase)
"""Labels that are numbers of the transactions in the window."""


def expect(kind, world, customer, start, end, cutoff):
    oracle = ORACLES[kind.__name__]
    extra = [cutoff] if kind is NextPurchase else []
    return oracle(world, customer, start, end, *extra)


def test_every_label_is_public_and_has_an_oracle():
    names = {kind.__name__ for kind in LABELS}
    assert names == set(ORACLES)
    assert names <= set(crmml.labels.__all__)


def edges(gap, horizon):
    return [gap, gap + horizon, horizon]


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(("gap", "horizon"), WINDOWS)
def test_labels_equal_their_definition(worlds, noon, kind, gap, horizon):
    cutoffs = [noon - 3 * DAY - 1, noon]

    @settings(max_examples=8)
    @given(data=st.data())
    def check(data):
        world = data.draw(worlds(cutoffs, edges(gap, horizon)))
        tables = world.tables()
        people = data.draw(st.permutations(PEOPLE))
        spine = make_spine(tables, list(map(when, cutoffs)), customers=people)
        found = make(kind, gap, horizon).transform(tables, spine=spine)
        expected = [
            expect(kind, world, one, cutoff + gap, cutoff + gap + horizon, cutoff)
            for cutoff in cutoffs
            for one in people
        ]
        assert found.index.get_level_values("customer_id").tolist() == people * 2
        dtype = "float64" if kind in VALUES else "Int64"
        assert_series_equal(
            found.astype(dtype).reset_index(drop=True),
            pd.Series(expected, dtype=dtype, name=kind.name),
            check_exact=True,
        )

    check()


def outside(data, start, end, before):
    """An instant before the window, if allowed, or after it."""
    spans = [st.integers(end, end + 40 * DAY)]
    if before:
        spans.append(st.integers(start - 40 * DAY, start - 1))
    return data.draw(st.one_of(*spans))


def change_outside(data, world, start, end, kind):
    """Delete, repeat, scramble and add events outside the label window."""
    changed = []
    for row in world.transactions:
        fate = data.draw(st.sampled_from(["keep", "delete", "repeat", "scramble"]))
        if start <= row["timestamp"] < end:
            # For churn it matters that it happened, not for how much.
            amount = row["amount"] if kind is FutureSpend else -row["amount"]
            changed.append({**row, "amount": amount, "order_id": 9})
        elif fate == "scramble":
            someone = data.draw(st.sampled_from(PEOPLE))
            at = outside(data, start, end, before=True)
            changed.append({**row, "customer_id": someone, "timestamp": at})
        else:
            changed += [row] * {"delete": 0, "keep": 1, "repeat": 2}[fate]
    changed.append(
        {
            **world.transactions[0],
            "customer_id": data.draw(st.sampled_from(PEOPLE)),
            "timestamp": outside(data, start, end, before=True),
        }
    )
    people = [
        {
            **row,
            "joined_at": None,
            # Who is gone before the window stays gone, who leaves after it stays.
            "left_at": row["left_at"]
            if row["left_at"] is not None and row["left_at"] < end
            else data.draw(st.one_of(st.none(), st.integers(end, end + 40 * DAY))),
        }
        for row in world.customers
    ]
    return world.but(
        transactions=data.draw(st.permutations(changed)),
        customers=data.draw(st.permutations(people)),
        complaints=[],
    )


@pytest.mark.parametrize("kind", LABELS)
def test_nothing_outside_the_window_changes_a_label(worlds, noon, kind):
    gap, horizon = 12 * HOUR, 7 * DAY

    @settings(max_examples=8)
    @given(data=st.data())
    def check(data):
        world = data.draw(worlds([noon], edges(gap, horizon))).but(is_recorded=False)
        changed = change_outside(data, world, noon + gap, noon + gap + horizon, kind)
        label = make(kind, gap, horizon)
        spine = pd.DataFrame({"customer_id": PEOPLE, "cutoff": when(noon)})
        # An event long ago, so that both worlds reach the cutoff.
        long_ago = {**world.transactions[0], "timestamp": noon - 400 * DAY}
        before, after = (
            label.transform(
                one.but(transactions=[*one.transactions, long_ago]).tables(),
                spine=spine,
            )
            for one in (world, changed)
        )
        assert_series_equal(after, before)

    check()


@pytest.mark.parametrize("kind", LABELS)
def test_many_cutoffs_at_once_equal_one_at_a_time(worlds, noon, kind):
    cutoffs = [noon - 2 * DAY, noon - 7 * HOUR, noon, noon + 1]

    @settings(max_examples=6)
    @given(data=st.data())
    def check(data):
        tables = data.draw(worlds(cutoffs, [DAY, 2 * DAY])).tables()
        label = make(kind, HOUR, DAY)
        together = label.transform(tables, list(map(when, cutoffs)))
        for cutoff in cutoffs:
            alone = label.transform(tables, when(cutoff))
            dtype = "float64" if kind in VALUES else "Int64"
            assert_series_equal(
                together.loc[when(cutoff)].astype(dtype),
                alone.astype(dtype),
                check_exact=True,
            )

    check()


def test_windows_tile_time_without_gap_or_overlap(make_tables):
    """An event on each edge falls into exactly one window, to the microsecond."""
    start = pd.Timestamp("2024-02-01")
    edges = [start + pd.Timedelta(days, "D") for days in (0, 7, 14)]
    off = pd.Timedelta(1, "us")
    instants = [edge + sign * off for edge in edges for sign in (-1, 0, 1)]
    ids = [f"{number:02}" for number in range(len(instants))]
    people = pd.DataFrame(
        {"customer_id": ids, "joined_at": "2023-01-01", "left_at": instants}
    )
    tables = make_tables(customers=people)
    first = ContractEnd("7D").transform(tables, edges[0])
    second = ContractEnd("7D").transform(tables, edges[1])
    assert first.index[first == 1].tolist() == ids[1:4]
    assert second.index[second == 1].tolist() == ids[4:7]
    # Who left before the cutoff is in neither; who leaves at it is labelled.
    assert first.index.tolist() == ids[1:]
    assert second.index.tolist() == ids[4:]
    by_gap = ContractEnd("7D", gap="7D").transform(tables, edges[0])
    assert by_gap.isna().tolist() == [True] * 3 + [False] * 5
    assert by_gap.dtype == "Int64"


def test_a_purchase_at_the_edges_of_silence(make_tables):
    cutoff, off = pd.Timestamp("2024-02-01"), pd.Timedelta(1, "us")
    end = cutoff + pd.Timedelta("7D")
    instants = [cutoff - off, cutoff, end - off, end]
    sales = pd.DataFrame({"customer_id": list("abcd"), "timestamp": instants})
    came = pd.DataFrame({"customer_id": list("abcd"), "joined_at": "2023-01-01"})
    label = Inactivity("7D").transform(make_tables(sales, customers=came), cutoff)
    assert label.to_dict() == {"a": 1, "b": 0, "c": 0, "d": 1}
    assert label.dtype == "int64"
    assert label.name == "churn"


@pytest.mark.parametrize("kind", LABELS)
def test_an_open_window_is_never_labelled(make_tables, sales, kind):
    people = pd.DataFrame({"customer_id": ["a"], "left_at": ["2024-03-04"]})
    tables = make_tables(sales, customers=people, observed_until="2024-03-10")
    closed = kind("7D", gap="2D").transform(tables, "2024-03-01")
    assert closed.notna().all() or kind is NextPurchase
    for label, cutoff in (
        (kind("7D", gap="2D"), "2024-03-01T00:00:00.000001"),
        (kind("7D", gap="49h"), "2024-03-01"),
        (kind("100000D"), "2024-03-01"),
    ):
        with pytest.raises(LeakageError) as caught:
            label.transform(tables, ["2024-02-10", cutoff])
        assert "of 2 cutoffs is still open" in str(caught.value)
        assert "observed_until=" in str(caught.value)


def test_the_last_event_bounds_labels_where_no_end_is_declared(make_tables, sales):
    tables = make_tables(sales, observed_until=None)
    Inactivity("4D").transform(tables, "2024-03-01")
    with pytest.raises(LeakageError, match="known until 2024-03-05"):
        Inactivity("5D").transform(tables, "2024-03-01")
    people = pd.DataFrame(
        {"customer_id": ["a"], "joined_at": ["2023-01-01"], "left_at": [None]}
    )
    with pytest.raises(LeakageError, match="Nobody knows until when"):
        ContractEnd("5D").transform(
            make_tables(customers=people, observed_until=None), "2024-03-01"
        )


def test_cutoffs_without_data_around_them_are_refused(make_tables, sales):
    for cutoff in ("2024-01-01", "2030-01-01"):
        with pytest.raises(NotEnoughHistoryError):
            Inactivity("1D").transform(make_tables(sales), cutoff)


def test_labels_need_their_table(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["a"], "joined_at": ["2023-01-01"]})
    with pytest.raises(SchemaError, match="customers: this table is needed"):
        ContractEnd("1D").transform(make_tables(sales), "2024-03-01")
    with pytest.raises(SchemaError, match=r"left_at is needed .* left_at='\.\.\.'"):
        ContractEnd("1D").transform(make_tables(sales, customers=people), "2024-03-01")
    with pytest.raises(SchemaError, match="transactions: this table is needed"):
        Inactivity("1D").transform(make_tables(customers=people), "2024-03-01")
    for kind in VALUES:
        with pytest.raises(SchemaError, match="transactions: this table is needed"):
            kind("1D").transform(make_tables(customers=people), "2024-03-01")
    with pytest.raises(SchemaError, match=r"amount is needed .* amount='\.\.\.'"):
        FutureSpend("1D").transform(
            make_tables(sales.drop(columns="amount")), "2024-03-01"
        )


def test_the_next_purchase_is_missing_where_silence_is_churn(make_tables, sales):
    tables = make_tables(sales)
    for cutoff in ("2024-01-15", "2024-02-01", "2024-02-02"):
        silent = Inactivity("20D", gap="1D").transform(tables, cutoff) == 1
        waiting = NextPurchase("20D", gap="1D").transform(tables, cutoff).isna()
        assert waiting.tolist() == silent.tolist()


def test_money_to_come_is_summed_exactly(make_tables):
    """Ten times 0.1 is 1, and a large amount does not swallow a cent."""
    amounts = [0.1] * 10 + [9e9, 0.01, -9e9]
    coming = pd.DataFrame({"timestamp": "2024-02-02", "amount": amounts})
    before = pd.DataFrame({"timestamp": ["2024-01-01"], "amount": [5.0]})
    sales = pd.concat([before, coming]).assign(customer_id="a")
    found = FutureSpend("7D").transform(make_tables(sales), "2024-02-01")
    assert found.tolist() == [1.01]


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(
    ("horizon", "gap", "message"),
    [
        ("0D", "0D", "horizon .* must be > 0"),
        ("-7D", "0D", "horizon .* must be > 0"),
        (7, "0D", "horizon .* no unit"),
        (None, "0D", "horizon"),
        ("soon", "0D", "horizon"),
        ("1ns", "0D", "microsecond"),
        ("7D", "-1D", "gap .* must be >= 0"),
        ("7D", 1.5, "gap .* no unit"),
    ],
)
def test_durations_that_cannot_be_used_are_named(
    make_tables, sales, kind, horizon, gap, message
):
    people = pd.DataFrame({"customer_id": ["a"], "left_at": [None]})
    with pytest.raises(SchemaError, match=message):
        kind(horizon, gap=gap).transform(
            make_tables(sales, customers=people), "2024-03-01"
        )


def test_spine_or_cutoffs_but_not_both(make_tables, sales):
    tables = make_tables(sales)
    spine = make_spine(tables, "2024-02-15")
    label = Inactivity("7D")
    for arguments in ({}, {"cutoffs": "2024-02-15", "spine": spine}):
        with pytest.raises(SchemaError, match="either cutoffs or spine"):
            label.transform(tables, **arguments)


def test_rows_are_those_of_the_spine_in_its_order(make_tables, sales, constructor):
    tables = make_tables(sales)
    spine = constructor(
        {
            "customer_id": ["c", "a", "nobody", "a"],
            "cutoff": ["2024-02-15", "2024-03-15", "2024-02-15", "2024-02-15"],
        }
    )
    found = Inactivity("30D").transform(tables, spine=spine)
    assert found.index.get_level_values("customer_id").tolist() == [
        "c",
        "a",
        "nobody",
        "a",
    ]
    assert found.tolist() == [0, 1, 1, 1]


def test_an_empty_spine_has_an_empty_label(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["a"], "left_at": [None]})
    tables = make_tables(sales, customers=people)
    spine = make_spine(tables, "2024-02-15", customers=[])
    for kind in LABELS:
        found = kind("7D").transform(tables, spine=spine)
        assert found.empty
        assert found.dtype == ("float64" if kind in VALUES else "int64")
        assert found.name == kind.name
        assert found.index.names == ["cutoff", "customer_id"]


@pytest.mark.parametrize("kind", LABELS)
def test_labels_can_be_cloned_and_set(kind):
    label = kind("7D", gap="1D")
    assert clone(label).get_params() == label.get_params()
    assert label.set_params(horizon="9D").window[1] == pd.Timedelta("10D")
