"""A Spark DataFrame, read by Spark itself."""

from collections.abc import Mapping
from typing import Any

from crmml.exceptions import SchemaError
from crmml.tables._names import duplicated


class SparkSource:
    """A Spark DataFrame; no row of it passes through this process.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        The rows. They are read anew by each query; cache what is costly to compute.
    table : str
        The table's name, for messages.
    """

    is_text = False
    place = "Spark"

    def __init__(self, frame: Any, table: str) -> None:
        self._frame = frame
        self._table = table
        self.columns = list(frame.columns)
        self.pandas_dtypes: dict[str, Any] = {}
        self.home = frame.sparkSession
        if len(set(self.columns)) < len(self.columns):
            raise SchemaError(f"{table}: {duplicated(self.columns)}")

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Put the columns among the frames `target`, under the name `view`."""
        for column in columns.values():
            same = [name for name in self.columns if name.lower() == column.lower()]
            if len(same) > 1:
                raise SchemaError(
                    f"{self._table}: columns {same} differ only in case, and Spark "
                    "cannot tell them apart. Rename one."
                )
        named = [
            self._frame["`" + column.replace("`", "``") + "`"].alias(name)
            for name, column in columns.items()
        ]
        target[view] = self._frame.select(*named)

    def find_damage(self) -> str | None:
        """Say which file is damaged; what Spark reads, Spark complains about."""
        return None
