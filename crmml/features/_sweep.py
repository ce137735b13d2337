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

COUNT, SUM, MIN, MAX = range(4)


@njit(cache=True, nogil=True)
def assign_slots(code: NDArray[np.int32], free: Int64s, slot: Int64s) -> None:
    """Give each event the next free place among those of its customer."""
    for i in range(code.size):
        slot[i] = free[code[i]]
        free[code[i]] += 1


@njit(cache=True, nogil=True)
def order_by_time(
    timestamp: Int64s, offsets: Int64s, order: Int64s, first: int, last: int
) -> None:
    """Write the order of time within each customer's events into `order`."""
    for customer in range(first, last):
        begin, end = offsets[customer], offsets[customer + 1]
        is_sorted = True
        for i in range(begin, end):
            order[i] = i
            if i > begin and timestamp[i] < timestamp[i - 1]:
                is_sorted = False
        if not is_sorted:
            own = np.argsort(timestamp[begin:end], kind="mergesort")
            order[begin:end] = begin + own


@njit(cache=True, nogil=True)
def mark_first_lines(
    key: Int64s, offsets: Int64s, is_first: NDArray[np.uint8], first: int, last: int
) -> None:
    """Mark the first line of each order, given events in order of time."""
    for customer in range(first, last):
        begin, end = offsets[customer], offsets[customer + 1]
        by_key = np.argsort(key[begin:end], kind="mergesort")
        for i in range(by_key.size):
            here = begin + by_key[i]
            is_new = i == 0 or key[here] != key[begin + by_key[i - 1]]
            is_first[here] = 1 if is_new else 0


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
        begin = offsets[customer[row]]
        i = find_end(timestamp, begin, offsets[customer[row] + 1], cutoff[row]) - 1
        start = cutoff[row] - window
        found = 0 if how <= SUM else MISSING
        while i >= begin and timestamp[i] >= start:
            here = value[i]
            if here != MISSING and known[i] < cutoff[row]:
                if how == COUNT:
                    found += 1
                elif how == SUM:
                    found += here
                elif found == MISSING or (here < found) == (how == MIN):
                    found = here
            i -= 1
        out[row] = found


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
        out[row] = n_days
