"""Spark, for tables that are Spark DataFrames."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlglot.expressions as exp

from crmml.tables import _sql as sql
from crmml.tables._dialects import name_tables, render, tables_read
from crmml.tables._sources import Source

_TYPES = {
    "string": "VARCHAR",
    "byte": "TINYINT",
    "short": "SMALLINT",
    "integer": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "decimal": "DECIMAL",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
    "void": "NULL",
}
"""Spark's names of types, and DuckDB's."""


class SparkEngine:
    """The session of the user's DataFrames.

    No setting of the session is changed. Its catalogue holds temporary views under
    names of their own, and only while a statement is read.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        The session of the DataFrames.
    """

    dialect = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session
        self._frames: dict[str, Any] = {}

    def register(self, source: Source, view: str, columns: Mapping[str, str]) -> None:
        """Make columns of a source, given by new name, readable as `view`."""
        source.register(self._frames, view, columns)

    def create_view(self, name: str, query: exp.Query) -> None:
        """Give a query a name for the statements that follow."""
        self._frames[name] = self.relation(query)

    def hold(self, name: str, rows: pa.Table) -> None:
        """Make rows from this process readable under `name` from now on."""
        self._frames[name] = self.session.createDataFrame(_plain(rows))

    @contextmanager
    def lend(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Make `rows` readable under `name` for the duration of a ``with`` block."""
        self.hold(name, rows)
        try:
            yield
        finally:
            del self._frames[name]

    def column_types(self, view: str) -> dict[str, str]:
        """Names of a view's columns, and their types as DuckDB calls them."""
        found = {}
        for field in self._frames[view].schema.fields:
            name = field.dataType.typeName()
            # With its length or collation, such as varchar(10).
            is_text = name.startswith(("string", "varchar", "char"))
            found[field.name] = _TYPES.get("string" if is_text else name, name.upper())
        return found

    def run(self, query: exp.Query) -> pa.Table:
        """Run one statement and return its rows."""
        found: pa.Table = self.relation(query).toArrow()
        return found

    @contextmanager
    def stream(
        self, query: exp.Query, batch_rows: int = 1_000_000
    ) -> Iterator[pa.RecordBatchReader]:
        """Run one statement and hand out its rows in batches."""
        yield self.run(query).to_reader(batch_rows)

    def relation(self, query: exp.Query) -> Any:
        """Return the rows of a statement as a Spark DataFrame, computed when read."""
        token = secrets.token_hex(8)
        names = {
            name: f"crmml_{token}_{name}"
            for name in sorted(tables_read(query) & self._frames.keys())
        }
        private = {name: sql.table(view) for name, view in names.items()}
        statement = render(name_tables(query, private), self.dialect)
        try:
            for name, view in names.items():
                self._frames[name].createOrReplaceTempView(view)
            # Names are resolved here and now, so that the views may go again.
            return self.session.sql(statement)
        finally:
            for view in names.values():
                self.session.catalog.dropTempView(view)


def _plain(rows: pa.Table) -> pa.Table:
    """Bring columns to types that Spark has."""
    return pa.table({name: _plain_column(rows[name]) for name in rows.column_names})


def _plain_column(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_uint64(values.type):
        return values.cast(pa.decimal128(38, 0))
    if pa.types.is_large_string(values.type):
        return values.cast(pa.string())
    return values
