"""Compiled loops that draw starts and samples for k-means.

Rows are told apart and ordered by hashes of their values, never by where they stand.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crmml.segmentation._sum_kernels import Codes, Doubles, Floats, Int64s

Hashes = NDArray[np.uint64]


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
def hash_rows(
    bits: NDArray[np.uint32], codes: Codes, hashes: Hashes, first: int, last: int
) -> None:
    """Write a number that looks drawn at random and is the same for equal rows."""
    n_columns = len(bits)
    for i in range(first, last):
        mixed = np.uint64(0x9E3779B97F4A7C15)
        for j in range(0, n_columns - 1, 2):
            pair = (np.uint64(bits[j, i]) << np.uint64(32)) | np.uint64(bits[j + 1, i])
            mixed = _mix(mixed, pair)
        if n_columns % 2:
            mixed = _mix(mixed, np.uint64(bits[n_columns - 1, i]))
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
def gather_near_ranks(
    hashes: Hashes, ranks: Int64s, n_bits: int
) -> tuple[Int64s, Int64s]:
    """Find the rows among which those of some ranks are, without sorting them all.

    `ranks` are places, ascending, in the order of the hashes. Returned are rows, and
    the places of the wanted ones among these once they are sorted by hash.
    """
    shift = np.uint64(64 - n_bits)
    counts = np.zeros(1 << n_bits, np.int64)
    for value in hashes:
        counts[value >> shift] += 1
    wanted = np.zeros(1 << n_bits, np.bool_)
    places = np.empty(ranks.size, np.int64)
    before, kept, done = 0, 0, 0
    for bucket in range(counts.size):
        while done < ranks.size and ranks[done] < before + counts[bucket]:
            wanted[bucket] = True
            places[done] = kept + ranks[done] - before
            done += 1
        before += counts[bucket]
        kept += counts[bucket] if wanted[bucket] else 0
    rows = np.empty(kept, np.int64)
    kept = 0
    for i in range(hashes.size):
        if wanted[hashes[i] >> shift]:
            rows[kept] = i
            kept += 1
    return rows, places
