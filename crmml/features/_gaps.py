"""Gaps between an order and the next, each where it ends."""

from collections.abc import Mapping, Sequence

import sqlglot.expressions as exp

from crmml.features._buckets import in_window
from crmml.features._declarations import GAP, Aggregation
from crmml.features._grains import Located
from crmml.features._stages import first_stage
from crmml.tables import _sql as sql


def locate_gaps(events: str, keys: Sequence[exp.Expr]) -> Located:
    """Bring each customer's events to the gaps between orders, once for all cutoffs.

    Only for tables in which events are known when they happen: there, an order known
    later lies later, so no gap changes once it has ended.

    Parameters
    ----------
    events : str
        The table with ``customer_id``, ``timestamp``, ``bucket`` and the keys.
    keys : sequence of sqlglot expressions
        What the rows of an order have in common.

    Returns
    -------
    Located
        Rows with a column ``gap``, in microseconds, null for first orders.
    """
    customer = [sql.column("customer_id")]
    orders = _orders(exp.select(*customer).from_(sql.table(events)), customer, keys)
    bucket = sql.column("bucket")
    gaps = exp.select(*customer, bucket, _gap(customer)).from_(orders.subquery("o"))
    return Located(gaps.subquery("gaps"), bucket.copy(), bucket.copy())


def combine_gaps(
    wanted: Mapping[Aggregation, str],
    events: str,
    cutoffs: str,
    keys: Sequence[exp.Expr],
    known: exp.Expr,
) -> exp.Select:
    """Find the gaps between the orders known at each cutoff, cutoff by cutoff.

    An order that became known late splits a gap in two, so gaps of earlier cutoffs do
    not serve later ones. The cost grows with events times cutoffs.

    Parameters
    ----------
    wanted : mapping of Aggregation to str
        What is asked for, and under which names.
    events, keys
        As in :func:`locate_gaps`.
    cutoffs : str
        The table of cutoffs and of the first buckets of their windows.
    known : sqlglot expression
        The bucket from which on an event is known.

    Returns
    -------
    sqlglot Select
        One row for each customer and cutoff.
    """
    both = [sql.column("customer_id"), sql.column("cutoff")]
    is_known = exp.LT(this=known.copy(), expression=sql.column("last"))
    known_by_then = (
        exp.select(*both).from_(sql.table(events)).join(sql.table(cutoffs), on=is_known)
    )
    orders = _orders(known_by_then, both, keys)
    gaps = exp.select(*both, sql.column("bucket"), _gap(both)).from_(
        orders.subquery("o")
    )
    columns: list[exp.Expr] = [*both]
    for one, alias in wanted.items():
        value = sql.column(GAP) if one.value is None else one.value.copy()
        value = in_window(one.window, value)
        columns.append(exp.alias_(first_stage(one, value), alias, quoted=True))
    query = exp.select(*columns).from_(gaps.subquery("gaps"))
    return query.join(sql.table(cutoffs), using=["cutoff"]).group_by(*both)


def _orders(
    rows: exp.Select, group: Sequence[exp.Expr], keys: Sequence[exp.Expr]
) -> exp.Select:
    """When each order began."""
    first, bucket = sql.column("timestamp"), sql.column("bucket")
    return rows.select(
        exp.alias_(exp.Min(this=first), "began", quoted=True),
        exp.alias_(exp.Min(this=bucket), "bucket", quoted=True),
    ).group_by(*group, *keys)


def _gap(group: Sequence[exp.Expr]) -> exp.Expr:
    began = sql.column("began")
    before = exp.Window(
        this=exp.Lag(this=began.copy()),
        partition_by=[key.copy() for key in group],
        order=exp.Order(expressions=[exp.Ordered(this=began.copy())]),
    )
    return exp.alias_(exp.Sub(this=began, expression=before), GAP, quoted=True)
