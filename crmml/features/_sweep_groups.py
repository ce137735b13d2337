"""Compiled loops over orders, days, products and categories as of each cutoff.

The rows of a group have one number, from 0 on within a customer; -1 is no group. Sums
of groups are formed anew for each row of the spine, in scratch arrays as long as the
customer with the most groups needs: the cost grows with the events in the window.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crmml.features._sweep import (
    COUNT,
    LOW_BITS,
    MISSING,
    SUM,
    Int64s,
    Places,
    add_wide,
    combine,
)
from crmml.tables._prepare import MILLIONTHS

DISTINCT, LARGEST, LOG_SUM, TAKEN_BACK = range(4)
_WIDE_UNIT = 2.0**LOW_BITS


@njit(cache=True, nogil=True)
def aggregate_groups(
    how: int,
    day: int,
    phase: int,
    begin: Places,
    end: Places,
    cutoff: Int64s,
    value: Int64s,
    known: Int64s,
    group: NDArray[np.int32],
    n_groups: int,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Add up each group's values between two places and combine the sums.

    Only for rows whose cutoff lies at the instant `phase` of a period of length `day`.
    """
    total, least = np.empty(n_groups, np.int64), np.empty(n_groups, np.int64)
    touched = np.empty(n_groups, np.int32)
    total[:] = MISSING
    for row in range(first, last):
        until = cutoff[row]
        if until % day != phase:
            continue
        n_touched = 0
        for i in range(begin[row], end[row]):
            g, here = group[i], value[i]
            if g >= 0 and here != MISSING and known[i] < until:
                if total[g] == MISSING:
                    touched[n_touched] = g
                    n_touched += 1
                    total[g], least[g] = here, here
                else:
                    total[g] += here
                    least[g] = min(least[g], here)
        _combine_groups(how, touched[:n_touched], total, least, out, row)


@njit(cache=True, nogil=True)
def _combine_groups(
    how: int,
    touched: NDArray[np.int32],
    total: Int64s,
    least: Int64s,
    out: Int64s,
    row: int,
) -> None:
    """Bring the groups of a row to its result, and forget them."""
    out[0, row] = len(touched) if how == DISTINCT else 0
    if how in (LARGEST, LOG_SUM):
        out[0, row] = MISSING
    for g in touched:
        x = total[g]
        total[g] = MISSING
        if how == LARGEST:
            out[0, row] = max(out[0, row], x)
        elif how == TAKEN_BACK and x <= 0 and least[g] < 0:
            out[0, row] += 1
        elif how == LOG_SUM and x > 0:
            # Rounded half up, so that the order of summation does not show.
            product = float(x) * math.log(float(x)) * MILLIONTHS
            whole = np.floor(product)
            if product - whole >= 0.5:
                whole += 1.0
            high = np.floor(whole / _WIDE_UNIT)
            add_wide(out, row, np.int64(high), np.int64(whole - high * _WIDE_UNIT))


@njit(cache=True, nogil=True)
def add_up_first_group(
    day: int,
    phase: int,
    begin: Places,
    end: Places,
    cutoff: Int64s,
    timestamp: Int64s,
    value: Int64s,
    known: Int64s,
    group: NDArray[np.int32],
    n_groups: int,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Add up the group that began first; of several, take the smallest sum.

    Rows as in :func:`aggregate_groups`.
    """
    total = np.empty(n_groups, np.int64)
    touched = np.empty(n_groups, np.int32)
    is_first = np.zeros(n_groups, np.uint8)
    for row in range(first, last):
        until = cutoff[row]
        if until % day != phase:
            continue
        earliest, n_touched = MISSING, 0
        for i in range(begin[row], end[row]):
            g = group[i]
            if g < 0 or known[i] >= until:
                continue
            if earliest == MISSING:
                earliest = timestamp[i]
            if timestamp[i] == earliest and not is_first[g]:
                is_first[g], total[g] = 1, MISSING
                touched[n_touched] = g
                n_touched += 1
            if is_first[g] and value[i] != MISSING:
                total[g] = value[i] + (0 if total[g] == MISSING else total[g])
        out[0, row] = MISSING
        for g in touched[:n_touched]:
            is_first[g] = 0
            if total[g] != MISSING:
                found = out[0, row]
                out[0, row] = total[g] if found == MISSING else min(found, total[g])


@njit(cache=True, nogil=True)
def aggregate_moving_orders(
    how: int,
    counts_orders: bool,
    origin: Places,
    begin: Places,
    end: Places,
    cutoff: Int64s,
    timestamp: Int64s,
    known: Int64s,
    group: NDArray[np.int32],
    n_groups: int,
    out: Int64s,
    first: int,
    last: int,
) -> None:
    """Aggregate orders that lie in the window, or the gaps that end in it.

    Where lines become known late, an order lies where the first line known by the
    cutoff does, so all lines from the origin on are walked through for each row.
    """
    seen = np.full(n_groups, -1, np.int64)
    for row in range(first, last):
        out[0, row] = 0 if how in (COUNT, SUM) else MISSING
        before = MISSING
        for i in range(origin[row], end[row]):
            if known[i] >= cutoff[row] or seen[group[i]] == row:
                continue
            seen[group[i]] = row
            if i >= begin[row] and (counts_orders or before != MISSING):
                combine(how, timestamp[i] - before, out, row)
            before = timestamp[i]
