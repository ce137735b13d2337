"""Rows on their way: kept on disk until what all of them decide is known."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.ipc


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
