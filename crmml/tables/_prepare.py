"""From the user's columns to what the engine computes with: exact integers.

Instants become microseconds since 1970 in UTC and numbers become millionths of their
unit. Integer arithmetic gives the same result in every engine, whatever the order of
the rows, the number of threads or the machine's time zone.
"""

from dataclasses import dataclass

import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._engine import Engine
from crmml.tables._table import Table

MILLIONTHS = 1_000_000
LARGEST_NUMBER = 9e12
"""Numbers up to this size fit a 64-bit integer in millionths."""

_ISO_8601 = (
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?"
)
_WITH_OFFSET = r".*:.*(Z|[+-]\d{2}(:?\d{2})?)"
_INTEGERS = {
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
}
_NAIVE = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_AWARE = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"}


@dataclass(frozen=True)
class Column:
    """One declared column: where it is, what it holds, how the engine reads it."""

    role: str
    name: str
    kind: str
    type: str
    is_aware: bool | None
    """Whether its instants have a time zone; None for other kinds."""
    expression: exp.Expr
    """The canonical value, null where it is missing or cannot be read."""

    @property
    def raw(self) -> exp.Column:
        """The value as it stands in the user's table."""
        return sql.column(self.name)


def prepare(table: Table, engine: Engine) -> dict[str, Column]:
    """Register a table and create the view of its canonical columns.

    Parameters
    ----------
    table : Table
        The user's table.
    engine : Engine
        The engine that shall read it; the view gets the table's name.

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
    engine.register(table.source, view, sorted(set(table.roles.values())))
    types = engine.column_types(view)
    columns = {
        role: _read_column(table, role, types[name], engine)
        for role, name in table.roles.items()
    }
    query = (
        exp.select(
            *[
                exp.alias_(column.expression, role, quoted=True)
                for role, column in columns.items()
            ]
        )
        .from_(sql.table(view))
        .where(columns["customer_id"].raw.is_(exp.null()).not_())
    )
    engine.create_view(table.name, query)
    return columns


def source_view(table: Table) -> str:
    """Name the view of a table's columns as they stand in the user's data."""
    return f"{table.name}_source"


def _read_column(table: Table, role: str, type_: str, engine: Engine) -> Column:
    name, kind = table.roles[role], table.kinds[role]
    is_aware = None
    if kind == "instant":
        is_aware, expression = _read_instant(table, name, type_, engine)
    elif kind == "number":
        expression = _read_number(table, name, type_)
    else:
        if type_ not in _INTEGERS | {"VARCHAR"}:
            raise _wrong_type(table, name, role, type_, "text or integers")
        expression = sql.column(name)
    return Column(role, name, kind, type_, is_aware, expression)


def _read_number(table: Table, name: str, type_: str) -> exp.Expr:
    is_number = type_ in _INTEGERS | {"FLOAT", "DOUBLE"} or type_.startswith("DECIMAL")
    if not (is_number or (type_ == "VARCHAR" and table.source.is_text)):
        raise _wrong_type(table, name, "it", type_, "numbers")
    scaled = exp.Mul(
        this=try_double(sql.column(name)), expression=exp.Literal.number("1e6")
    )
    return exp.TryCast(this=exp.func("round", scaled), to=exp.DataType.build("bigint"))


def try_double(expression: exp.Expr) -> exp.Expr:
    """Read a double, null where it is none."""
    return exp.TryCast(this=expression, to=exp.DataType.build("double"))


def _read_instant(
    table: Table, name: str, type_: str, engine: Engine
) -> tuple[bool, exp.Expr]:
    column = sql.column(name)
    if type_ == "VARCHAR":
        is_aware = _has_offsets(table, name, engine)
        target = "timestamptz" if is_aware else "timestamp"
        instant = exp.TryCast(this=column, to=exp.DataType.build(target))
        iso = exp.func("regexp_full_match", column, exp.Literal.string(_ISO_8601))
        return is_aware, exp.case().when(iso, exp.func("epoch_us", instant))
    if type_ not in _NAIVE | _AWARE:
        raise _wrong_type(
            table, name, "it", type_, "dates, timestamps or ISO 8601 text"
        )
    is_aware = type_ in _AWARE
    if type_.endswith("_NS"):
        # A cast would round up, and could move an event onto the cutoff.
        nanoseconds = exp.func("epoch_ns", column)
        return is_aware, exp.IntDiv(this=nanoseconds, expression=sql.number(1000))
    target = "timestamptz" if is_aware else "timestamp"
    return is_aware, exp.func("epoch_us", exp.cast(column, target))


def _has_offsets(table: Table, name: str, engine: Engine) -> bool:
    column = sql.column(name)
    offset = exp.func("regexp_full_match", column, exp.Literal.string(_WITH_OFFSET))
    query = exp.select(
        exp.alias_(exp.Count(this=column), "n"),
        exp.alias_(sql.count_if(offset), "n_offset"),
    ).from_(sql.table(source_view(table)))
    row = engine.run(query).to_pylist()[0]
    if 0 < row["n_offset"] < row["n"]:
        raise SchemaError(
            f"{table.name}: column {name!r} mixes instants with an offset from UTC "
            f"({row['n_offset']} rows) and without "
            f"({row['n'] - row['n_offset']} rows). Write all with one, or all without."
        )
    return bool(row["n_offset"])


def _wrong_type(
    table: Table, name: str, role: str, type_: str, wanted: str
) -> SchemaError:
    hint = ""
    if wanted == "text or integers" and type_ in {"DOUBLE", "FLOAT"}:
        hint = (
            " Ids read as floats have lost digits or zeros: "
            "read the file again with this column as text."
        )
    elif wanted == "numbers" and type_ == "VARCHAR":
        hint = (
            " Convert it, for example with pandas.to_numeric, and look at what fails."
        )
    elif wanted.startswith("dates"):
        hint = " Convert it, for example with pandas.to_datetime(..., unit=...)."
    return SchemaError(
        f"{table.name}: column {name!r} must hold {wanted}, "
        f"but {role} is of type {type_}.{hint}"
    )
