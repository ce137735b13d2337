"""Compiled loops that bring events together by customer, time, order and gap."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crmml.features._sweep import MISSING, Int64s

_FEW = 32
"""Up to so many events, looking back through them is faster than sorting."""


@njit(cache=True, nogil=True)
def count_events(code: NDArray[np.int32], offsets: Int64s) -> None:
    """Count the events of customer i in offsets[i + 1]."""
    for i in range(code.size):
        offsets[code[i] + 1] += 1


@njit(cache=True, nogil=True)
def assign_slots(code: NDArray[np.int32], free: Int64s, slot: Int64s) -> None:
    """Give each event the next free place among those of its customer."""
    for i in range(code.size):
        slot[i] = free[code[i]]
        free[code[i]] += 1


@njit(cache=True, nogil=True)
def put(value: Int64s, slot: Int64s, out: Int64s) -> None:
    """Put each value into its slot."""
    for i in range(value.size):
        out[slot[i]] = value[i]


@njit(cache=True, nogil=True)
def is_in_order(timestamp: Int64s, offsets: Int64s) -> bool:
    """Tell whether the events of each customer are in order of time."""
    for customer in range(offsets.size - 1):
        for i in range(offsets[customer] + 1, offsets[customer + 1]):
            if timestamp[i] < timestamp[i - 1]:
                return False
    return True


@njit(cache=True, nogil=True)
def order_by_time(
    timestamp: Int64s, offsets: Int64s, order: Int64s, first: int, last: int
) -> None:
    """Write the order of time within each customer's events into `order`."""
    for customer in range(first, last):
        begin, end = offsets[customer], offsets[customer + 1]
        if is_in_order(timestamp, offsets[customer : customer + 2]):
            order[begin:end] = np.arange(begin, end)
        else:
            own = np.argsort(timestamp[begin:end], kind="mergesort")
            order[begin:end] = begin + own


@njit(cache=True, nogil=True)
def number_groups(
    key: Int64s, offsets: Int64s, group: NDArray[np.int32], first: int, last: int
) -> None:
    """Give the groups of each customer numbers; rows without a key get -1."""
    for customer in range(first, last):
        begin, end = offsets[customer], offsets[customer + 1]
        if end - begin > _FEW:
            _number_many(key[begin:end], group[begin:end])
            continue
        n = 0
        for i in range(begin, end):
            group[i] = -1
            if key[i] == MISSING:
                continue
            for j in range(begin, i):
                if key[j] == key[i]:
                    group[i] = group[j]
                    break
            if group[i] < 0:
                group[i] = n
                n += 1


@njit(cache=True, nogil=True)
def _number_many(key: Int64s, group: NDArray[np.int32]) -> None:
    """Give the groups of one customer numbers, in order of their keys."""
    by_key = np.argsort(key, kind="mergesort")
    n = -1
    for i in range(by_key.size):
        here = by_key[i]
        if key[here] != MISSING and (i == 0 or key[here] != key[by_key[i - 1]]):
            n += 1
        group[here] = n


@njit(cache=True, nogil=True)
def find_orders(
    timestamp: Int64s,
    group: NDArray[np.int32],
    n_groups: int,
    offsets: Int64s,
    is_first: Int64s,
    gap: Int64s,
    first: int,
    last: int,
) -> None:
    """Mark the first line of each order by 1, and write the gap that ends there.

    Other lines, and the gaps of first orders, are missing.
    """
    seen = np.full(n_groups, -1, np.int64)
    for customer in range(first, last):
        before = MISSING
        for i in range(offsets[customer], offsets[customer + 1]):
            is_first[i], gap[i] = MISSING, MISSING
            if seen[group[i]] != customer:
                seen[group[i]] = customer
                is_first[i] = 1
                if before != MISSING:
                    gap[i] = timestamp[i] - before
                before = timestamp[i]


@njit(cache=True, nogil=True)
def find_largest_total(value: Int64s, offsets: Int64s) -> float:
    """Return the largest sum of sizes of one customer's values, about."""
    largest = 0.0
    for customer in range(offsets.size - 1):
        total = 0.0
        for i in range(offsets[customer], offsets[customer + 1]):
            if value[i] != MISSING:
                total += abs(float(value[i]))
        largest = max(largest, total)
    return largest
