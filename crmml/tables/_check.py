"""What must hold before a table is used: one scan that counts every violation."""

import sys
import warnings
from dataclasses import dataclass

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.tables import _sql as sql
from crmml.tables._engine import Engine
from crmml.tables._prepare import (
    LARGEST_NUMBER,
    Column,
    Readable,
    is_number,
    source_view,
    try_double,
)
from crmml.tables._table import Kind, Table

_LARGEST_DOUBLE = sys.float_info.max
_WANTED: dict[Kind, str] = {
    "instant": "an ISO 8601 date or timestamp, such as 2024-05-01T13:30",
    "number": f"a finite number below {LARGEST_NUMBER:.0e} in size",
    "double": "a finite number",
}


@dataclass(frozen=True)
class Extent:
    """How many rows a table has and which time they span."""

    n_rows: int
    n_without_id: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    filled: frozenset[str]
    """Instants and numbers that are not missing in every row, by role."""


def check_rows(table: Table, columns: dict[str, Column], engine: Engine) -> Extent:
    """Check the values of a prepared table.

    Parameters
    ----------
    table : Table
        The user's table.
    columns : dict of str to Column
        Its declared columns by role.
    engine : Engine
        The engine that holds it.

    Returns
    -------
    Extent
        Rows and first and last event.

    Raises
    ------
    SchemaError
        If ids are all missing or, for customers, repeated; if an instant or a number
        is missing where it must not be, or cannot be read.
    """
    counts: dict[str, exp.Expr] = {
        "n_rows": exp.Count(this=exp.Star()),
        "n_ids": exp.Count(this=columns["customer_id"].raw),
    }
    if table.name == "customers":
        counts["n_distinct"] = exp.Count(
            this=exp.Distinct(expressions=[columns["customer_id"].raw])
        )
    for role, column in columns.items():
        if column.kind in {"instant", "number"}:
            counts[f"{role}_missing"] = sql.count_if(column.raw.is_(exp.null()))
            counts[f"{role}_unreadable"] = sql.count_if(
                _is_unreadable(column, engine.dialect)
            )
    if "timestamp" in columns:
        instant = columns["timestamp"].canonical(engine.dialect)
        counts["first"] = exp.Min(this=instant)
        counts["last"] = exp.Max(this=instant.copy())
    query = exp.select(
        *[exp.alias_(count, name, quoted=True) for name, count in counts.items()]
    ).from_(sql.table(source_view(table)))
    found = engine.run(query).to_pylist()[0]
    _check_ids(table, found)
    for role, column in columns.items():
        _check_values(table, role, column, found)
    return Extent(
        found["n_rows"],
        found["n_rows"] - found["n_ids"],
        _instant(found.get("first")),
        _instant(found.get("last")),
        frozenset(
            role
            for role in columns
            if found.get(f"{role}_missing", found["n_rows"]) < found["n_rows"]
        ),
    )


def check_readable(table: Readable, columns: dict[str, Column], engine: Engine) -> None:
    """Refuse columns with values that cannot be read; missing ones may be.

    Parameters
    ----------
    table : Readable
        The columns' table.
    columns : dict of str to Column
        Prepared columns by role.
    engine : Engine
        The engine that holds it.

    Raises
    ------
    SchemaError
        If an instant or a number cannot be read.
    """
    counts = {
        f"{role}_unreadable": sql.count_if(_is_unreadable(column, engine.dialect))
        for role, column in columns.items()
        if column.kind in _WANTED
    }
    if not counts:
        return
    query = exp.select(
        *[exp.alias_(count, name, quoted=True) for name, count in counts.items()]
    ).from_(sql.table(source_view(table)))
    found = engine.run(query).to_pylist()[0]
    for role, column in columns.items():
        _check_unreadable(table, role, column, found.get(f"{role}_unreadable", 0))


def _is_unreadable(column: Column, dialect: str) -> exp.Expr:
    present = column.raw.is_(exp.null()).not_()
    if column.kind == "instant":
        return exp.and_(present, column.canonical(dialect).is_(exp.null()))
    value = try_double(column.raw, column.type, dialect)
    if column.kind == "number":
        fits = is_number(value)
    else:
        # NaN is greater than every number, or compares with none.
        limit = exp.Literal.number(str(_LARGEST_DOUBLE))
        fits = exp.LTE(this=exp.Abs(this=value), expression=limit)
    return exp.and_(present, exp.func("coalesce", fits, exp.false()).not_())


def _check_ids(table: Table, found: dict[str, int]) -> None:
    column, n_rows, n_ids = table.roles["customer_id"], found["n_rows"], found["n_ids"]
    if n_rows and not n_ids:
        raise SchemaError(
            f"{table.name}: every one of the {n_rows} ids in column {column!r} is "
            "missing. Name the column that holds the customer ids."
        )
    if found.get("n_distinct", n_ids) < n_ids:
        raise SchemaError(
            f"{table.name}: column {column!r} repeats "
            f"{n_ids - found['n_distinct']} ids, and each customer must stand in one "
            "row. Keep one row per id."
        )
    if n_ids < n_rows:
        warnings.warn(
            f"{table.name}: {n_rows - n_ids} of {n_rows} rows have no id in column "
            f"{column!r} and are left out.",
            DataQualityWarning,
            stacklevel=5,
        )


def _check_values(
    table: Table, role: str, column: Column, found: dict[str, int]
) -> None:
    _check_unreadable(table, role, column, found.get(f"{role}_unreadable", 0))
    n_missing = found.get(f"{role}_missing", 0)
    if n_missing and role not in table.nullable:
        raise SchemaError(
            f"{table.name}: column {column.name!r} ({role}) is missing in {n_missing} "
            f"of {found['n_rows']} rows. Fill or drop these rows first."
        )


def _check_unreadable(
    table: Readable, role: str, column: Column, n_unreadable: int
) -> None:
    if n_unreadable:
        raise SchemaError(
            f"{table.name}: column {column.name!r} ({role}) has {n_unreadable} rows "
            f"that are not {_WANTED[column.kind]}. Convert or drop these rows first."
        )


def _instant(microseconds: int | None) -> pd.Timestamp | None:
    return None if microseconds is None else pd.Timestamp(microseconds, unit="us")
