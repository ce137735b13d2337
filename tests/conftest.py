"""What all tests share: carriers of tables, small tables, and worlds to explore."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from crmml.tables import (
    Complaints,
    Customers,
    CustomerTables,
    Events,
    Surveys,
    Transactions,
)

# One run is as good as another: a failure in CI can be replayed anywhere.
settings.register_profile(
    "crmml",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("crmml")

CONSTRUCTORS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
}


@pytest.fixture(params=list(CONSTRUCTORS))
def constructor(request):
    """Make a table of a dictionary of columns, in each of the libraries."""
    return CONSTRUCTORS[request.param]


@pytest.fixture(scope="session")
def make_tables():
    """Make customer tables of frames whose columns are named by their roles."""

    def make(transactions=None, customers=None, complaints=None, **kwargs):
        kwargs.setdefault("observed_until", "2025-01-01")
        given = {
            "transactions": (Transactions, transactions),
            "customers": (Customers, customers),
            "complaints": (Complaints, complaints),
            "surveys": (Surveys, kwargs.pop("surveys", None)),
            "events": (Events, kwargs.pop("events", None)),
        }
        tables = {
            name: kind(data, **_roles(kind, data))
            for name, (kind, data) in given.items()
            if data is not None
        }
        return CustomerTables(**tables, **kwargs)

    return make


@pytest.fixture
def sales():
    """Five order lines of three customers; a return, a tie, an order of two lines."""
    return pd.DataFrame(
        {
            "customer_id": ["a", "b", "a", "a", "c"],
            "timestamp": pd.to_datetime(
                ["2024-01-01", "2024-01-10", "2024-02-01", "2024-02-01", "2024-03-05"]
            ),
            "amount": [10.0, 20.5, 5.25, -1.0, 7.0],
            "order_id": [1, 2, 3, 3, 4],
        }
    )


def _roles(kind, data) -> dict[str, str]:
    names = data.column_names if isinstance(data, pa.Table) else list(data.columns)
    return {role: role for role in kind.kinds if role in names}


DAY = 86_400_000_000
NOON = pd.Timestamp("2024-03-10T12:00").value // 1000
"""The middle of the worlds, in microseconds since 1970."""


Carrier: TypeAlias = Callable[[pd.DataFrame, str], Any]
"""Takes a frame and the name of its table."""


@dataclass(frozen=True)
class World:
    """Rows of tables as dictionaries, with instants in microseconds."""

    transactions: list[dict[str, Any]]
    complaints: list[dict[str, Any]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    surveys: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    is_recorded: bool = False
    """Whether the tables of events say when their rows were recorded."""

    def but(self, **changes: Any) -> "World":
        """Return the same world with other rows."""
        return replace(self, **changes)

    def tables(self, carry: Carrier = lambda frame, name: frame) -> CustomerTables:
        """Declare the rows as customer tables, carried by other things than pandas."""
        extra = {"recorded_at": "recorded_at"} if self.is_recorded else {}
        common = {"customer_id": "customer_id", "timestamp": "timestamp", **extra}
        return CustomerTables(
            transactions=Transactions(
                carry(_frame(self.transactions, _SOLD), "transactions"),
                **{role: role for role in _SOLD},
                **common,
            ),
            complaints=Complaints(
                carry(_frame(self.complaints), "complaints"),
                resolved_at="resolved_at",
                **common,
            ),
            customers=Customers(
                carry(_frame(self.customers, _TOLD), "customers"),
                customer_id="customer_id",
                joined_at="joined_at",
                left_at="left_at",
            ),
            surveys=Surveys(
                carry(_frame(self.surveys, ["score", "expectation"]), "surveys"),
                score="score",
                expectation="expectation",
                **common,
            ),
            events=Events(
                carry(_frame(self.events, ["event_type", "value"]), "events"),
                event_type="event_type",
                value="value",
                **common,
            ),
            observed_until="2024-12-31",
        )


_INSTANTS = (
    *("timestamp", "recorded_at", "resolved_at", "joined_at", "left_at"),
    "card_at",
)
_TOLD = ["city", "income", "is_vip"]
"""What customers told of themselves when they signed up."""
_SOLD = ["amount", "order_id", "product_id", "category", "discount"]
_SOLD_ROLES = {role: role for role in _SOLD}
_NUMBERS = {"amount", "discount", "score", "expectation", "value", "income"}
"""Rows hold millionths of these."""


def _frame(rows: list[dict[str, Any]], others: Any = ()) -> pd.DataFrame:
    columns = ["customer_id", *_INSTANTS, *others]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    for name in _INSTANTS:
        frame[name] = pd.to_datetime(frame[name].astype("Int64"), unit="us")
    for name in others:
        if name in _NUMBERS:
            frame[name] = frame[name].astype("float64") / 1e6
        elif name == "is_vip":
            frame[name] = frame[name].astype("boolean")
        else:
            is_number = name in {"order_id", "product_id"}
            frame[name] = frame[name].astype("Int64" if is_number else "string")
    return frame.astype({"customer_id": "str"})


def _instants(cutoffs: list[int], windows: list[int]) -> st.SearchStrategy[int]:
    """Mostly on the edges of windows, a microsecond before and after; or anywhere.

    The very cutoff comes most often: what happens then is not known yet.
    """
    edges = [cutoff - window for cutoff in cutoffs for window in (0, *windows)]
    edges += [cutoff + window for cutoff in cutoffs for window in windows]
    on_edge = st.builds(
        lambda edge, off: edge + off,
        st.sampled_from(edges),
        st.sampled_from([-1, 0, 0, 1]),
    )
    at_cutoff = st.sampled_from(cutoffs)
    anywhere = st.integers(NOON - 40 * DAY, NOON + 40 * DAY)
    return st.one_of(on_edge, on_edge, at_cutoff, anywhere)


@pytest.fixture(scope="session")
def worlds():
    """Strategy of small worlds around cutoffs: ties, edges, straddling orders."""

    def make(
        cutoffs: list[int], windows: list[int], crowd: int = 1
    ) -> st.SearchStrategy[World]:
        """Draw from `crowd` times as many customers and rows: one for so many worlds.

        Customers have nothing to do with each other, and one statement for a crowd
        costs hardly more than one for a few.
        """
        names = ("a", "a", "a", "b", "007", "客户")
        ends = ["", *map(str, range(2, crowd + 1))]
        instant = _instants(cutoffs, windows)
        sometimes = st.one_of(instant, instant, st.none())
        # Few customers, so that each has several rows.
        customer = st.sampled_from([name + end for name in names for end in ends])
        cents = st.integers(-5_000, 5_000).map(lambda number: number * 10_000)
        maybe_cents = st.one_of(st.none(), cents)
        transaction = st.fixed_dictionaries(
            {
                "customer_id": customer,
                "timestamp": instant,
                "amount": cents,
                "order_id": st.sampled_from([None, None, 1, 1, 2]),
                "product_id": st.one_of(st.none(), st.integers(1, 4)),
                "category": st.sampled_from([None, "tea", "茶杯", "O'Brien"]),
                "discount": maybe_cents,
                "recorded_at": sometimes,
            }
        )
        answer = st.fixed_dictionaries(
            {
                "customer_id": customer,
                "timestamp": instant,
                "score": maybe_cents,
                "expectation": maybe_cents,
                "recorded_at": sometimes,
            }
        )
        event = st.fixed_dictionaries(
            {
                "customer_id": customer,
                "timestamp": instant,
                "event_type": st.sampled_from([None, "login", "来电", 'x"y']),
                "value": maybe_cents,
                "recorded_at": sometimes,
            }
        )
        complaint = st.fixed_dictionaries(
            {
                "customer_id": customer,
                "timestamp": instant,
                "resolved_at": sometimes,
                "recorded_at": sometimes,
            }
        )
        person = st.fixed_dictionaries(
            {
                "customer_id": st.sampled_from(
                    [name + end for name in ("a", "b", "silent") for end in ends]
                ),
                "joined_at": sometimes,
                "left_at": sometimes,
                "card_at": sometimes,
                "city": st.sampled_from([None, "北京", "O'Brien", ""]),
                "income": maybe_cents,
                "is_vip": st.sampled_from([None, True, False]),
            }
        )
        long_ago = NOON - 400 * DAY
        anchor = {
            "customer_id": "anchor",
            "timestamp": long_ago,
            "amount": 10_000,
            "order_id": 1,
            "product_id": None,
            "category": None,
            "discount": None,
            "recorded_at": long_ago,
        }
        return st.builds(
            World,
            transactions=st.lists(
                transaction, min_size=4 * crowd, max_size=12 * crowd
            ).map(lambda rows: [anchor, *rows]),
            complaints=st.lists(complaint, min_size=crowd, max_size=6 * crowd),
            surveys=st.lists(answer, max_size=4 * crowd),
            events=st.lists(event, max_size=4 * crowd),
            customers=st.lists(
                person,
                min_size=1,
                max_size=3 * crowd,
                unique_by=lambda row: row["customer_id"],
            ),
            is_recorded=st.booleans(),
        )

    return make


@pytest.fixture(scope="session")
def noon() -> int:
    """The middle of the worlds, in microseconds since 1970."""
    return int(NOON)


@pytest.fixture
def rng():
    """A generator with a fixed seed."""
    return np.random.default_rng(0)
