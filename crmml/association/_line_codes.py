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


def code_column(column: pa.ChunkedArray) -> tuple[Codes, Sequence[Any]]:
    """Give each distinct value of a column a number.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, integers or dates.

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
        narrow = low is not None and high - low <= max(4 * len(column), 100_000)
        # What only unsigned integers hold is left to hashing.
        if narrow and high < 2**63:
            return _code_by_table(column, low, high)
    return _code_by_hash(column)


def code_orders(column: pa.ChunkedArray) -> Codes:
    """Give each distinct order a number, sooner where its lines stand together.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, integers or dates.

    Returns
    -------
    ndarray of int32 of shape (n_lines,)
        The number of each order, 0 and up; -1 where it is missing.

    Examples
    --------
    >>> code_orders(pa.chunked_array([[7, 7, 9], [9, None, 8]])).tolist()
    [0, 0, 2, 2, -1, 1]
    """
    if len(column) <= _LONG:
        return code_column(column)[0]
    if pa.types.is_integer(column.type):
        runs = None if column.null_count else _number_runs(column)
        return code_column(column)[0] if runs is None else runs
    heads, lengths = [], []
    for chunk in column.chunks:
        coded = pc.run_end_encode(chunk)
        heads.append(coded.values)
        lengths.append(np.diff(coded.run_ends.to_numpy(), prepend=0))
    codes, _ = _code_by_hash(pa.chunked_array(heads, column.type))
    return np.repeat(codes, np.concatenate(lengths))


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
    return code_orders(pa.chunked_array([pa.array(keys, mask=missing)]))


def _number_runs(column: pa.ChunkedArray) -> Codes | None:
    """Give integers that never fall their numbers; None if they do fall."""
    from crmml.association._line_kernels import number_runs

    codes = np.empty(len(column), dtype=np.int32)
    start, run = 0, 0
    last: Any = None
    for chunk in column.chunks:
        if not len(chunk):
            continue
        values = chunk.to_numpy()
        last = values[0] if last is None else last
        run = number_runs(values, last, run, codes[start : start + len(values)])
        if run < 0:
            return None
        start, last = start + len(values), values[-1]
    return codes


def _code_by_table(
    column: pa.ChunkedArray, low: int, high: int
) -> tuple[Codes, Sequence[int]]:
    mark, look_up = _mark_small, _look_up_small
    if len(column) > _LONG:
        # Not at the top: numba takes longer to import than small tables take.
        from crmml.association._line_kernels import look_up, mark
    present = np.zeros(high - low + 1, dtype=bool)
    for _, values, _ in _iterate_parts(column):
        mark(values, low, present)
    table = np.cumsum(present, dtype=np.int32) - np.int32(1)
    codes = np.empty(len(column), dtype=np.int32)
    for start, values, missing in _iterate_parts(column, low):
        some = codes[start : start + len(values)]
        look_up(values, low, table, some)
        if missing is not None:
            some[missing] = -1
    return codes, (np.flatnonzero(present) + low).tolist()


def _iterate_parts(
    column: pa.ChunkedArray, fill: int | None = None
) -> Iterator[tuple[int, NDArray[Any], NDArray[np.bool_] | None]]:
    """Yield integers; missing ones are filled, or passed over."""
    start = 0
    for chunk in column.chunks:
        for begin in range(0, len(chunk), _STEP):
            part = chunk.slice(begin, _STEP)
            missing = None
            if part.null_count and fill is not None:
                missing = part.is_null().to_numpy(zero_copy_only=False)
                part = part.fill_null(fill)
            elif part.null_count:
                part = part.drop_null()
            yield start + begin, part.to_numpy(), missing
        start += len(chunk)


def _mark_small(values: NDArray[Any], low: int, present: NDArray[np.bool_]) -> None:
    present[_shift(values, low)] = True


def _look_up_small(values: NDArray[Any], low: int, table: Codes, codes: Codes) -> None:
    np.take(table, _shift(values, low), out=codes)


def _shift(values: NDArray[Any], low: int) -> NDArray[np.int64]:
    # Of short integers even the difference of two may be too large for the type.
    return np.asarray(values.astype(np.int64, copy=False) - low)


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
