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
    end = 0
    for basket in range(len(offsets) - 1):
        start = end
        for place in range(offsets[basket], offsets[basket + 1]):
            rank = ranks[codes[place]]
            if rank >= 0:
                # Insertion: baskets are short, and a call to sort costs more.
                hole = end
                while hole > start and rows[hole - 1] > rank:
                    rows[hole] = rows[hole - 1]
                    hole -= 1
                rows[hole] = rank
                end += 1
        if end - start < 2:
            end = start
            lengths[basket] = 0
        else:
            lengths[basket] = end - start
    return end


@compiled
def count_pairs(
    rows: Array,
    lengths: Array,
    weights: Array,
    low: int,
    high: int,
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
    low, high : int
        Pairs whose smaller number is in ``[low, high)`` are counted.
    width : int
        Numbers are smaller than this.
    counts : ndarray of int of shape ((high - low) * width,)
        Pair ``(a, b)`` is added to place ``(a - low) * width + b``.
    """
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        weight = 1 if len(weights) == 0 else weights[row]
        for place in range(start, end - 1):
            first = np.int64(rows[place])
            if first >= high:
                break
            if first >= low:
                base = (first - low) * width
                for other in range(place + 1, end):
                    counts[base + np.int64(rows[other])] += weight
        start = end


@compiled
def list_pairs(
    rows: Array, lengths: Array, width: int, keys: Array, owners: Array
) -> None:
    """Spell all pairs of numbers that meet in a row.

    Parameters
    ----------
    rows, lengths : ndarray of unsigned int
        The rows.
    width : int
        Numbers are smaller than this.
    keys : ndarray of int64 of shape (n_meetings,)
        Takes ``a * width + b`` of each pair, row after row.
    owners : ndarray of int64 of shape (n_meetings,) or (0,)
        Takes the row of each pair; of shape (0,): not wanted.
    """
    written = 0
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        for place in range(start, end - 1):
            base = np.int64(rows[place]) * width
            for other in range(place + 1, end):
                keys[written] = base + np.int64(rows[other])
                if len(owners) > 0:
                    owners[written] = row
                written += 1
        start = end


@compiled
def project(
    rows: Array,
    lengths: Array,
    weights: Array,
    low: int,
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
    low : int
        The first number to follow; there are ``len(ends)`` of them.
    width : int
        Numbers are smaller than this.
    local : ndarray of unsigned int of shape (len(ends) * width,)
        At ``(a - low) * width + b`` the new number of ``b`` after ``a``, counted from
        1; 0 leaves it out.
    ends, row_ends : ndarray of int64 of shape (n_followed,)
        Where to write in `out` and `out_lengths`, moved on as rows are written;
        -1 in `ends` leaves the number out. Each part of `out` has room for one more.
    out, out_lengths : ndarray of unsigned int
        Take the rows of two or more.
    out_weights : ndarray of int64
        Takes their weights; of shape (0,) where there are none.
    """
    high = low + len(ends)
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        for place in range(start, end - 1):
            first = np.int64(rows[place])
            if first >= high:
                break
            if first < low or ends[first - low] < 0:
                continue
            base = (first - low) * width
            begin = ends[first - low]
            at = begin
            for other in range(place + 1, end):
                number = local[base + np.int64(rows[other])]
                # Written always, kept when known: no branch to guess.
                out[at] = number - 1
                at += number > 0
            if at - begin >= 2:
                ends[first - low] = at
                written = row_ends[first - low]
                out_lengths[written] = at - begin
                if len(weights) > 0:
                    out_weights[written] = weights[row]
                row_ends[first - low] = written + 1
        start = end
