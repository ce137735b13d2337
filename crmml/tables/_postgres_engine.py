"""PostgreSQL, for tables that lie in such a database."""

import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.csv
import sqlglot.expressions as exp

from crmml._utils._extras import import_extra
from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._dialects import render, with_views
from crmml.tables._sources import Source

_TYPES = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "numeric": "DECIMAL",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
}
"""PostgreSQL's names of types, and DuckDB's."""
_ARROW = {
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "DECIMAL": pa.decimal128(38, 0),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
}
_SETTINGS = {
    # Doubles are written so that they are read back to the last bit.
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
}


class PostgresEngine:
    """The connection of the user's tables.

    Each statement runs in a transaction, or in a savepoint where one is open, that is
    rolled back with all temporary tables and settings.

    Parameters
    ----------
    connection : psycopg.Connection
        The connection.
    """

    dialect = "postgres"

    def __init__(self, connection: Any) -> None:
        self._psycopg = import_extra("psycopg", "postgres")
        self._connection = connection
        self._sources: dict[str, exp.Query] = {}
        self._views: dict[str, exp.Query] = {}
        self._rows: dict[str, pa.Table] = {}

    def register(self, source: Source, view: str, columns: Mapping[str, str]) -> None:
        """Make columns of a source, given by new name, readable as `view`."""
        source.register(self._sources, view, columns)

    def create_view(self, name: str, query: exp.Query) -> None:
        """Give a query a name for the statements that follow."""
        self._views[name] = query

    def hold(self, name: str, rows: pa.Table) -> None:
        """Make rows from this process readable under `name` from now on."""
        self._rows[name] = rows

    @contextmanager
    def lend(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Make `rows` readable under `name` for the duration of a ``with`` block."""
        self.hold(name, rows)
        try:
            yield
        finally:
            del self._rows[name]

    def column_types(self, view: str) -> dict[str, str]:
        """Names of a view's columns, and their types as DuckDB calls them."""
        query = exp.select(exp.Star()).from_(sql.table(view))
        with self._transaction():
            return self._describe(self._write(query))

    def run(self, query: exp.Query) -> pa.Table:
        """Run one statement and return its rows.

        Raises
        ------
        SchemaError
            If a value in the tables cannot be computed with.
        """
        try:
            with self._transaction():
                statement = self._write(query)
                types = self._describe(statement)
                copy = "COPY ({}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"
                return _read_csv(self._copy_out(copy, statement), query, types)
        except self._psycopg.DataError as error:
            # The database's text quotes a cell, so it must not travel with our error.
            raise SchemaError(
                f"PostgreSQL refused a value of the tables ({type(error).__name__}). "
                "Look at their numbers and texts with tables.quality()."
            ) from None

    @contextmanager
    def stream(
        self, query: exp.Query, batch_rows: int = 1_000_000
    ) -> Iterator[pa.RecordBatchReader]:
        """Run one statement and hand out its rows in batches."""
        yield self.run(query).to_reader(batch_rows)

    def relation(self, query: exp.Query) -> Any:
        """Refuse: PostgreSQL has no tables that are computed when read."""
        raise SchemaError(
            "PostgreSQL has no result that stays in the engine and is computed when "
            "read. Take the statement of to_sql(dialect='postgres') and write "
            "CREATE TABLE ... AS before it."
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection.transaction(force_rollback=True):
                for name, value in _SETTINGS.items():
                    self._connection.execute(
                        "SELECT set_config(%s, %s, true)", (name, value)
                    )
                yield
        except (self._psycopg.OperationalError, self._psycopg.InterfaceError) as error:
            # The database's text may name its address.
            raise ConnectionError(
                f"The database went away or could not do it ({type(error).__name__}). "
                "Nothing was changed; run again when it is back."
            ) from None

    def _write(self, query: exp.Query) -> str:
        """Write a query over the user's tables and over rows that are sent along."""
        sources: dict[str, exp.Expr] = {
            name: source.subquery() for name, source in self._sources.items()
        }
        read = {table.name for table in query.find_all(exp.Table)}
        for name in sorted(read & self._rows.keys()):
            sources[name] = self._send(name, self._rows[name])
        return render(with_views(query, self._views, sources, "postgres"), "postgres")

    def _send(self, name: str, rows: pa.Table) -> exp.Table:
        """Write rows into a temporary table."""
        table = sql.table(f"crmml_{secrets.token_hex(8)}_{name}")
        columns = [_define(field) for field in rows.schema]
        create = exp.Create(
            this=exp.Schema(this=table.copy(), expressions=columns),
            kind="TABLE",
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        self._connection.execute(render(create, self.dialect))
        buffer = io.BytesIO()
        options = pa.csv.WriteOptions(include_header=False)
        pa.csv.write_csv(_plain(rows), buffer, options)
        literal = self._psycopg.sql.SQL
        identifier = self._psycopg.sql.Identifier(table.name)
        target = literal("COPY {} FROM STDIN (FORMAT csv, ENCODING 'UTF8')")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(target.format(identifier)) as copy,
        ):
            copy.write(buffer.getbuffer())
        # Without it the planner would guess how many rows there are.
        self._connection.execute(literal("ANALYZE {}").format(identifier))
        return table

    def _describe(self, statement: str) -> dict[str, str]:
        literal = self._psycopg.sql.SQL
        nothing = literal("SELECT * FROM ({}) AS described LIMIT 0")
        found = self._connection.execute(nothing.format(literal(statement)))
        types = self._connection.adapters.types
        known = {
            column.name: types.get(column.type_code) for column in found.description
        }
        return {
            name: _TYPES.get(one.name, one.name.upper()) if one else "UNKNOWN"
            for name, one in known.items()
        }

    def _copy_out(self, copy: str, statement: str) -> bytes:
        literal = self._psycopg.sql.SQL
        with (
            self._connection.cursor() as cursor,
            cursor.copy(literal(copy).format(literal(statement))) as parts,
        ):
            return b"".join(bytes(part) for part in parts)


def _define(field: pa.Field) -> exp.ColumnDef:
    """Define a column of a temporary table."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    constraints = []
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        target = "text"
        collation = exp.CollateColumnConstraint(
            this=exp.to_identifier("C", quoted=True)
        )
        constraints = [exp.ColumnConstraint(kind=collation)]
    elif pa.types.is_uint64(kind) or pa.types.is_decimal(kind):
        target = "decimal(38, 0)"
    elif pa.types.is_boolean(kind):
        target = "boolean"
    else:
        target = "double" if pa.types.is_floating(kind) else "bigint"
    return exp.ColumnDef(
        this=exp.to_identifier(field.name, quoted=True),
        kind=exp.DataType.build(target),
        constraints=constraints,
    )


def _plain(rows: pa.Table) -> pa.Table:
    """Write dictionaries out."""
    arrays = {
        name: rows[name].cast(rows[name].type.value_type)
        if pa.types.is_dictionary(rows[name].type)
        else rows[name]
        for name in rows.column_names
    }
    return pa.table(arrays)


def _read_csv(data: bytes, query: exp.Query, types: Mapping[str, str]) -> pa.Table:
    """Read rows; the names are those of the query, for the database cuts long ones."""
    kinds = [_ARROW[type_] for type_ in types.values()]
    names = query.named_selects
    if len(names) != len(kinds):
        names = list(types)
    if not data:
        arrays = [pa.array([], kind) for kind in kinds]
        return pa.table(arrays, names=names)
    keys = [str(i) for i in range(len(names))]
    found = pa.csv.read_csv(
        io.BytesIO(data),
        read_options=pa.csv.ReadOptions(column_names=keys),
        # A row of nothing but a null is an empty line.
        parse_options=pa.csv.ParseOptions(
            newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict(zip(keys, kinds, strict=True)),
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return found.rename_columns(names)
