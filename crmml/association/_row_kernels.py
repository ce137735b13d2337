"""Kernels over rows: baskets as runs of small ascending numbers.

Rows lie one after the other in `rows`, their lengths in `lengths`. Numbers rise inside
a row: the rarest item of a basket comes first, so that what follows it is short.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._compiled import compiled

Array = NDArray[Any]


@compiled
def _sort_short(found: Array, size: int, out: Array, start: int) -> None:
    """Put each number where as many are smaller: no branch to guess."""
    for place in range(size):
        number = found[place]
        smaller = 0
        for other in range(size):
            smaller += found[other] < number
        out[start + smaller] = number


@compiled
def _sort_long(found: Array, size: int, held: Array, out: Array, start: int) -> None:
    """Mark the numbers and read the marks; `held` is zero before and after."""
    for place in range(size):
        held[found[place]] = 1
    at = start
    for number in range(len(held)):
        out[at] = number
        at += held[number]
        held[number] = 0


@compiled
def rank_rows(
    codes: Array, offsets: Array, ranks: Array, rows: Array, lengths: Array
) -> int:
    """Cut baskets down to frequent items, as ascending ranks, and to two items or more.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_entries,)
        Item codes of all baskets.
    offsets : ndarray of int64 of shape (n_baskets + 1,)
        Where the baskets begin.
    ranks : ndarray of int32 of shape (n_items,)
        Rank of each item, -1 for those to leave out.
    rows : ndarray of unsigned int of shape (n_entries + 1,)
        Takes the ranks.
    lengths : ndarray of the same type of shape (n_baskets,)
        Takes the number of ranks of each basket, 0 for those left out.

    Returns
    -------
    int
        The number of ranks written.
    """
    found = np.empty(np.diff(offsets).max() + 1, rows.dtype)
    held = np.zeros(ranks.max() + 1, np.uint8)
    end = 0
    for basket in range(len(offsets) - 1):
        size = 0
        for place in range(offsets[basket], offsets[basket + 1]):
            # Written always, kept when known.
            rank = ranks[codes[place]]
            found[size] = rank
            size += rank >= 0
        if size < 2:
            lengths[basket] = 0
            continue
        if size * size < 8 * len(held):
            _sort_short(found, size, rows, end)
        else:
            _sort_long(found, size, held, rows, end)
        lengths[basket] = size
        end += size
    return end


@compiled
def count_pairs(
    rows: Array,
    lengths: Array,
    weights: Array,
    width: int,
    counts: Array,
) -> None:
    """Count how often two numbers meet in a row.

    Parameters
    ----------
    rows, lengths : ndarray of unsigned int
        The rows.
    weights : ndarray of int64 of shape (n_rows,)
        What a row counts; of shape (0,): one.
    width : int
        Numbers are smaller than this.
    counts : ndarray of int of shape (width * width,)
        Pair ``(a, b)`` with a < b is added to place ``a * width + b``.
    """
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        weight = 1 if len(weights) == 0 else weights[row]
        for place in range(start, end - 1):
            base = np.int64(rows[place]) * width
            for other in range(place + 1, end):
                counts[base + np.int64(rows[other])] += weight
        start = end


@compiled
def project(
    rows: Array,
    lengths: Array,
    weights: Array,
    width: int,
    local: Array,
    ends: Array,
    row_ends: Array,
    out: Array,
    out_lengths: Array,
    out_weights: Array,
) -> None:
    """Write, for each number, what follows it in the rows, renumbered.

    Parameters
    ----------
    rows, lengths, weights
        The rows, as for :func:`count_pairs`.
    width : int
        Numbers are smaller than this.
    local : ndarray of unsigned int of shape (width * width,)
        At ``a * width + b`` the new number of ``b`` after ``a``, counted from 1; 0
        leaves it out.
    ends, row_ends : ndarray of int64 of shape (width,)
        Where to write in `out` and `out_lengths`, moved on as rows are written;
        -1 in `ends` leaves the number out. Each part of `out` has room for one more.
    out, out_lengths : ndarray of unsigned int
        Take the rows of two or more.
    out_weights : ndarray of int64
        Takes their weights; of shape (0,) where there are none.
    """
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        for place in range(start, end - 1):
            first = np.int64(rows[place])
            begin = ends[first]
            if begin < 0:
                continue
            base = first * width
            at = begin
            for other in range(place + 1, end):
                number = local[base + np.int64(rows[other])]
                # Written always, kept when known: no branch to guess.
                out[at] = number - 1
                at += number > 0
            if at - begin >= 2:
                ends[first] = at
                written = row_ends[first]
                out_lengths[written] = at - begin
                if len(weights) > 0:
                    out_weights[written] = weights[row]
                row_ends[first] = written + 1
        start = end
