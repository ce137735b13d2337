"""Compiled loops of k-means over rows that lie column by column.

A row's distance is computed from that row alone, in one order of operations: no result
depends on the order of the rows, on how they are cut into blocks, or on threads. The
loops release the interpreter's lock.
"""

import numpy as np
from numba import njit

from crmml.segmentation._sum_kernels import (
    Codes,
    Doubles,
    Floats,
    Int64s,
    move,
    recentre,
)

# Rows that are worked on at a time, so that they stay in the processor's cache.
BLOCK = 512


@njit(cache=True, nogil=True)
def lay_out(
    X: Doubles,
    columns: Int64s,
    steps: float,
    numbers: Floats,
    shift: int,
    first: int,
    last: int,
) -> None:
    """Write some columns of rows one after the other, in single precision.

    They are rounded to so many `steps` per unit; 0 leaves them as they are.
    """
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        for j in range(columns.size):
            column, result = columns[j], numbers[j]
            for i in range(start, stop):
                value = X[i, column]
                if steps:
                    value = np.rint(value * steps) / steps
                # Adding 0 turns -0 into 0, which has other bits.
                result[i + shift] = np.float32(value) + np.float32(0.0)


@njit(cache=True, nogil=True)
def assign(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    centers: Floats,
    modes: Codes,
    labels: Codes,
    distances: Floats,
    first: int,
    last: int,
) -> None:
    """Write each row's nearest centre (the first of equals) and squared distance."""
    total, unused = np.empty(BLOCK, np.float32), np.empty(0, np.float32)
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        part, label, near = total[: stop - start], labels[start:], distances[start:]
        _compare(
            numbers, codes, penalty, centers, modes, start, part, label, near, unused
        )


@njit(cache=True, nogil=True)
def _compare(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    centers: Floats,
    modes: Codes,
    first: int,
    part: Floats,
    label: Codes,
    near: Floats,
    following: Floats,
) -> None:
    """Write the nearest centres of as many rows, from `first` on, as `part` has.

    Also how far these are and, if `following` has room, the next ones.
    """
    last = first + part.size
    near[: part.size] = np.inf
    following[:] = np.inf
    label[: part.size] = 0
    for k in range(len(centers)):
        part[:] = 0.0
        for j in range(len(numbers)):
            column, center = numbers[j, first:last], centers[k, j]
            for i in range(part.size):
                difference = column[i] - center
                part[i] += difference * difference
        for j in range(len(codes)):
            code, mode = codes[j, first:last], modes[k, j]
            for i in range(part.size):
                part[i] += penalty if code[i] != mode else np.float32(0.0)
        for i in range(following.size):
            other = max(near[i], part[i])
            following[i] = other if other < following[i] else following[i]
        for i in range(part.size):
            closer = part[i] < near[i]
            near[i] = part[i] if closer else near[i]
            label[i] = np.int32(k) if closer else label[i]


@njit(cache=True, nogil=True)
def reassign(
    numbers: Floats,
    codes: Codes,
    penalty: np.float32,
    centers: Floats,
    modes: Codes,
    drift: np.float32,
    labels: Codes,
    sure_until: Floats,
    first: int,
    last: int,
) -> None:
    """Write the nearest centres of those rows for which it may be another.

    `drift` bounds how far two centres together have moved so far. A row whose nearest
    centre is closer than the next one by more than they have moved since keeps it; up
    to which drift that holds is written to `sure_until`.
    """
    rows, label = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int32)
    some_numbers = np.empty((len(numbers), BLOCK), np.float32)
    some_codes = np.empty((len(codes), BLOCK), np.int32)
    part, near = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    following = np.empty(BLOCK, np.float32)
    # More than distances in single precision can be wrong by.
    slack = np.float32(1e-6 * (8 + len(numbers) + len(codes)))
    n_rows = 0
    for row in range(first, last):
        if sure_until[row] <= drift:
            rows[n_rows] = row
            n_rows += 1
        if n_rows < BLOCK and (row < last - 1 or not n_rows):
            continue
        for j in range(len(numbers)):
            for i in range(n_rows):
                some_numbers[j, i] = numbers[j, rows[i]]
        for j in range(len(codes)):
            for i in range(n_rows):
                some_codes[j, i] = codes[j, rows[i]]
        _compare(
            some_numbers,
            some_codes,
            penalty,
            centers,
            modes,
            0,
            part[:n_rows],
            label,
            near,
            following[:n_rows],
        )
        for i in range(n_rows):
            own = np.sqrt(near[i])
            gap = np.sqrt(following[i]) - own
            near[i] = drift + gap - slack * (gap + 2 * own + drift)
        for i in range(n_rows):
            labels[rows[i]], sure_until[rows[i]] = label[i], near[i]
        n_rows = 0


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
    n_rows, n_iter, shift = labels.size, 0, np.inf
    while True:
        single = centers.astype(np.float32)
        assign(numbers, codes, penalty, single, modes, labels, distances, 0, n_rows)
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
        if n_moved == 0 or shift <= tol or n_iter == max_iter:
            return n_iter
        n_iter += 1
        if sizes.min() == 0:
            return -n_iter
        shift, _ = recentre(
            np.float64(penalty), unit, weight_unit, sums, counts, sizes, centers, modes
        )
