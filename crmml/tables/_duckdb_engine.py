"""DuckDB, the SQL engine in this process."""

import os
import re
import secrets
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot.expressions as exp

from crmml.exceptions import LimitError, SchemaError
from crmml.tables._dialects import render
from crmml.tables._sources import Source

# DuckDB itself also takes "-1" and "none" for no limit, and limits too small to start.
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?[MGT]i?B", flags=re.IGNORECASE)
_SETTINGS = {
    # Nothing is downloaded and nothing is written into the user's folder.
    "autoinstall_known_extensions": "false",
    "TimeZone": "UTC",
}


class DuckDBEngine:
    """One DuckDB connection that may be used from several threads, one at a time.

    Parameters
    ----------
    memory_limit : str, optional
        The most that DuckDB may take, at least 1 MB, such as ``"4GB"``; what does not
        fit is written to disk. Default: DuckDB's, four fifths of the machine's memory.
    spill_directory : str or path, optional
        The folder for that; a folder in it is made when needed, and removed. Default:
        that of the system for temporary files.
    """

    dialect = "duckdb"

    def __init__(
        self,
        memory_limit: str | None = None,
        spill_directory: str | PathLike[str] | None = None,
    ) -> None:
        self.memory_limit = memory_limit
        self.spill_directory = _check_folder(spill_directory)
        self._connection = duckdb.connect(":memory:")
        self._lock = threading.RLock()
        self._sources: list[Source] = []
        # A name of its own: another user's folder could not be written to.
        spill = self.spill_directory / f"crmml-spill-{secrets.token_hex(8)}"
        settings = {**_SETTINGS, "temp_directory": str(spill)}
        for name, value in settings.items():
            self._set(name, value)
        if memory_limit is not None:
            self._limit_memory(memory_limit)

    def another(self) -> "DuckDBEngine":
        """Open an engine with the same limits, and without tables."""
        return DuckDBEngine(self.memory_limit, self.spill_directory)

    def _set(self, name: str, value: str) -> None:
        setting = exp.EQ(
            this=exp.to_identifier(name), expression=exp.Literal.string(value)
        )
        tree = exp.Set(expressions=[exp.SetItem(this=setting)])
        self._connection.execute(tree.sql(self.dialect))

    def _limit_memory(self, memory_limit: str) -> None:
        size = _SIZE.fullmatch(memory_limit) if isinstance(memory_limit, str) else None
        try:
            if size is None or float(size[1]) < 1:
                raise ValueError
            self._set("memory_limit", memory_limit)
        except (duckdb.Error, ValueError):
            raise SchemaError(
                "memory_limit must be a size of at least 1 in MB, GB or TB, such as "
                f"'4GB', got {memory_limit!r}."
            ) from None

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
        LimitError
            If the statement needs more memory than DuckDB may take.
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
        LimitError
            If the statement needs more memory than DuckDB may take.
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
        except duckdb.OutOfMemoryException:
            raise LimitError(
                f"DuckDB needs more memory than it may take (memory_limit="
                f"{self.memory_limit!r}). Raise the limit, make room in "
                "spill_directory, or write_parquet, which works block by block."
            ) from None
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


def _check_folder(folder: str | PathLike[str] | None) -> Path:
    """Return a folder that may be written to, by default that of the system."""
    if folder is None:
        folder = tempfile.gettempdir()
    if not isinstance(folder, str | PathLike) or not str(folder):
        raise SchemaError(
            f"spill_directory must be the path of a folder, got {folder!r}."
        )
    path = Path(folder)
    if not path.is_dir():
        raise SchemaError(
            f"spill_directory={str(folder)!r}: there is no such folder. Make it."
        )
    if not os.access(path, os.W_OK | os.X_OK):
        raise SchemaError(
            f"spill_directory={str(folder)!r}: the folder may not be written to. Give "
            "one that may."
        )
    return path
