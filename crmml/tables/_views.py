"""The canonical views of tables: the same columns whatever engine reads them."""

from collections.abc import Mapping

import sqlglot.expressions as exp

from crmml.tables import _sql as sql
from crmml.tables._engine import Engine
from crmml.tables._prepare import Column, Readable, canonical_query


class CanonicalViews:
    """Views of instants in microseconds and numbers in millionths, open to queries.

    Parameters
    ----------
    engine : Engine
        Where queries run.
    readers : mapping of str to Engine
        The engine that reads each table.
    id_type : str
        The type of customer ids in all tables.
    """

    def __init__(
        self, engine: Engine, readers: Mapping[str, Engine], id_type: str
    ) -> None:
        self._engine = engine
        self._readers = readers
        self._id_type = id_type
        self._columns: dict[str, dict[str, Column]] = {}
        self.tables: dict[str, Readable] = {}
        """What the views are of, by their names."""

    def open(self, table: Readable, columns: dict[str, Column]) -> None:
        """Open the view of a table, or of some columns of it."""
        self.tables[table.view], self._columns[table.view] = table, columns
        reader = self._readers[table.name]
        reader.create_view(table.view, self.write(table.view, reader.dialect))
        if reader is not self._engine:
            query = exp.select(exp.Star()).from_(sql.table(table.view))
            self._engine.hold(table.view, reader.run(query))

    def write(self, view: str, dialect: str) -> exp.Query:
        """Write a view for a dialect; it reads the source view of its columns."""
        table, columns = self.tables[view], self._columns[view]
        return canonical_query(table, columns, self._id_type, dialect)
