"""Where scores go: a Parquet or CSV file that appears whole or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from crmml._utils._atomic import whole_file
from crmml.exceptions import SchemaError
from crmml.scoring._csv import protect_text

Write = Callable[[pa.Table], None]


def check_target(out: str | os.PathLike[str]) -> Path:
    """Refuse a place where scores cannot be written, before any work is done.

    Parameters
    ----------
    out : str or path
        The file that is wanted.

    Returns
    -------
    pathlib.Path
        The same.

    Raises
    ------
    SchemaError
        If its name ends in neither ``.parquet`` nor ``.csv``.
    OSError
        If there is no folder for it, it is a folder, or nothing can be written there.
    """
    target = Path(out)
    if target.suffix.lower() not in _OPENERS:
        raise SchemaError(
            f"out={str(out)!r} must end in .parquet or .csv, which says how to write."
        )
    if not target.parent.is_dir():
        raise NotADirectoryError(
            f"out={str(out)!r}: there is no such folder. Make it first."
        )
    if target.is_dir():
        raise IsADirectoryError(f"out={str(out)!r} is a folder; name a file.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"out={str(out)!r}: its folder may not be written to.")
    return target


@contextmanager
def open_target(target: Path, schema: pa.Schema) -> Iterator[Write]:
    """Open a file for tables of one schema; it appears when the block has ended well.

    Parameters
    ----------
    target : pathlib.Path
        As :func:`check_target` returned it.
    schema : pyarrow.Schema
        The columns.

    Yields
    ------
    callable
        Takes the next rows.
    """
    with whole_file(target) as temporary:
        writer = _OPENERS[target.suffix.lower()](temporary, schema)
        try:
            yield writer
        finally:
            writer.close()


class _ParquetWriter:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        # A dictionary of doubles costs time and saves no space.
        coded = [field.name for field in schema if not pa.types.is_floating(field.type)]
        self._writer = pa.parquet.ParquetWriter(path, schema, use_dictionary=coded)

    def __call__(self, rows: pa.Table) -> None:
        self._writer.write_table(rows)

    def close(self) -> None:
        self._writer.close()


class _CsvWriter:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        # With a mark of byte order: spreadsheets then read Chinese as it is.
        self._file = path.open("wb")
        self._file.write(b"\xef\xbb\xbf")
        self._writer = pa.csv.CSVWriter(self._file, schema)

    def __call__(self, rows: pa.Table) -> None:
        self._writer.write_table(protect_text(rows))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


_OPENERS: dict[str, Any] = {".parquet": _ParquetWriter, ".csv": _CsvWriter}
