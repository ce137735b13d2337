"""Where a table's rows come from: one small class per kind of source."""

import glob
from collections.abc import Mapping
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Protocol

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from crmml._utils._frames import column_names
from crmml.exceptions import SchemaError
from crmml.tables._csv_source import CsvSource
from crmml.tables._database_table import DatabaseSource, DatabaseTable
from crmml.tables._names import duplicated
from crmml.tables._parquet_source import ParquetSource
from crmml.tables._relation_source import RelationSource
from crmml.tables._spark_source import SparkSource


class Source(Protocol):
    """Rows with named columns that an engine can read."""

    columns: list[str]
    """Names of all columns, in order."""
    is_text: bool
    """Whether every value is text because the format has no types (CSV)."""
    pandas_dtypes: dict[str, Any]
    """Dtypes of a pandas source by column; empty for every other kind."""
    home: Any
    """The session or connection where the rows lie; None if in this process."""
    place: str
    """What kind of place that is, for messages."""

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Make columns readable in `target` under the name `view`.

        The target is what the engine of such sources looks tables up in: for sources
        in this process, a DuckDB connection.

        `columns` gives the user's column for each name in the view. The names in the
        view are ours, for engines confuse names that differ only in case.
        """

    def find_damage(self) -> str | None:
        """Say which file is damaged, None if none is."""


def open_source(data: Any, table: str, encoding: str) -> Source:
    """Wrap what the user gave.

    Parameters
    ----------
    data : frame, str, path, relation or DatabaseTable
        A pandas, Polars or pyarrow table, the path or glob of Parquet or CSV files, a
        DuckDB relation, a Spark DataFrame or a table of PostgreSQL.
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
    if nw.dependencies.is_pyspark_dataframe(data):
        return SparkSource(data, table)
    if isinstance(data, duckdb.DuckDBPyRelation):
        return RelationSource(data, table)
    if isinstance(data, DatabaseTable):
        return DatabaseSource(data, table)
    if isinstance(data, (str, PathLike)):
        return _open_path(fspath(data), table, encoding)
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as error:
        raise SchemaError(
            f"{table}: data must be a pandas, Polars or pyarrow table, the path or "
            "glob of Parquet or CSV files, a DuckDB relation, a Spark DataFrame or a "
            f"DatabaseTable, got {type(data).__name__}."
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise SchemaError(f"{table}: {duplicated(column_names(data))}") from error
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
    home = None
    place = "this process"

    def __init__(self, frame: nw.DataFrame[Any], native: Any, table: str) -> None:
        self._frame = frame
        self._table = table
        self.columns = list(frame.columns)
        if len(set(self.columns)) < len(self.columns):
            raise SchemaError(f"{table}: {duplicated(self.columns)}")
        is_pandas = frame.implementation.is_pandas()
        self.pandas_dtypes = dict(native.dtypes) if is_pandas else {}

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Make columns readable in the DuckDB connection `target` as `view`."""
        read = {column: self._to_arrow(column) for column in set(columns.values())}
        arrays = {name: read[column] for name, column in columns.items()}
        target.register(view, pa.table(arrays))

    def find_damage(self) -> str | None:
        """Say which file is damaged, None if none is."""
        return None

    def _to_arrow(self, column: str) -> pa.ChunkedArray:
        try:
            values = self._frame[column].to_arrow()
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # The cause quotes a cell, so it must not travel with our error.
            raise self._mixed(column) from None
        except OverflowError:
            raise SchemaError(
                f"{self._table}: column {column!r} holds integers beyond 64 bits. "
                "Convert them to text."
            ) from None
        if pa.types.is_float16(values.type) or pa.types.is_decimal256(values.type):
            raise SchemaError(
                f"{self._table}: column {column!r} is of type {values.type}, which the "
                "engine cannot read. Convert it to float64."
            )
        if pa.types.is_temporal(values.type) and self._is_object(column):
            self._check_instants(column)
        return values

    def _is_object(self, column: str) -> bool:
        dtype = self.pandas_dtypes.get(column)
        return dtype is not None and pd.api.types.is_object_dtype(dtype)

    def _check_instants(self, column: str) -> None:
        """Refuse Python objects that Arrow would silently bring to one type.

        It drops the time of day of a datetime among dates, and takes one without a
        time zone as UTC among others with one.
        """
        kinds = {
            (type(value), isinstance(value, datetime) and value.tzinfo is not None)
            for value in self._frame[column].drop_nulls().to_list()
        }
        if len(kinds) > 1:
            raise self._mixed(column)

    def _mixed(self, column: str) -> SchemaError:
        return SchemaError(
            f"{self._table}: column {column!r} mixes values of several types. "
            "Give it one type, for example with .astype(str)."
        )


def _open_path(path: str, table: str, encoding: str) -> Source:
    if Path(path).is_dir():
        raise SchemaError(
            f"{table}: {path!r} is a folder. Name a file in it, or a pattern such as "
            f"{str(Path(path) / '*.parquet')!r}."
        )
    is_pattern = glob.has_magic(path) and not Path(path).exists()
    paths = sorted(glob.glob(path)) if is_pattern else [path]
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
