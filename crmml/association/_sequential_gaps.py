"""Days from a set of items to what follows: a loop like those that find it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_HALF_DAY = 43_200_000_000


def measure_gaps(
    starts: Array,
    places: Array,
    firsts: Array,
    lasts: Array,
    offsets: Array,
    codes: Array,
    instants: Array,
    rule_starts: Array,
    items: Array,
    n_days: int,
    width: int,
) -> Array:
    """Find the quartiles of the days from a set to the first purchase of an item.

    Parameters
    ----------
    starts, places, codes
        As for the loop that finds what follows.
    firsts, lasts : ndarray of int64 of shape (n_purchases,)
        The window after purchase ``p`` is the purchases ``firsts[p]`` to
        ``lasts[p] - 1``.
    offsets : ndarray of int64 of shape (n_purchases + 1,)
        Purchase ``p`` holds ``codes[offsets[p]:offsets[p + 1]]``.
    instants : ndarray of int64 of shape (n_purchases,)
        When each purchase was made, in microseconds.
    rule_starts : ndarray of int64 of shape (n_nodes + 1,)
        Where the rules of each set begin.
    items : ndarray of int64 of shape (n_rules,)
        The item of each rule.
    n_days : int
        Gaps are shorter than this.
    width : int
        Items are smaller than this.

    Returns
    -------
    ndarray of float64 of shape (3, n_rules)
        The quartiles of gaps rounded to whole days, interpolated linearly.
    """
    quartiles = np.empty((3, len(items)), dtype=np.float64)
    slots = np.full(width, -1, dtype=np.int64)
    seen = np.full(width, -1, dtype=np.int64)
    for node in range(len(starts) - 1):
        first, last = rule_starts[node], rule_starts[node + 1]
        if first == last:
            continue
        histogram = np.zeros((last - first, n_days), dtype=np.int64)
        for rule in range(first, last):
            slots[items[rule]] = rule - first
        for at in range(starts[node], starts[node + 1]):
            purchase = places[at]
            for later in range(firsts[purchase], lasts[purchase]):
                gap = instants[later] - instants[purchase]
                day = (gap + _HALF_DAY) // (2 * _HALF_DAY)
                for entry in range(offsets[later], offsets[later + 1]):
                    item = codes[entry]
                    if slots[item] >= 0 and seen[item] != at:
                        seen[item] = at
                        histogram[slots[item], day] += 1
        for rule in range(first, last):
            slots[items[rule]] = -1
            _find_quartiles(histogram[rule - first], quartiles[:, rule])
    return quartiles


def _find_quartiles(histogram: Array, out: Array) -> None:
    """Find the values a quarter, half and three quarters along the sorted values."""
    n_values = histogram.sum()
    for quarter in range(3):
        place = (n_values - 1) * (quarter + 1)
        low = _find_value(histogram, place // 4)
        high = _find_value(histogram, min(place // 4 + 1, n_values - 1))
        out[quarter] = low + (high - low) * (place % 4) / 4.0


def _find_value(histogram: Array, place: int) -> int:
    value = 0
    below = histogram[0]
    while below <= place:
        value += 1
        below += histogram[value]
    return value


HELPERS = (_find_quartiles, _find_value)
"""What the loop calls; a compiler must know of these first."""
