"""Where scores go: a Parquet or CSV file that appears whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from crmml._utils._atomic import whole_file
from crmml.exceptions import SchemaError, TargetBusyError
from crmml.scoring._csv import protect_names, protect_text

MANIFEST = ".manifest.json"
"""What the name of the manifest beside a file ends in."""
_LONGEST_NAME = 200
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
    return check_folder(out)


def check_folder(out: str | os.PathLike[str]) -> Path:
    """Refuse a place where no file can be written.

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
        If its name is too long.
    OSError
        If there is no folder for it, it is a folder, or nothing can be written there.
    """
    target = Path(out)
    if not target.parent.is_dir():
        raise NotADirectoryError(
            f"out={str(out)!r}: there is no such folder. Make it first."
        )
    if target.is_dir():
        raise IsADirectoryError(f"out={str(out)!r} is a folder; name a file.")
    if len(os.fsencode(target.name)) > _LONGEST_NAME:
        raise SchemaError(
            f"out: the name of the file is longer than {_LONGEST_NAME} bytes; the "
            "manifest beside it and temporary files need a longer one. Shorten it."
        )
    try:
        # Permissions do not tell: the user may be root, and the file system unwritable.
        tempfile.TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise type(error)(
            f"out={str(out)!r}: no file can be made in its folder ({error.strerror}). "
            "Name another folder."
        ) from None
    return target


def refuse_inputs(target: Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse to write over what is read.

    Parameters
    ----------
    target : pathlib.Path
        Where scores shall go.
    inputs : iterable of str or path
        What they are made of.

    Raises
    ------
    SchemaError
        If one of them is the target, or the manifest beside it.
    """
    written = [target, target.with_name(target.name + MANIFEST)]
    for path in filter(os.path.exists, inputs):
        if any(one.exists() and one.samefile(path) for one in written):
            raise SchemaError(
                f"out={str(target)!r} would replace {Path(path).name}, which is read. "
                "Name another file."
            )


@contextmanager
def hold_target(target: Path) -> Iterator[None]:
    """Keep other runs from a file, from the first row to the manifest beside it.

    Parameters
    ----------
    target : pathlib.Path
        Where scores shall go.

    Raises
    ------
    TargetBusyError
        If another run holds it.
    """
    if fcntl is None:
        yield
        return
    lock = target.with_name(f".{target.name}.lock")
    handle = _lock(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def _lock(lock: Path) -> int:
    """Open and lock a file that no other run has locked, nor is about to remove."""
    while True:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino == lock.stat().st_ino:
                return handle
        except BlockingIOError:
            os.close(handle)
            raise TargetBusyError(
                f"Another run is writing {lock.name[1:-5]!r}. Wait for it, or name "
                "another file."
            ) from None
        except FileNotFoundError:
            pass
        os.close(handle)


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
        self._schema = protect_names(schema)
        self._writer = pa.csv.CSVWriter(self._file, self._schema)

    def __call__(self, rows: pa.Table) -> None:
        safe = protect_text(rows).rename_columns(self._schema.names)
        self._writer.write_table(safe)

    def close(self) -> None:
        self._writer.close()
        self._file.close()


_OPENERS: dict[str, Any] = {".parquet": _ParquetWriter, ".csv": _CsvWriter}
