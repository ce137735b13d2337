"""Rows on their way: kept on disk until what all of them decide is known."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from crmml.pipeline._ranking import compute_deciles
from crmml.scoring._targets import Write

Open = Callable[[pa.Schema], AbstractContextManager[Write]]


class Spool:
    """Tables of one schema in a file without a name, which no crash leaves behind.

    Parameters
    ----------
    folder : pathlib.Path
        Where there is room for it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self._is_whole = False
        self.schema = pa.schema([])

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Throw the file away."""
        self._file.close()

    def add(self, rows: pa.Table) -> None:
        """Keep rows; the first decide the schema."""
        if self._writer is None:
            self.schema = rows.schema
            self._writer = pa.ipc.new_stream(self._file, rows.schema)
        self._writer.write_table(rows.cast(self.schema))

    def read(self) -> Iterator[pa.Table]:
        """Give the rows back, as often as asked, in the order in which they came."""
        if self._writer is None:
            return
        if not self._is_whole:
            self._writer.close()
            self._is_whole = True
        self._file.seek(0)
        with pa.ipc.open_stream(self._file) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])


def finish(spool: Spool, open_writer: Open) -> list[str]:
    """Write what the spool holds, with deciles among all customers.

    Parameters
    ----------
    spool : Spool
        All rows.
    open_writer : callable
        Takes the schema; what it opens takes the rows.

    Returns
    -------
    list of str
        The columns.
    """
    deciles = None
    if "decile" in spool.schema.names:
        parts = [part["churn_probability"].to_numpy() for part in spool.read()]
        deciles = compute_deciles(np.concatenate([np.empty(0), *parts]))
    n_written = 0
    with open_writer(spool.schema) as write:
        for part in spool.read():
            if deciles is not None:
                own = pa.array(deciles[n_written : n_written + part.num_rows])
                part = part.set_column(part.column_names.index("decile"), "decile", own)
            n_written += part.num_rows
            write(part)
    return list(spool.schema.names)
