"""A long column of text that stays in Arrow, where it is quickly told apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Rows from which on Arrow pays; below, its calls cost more than a loop in Python.
LONG = 256


class TextColumn:
    """Text with missing values; rows come out as Python objects.

    Parameters
    ----------
    array : pyarrow.Array
        Text, or text in a dictionary.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column = TextColumn(pa.array(["basic", None, "pro", "new"]))
    >>> column.positions(["basic", "pro"]).tolist()
    [0, -1, 1, -1]
    >>> column.is_missing().tolist()
    [False, True, False, False]
    """

    def __init__(self, array: Any) -> None:
        self._array = array

    @classmethod
    def read(cls, values: Any) -> "TextColumn | None":
        """Take a pandas, Polars or Arrow column over, or None if it is not all text."""
        try:
            array = values if isinstance(values, pa.Array) else pa.array(values)
        except (pa.ArrowException, TypeError, ValueError):
            # Mixed types, or text that is no Unicode.
            return None
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        kind = array.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            # A missing value is to be missing in one way only.
            if array.dictionary.null_count:
                array = array.dictionary_decode()
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        return cls(array) if is_text else None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._array)

    def __getitem__(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return some rows as objects, by position or by a mask."""
        at = np.nonzero(rows)[0] if rows.dtype == np.bool_ else rows
        return _as_objects(self._array.take(pa.array(at, pa.int64())))

    def tolist(self) -> list[Any]:
        """Return all rows, None where missing."""
        listed: list[Any] = self._array.to_pylist()
        return listed

    def is_missing(self) -> NDArray[np.bool_]:
        """Tell where the text is missing, shape (n_samples,)."""
        return np.asarray(self._array.is_null(), dtype=np.bool_)

    def positions(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Find each row among distinct words, shape (n_samples,); -1 if not there."""
        kind = self._array.type
        if pa.types.is_dictionary(kind):
            among = TextColumn(self._array.dictionary).positions(words)
            # A code beyond the dictionary stands for what is missing.
            codes = self._array.indices.fill_null(len(among)).to_numpy(False)
            return np.asarray(np.append(among, -1)[codes], dtype=np.int64)
        found = pc.index_in(self._array, value_set=pa.array(words, kind))
        return np.asarray(found.fill_null(-1), dtype=np.int64)


def _as_objects(array: Any) -> NDArray[Any]:
    objects = np.empty(len(array), dtype=object)
    objects[:] = array.to_pylist()
    return objects
