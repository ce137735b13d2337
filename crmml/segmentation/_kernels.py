"""Compiled loops of k-means over rows that lie column by column.

A row's distance is computed from that row alone, in one order of operations, and sums
over rows are sums of whole numbers: no result depends on the order of the rows, on how
they are cut into blocks, or on threads. The loops release the interpreter's lock.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Codes = NDArray[np.int32]
Int64s = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# Rows that are worked on at a time, so that they stay in the processor's cache.
BLOCK = 512


@njit(cache=True, nogil=True)
def assign(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    centers: Floats,
    modes: Codes,
    labels: Codes,
    distances: Floats,
) -> None:
    """Write each row's nearest centre (the first of equals) and squared distance."""
    n_rows = labels.size
    total = np.empty(BLOCK, np.float32)
    for start in range(0, n_rows, BLOCK):
        stop = min(start + BLOCK, n_rows)
        near, label = distances[start:stop], labels[start:stop]
        for k in range(len(centers)):
            part = total[: stop - start]
            part[:] = 0.0
            for j in range(len(numbers)):
                column, center = numbers[j, start:stop], centers[k, j]
                for i in range(part.size):
                    difference = column[i] - center
                    part[i] += difference * difference
            for j in range(len(codes)):
                code, mode = codes[j, start:stop], modes[k, j]
                for i in range(part.size):
                    part[i] += penalty if code[i] != mode else np.float32(0.0)
            if k == 0:
                near[:] = part
                label[:] = 0
            else:
                for i in range(part.size):
                    closer = part[i] < near[i]
                    near[i] = part[i] if closer else near[i]
                    label[i] = np.int32(k) if closer else label[i]


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
def descend(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    weights: Doubles,
    unit: float,
    weight_unit: float,
    is_whole: bool,
    centers: Doubles,
    modes: Codes,
    labels: Codes,
    distances: Floats,
    booked: Codes,
    sums: Int64s,
    counts: Int64s,
    sizes: Int64s,
    max_iter: int,
    tol: float,
) -> int:
    """Make Lloyd's passes, moving `centers` and `modes`, and return their number.

    It ends early, with the number made negative, when a centre has lost all its rows.
    """
    for n_iter in range(max_iter):
        single = centers.astype(np.float32)
        assign(numbers, codes, penalty, single, modes, labels, distances)
        n_moved = move(
            numbers,
            codes,
            weights,
            unit,
            weight_unit,
            is_whole,
            booked,
            labels,
            sums,
            counts,
            sizes,
        )
        if n_moved == 0:
            return n_iter
        if sizes.min() == 0:
            return -n_iter - 1
        shift, kept = 0.0, True
        for k in range(len(centers)):
            for j in range(len(numbers)):
                mean = sums[k, j] / unit / (sizes[k] / weight_unit)
                shift += (mean - centers[k, j]) ** 2
                centers[k, j] = mean
            for j in range(len(codes)):
                mode = np.int32(counts[k, j].argmax())
                kept = kept and mode == modes[k, j]
                modes[k, j] = mode
        if shift <= tol and kept:
            return n_iter + 1
    return max_iter


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


@njit(cache=True, nogil=True)
def draw_start(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    weights: Doubles,
    draws: Doubles,
    chosen: Int64s,
) -> None:
    """Choose rows by greedy k-means++: of a few draws, the one that helps most.

    `draws` holds numbers from 0 to 1, of shape (n_clusters, n_trials).
    """
    n_rows, n_trials = numbers.shape[1], draws.shape[1]
    closest = np.full(n_rows, np.inf, np.float32)
    trial = np.empty(n_rows, np.float32)
    best = np.empty(n_rows, np.float32)
    cumulative = np.empty(n_rows, np.float64)
    for k in range(chosen.size):
        total = 0.0
        for i in range(n_rows):
            total += weights[i] * (closest[i] if k else 1.0)
            cumulative[i] = total
        lowest = np.inf
        for t in range(n_trials if k else 1):
            place = np.searchsorted(cumulative, draws[k, t] * total, side="right")
            row = min(int(place), n_rows - 1)
            _approach(numbers, codes, penalty, closest, row, trial)
            cost = 0.0
            for i in range(n_rows):
                cost += weights[i] * trial[i]
            if cost < lowest:
                lowest = cost
                chosen[k] = row
                best, trial = trial, best
        closest, best = best, closest


@njit(cache=True, nogil=True)
def _approach(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    closest: Floats,
    row: int,
    result: Floats,
) -> None:
    """Write the squared distance to a row, or to what was closest so far."""
    result[:] = 0.0
    for j in range(len(numbers)):
        column, center = numbers[j], numbers[j, row]
        for i in range(result.size):
            difference = column[i] - center
            result[i] += difference * difference
    for j in range(len(codes)):
        code, mode = codes[j], codes[j, row]
        for i in range(result.size):
            result[i] += penalty if code[i] != mode else np.float32(0.0)
    for i in range(result.size):
        result[i] = min(result[i], closest[i])


@njit(cache=True, nogil=True)
def hash_rows(bits: NDArray[np.uint32], codes: Codes, hashes: Hashes) -> None:
    """Write a number that looks drawn at random and is the same for equal rows."""
    for i in range(hashes.size):
        mixed = np.uint64(0x9E3779B97F4A7C15)
        for j in range(len(bits)):
            mixed = _mix(mixed, np.uint64(bits[j, i]))
        for j in range(len(codes)):
            mixed = _mix(mixed, np.uint64(np.int64(codes[j, i]) + 1))
        hashes[i] = mixed


@njit(cache=True, nogil=True)
def _mix(state: np.uint64, value: np.uint64) -> np.uint64:
    """Take one value in; the constants are those of the splitmix64 generator."""
    state = (state ^ value) + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@njit(cache=True, nogil=True)
def find_rows(hashes: Hashes, wanted: Hashes, rows: Int64s) -> None:
    """Write a row of each wanted hash; `wanted` is sorted, and every one occurs."""
    # A row whose next bits are not marked is none, which spares most searches.
    marks = np.zeros(1 << 22, np.bool_)
    for value in wanted:
        marks[value >> np.uint64(42)] = True
    for i in range(hashes.size):
        if marks[hashes[i] >> np.uint64(42)]:
            place = np.searchsorted(wanted, hashes[i])
            if place < wanted.size and wanted[place] == hashes[i]:
                rows[place] = i
