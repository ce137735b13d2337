"""What any SQL engine behind a set of tables can do."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa
import sqlglot.expressions as exp

from crmml.tables._sources import Source


class Engine(Protocol):
    """Where queries run: in this process, or where the user's tables lie.

    Queries are sqlglot trees with the meaning that DuckDB gives them. What another
    engine would read differently is rewritten when a tree is rendered for it.
    """

    dialect: str
    """Name of the dialect of SQL, as sqlglot knows it."""

    def register(self, source: Source, view: str, columns: Mapping[str, str]) -> None:
        """Make columns of a source, given by new name, readable as `view`."""

    def create_view(self, name: str, query: exp.Query) -> None:
        """Give a query a name for the statements that follow."""

    def hold(self, name: str, rows: pa.Table) -> None:
        """Make rows from this process readable under `name` from now on."""

    def lend(self, name: str, rows: pa.Table) -> AbstractContextManager[None]:
        """Make `rows` readable under `name` for the duration of a ``with`` block."""

    def column_types(self, view: str) -> dict[str, str]:
        """Names of a view's columns, and their types as DuckDB calls them."""

    def run(self, query: exp.Query) -> pa.Table:
        """Run one statement and return its rows."""

    def stream(
        self, query: exp.Query, batch_rows: int = 1_000_000
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Run one statement and hand out its rows in batches, inside a ``with`` block.

        Only the in-process engine hands out rows before it has them all.
        """

    def relation(self, query: exp.Query) -> Any:
        """Return the rows of a statement as a table that stays in the engine."""
