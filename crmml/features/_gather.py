"""Bring a table's events together by customer and in order of time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml.features import _sweep as sweep
from crmml.features._declarations import Aggregation
from crmml.features._known import known_instant
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._spine import known_at

_BATCH_ROWS = 1_000_000
_BLOCKS = 16
"""Customers or rows are worked on in so many blocks, a thread a block."""


@dataclass(frozen=True)
class GatheredEvents:
    """Events of a table, those of one customer side by side, in order of time."""

    offsets: sweep.Int64s
    """Customer i has the events from offsets[i] up to offsets[i + 1]."""
    columns: dict[str, sweep.Int64s]


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
        With a column ``timestamp``, one for each value and each instant of knowledge
        that is asked for, and ``order`` where orders are counted.
    """
    expressions = _expressions(name, wanted, tables)
    code = exp.cast(sql.column("code"), "int")
    query = (
        exp.select(exp.alias_(code, "code", quoted=True))
        .select(*[exp.alias_(e, key, quoted=True) for key, e in expressions.items()])
        .from_(sql.table(name))
        .join(sql.table("codes"), using=["customer_id"])
        .where(exp.LT(this=sql.column("timestamp"), expression=sql.number(last_cutoff)))
    )
    codes: list[NDArray[np.int32]] = []
    parts: dict[str, list[sweep.Int64s]] = {key: [] for key in expressions}
    with tables.engine.stream(query, _BATCH_ROWS) as batches:
        for batch in batches:
            codes.append(batch.column("code").to_numpy(zero_copy_only=False))
            for key, chunks in parts.items():
                chunks.append(batch.column(key).to_numpy(zero_copy_only=False))
    return _side_by_side(codes, parts, n_customers)


def value_key(one: Aggregation) -> str:
    """Name the column of what an aggregation brings together."""
    if one.grain == "order":
        return "order"
    if one.value is None or one.value == sql.column("timestamp"):
        return "timestamp"
    return f"value {one.value.sql()}"


def known_key(one: Aggregation, tables: CustomerTables) -> str:
    """Name the column of the instants at which its rows became known."""
    if one.visible_from is None and known_at(tables, one.table) is None:
        return "timestamp"
    return f"known {one.visible_from}"


def _expressions(
    name: str, wanted: Sequence[Aggregation], tables: CustomerTables
) -> dict[str, exp.Expr]:
    """Columns to read: whole numbers, with MISSING or NEVER for null."""
    found: dict[str, exp.Expr] = {"timestamp": sql.column("timestamp")}
    for one in wanted:
        if one.value is not None and value_key(one) != "timestamp":
            found.setdefault(value_key(one), _or(one.value, sweep.MISSING))
        known = known_instant(known_at(tables, name), one.visible_from)
        if known is not None:
            found.setdefault(known_key(one, tables), _or(known, sweep.NEVER))
        if one.grain == "order":
            found.setdefault("order", _order_key(tables, name))
    return found


def _order_key(tables: CustomerTables, name: str) -> exp.Expr:
    """Give the orders of a customer numbers; without an order id, their instants.

    Order ids are hashed to 64 bits. Two orders of one customer fall together with a
    probability of 2 ** -64 a pair.
    """
    if "order_id" not in tables.columns[name]:
        return sql.column("timestamp")
    order_id = sql.column("order_id")
    # Hashes are unsigned; halved they fit, and negative numbers are left for instants.
    hashed = exp.IntDiv(this=exp.func("hash", order_id), expression=sql.number(2))
    instant = exp.Sub(this=sql.number(-1), expression=sql.column("timestamp"))
    return (
        exp.case()
        .when(order_id.copy().is_(exp.null()), instant)
        .else_(exp.cast(hashed, "bigint"))
    )


def _or(value: exp.Expr, substitute: int) -> exp.Expr:
    return exp.func(
        "coalesce", exp.cast(value.copy(), "bigint"), sql.number(substitute)
    )


def _side_by_side(
    codes: list[NDArray[np.int32]],
    parts: dict[str, list[sweep.Int64s]],
    n_customers: int,
) -> GatheredEvents:
    counts = np.zeros(n_customers, np.int64)
    for code in codes:
        counts += np.bincount(code, minlength=n_customers)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    free = offsets[:-1].copy()
    slots = []
    for code in codes:
        slot = np.empty(len(code), np.int64)
        sweep.assign_slots(code, free, slot)
        slots.append(slot)
    columns = {}
    for key in list(parts):
        column = np.empty(int(offsets[-1]), np.int64)
        for slot, part in zip(slots, parts.pop(key), strict=True):
            column[slot] = part
        columns[key] = column
    order = np.empty(int(offsets[-1]), np.int64)
    in_blocks(sweep.order_by_time, n_customers, columns["timestamp"], offsets, order)
    if (np.diff(order) != 1).any():
        columns = {key: column[order] for key, column in columns.items()}
    if "order" in columns:
        first = np.empty(len(order), np.int64)
        in_blocks(sweep.mark_first_lines, n_customers, columns["order"], offsets, first)
        columns["order"] = first
    return GatheredEvents(offsets, columns)


def in_blocks(loop: Callable[..., None], n: int, *arguments: object) -> None:
    """Run a compiled loop over 0 to n, a thread a block."""
    edges = np.linspace(0, n, _BLOCKS + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor() as pool:
        blocks = [
            pool.submit(loop, *arguments, first, last)
            for first, last in pairwise(edges)
            if last > first
        ]
        for block in blocks:
            block.result()
