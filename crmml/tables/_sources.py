"""Where a table's rows come from: one small class per kind of source."""

import glob
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Protocol

import duckdb
import narwhals as nw
import pyarrow as pa
import pyarrow.parquet
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables._csv_source import CsvSource, duplicated


class Source(Protocol):
    """Rows with named columns that DuckDB can read."""

    columns: list[str]
    """Names of all columns, in order."""
    is_text: bool
    """Whether every value is text because the format has no types (CSV)."""
    pandas_dtypes: dict[str, Any]
    """Dtypes of a pandas source by column; empty for every other kind."""

    def register(
        self, connection: duckdb.DuckDBPyConnection, view: str, columns: Sequence[str]
    ) -> None:
        """Make `columns` readable in `connection` under the name `view`."""


def open_source(data: Any, table: str, encoding: str) -> Source:
    """Wrap what the user gave.

    Parameters
    ----------
    data : frame, str or path
        A pandas, Polars or pyarrow table, or the path or glob of Parquet or CSV files.
    table : str
        The table's name, for messages.
    encoding : str
        Encoding of CSV files.

    Returns
    -------
    Source
        The wrapped rows.

    Raises
    ------
    SchemaError
        If the kind of source is not known, files are missing or cannot be read.
    """
    if isinstance(data, (str, PathLike)):
        return _open_path(fspath(data), table, encoding)
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as error:
        raise SchemaError(
            f"{table}: data must be a pandas, Polars or pyarrow table, or the path or "
            f"glob of Parquet or CSV files, got {type(data).__name__}."
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise SchemaError(f"{table}: {duplicated(list(data.columns))}") from error
    return FrameSource(frame, data, table)


class FrameSource:
    """A table in memory; columns are handed to DuckDB as Arrow, copied only if need be.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table seen through narwhals.
    native : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The table as the user gave it.
    table : str
        The table's name, for messages.
    """

    is_text = False

    def __init__(self, frame: nw.DataFrame[Any], native: Any, table: str) -> None:
        self._frame = frame
        self._table = table
        self.columns = list(frame.columns)
        if len(set(self.columns)) < len(self.columns):
            raise SchemaError(f"{table}: {duplicated(self.columns)}")
        is_pandas = frame.implementation.is_pandas()
        self.pandas_dtypes = dict(native.dtypes) if is_pandas else {}

    def register(
        self, connection: duckdb.DuckDBPyConnection, view: str, columns: Sequence[str]
    ) -> None:
        """Make `columns` readable in `connection` under the name `view`."""
        arrays = {name: self._to_arrow(name) for name in columns}
        connection.register(view, pa.table(arrays))

    def _to_arrow(self, column: str) -> pa.ChunkedArray:
        try:
            return self._frame[column].to_arrow()
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # The cause quotes a cell, so it must not travel with our error.
            raise SchemaError(
                f"{self._table}: column {column!r} mixes values of several types. "
                "Give it one type, for example with .astype(str)."
            ) from None


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

    def __init__(self, paths: list[str], table: str) -> None:
        self._paths = paths
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
                    f"columns missing {missing}, columns of another type {changed}. "
                    "Write the files with one schema."
                )

    def register(
        self, connection: duckdb.DuckDBPyConnection, view: str, columns: Sequence[str]
    ) -> None:
        """Make `columns` readable in `connection` under the name `view`."""
        files = exp.Array(
            expressions=[exp.Literal.string(path) for path in self._paths]
        )
        query = exp.select(*[exp.column(name, quoted=True) for name in columns]).from_(
            exp.Table(this=exp.func("read_parquet", files))
        )
        tree = exp.Create(
            this=exp.to_identifier(view, quoted=True), kind="VIEW", expression=query
        )
        connection.execute(tree.sql("duckdb"))


def _open_path(path: str, table: str, encoding: str) -> Source:
    paths = sorted(glob.glob(path)) if glob.has_magic(path) else [path]
    missing = not paths or not all(Path(one).is_file() for one in paths)
    if missing:
        raise SchemaError(f"{table}: there is no file at {path!r}.")
    suffixes = {Path(one).suffix.lower() for one in paths}
    if suffixes == {".parquet"}:
        return ParquetSource(paths, table)
    if suffixes == {".csv"}:
        return CsvSource(paths, table, encoding)
    raise SchemaError(
        f"{table}: files must all end in .parquet or all in .csv, "
        f"got {sorted(suffixes)}."
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
