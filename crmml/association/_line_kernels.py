"""Kernels over the lines of a table: integers as small numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._compiled import compiled

Array = NDArray[Any]


@compiled
def number_runs(values: Array, before: Any, run: int, codes: Array) -> int:
    """Give runs of equal values, which never fall, their numbers.

    Parameters
    ----------
    values : ndarray of int of shape (n,)
        The values.
    before : int
        The value ahead of the first.
    run : int
        Its number.
    codes : ndarray of int32 of shape (n,)
        Takes the numbers.

    Returns
    -------
    int
        The last number; -1 if a value is smaller than the one ahead of it.
    """
    rising = True
    for line in range(len(values)):
        value = values[line]
        rising &= value >= before
        run += value != before
        codes[line] = run
        before = value
    return run if rising else -1


@compiled
def mark(values: Array, low: int, present: Array) -> None:
    """Set ``present[value - low]`` for each value."""
    for value in values:
        present[np.int64(value) - low] = True


@compiled
def look_up(values: Array, low: int, table: Array, codes: Array) -> None:
    """Give ``table[value - low]`` of each value."""
    for line in range(len(values)):
        codes[line] = table[np.int64(values[line]) - low]


@compiled
def count_lines(orders: Array, offsets: Array) -> bool:
    """Find where each order begins once lines are sorted by order.

    Parameters
    ----------
    orders : ndarray of int32 of shape (n_lines,)
        Order of each line.
    offsets : ndarray of int64 of shape (n_orders + 1,)
        Zeros; takes the beginnings.

    Returns
    -------
    bool
        Whether the lines are sorted already.
    """
    is_sorted = True
    before = np.int32(0)
    for line in range(len(orders)):
        order = orders[line]
        is_sorted &= order >= before
        before = order
        offsets[order + 1] += 1
    for order in range(1, len(offsets)):
        offsets[order] += offsets[order - 1]
    return is_sorted


@compiled
def group_lines(orders: Array, items: Array, offsets: Array, out: Array) -> None:
    """Bring the lines of an order together: a counting sort.

    Parameters
    ----------
    orders, items : ndarray of int32 of shape (n_lines,)
        Order and item of each line.
    offsets : ndarray of int64 of shape (n_orders + 1,)
        Where each order begins in `out`; used up as a cursor.
    out : ndarray of int32 of shape (n_lines,)
        Takes the items.
    """
    for line in range(len(orders)):
        order = orders[line]
        out[offsets[order]] = items[line]
        offsets[order] += 1


@compiled
def drop_repetitions(codes: Array, offsets: Array, last_seen: Array) -> int:
    """Keep each item once in a basket; works in place.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_entries,)
        Item codes of all baskets; those kept move to the front.
    offsets : ndarray of int64 of shape (n_baskets + 1,)
        Where the baskets begin; adapted.
    last_seen : ndarray of int32 of shape (n_items,)
        Filled with -1.

    Returns
    -------
    int
        The number of codes kept.
    """
    kept = 0
    start = offsets[0]
    for basket in range(len(offsets) - 1):
        end = offsets[basket + 1]
        for place in range(start, end):
            code = codes[place]
            if last_seen[code] != basket:
                last_seen[code] = basket
                codes[kept] = code
                kept += 1
        start = end
        offsets[basket + 1] = kept
    return kept


@compiled
def count_codes(codes: Array, counts: Array) -> None:
    """Count how often each code comes.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_entries,)
        The codes.
    counts : ndarray of int64 of shape (n_codes,)
        Zeros; takes the counts.
    """
    for code in codes:
        counts[code] += 1
