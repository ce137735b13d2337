"""Compiled loops that keep the sums of k-means: exactly, as whole numbers.

Adding a row and taking it away again leaves nothing behind, and no result depends on
the order of the rows.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Codes = NDArray[np.int32]
Int64s = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _weigh(value: float, weight: float, unit: float, is_whole: bool) -> float:
    """Return value x weight as a whole number of units.

    Whole weights multiply a whole number, so that they count as repeated rows.
    """
    if is_whole:
        return float(np.rint(value * unit) * weight)
    return float(np.rint(value * weight * unit))


@njit(cache=True, nogil=True)
def move(
    numbers: Floats,
    codes: Codes,
    weights: Doubles,
    unit: float,
    weight_unit: float,
    is_whole: bool,
    before: Codes,
    after: Codes,
    sums: Int64s,
    counts: Int64s,
    sizes: Int64s,
) -> int:
    """Book every row that changed its centre over, and return how many did.

    Sums are in 1 / unit, counts and sizes in 1 / weight_unit. A row that had no centre
    before has the label -1.
    """
    n_moved = 0
    for i in range(after.size):
        old, new = before[i], after[i]
        if old == new:
            continue
        n_moved += 1
        weight = weights[i] if weights.size else 1.0
        size = np.int64(np.rint(weight * weight_unit))
        sizes[new] += size
        if old >= 0:
            sizes[old] -= size
        for j in range(len(numbers)):
            amount = np.int64(_weigh(np.float64(numbers[j, i]), weight, unit, is_whole))
            sums[new, j] += amount
            if old >= 0:
                sums[old, j] -= amount
        for j in range(len(codes)):
            counts[new, j, codes[j, i]] += size
            if old >= 0:
                counts[old, j, codes[j, i]] -= size
        before[i] = new
    return n_moved


@njit(cache=True, nogil=True)
def recentre(
    penalty: float,
    unit: float,
    weight_unit: float,
    sums: Int64s,
    counts: Int64s,
    sizes: Int64s,
    centers: Doubles,
    modes: Codes,
) -> tuple[float, float]:
    """Move centres to the means of their rows, and modes to what most rows have.

    Returned are the sum of the squared moves, infinite where a mode changed, and how
    far the two centres that moved most did together, in single precision.
    """
    shift, largest, second = 0.0, 0.0, 0.0
    for k in range(len(centers)):
        moved = 0.0
        for j in range(centers.shape[1]):
            mean = sums[k, j] / unit / (sizes[k] / weight_unit)
            shift += (mean - centers[k, j]) ** 2
            moved += (
                np.float64(np.float32(mean)) - np.float64(np.float32(centers[k, j]))
            ) ** 2
            centers[k, j] = mean
        for j in range(modes.shape[1]):
            mode = np.int32(counts[k, j].argmax())
            if mode != modes[k, j]:
                shift = np.inf
                moved += penalty
            modes[k, j] = mode
        moved = np.sqrt(moved)
        second = max(second, min(moved, largest))
        largest = max(largest, moved)
    return shift, largest + second


@njit(cache=True, nogil=True)
def measure(
    numbers: Floats,
    codes: Codes,
    penalty: float,
    weights: Doubles,
    centers: Doubles,
    modes: Codes,
    labels: Codes,
    unit: float,
    is_whole: bool,
) -> int:
    """Add up the weighted squared distances to the own centres, in 1 / unit."""
    total = 0
    for i in range(labels.size):
        k = labels[i]
        distance = 0.0
        for j in range(len(numbers)):
            difference = np.float64(numbers[j, i]) - centers[k, j]
            distance += difference * difference
        for j in range(len(codes)):
            if codes[j, i] != modes[k, j]:
                distance += penalty
        weight = weights[i] if weights.size else 1.0
        total += int(_weigh(distance, weight, unit, is_whole))
    return total
