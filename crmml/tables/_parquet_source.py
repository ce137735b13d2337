"""Parquet files, read where they lie."""

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables._names import duplicated, list_names


class ParquetSource:
    """Parquet files, read by DuckDB itself as far as a query needs them.

    Parameters
    ----------
    paths : list of str
        The files; their columns and logical types must agree.
    table : str
        The table's name, for messages.
    """

    is_text = False
    home = None
    place = "this process"

    def __init__(self, paths: list[str], table: str) -> None:
        self.paths = paths
        self._table = table
        self.pandas_dtypes: dict[str, Any] = {}
        types = {path: _parquet_types(path, table) for path in paths}
        first = types[paths[0]]
        self.columns = list(first)
        for path, own in types.items():
            changed = sorted(
                name for name in first if own.get(name, first[name]) != first[name]
            )
            missing = sorted(set(first) - set(own))
            if changed or missing:
                raise SchemaError(
                    f"{table}: {Path(path).name} differs from {Path(paths[0]).name}: "
                    f"columns missing [{list_names(missing)}], columns of another type "
                    f"[{list_names(changed)}]. "
                    "Write the files with one schema."
                )

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Make columns readable in the DuckDB connection `target` as `view`."""
        for column in columns.values():
            self._check_case(column)
        # Escaped, for the engine would take brackets in a name as a pattern.
        paths = [exp.Literal.string(glob.escape(path)) for path in self.paths]
        # By name, so that the widest type of all files is taken.
        by_name = exp.EQ(this=exp.to_identifier("union_by_name"), expression=exp.true())
        files = exp.func("read_parquet", exp.Array(expressions=paths), by_name)
        query = exp.select(
            *[
                exp.alias_(exp.column(column, quoted=True), name, quoted=True)
                for name, column in columns.items()
            ]
        ).from_(exp.Table(this=files))
        tree = exp.Create(
            this=exp.to_identifier(view, quoted=True), kind="VIEW", expression=query
        )
        target.execute(tree.sql("duckdb"))

    def find_damage(self) -> str | None:
        """Say which file is damaged, None if none is."""
        for path in self.paths:
            try:
                pyarrow.parquet.read_table(path)
            except (pa.ArrowException, OSError):
                return f"{self._table}: {Path(path).name} is damaged. Write it again."
        return None

    def _check_case(self, column: str) -> None:
        """Refuse names that the engine, blind to case, would take for each other."""
        same = [name for name in self.columns if name.lower() == column.lower()]
        if len(same) > 1:
            raise SchemaError(
                f"{self._table}: columns {same} differ only in case, and the Parquet "
                "reader cannot tell them apart. Rename one."
            )


def _parquet_types(path: str, table: str) -> dict[str, str]:
    """Logical types by column, so that widths and time units do not count as drift."""
    try:
        schema = pyarrow.parquet.read_schema(path)
    except (pa.ArrowInvalid, OSError):
        raise SchemaError(
            f"{table}: {Path(path).name} is not a readable Parquet file."
        ) from None
    names = list(schema.names)
    if len(set(names)) < len(names):
        raise SchemaError(f"{table}: {duplicated(names)}")
    return {field.name: _logical_type(field.type) for field in schema}


def _logical_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    families = {
        "text": pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "integer": pa.types.is_integer(kind),
        "float": pa.types.is_floating(kind),
        "aware instant": pa.types.is_timestamp(kind) and kind.tz is not None,
        "instant": pa.types.is_timestamp(kind) and kind.tz is None,
        "decimal": pa.types.is_decimal(kind),
    }
    return next((name for name, fits in families.items() if fits), str(kind))
