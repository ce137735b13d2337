"""A file of scores, from the check before work to the manifest beside it."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pyarrow as pa

from crmml.scoring._summary import describe_file, write_manifest
from crmml.scoring._targets import (
    Write,
    check_target,
    hold_target,
    open_target,
    refuse_inputs,
)


class FileTarget:
    """A Parquet or CSV file that appears whole or not at all.

    Parameters
    ----------
    out : str or path
        The file.
    overwrite : bool
        Whether an older one may be replaced.
    inputs : iterable of str or path
        What is read, and so not written over.

    Raises
    ------
    SchemaError
        If its name ends in neither ``.parquet`` nor ``.csv``, or it is read.
    OSError
        If it cannot be written; FileExistsError if it is there and must stay.
    """

    def __init__(
        self,
        out: str | os.PathLike[str],
        *,
        overwrite: bool,
        inputs: Iterable[str | os.PathLike[str]],
    ) -> None:
        self._path = check_target(out)
        self._overwrite = overwrite
        self.spool_folder = self._path.parent
        refuse_inputs(self._path, inputs)
        self._refuse_older()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other runs away, from the first row to the manifest."""
        with hold_target(self._path):
            self._refuse_older()
            yield

    def open(self, schema: pa.Schema) -> AbstractContextManager[Write]:
        """Open the file for rows; it appears when the block has ended well."""
        return open_target(self._path, schema)

    def describe(self, n_rows: int, columns: list[str]) -> dict[str, Any]:
        """Say what was written."""
        return describe_file(self._path, n_rows, columns)

    def conclude(self, done: dict[str, Any]) -> None:
        """Write the manifest beside it."""
        write_manifest(done, self._path)

    def _refuse_older(self) -> None:
        if not self._overwrite and self._path.exists():
            raise FileExistsError(
                f"out={str(self._path)!r} exists and is kept, since overwrite is off."
            )
