"""Bring a table's events together by customer and in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks
from crmml.features import _arrange as arrange
from crmml.features._declarations import Aggregation
from crmml.features._event_columns import read_columns
from crmml.features._grains import DAY_LENGTH
from crmml.features._sweep import Int64s
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql

_BATCH_ROWS = 1_000_000


@dataclass(frozen=True)
class Groups:
    """Which rows of a customer belong together."""

    number: NDArray[np.int32]
    """For each event, from 0 on within the customer; -1 is no group."""
    most: int
    """How many groups a customer has at most."""


@dataclass(frozen=True)
class GatheredEvents:
    """Events of a table, those of one customer side by side, in order of time."""

    offsets: Int64s
    """Customer i has the events from offsets[i] up to offsets[i + 1]."""
    columns: dict[str, Int64s]

    def groups(self, key: str | None, phase: int = 0) -> Groups:
        """Give groups of rows with equal keys numbers; without a key, days.

        Days begin at the time of day `phase`, in microseconds.
        """
        keys = (
            (self.columns["timestamp"] - phase) // DAY_LENGTH
            if key is None
            else self.columns[key]
        )
        number = np.empty(len(keys), np.int32)
        run_in_blocks(
            arrange.number_groups, len(self.offsets) - 1, keys, self.offsets, number
        )
        return Groups(number, int(number.max(initial=-1)) + 1)

    def orders(self, groups: Groups) -> tuple[Int64s, Int64s]:
        """Mark the first line of each group, and give the gap that ends there."""
        timestamp = self.columns["timestamp"]
        is_first, gap = np.empty_like(timestamp), np.empty_like(timestamp)
        run_in_blocks(
            arrange.find_orders,
            len(self.offsets) - 1,
            timestamp,
            groups.number,
            groups.most,
            self.offsets,
            is_first,
            gap,
        )
        return is_first, gap


def gather_events(
    name: str,
    wanted: Sequence[Aggregation],
    tables: CustomerTables,
    n_customers: int,
    last_cutoff: int,
) -> GatheredEvents:
    """Read the events before the last cutoff, once.

    Parameters
    ----------
    name : str
        The event table.
    wanted : sequence of Aggregation
        What will be asked of it.
    tables : CustomerTables
        The tables; the engine holds a table ``codes`` with ``customer_id`` and
        ``code``, from 0 to `n_customers` - 1.
    n_customers : int
        How many customers there are.
    last_cutoff : int
        Microseconds since 1970.

    Returns
    -------
    GatheredEvents
        With the columns of :func:`read_columns`.
    """
    expressions = read_columns(name, wanted, tables)
    code = exp.cast(sql.column("code"), "int")
    query = (
        exp.select(exp.alias_(code, "code", quoted=True))
        .select(*[exp.alias_(e, key, quoted=True) for key, e in expressions.items()])
        .from_(sql.table(name))
        .join(sql.table("codes"), using=["customer_id"])
        .where(exp.LT(this=sql.column("timestamp"), expression=sql.number(last_cutoff)))
    )
    codes: list[NDArray[np.int32]] = []
    parts: dict[str, list[Int64s]] = {key: [] for key in expressions}
    with tables.engine.stream(query, _BATCH_ROWS) as batches:
        for batch in batches:
            codes.append(batch.column("code").to_numpy(zero_copy_only=False))
            for key, chunks in parts.items():
                chunks.append(batch.column(key).to_numpy(zero_copy_only=False))
    return _side_by_side(codes, parts, n_customers)


def _side_by_side(
    codes: list[NDArray[np.int32]], parts: dict[str, list[Int64s]], n_customers: int
) -> GatheredEvents:
    offsets = np.zeros(n_customers + 1, np.int64)
    for code in codes:
        arrange.count_events(code, offsets)
    offsets = np.cumsum(offsets)
    free = offsets[:-1].copy()
    slots = []
    for code in codes:
        slot = np.empty(len(code), np.int64)
        arrange.assign_slots(code, free, slot)
        slots.append(slot)
    columns = {}
    for key in list(parts):
        column = np.empty(int(offsets[-1]), np.int64)
        for slot, part in zip(slots, parts.pop(key), strict=True):
            arrange.put(part, slot, column)
        columns[key] = column
    timestamp = columns["timestamp"]
    if not arrange.is_in_order(timestamp, offsets):
        order = np.empty(len(timestamp), np.int64)
        run_in_blocks(arrange.order_by_time, n_customers, timestamp, offsets, order)
        columns = {key: column[order] for key, column in columns.items()}
    return GatheredEvents(offsets, columns)
