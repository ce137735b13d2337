"""DuckDB, the SQL engine in this process."""

import secrets
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables._dialects import render
from crmml.tables._sources import Source

_SETTINGS = {
    # Nothing is downloaded and nothing is written into the user's folder.
    "autoinstall_known_extensions": "false",
    "TimeZone": "UTC",
}


class DuckDBEngine:
    """One DuckDB connection that may be used from several threads, one at a time."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")
        self._lock = threading.RLock()
        self._sources: list[Source] = []
        # A name of its own: another user's folder could not be written to.
        spill = Path(tempfile.gettempdir()) / f"crmml-spill-{secrets.token_hex(8)}"
        settings = {**_SETTINGS, "temp_directory": str(spill)}
        for name, value in settings.items():
            statement = exp.Set(
                expressions=[
                    exp.SetItem(
                        this=exp.EQ(
                            this=exp.to_identifier(name),
                            expression=exp.Literal.string(value),
                        )
                    )
                ]
            )
            self._connection.execute(statement.sql(self.dialect))

    def register(self, source: Source, view: str, columns: Mapping[str, str]) -> None:
        """Make columns of a source, given by new name, readable as `view`."""
        with self._lock:
            self._sources.append(source)
            source.register(self._connection, view, columns)

    def create_view(self, name: str, query: exp.Query) -> None:
        """Give a query a name for the statements that follow."""
        tree = exp.Create(
            this=exp.to_identifier(name, quoted=True), kind="VIEW", expression=query
        )
        with self._lock:
            self._connection.execute(tree.sql(self.dialect))

    def column_types(self, view: str) -> dict[str, str]:
        """Names and DuckDB types of a view's columns."""
        with self._lock:
            relation = self._connection.table(view)
            names = [str(name) for name in relation.columns]
            return dict(zip(names, map(str, relation.types), strict=True))

    def run(self, query: exp.Query) -> pa.Table:
        """Run one statement and return its rows.

        Raises
        ------
        SchemaError
            If a file turns out to be damaged.
        """
        with self.stream(query) as batches:
            return batches.read_all()

    @contextmanager
    def stream(
        self, query: exp.Query, batch_rows: int = 1_000_000
    ) -> Iterator[pa.RecordBatchReader]:
        """Run one statement and hand out its rows in batches, inside a ``with`` block.

        Raises
        ------
        SchemaError
            If a file turns out to be damaged.
        """
        statement = render(query, self.dialect)
        try:
            with self._lock:
                relation = self._connection.sql(statement)
                reader = relation.to_arrow_reader(batch_rows)
                try:
                    yield reader
                finally:
                    # The connection takes no other statement while rows are left.
                    reader.close()
        except (duckdb.IOException, duckdb.InvalidInputException):
            for source in self._sources:
                damage = source.find_damage()
                if damage is not None:
                    raise SchemaError(damage) from None
            raise

    @contextmanager
    def lend(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Make `rows` readable under `name` for the duration of a ``with`` block."""
        with self._lock:
            self._connection.register(name, rows)
            try:
                yield
            finally:
                self._connection.unregister(name)

    def hold(self, name: str, rows: pa.Table) -> None:
        """Make rows from this process readable under `name` from now on."""
        with self._lock:
            self._connection.register(name, rows)

    def relation(self, query: exp.Query) -> duckdb.DuckDBPyRelation:
        """Return the rows of a statement as a DuckDB relation, computed when read."""
        with self._lock:
            return self._connection.sql(render(query, self.dialect))
