"""Order lines of customer tables: all of them, or those of a stretch of time."""

from typing import Any

import pandas as pd
import pyarrow as pa
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.exceptions import LeakageError, SchemaError
from crmml.tables import CustomerTables, Transactions
from crmml.tables import _sql as sql
from crmml.tables._instants import check_cutoffs
from crmml.tables._prepare import source_view


def read_cutoff(cutoff: Any, X: Any) -> int | None:
    """Read a cutoff that baskets are divided at.

    Parameters
    ----------
    cutoff : str, datetime or None
        The instant.
    X : object
        The baskets.

    Returns
    -------
    int or None
        Microseconds since 1970 in UTC.

    Raises
    ------
    SchemaError
        If it is not one instant, or the baskets are no customer tables and so have no
        time.
    NotEnoughHistoryError
        If the data do not reach around it.
    """
    if cutoff is None:
        return None
    if not isinstance(X, CustomerTables):
        raise SchemaError(
            "cutoff needs baskets with a time, which only CustomerTables have, got "
            f"{type(X).__name__}. Wrap the data, or divide them yourself."
        )
    (instant,) = check_cutoffs([cutoff], X)
    return instant


def find_end(X: Any) -> int | None:
    """Give the first microsecond after the last transaction of customer tables.

    Parameters
    ----------
    X : object
        The baskets.

    Returns
    -------
    int or None
        Microseconds since 1970 in UTC; None where nobody knows.
    """
    last = X.extents["transactions"].last if isinstance(X, CustomerTables) else None
    return None if last is None else int((last - pd.Timestamp(0)) // MICROSECOND) + 1


def check_learned(learned_until: int | None, cutoff: int) -> None:
    """Refuse rules that know what came after a cutoff.

    Parameters
    ----------
    learned_until : int or None
        All lines that the rules were learned from lie before it; None: unknown.
    cutoff : int
        The instant we pretend it is, in microseconds like the other.

    Raises
    ------
    LeakageError
        If they were learned from lines at or after the cutoff.
    """
    if learned_until is not None and learned_until > cutoff:
        raise LeakageError(
            f"cutoff {pd.Timestamp(cutoff, unit='us')}: the rules were learned from "
            "orders at or after it, which nobody knew then. Learn them with "
            "fit(tables, cutoff=...) at this cutoff or an earlier one."
        )


def read_lines(
    source: CustomerTables | Transactions,
    roles: list[str],
    since: int | None = None,
    until: int | None = None,
) -> dict[str, pa.ChunkedArray]:
    """Read columns of the transactions as they stand in the user's table.

    Parameters
    ----------
    source : CustomerTables or Transactions
        The data.
    roles : list of str
        The columns by their roles; timestamps come in microseconds in UTC.
    since, until : int, default=None
        Lines from the first instant on, and before the second and known before it, in
        microseconds. None: no bound.

    Returns
    -------
    dict of str to pyarrow.ChunkedArray
        The columns by role, with and without a customer.

    Raises
    ------
    SchemaError
        If a role was not declared.
    """
    if isinstance(source, Transactions) and "timestamp" not in roles:
        lines = source.to_arrow(roles)
        return dict(zip(lines.column_names, lines.columns, strict=True))
    tables = source
    if isinstance(tables, Transactions):
        tables = CustomerTables(transactions=tables)
    table = tables.table("transactions")
    for role in roles:
        table.column_of(role)
    reader, columns = tables.readers["transactions"], tables.columns["transactions"]
    instants: dict[str, exp.Expr] = {
        role: column.canonical(reader.dialect)
        for role, column in columns.items()
        if column.kind == "instant"
    }
    query = exp.select(
        *[
            exp.alias_(instants.get(role, columns[role].raw), role, quoted=True)
            for role in roles
        ]
    ).from_(sql.table(source_view(table)))
    if since is not None:
        bound = sql.number(since)
        query = query.where(exp.GTE(this=instants["timestamp"], expression=bound))
    if until is not None:
        bound = sql.number(until)
        known = [exp.LT(this=one, expression=bound) for one in instants.values()]
        query = query.where(*known)
    lines = reader.run(query)
    read = dict(zip(lines.column_names, lines.columns, strict=True))
    if "timestamp" in read:
        read["timestamp"] = read["timestamp"].cast(pa.timestamp("us"))
    return read
