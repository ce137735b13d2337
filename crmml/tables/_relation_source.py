"""A DuckDB relation, of the user's own connection."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from crmml.exceptions import SchemaError


class RelationSource:
    """A DuckDB relation; the columns that are named are read into memory, once.

    Our own connection cannot read what lies in another, and the caller's is left alone:
    its settings and its time zone are not ours.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        The rows.
    table : str
        The table's name, for messages.
    """

    is_text = False
    home = None
    place = "this process"

    def __init__(self, relation: duckdb.DuckDBPyRelation, table: str) -> None:
        self._relation = relation
        self._table = table
        self.columns = [str(name) for name in relation.columns]
        self.pandas_dtypes: dict[str, Any] = {}

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Make columns readable in the DuckDB connection `target` as `view`."""
        wanted = [
            duckdb.ColumnExpression(name) for name in dict.fromkeys(columns.values())
        ]
        try:
            read = self._relation.select(*wanted).to_arrow_table()
        except duckdb.Error as error:
            # Its text may quote a cell, so it must not travel with our error.
            raise SchemaError(
                f"{self._table}: the relation cannot be read "
                f"({type(error).__name__}). Compute it on its own to see why."
            ) from None
        arrays = {name: read[column] for name, column in columns.items()}
        target.register(view, pa.table(arrays))

    def find_damage(self) -> str | None:
        """Say which file is damaged, None if none is: it was read as a whole."""
        return None
