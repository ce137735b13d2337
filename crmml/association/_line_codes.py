"""Columns of long tables as small numbers, chunk by chunk and without a copy."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int32]

# Lines that are looked at in one go.
_STEP = 500_000
# Below this many lines runs of equal values are not looked for.
_LONG = 200_000


def code_column(
    column: pa.ChunkedArray, *, in_runs: bool = False
) -> tuple[Codes, Sequence[Any]]:
    """Give each distinct value of a column a number.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, integers or dates.
    in_runs : bool, default=False
        Whether equal values probably stand together, as those of an order do. It
        changes the time, not the result.

    Returns
    -------
    codes : ndarray of int32 of shape (n_lines,)
        The number of each value; -1 where it is missing.
    labels : sequence
        The value of each number; integers of a narrow range in ascending order.

    Examples
    --------
    >>> codes, labels = code_column(pa.chunked_array([["b", None], ["a", "b"]]))
    >>> codes.tolist(), list(labels)
    ([0, -1, 1, 0], ['b', 'a'])
    >>> code_column(pa.chunked_array([[7, 5, 7]]))[0].tolist()
    [1, 0, 1]
    """
    if pa.types.is_integer(column.type):
        low, high = pc.min_max(column).as_py().values()
        if low is not None and high - low <= max(4 * len(column), 100_000):
            return _code_by_table(column, low, high)
    if in_runs and len(column) > _LONG:
        return _code_runs(column)
    return _code_by_hash(column)


def combine_codes(codes: Codes, others: Codes) -> Codes:
    """Give each distinct pair of two numbers a number; -1 where either is missing.

    Parameters
    ----------
    codes, others : ndarray of int32 of shape (n_lines,)
        The numbers of two columns.

    Returns
    -------
    ndarray of int32 of shape (n_lines,)
        The numbers of the pairs.

    Examples
    --------
    >>> combine_codes(np.array([0, 0, 1, -1]), np.array([2, 2, 2, 0])).tolist()
    [0, 0, 1, -1]
    """
    width = int(others.max(initial=0)) + 1
    keys = codes.astype(np.int64) * width + others
    missing = (codes < 0) | (others < 0)
    column = pa.chunked_array([pa.array(keys, mask=missing)])
    return code_column(column, in_runs=True)[0]


def _code_by_table(
    column: pa.ChunkedArray, low: int, high: int
) -> tuple[Codes, Sequence[int]]:
    present = np.zeros(high - low + 1, dtype=bool)
    for _, places, _ in _iterate_places(column, low):
        present[places] = True
    table = np.cumsum(present, dtype=np.int32) - np.int32(1)
    codes = np.empty(len(column), dtype=np.int32)
    for start, places, missing in _iterate_places(column, low, with_missing=True):
        some = codes[start : start + len(places)]
        np.take(table, places, out=some)
        if missing is not None:
            some[missing] = -1
    return codes, (np.flatnonzero(present) + low).tolist()


def _iterate_places(
    column: pa.ChunkedArray, low: int, *, with_missing: bool = False
) -> Iterator[tuple[int, NDArray[Any], NDArray[np.bool_] | None]]:
    """Yield integers less the smallest; missing ones are 0, or passed over."""
    start = 0
    for chunk in column.chunks:
        for begin in range(0, len(chunk), _STEP):
            part = chunk.slice(begin, _STEP)
            missing = None
            if part.null_count and with_missing:
                missing = part.is_null().to_numpy(zero_copy_only=False)
                part = part.fill_null(low)
            elif part.null_count:
                part = part.drop_null()
            yield start + begin, part.to_numpy() - low, missing
        start += len(chunk)


def _code_by_hash(column: pa.ChunkedArray) -> tuple[Codes, Sequence[Any]]:
    coded = column.dictionary_encode().unify_dictionaries()
    codes = np.empty(len(column), dtype=np.int32)
    start = 0
    for chunk in coded.chunks:
        indices = chunk.indices
        if indices.null_count:
            indices = indices.fill_null(-1)
        codes[start : start + len(chunk)] = indices.to_numpy()
        start += len(chunk)
    labels = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    return codes, labels


def _code_runs(column: pa.ChunkedArray) -> tuple[Codes, Sequence[Any]]:
    """Look up each run of equal values once."""
    heads, lengths = [], []
    for chunk in column.chunks:
        runs = pc.run_end_encode(chunk)
        heads.append(runs.values)
        lengths.append(np.diff(runs.run_ends.to_numpy(), prepend=0))
    codes, labels = _code_by_hash(pa.chunked_array(heads, column.type))
    return np.repeat(codes, np.concatenate(lengths)), labels
