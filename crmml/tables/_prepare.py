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
from crmml.tables._sources import Source
from crmml.tables._table import Kind

MILLIONTHS = 1_000_000
LARGEST_NUMBER = 9e12
"""Numbers up to this size fit a 64-bit integer in millionths."""

ISO_8601 = (
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?"
)
_WITH_OFFSET = r".*:.*(Z|[+-]\d{2}(:?\d{2})?)"
# Casts also take what no table of numbers means, such as 1_000 and 0x1F.
_DECIMAL = r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *"
_INTEGERS = {
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
}
_NAIVE = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_AWARE = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"}
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
    expression: exp.Expr
    """The canonical value, null where it is missing or cannot be read."""

    @property
    def raw(self) -> exp.Column:
        """The value as it stands in the user's table."""
        return sql.column(self.role)


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


def create_canonical_view(
    table: Readable, columns: dict[str, Column], engine: Engine, id_type: str
) -> None:
    """Create the view that everything else computes with.

    Parameters
    ----------
    table : Readable
        The user's table, or some columns of it.
    columns : dict of str to Column
        Its declared columns by role.
    engine : Engine
        The engine that holds it.
    id_type : str
        The type of customer ids in all tables.
    """
    canonical = {role: column.expression for role, column in columns.items()}
    canonical["customer_id"] = exp.cast(
        canonical["customer_id"], id_type, dialect=engine.dialect
    )
    query = (
        exp.select(
            *[exp.alias_(value, role, quoted=True) for role, value in canonical.items()]
        )
        .from_(sql.table(source_view(table)))
        .where(columns["customer_id"].raw.is_(exp.null()).not_())
    )
    engine.create_view(table.view, query)


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
    expression: exp.Expr = sql.column(role)
    if type_ == NO_TYPE:
        expression = exp.cast(exp.null(), _CANONICAL.get(kind, "varchar"))
    elif kind == "instant":
        is_aware, expression = _read_instant(table, role, type_, engine)
    elif kind == "number":
        scaled = exp.Mul(
            this=try_double(expression, type_), expression=exp.Literal.number("1e6")
        )
        whole = exp.DataType.build("bigint")
        expression = exp.TryCast(this=exp.func("round", scaled), to=whole)
    elif kind == "double":
        expression = try_double(expression, type_)
    elif kind == "text":
        expression = exp.cast(expression, "varchar")
    return Column(role, table.roles[role], kind, type_, is_aware, expression)


def _kind_of(type_: str) -> Kind:
    """Say what a column without a role holds; text where that is nothing we know."""
    if _is_number(type_) or type_.strip('"') == NO_TYPE:
        return "double"
    if type_ in _NAIVE | _AWARE:
        return "instant"
    return "boolean" if type_ == "BOOLEAN" else "text"


def _fits(kind: Kind, type_: str, is_text: bool) -> bool:
    if kind == "boolean":
        return type_ == "BOOLEAN"
    if kind == "instant":
        return type_ in _NAIVE | _AWARE | {"VARCHAR"}
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


def try_double(value: exp.Expr, type_: str) -> exp.Expr:
    """Read a double from a value of some type, null where it is none."""
    number = exp.TryCast(this=value, to=exp.DataType.build("double"))
    if type_ != "VARCHAR":
        return number
    plain = exp.func("regexp_full_match", value.copy(), exp.Literal.string(_DECIMAL))
    return exp.case().when(plain, number)


def _read_instant(
    table: Readable, role: str, type_: str, engine: Engine
) -> tuple[bool | None, exp.Expr]:
    column = sql.column(role)
    if type_ == "VARCHAR":
        is_aware = _has_offsets(table, role, engine)
        target = "timestamptz" if is_aware else "timestamp"
        instant = exp.TryCast(this=column, to=exp.DataType.build(target))
        iso = exp.func("regexp_full_match", column, exp.Literal.string(ISO_8601))
        return is_aware, exp.case().when(iso, exp.func("epoch_us", instant))
    if type_.endswith("_NS"):
        return type_ in _AWARE, _floor_to_microseconds(exp.func("epoch_ns", column))
    is_aware = type_ in _AWARE
    target = "timestamptz" if is_aware else "timestamp"
    return is_aware, exp.func("epoch_us", exp.cast(column, target))


def _floor_to_microseconds(nanoseconds: exp.Expr) -> exp.Expr:
    """Round down: a cast would round up, and could move an event onto the cutoff."""
    a_microsecond = sql.number(1000)
    rest = exp.Mod(this=nanoseconds.copy(), expression=a_microsecond.copy())
    # Division rounds towards zero, which before 1970 is up.
    is_up = exp.LT(this=rest, expression=sql.number(0))
    return exp.Sub(
        this=exp.IntDiv(this=nanoseconds, expression=a_microsecond),
        expression=exp.case().when(is_up, sql.number(1)).else_(sql.number(0)),
    )


def _has_offsets(table: Readable, role: str, engine: Engine) -> bool | None:
    column = sql.column(role)
    offset = exp.func("regexp_full_match", column, exp.Literal.string(_WITH_OFFSET))
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
