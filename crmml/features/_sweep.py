"""Compiled loops over events that lie together by customer and in order of time.

All of it is integer arithmetic on plain arrays, so no result depends on the order in
which rows came, or on the number of threads. The loops release the interpreter's lock.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int64s = NDArray[np.int64]

MISSING = np.iinfo(np.int64).min
"""Stands for null in arrays of values and of results."""
NEVER = np.iinfo(np.int64).max
"""Stands for an instant at which something became known that never came."""

COUNT, SUM, MIN, MAX, LAST, SQUARES = range(6)
"""How values are brought together; SQUARES is the sum of squares."""
LOW_BITS = 50
"""A wide number is ``high * 2**50 + low``: sums of squares need more than 64 bits."""
_LOW, _HALF = (1 << LOW_BITS) - 1, LOW_BITS // 2


@njit(cache=True, nogil=True)
def find_end(timestamp: Int64s, begin: int, end: int, cutoff: int) -> int:
    """Return the place of the first of a customer's events at or after the cutoff."""
    while begin < end:
        middle = (begin + end) // 2
        if timestamp[middle] < cutoff:
            begin = middle + 1
        else:
            end = middle
    return begin


@njit(cache=True, nogil=True)
def find_places(
    window: int,
    customer: NDArray[np.int32],
    cutoff: Int64s,
    offsets: Int64s,
    timestamp: Int64s,
    begin: Int64s,
    end: Int64s,
    first: int,
    last: int,
) -> None:
    """Find from where up to where the events in [cutoff - window, cutoff) lie."""
    for row in range(first, last):
        low, high = offsets[customer[row]], offsets[customer[row] + 1]
        end[row] = find_end(timestamp, low, high, cutoff[row])
        begin[row] = find_end(timestamp, low, end[row], cutoff[row] - window)


@njit(cache=True, nogil=True)
def add_wide(out: Int64s, row: int, high: int, low: int) -> None:
    """Add a wide number to that of a row; a missing one counts as 0."""
    if out[0, row] == MISSING:
        out[0, row], out[1, row] = 0, 0
    low += out[1, row]
    out[0, row] += high + (low >> LOW_BITS)
    out[1, row] = low & _LOW


@njit(cache=True, nogil=True)
def combine(how: int, here: int, out: Int64s, row: int) -> None:
    """Bring one more value into the result of a row."""
    found = out[0, row]
    if how == COUNT:
        out[0, row] = found + 1
    elif how == SQUARES:
        # With here = a * 2**25 + b; a and b are too small to overflow.
        a, b = here >> _HALF, here & ((1 << _HALF) - 1)
        middle = 2 * a * b
        low = ((middle & ((1 << _HALF) - 1)) << _HALF) + b * b
        add_wide(out, row, a * a + (middle >> _HALF), low)
    elif found == MISSING:
        out[0, row] = here
    elif how == SUM:
        out[0, row] = found + here
    elif (here < found) == (how == MIN):
        out[0, row] = here


@njit(cache=True, nogil=True)
def aggregate(
    how: int,
    window: int,
    customer: NDArray[np.int32],
    cutoff: Int64s,
    offsets: Int64s,
    timestamp: Int64s,
    value: Int64s,
    known: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Aggregate the events in [cutoff - window, cutoff) that were known by then."""
    for row in range(first, last):
        begin, until, start = offsets[customer[row]], cutoff[row], cutoff[row] - window
        i = find_end(timestamp, begin, offsets[customer[row] + 1], until) - 1
        out[0, row] = 0 if how == COUNT else MISSING
        latest = MISSING
        while i >= begin and timestamp[i] >= start:
            here = value[i]
            if here != MISSING and known[i] < until:
                if how == LAST and out[0, row] != MISSING and timestamp[i] != latest:
                    break
                latest = timestamp[i]
                combine(how, here, out, row)
            i -= 1


@njit(cache=True, nogil=True)
def count_days(
    day: int,
    window: int,
    customer: NDArray[np.int32],
    cutoff: Int64s,
    offsets: Int64s,
    timestamp: Int64s,
    known: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Count the periods of length `day` before the cutoff that hold a known event."""
    for row in range(first, last):
        begin = offsets[customer[row]]
        i = find_end(timestamp, begin, offsets[customer[row] + 1], cutoff[row]) - 1
        start = cutoff[row] - window
        n_days, latest = 0, -1
        while i >= begin and timestamp[i] >= start:
            if known[i] < cutoff[row]:
                days_ago = (cutoff[row] - timestamp[i] - 1) // day
                if days_ago != latest:
                    n_days += 1
                    latest = days_ago
            i -= 1
        out[0, row] = n_days
