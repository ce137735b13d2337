"""Kernels over tails: for each number, what follows it in the rows, one after another.

A tail ends in a mark, a number above all others, so that the tails of one number can be
counted and cut in one sweep that never asks where a row begins.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._compiled import compiled, copy_eight

Array = NDArray[Any]

# More than any count.
_FAR = 1 << 62


@compiled
def close_rows(
    rows: Array, lengths: Array, mark: int, closed: Array, sizes: Array, tails: Array
) -> None:
    """Put a mark behind every row, and measure what follows each number.

    Parameters
    ----------
    rows, lengths : ndarray of unsigned int
        The rows, of two numbers at least.
    mark : int
        Numbers are smaller than this.
    closed : ndarray of unsigned int of shape (n_entries + n_rows, or more)
        Takes the rows with their marks.
    sizes, tails : ndarray of int64 of shape (mark,)
        Zeros; take the entries that follow each number, marks included, and the number
        of tails. The last number of a row has none.
    """
    at: Any = 0
    put: Any = 0
    for row in range(len(lengths)):
        last = np.int64(lengths[row]) - 1
        for place in range(last):
            number = rows[at + place]
            closed[put + place] = number
            sizes[number] += last - place + 1
            tails[number] += 1
        closed[put + last] = rows[at + last]
        closed[put + last + 1] = mark
        at += last + 1
        put += last + 2


@compiled
def write_tails(
    closed: Array,
    lengths: Array,
    weights: Array,
    low: int,
    ends: Array,
    weight_ends: Array,
    out: Array,
    out_weights: Array,
) -> None:
    """Write what follows some numbers, with the mark.

    Parameters
    ----------
    closed, lengths : ndarray of unsigned int
        The rows with their marks; eight more entries must follow.
    weights : ndarray of int64 of shape (n_rows,)
        What a row counts; of shape (0,): one.
    low : int
        The first number to follow; there are ``len(ends)`` of them.
    ends, weight_ends : ndarray of int64 of shape (n_followed,)
        Where to write in `out` and `out_weights`, moved on. Eight entries behind the
        tails of each number are spoilt.
    out : ndarray of unsigned int
        Takes the tails.
    out_weights : ndarray of int64
        Takes the weight of each tail; of shape (0,) where there are none.
    """
    high = low + len(ends)
    start: Any = 0
    for row in range(len(lengths)):
        end = start + np.int64(lengths[row])
        place = start
        while closed[place] < low:
            place += 1
        while place < end - 1:
            first = np.int64(closed[place])
            if first >= high:
                break
            at = ends[first - low]
            size = end - place
            # Most tails are short, and eight numbers go in one step.
            for done in range(0, size, 8):
                copy_eight(closed, place + 1 + done, out, at + done)
            ends[first - low] = at + size
            if len(weights) > 0:
                out_weights[weight_ends[first - low]] = weights[row]
                weight_ends[first - low] += 1
            place += 1
        start = end + 1


@compiled
def count_followers(tail: Array, weights: Array, mark: int, counts: Array) -> None:
    """Count the numbers in the tails of one number, or add up their weights."""
    if len(weights) == 0:
        for number in tail:
            counts[number] += 1
        return
    at = 0
    for number in tail:
        counts[number] += weights[at]
        at += number == mark


@compiled
def list_frequent(
    tail: Array, most: int, first: int, min_count: int, counts: Array, found: Array
) -> int:
    """List the numbers counted often enough, ascending.

    Parameters
    ----------
    tail : ndarray of unsigned int
        The tails of one number.
    most : int
        At most so many are to be found.
    first, min_count : int
        That number; the smallest count.
    counts : ndarray of int64 of shape (mark + 1,)
        How often each number follows.
    found : ndarray of int64 of shape (mark,)
        Takes the numbers.

    Returns
    -------
    int
        How many there are.
    """
    width = len(counts) - 1
    n_found = 0
    if most * most > width or 4 * len(tail) > width:
        for number in range(first + 1, width):
            if counts[number] >= min_count:
                found[n_found] = number
                n_found += 1
        return n_found
    # A short tail among many numbers: only what is in it is looked at.
    for entry in tail:
        follower = np.int64(entry)
        if follower < width and counts[follower] >= min_count:
            hole = n_found
            while hole > 0 and found[hole - 1] > follower:
                found[hole] = found[hole - 1]
                hole -= 1
            found[hole] = follower
            n_found += 1
            # Not to be found again; its count is put right below.
            counts[follower] -= _FAR
    for place in range(n_found):
        counts[found[place]] += _FAR
    return n_found


@compiled
def forget(tail: Array, first: int, counts: Array) -> None:
    """Set the counts of what follows a number to zero again."""
    if 8 * len(tail) > len(counts):
        counts[first + 1 :] = 0
    else:
        for number in tail:
            counts[number] = 0


@compiled
def cut_tails(
    tail: Array,
    weights: Array,
    local: Array,
    rows: Array,
    lengths: Array,
    row_weights: Array,
) -> tuple[int, int]:
    """Cut tails down to some numbers, renumbered, and to two and more.

    Parameters
    ----------
    tail, weights
        The tails of one number.
    local : ndarray of unsigned int of shape (mark + 1,)
        The new number of each, counted from 1; 0 leaves it out. That of the mark is
        the largest of all.
    rows : ndarray of unsigned int of shape (len(tail) + 1,)
        Takes the rows.
    lengths : ndarray of unsigned int of shape (n_tails + 1,)
        Takes their lengths.
    row_weights : ndarray of int64
        Takes their weights; of shape (0,) where there are none.

    Returns
    -------
    tuple of two int
        Number of entries and number of rows.
    """
    # Written always, kept when known: no branch to guess in the long sweep.
    kept = 0
    for number in tail:
        new = local[number]
        rows[kept] = new
        kept += new > 0
    mark = local[-1]
    at, begin, n_rows, n_seen = 0, 0, 0, 0
    for place in range(kept):
        new = rows[place]
        if new != mark:
            rows[at] = new - 1
            at += 1
            continue
        if at - begin >= 2:
            lengths[n_rows] = at - begin
            if len(weights) > 0:
                row_weights[n_rows] = weights[n_seen]
            n_rows += 1
            begin = at
        at = begin
        n_seen += 1
    return at, n_rows
