"""Compiled loops over events that lie together by customer and in order of time.

All of it is integer arithmetic on plain arrays, so no result depends on the order in
which rows came, or on the number of threads. The loops release the interpreter's lock.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Places = NDArray[np.int32] | NDArray[np.int64]
"""Places of events, in the shortest integers that hold them."""

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
    windows: Int64s,
    customer: NDArray[np.int32],
    cutoff: Int64s,
    offsets: Int64s,
    timestamp: Int64s,
    begin: Places,
    end: Places,
    first: int,
    last: int,
) -> None:
    """Find from where up to where the events in [cutoff - window, cutoff) lie.

    Windows ascend; `begin` has a row for each.
    """
    for row in range(first, last):
        low = offsets[customer[row]]
        place = find_end(timestamp, low, offsets[customer[row] + 1], cutoff[row])
        end[row] = place
        for w in range(windows.size):
            start, step = cutoff[row] - windows[w], 1
            # Most windows begin close to where the shorter one did.
            while place - step >= low and timestamp[place - step] >= start:
                place -= step
                step *= 2
            place = find_end(timestamp, max(low, place - step), place, start)
            begin[w, row] = place


@njit(cache=True, nogil=True)
def add_up(value: Int64s, counts: bool, total: Int64s) -> None:
    """Write how much, or how many, there were up to each event; the first is 0.

    Sums may leave 64 bits and come back: their differences are right all the same.
    """
    running = 0
    total[0] = 0
    for i in range(value.size):
        if value[i] != MISSING:
            running += 1 if counts else value[i]
        total[i + 1] = running


@njit(cache=True, nogil=True)
def read_totals(
    begin: Places, end: Places, total: Int64s, out: Int64s, first: int, last: int
) -> None:
    """Read what lies between two places off running totals."""
    for row in range(first, last):
        out[0, row] = total[end[row]] - total[begin[row]]


@njit(cache=True, nogil=True)
def read_instants(
    latest: bool,
    begin: Places,
    end: Places,
    timestamp: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Read the first or the latest instant between two places."""
    for row in range(first, last):
        place = end[row] - 1 if latest else begin[row]
        out[0, row] = timestamp[place] if begin[row] < end[row] else MISSING


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
    elif how == SUM:
        out[0, row] = found + here
    elif found == MISSING or (here < found) == (how == MIN):
        out[0, row] = here


@njit(cache=True, nogil=True)
def find_extremes(
    how: int,
    begin: Places,
    end: Places,
    value: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Find the least or the greatest value between two places."""
    for row in range(first, last):
        found = MISSING
        if how == MAX:
            # What is missing is less than any value.
            for i in range(begin[row], end[row]):
                found = max(found, value[i])
        else:
            for i in range(begin[row], end[row]):
                here = value[i]
                if here != MISSING and (found == MISSING or here < found):
                    found = here
        out[0, row] = found


@njit(cache=True, nogil=True)
def aggregate(
    how: int,
    begin: Places,
    end: Places,
    cutoff: Int64s,
    timestamp: Int64s,
    value: Int64s,
    known: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Aggregate the events between two places that were known by the cutoff."""
    for row in range(first, last):
        i, latest = end[row] - 1, MISSING
        out[0, row] = 0 if how in (COUNT, SUM) else MISSING
        while i >= begin[row]:
            here = value[i]
            if here != MISSING and known[i] < cutoff[row]:
                if how == LAST and out[0, row] != MISSING and timestamp[i] != latest:
                    break
                latest = timestamp[i]
                combine(how, here, out, row)
            i -= 1


@njit(cache=True, nogil=True)
def count_days(
    day: int,
    begin: Places,
    end: Places,
    cutoff: Int64s,
    timestamp: Int64s,
    known: Int64s,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Count the periods of length `day` before the cutoff that hold a known event."""
    for row in range(first, last):
        n_days, latest = 0, -1
        for i in range(begin[row], end[row]):
            if known[i] < cutoff[row]:
                days_ago = (cutoff[row] - timestamp[i] - 1) // day
                if days_ago != latest:
                    n_days += 1
                    latest = days_ago
        out[0, row] = n_days
