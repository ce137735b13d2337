"""From the user's columns to what the engine computes with: exact integers.

Instants become microseconds since 1970 in UTC and numbers become millionths of their
unit. Integer arithmetic gives the same result in every engine, whatever the order of
the rows, the number of threads or the machine's time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._engine import Engine
from crmml.tables._iso_text import WITH_OFFSET, text_to_microseconds
from crmml.tables._reading import (
    AWARE_TYPES,
    NAIVE_TYPES,
    full_match,
    microseconds,
    text_value,
)
from crmml.tables._sources import Source
from crmml.tables._table import Kind

MILLIONTHS = 1_000_000
LARGEST_NUMBER = 9e12
"""Numbers up to this size fit a 64-bit integer in millionths."""

# Casts also take what no table of numbers means, such as 1_000 and 0x1F.
_DECIMAL = r" *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *"
_INTEGERS = {
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
}
_CANONICAL: dict[Kind, str] = {
    "instant": "bigint",
    "number": "bigint",
    "double": "double",
    "boolean": "boolean",
}
"""Engine types of canonical columns; all others are text."""
NO_TYPE = "NULL"
"""Type of a column in which every value is missing: it fits every role."""


class Readable(Protocol):
    """Columns of a source, each with the kind of value it must hold."""

    @property
    def name(self) -> str:
        """What the table is called in messages."""

    @property
    def view(self) -> str:
        """What its canonical view is called."""

    @property
    def source(self) -> Source:
        """Where the rows come from."""

    @property
    def roles(self) -> dict[str, str]:
        """The user's column by role."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of value by role."""


@dataclass(frozen=True)
class Column:
    """One declared column: where it is, what it holds, how the engine reads it."""

    role: str
    name: str
    kind: Kind
    type: str
    is_aware: bool | None
    """Whether its instants have a time zone; None for other kinds."""

    @property
    def raw(self) -> exp.Column:
        """The value as it stands in the user's table."""
        return sql.column(self.role)

    def canonical(self, dialect: str) -> exp.Expr:
        """Write the canonical value, null where it is missing or cannot be read."""
        if self.type == NO_TYPE:
            return exp.cast(exp.null(), _CANONICAL.get(self.kind, "varchar"))
        if self.kind == "instant":
            if self.type == "VARCHAR":
                return text_to_microseconds(self.raw, self.is_aware, dialect)
            return microseconds(self.raw, self.type, dialect)
        if self.kind in {"number", "double"}:
            double = try_double(self.raw, self.type, dialect)
            return _millionths(double) if self.kind == "number" else double
        if self.kind == "text":
            return text_value(exp.cast(self.raw, "varchar"), dialect)
        return text_value(self.raw, dialect) if self.type == "VARCHAR" else self.raw


def prepare(table: Readable, engine: Engine) -> dict[str, Column]:
    """Register a table and find out how its columns are read.

    Parameters
    ----------
    table : Readable
        The user's table, or some columns of it.
    engine : Engine
        The engine that shall read it.

    Returns
    -------
    dict of str to Column
        The declared columns by role.

    Raises
    ------
    SchemaError
        If a column's type does not fit its role, or time zones are mixed in it.
    """
    view = source_view(table)
    engine.register(table.source, view, table.roles)
    types = engine.column_types(view)
    return {role: _read_column(table, role, types[role], engine) for role in types}


def canonical_query(
    table: Readable, columns: dict[str, Column], id_type: str, dialect: str
) -> exp.Select:
    """Write the view that everything else computes with.

    Parameters
    ----------
    table : Readable
        The user's table, or some columns of it.
    columns : dict of str to Column
        Its declared columns by role.
    id_type : str
        The type of customer ids in all tables.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot Select
        It reads the table's source view.
    """
    values = {role: column.canonical(dialect) for role, column in columns.items()}
    values["customer_id"] = exp.cast(values["customer_id"], id_type, dialect="duckdb")
    if id_type == "VARCHAR":
        values["customer_id"] = text_value(values["customer_id"], dialect)
    return (
        exp.select(
            *[exp.alias_(value, role, quoted=True) for role, value in values.items()]
        )
        .from_(sql.table(source_view(table)))
        .where(columns["customer_id"].raw.is_(exp.null()).not_())
    )


def source_view(table: Readable) -> str:
    """Name the view of a table's columns as they stand in the user's data."""
    return f"{table.view}_source"


def _read_column(table: Readable, role: str, type_: str, engine: Engine) -> Column:
    kind = table.kinds[role]
    if kind == "any":
        kind = _kind_of(type_)
    if not _fits(kind, type_, table.source.is_text):
        if _count(table, role, engine):
            raise _wrong_type(table, role, type_)
        type_ = NO_TYPE
    is_aware = None
    if kind == "instant" and type_ == "VARCHAR":
        is_aware = _has_offsets(table, role, engine)
    elif kind == "instant" and type_ != NO_TYPE:
        is_aware = type_ in AWARE_TYPES
    return Column(role, table.roles[role], kind, type_, is_aware)


def _kind_of(type_: str) -> Kind:
    """Say what a column without a role holds; text where that is nothing we know."""
    if _is_number(type_) or type_.strip('"') == NO_TYPE:
        return "double"
    if type_ in NAIVE_TYPES | AWARE_TYPES:
        return "instant"
    return "boolean" if type_ == "BOOLEAN" else "text"


def _fits(kind: Kind, type_: str, is_text: bool) -> bool:
    if kind == "boolean":
        return type_ == "BOOLEAN"
    if kind == "instant":
        return type_ in NAIVE_TYPES | AWARE_TYPES | {"VARCHAR"}
    if kind in {"number", "double"} and not (type_ == "VARCHAR" and is_text):
        return _is_number(type_)
    return type_ in _INTEGERS | {"VARCHAR"}


def _is_number(type_: str) -> bool:
    return type_ in _INTEGERS | {"FLOAT", "DOUBLE"} or type_.startswith("DECIMAL")


def _count(table: Readable, role: str, engine: Engine) -> int:
    """How many values of a column are not missing."""
    count = exp.alias_(exp.Count(this=sql.column(role)), "n")
    found = engine.run(exp.select(count).from_(sql.table(source_view(table))))
    return int(found["n"][0].as_py())


def try_double(value: exp.Expr, type_: str, dialect: str) -> exp.Expr:
    """Read a double from a value of some type, null where it is none."""
    number = exp.TryCast(this=value, to=exp.DataType.build("double"))
    if type_ != "VARCHAR":
        return number
    return exp.case().when(full_match(value, _DECIMAL, dialect), number)


def _millionths(double: exp.Expr) -> exp.Expr:
    """Scale a double to a whole number, null where that does not fit 64 bits."""
    scaled = exp.Mul(this=double, expression=exp.Literal.number("1e6"))
    whole = exp.TryCast(this=exp.Round(this=scaled), to=exp.DataType.build("bigint"))
    return exp.case().when(is_number(double.copy()), whole)


def is_number(double: exp.Expr) -> exp.Expr:
    """Tell whether a double is one that tables take."""
    # NaN is greater than every number, or compares with none.
    largest = exp.Literal.number(str(LARGEST_NUMBER))
    return exp.LT(this=exp.Abs(this=double), expression=largest)


def _has_offsets(table: Readable, role: str, engine: Engine) -> bool | None:
    column = sql.column(role)
    offset = full_match(column, WITH_OFFSET, engine.dialect)
    query = exp.select(
        exp.alias_(exp.Count(this=column), "n"),
        exp.alias_(sql.count_if(offset), "n_offset"),
    ).from_(sql.table(source_view(table)))
    row = engine.run(query).to_pylist()[0]
    if 0 < row["n_offset"] < row["n"]:
        raise SchemaError(
            f"{table.name}: column {table.roles[role]!r} ({role}) mixes instants with "
            f"an offset from UTC ({row['n_offset']} rows) and without "
            f"({row['n'] - row['n_offset']} rows). Write all with one, or all without."
        )
    return bool(row["n_offset"]) if row["n"] else None


def _wrong_type(table: Readable, role: str, type_: str) -> SchemaError:
    kind = table.kinds[role]
    wanted = {
        "instant": "dates, timestamps or ISO 8601 text",
        "number": "numbers",
        "double": "numbers",
        "boolean": "true and false",
    }.get(kind, "text or integers")
    hint = ""
    if kind == "instant":
        hint = " Convert it, for example with pandas.to_datetime(..., unit=...)."
    elif wanted == "numbers" and type_ == "VARCHAR":
        hint = (
            " Convert it, for example with pandas.to_numeric, and look at what fails."
        )
    elif wanted == "text or integers" and type_ in {"DOUBLE", "FLOAT"}:
        hint = (
            " Ids read as floats have lost digits or zeros: "
            "read the file again with this column as text."
        )
    return SchemaError(
        f"{table.name}: column {table.roles[role]!r} ({role}) must hold {wanted}, "
        f"but is of type {type_}.{hint}"
    )
