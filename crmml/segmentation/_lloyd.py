"""K-means whose result no thread, row order or repeated row can change.

Rows are compared in single precision, which is what prepared numbers are worth, and
sums are kept as whole numbers, so that adding and taking away rows is exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks
from crmml.segmentation import _kernels as kernels
from crmml.segmentation._columns import Matrix
from crmml.segmentation._points import Points, draw_samples, find_distinct
from crmml.segmentation._start_kernels import draw_start
from crmml.segmentation._sum_kernels import Codes, Floats, measure, move, recentre

# Starts are compared on at most this many customers, and this many per segment. What
# they find is carried on over ever larger samples, each so many times as large, before
# all rows are used; beyond the last, finding the rows would cost more than it spares.
MAX_ROWS_FOR_START = 2_000
MAX_ROWS_PER_SEGMENT = 100
GROWTH = 8
LARGEST_SAMPLE = 400_000
# Passes over more rows skip those that are sure of their centre; of fewer, or far from
# the end, too few are sure to pay for finding out.
MAX_ROWS_ALONE = 20_000
# Whole weights must leave so many digits after the point to whole numbers.
LEAST_BITS = 24
# Starts are compared before their last passes, which change little.
ROUGH_TOL = 1e-2

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Fit:
    """Centres, their inertia, and passes made over all rows."""

    centers: Matrix
    """Of shape (n_clusters, n_numbers)."""
    modes: Codes
    """The most frequent category per centre, of shape (n_clusters, n_categorical)."""
    sizes: Matrix
    """Weights of the rows of each centre."""
    inertia: float
    n_iter: int


def find_nearest(
    points: Points, centers: Matrix, modes: Codes | None = None
) -> tuple[Labels, Floats]:
    """Return each row's nearest centre (the first of equals) and squared distance."""
    labels = np.empty(len(points), dtype=np.int32)
    distances = np.empty(len(points), dtype=np.float32)
    if modes is None:
        modes = np.empty((len(centers), 0), dtype=np.int32)
    run_in_blocks(
        kernels.assign,
        len(points),
        points.numbers,
        points.codes,
        np.float32(points.penalty),
        np.ascontiguousarray(centers, dtype=np.float32),
        modes,
        labels,
        distances,
    )
    return labels.astype(np.int64), distances


def fit_centers(
    points: Points,
    n_clusters: int,
    *,
    n_init: int,
    max_iter: int,
    tol: float,
    rng: np.random.RandomState,
) -> Fit:
    """Find centres: the best of several starts, carried on over all rows.

    Parameters
    ----------
    points : Points
        Rows whose columns have about unit variance.
    n_clusters : int
        At most the number of distinct rows.
    n_init : int
        Number of starts.
    max_iter : int
        Most passes of one run.
    tol : float
        A run ends when the centres' squared moves add up to at most this.
    rng : RandomState
        Draws the starts.

    Returns
    -------
    Fit
        The fit with the lowest inertia, the first of equals.
    """
    # Whole weights then count as repeated rows in every choice that follows.
    n_rows = points.n_customers
    sizes = [max(MAX_ROWS_FOR_START, MAX_ROWS_PER_SEGMENT * n_clusters)]
    if n_rows <= sizes[0]:
        rows = find_distinct(points)
        return _choose_start(rows, n_clusters, n_init, max_iter, tol, rng)
    while 2 * GROWTH * sizes[-1] < n_rows and GROWTH * sizes[-1] <= LARGEST_SAMPLE:
        sizes.append(GROWTH * sizes[-1])
    samples = draw_samples(points, sizes)
    if len(samples[0]) < n_clusters:
        samples[0] = find_distinct(points)
    fit = _choose_start(samples[0], n_clusters, n_init, max_iter, tol, rng)
    for rows in [*samples[1:], points]:
        fit = _descend(rows, fit.centers, fit.modes, max_iter, tol)
    return fit


def _choose_start(
    rows: Points,
    n_clusters: int,
    n_init: int,
    max_iter: int,
    tol: float,
    rng: np.random.RandomState,
) -> Fit:
    n_trials = 2 + int(np.log(n_clusters))
    fits = []
    for _ in range(n_init):
        draws = rng.random_sample((n_clusters, n_trials))
        chosen = np.empty(n_clusters, dtype=np.int64)
        draw_start(
            rows.numbers,
            rows.codes,
            np.float32(rows.penalty),
            rows.weights,
            draws,
            chosen,
        )
        centers = rows.numbers[:, chosen].T.astype(np.float64)
        modes = np.ascontiguousarray(rows.codes[:, chosen].T)
        rough = max(tol, ROUGH_TOL) if n_init > 1 else tol
        fits.append(_descend(rows, centers, modes, max_iter, rough))
    best = min(fits, key=lambda fit: fit.inertia)
    return _descend(rows, best.centers, best.modes, max_iter, tol)


class _Totals:
    """Sums of the rows of each centre, as whole numbers, and what follows from them."""

    def __init__(self, points: Points, n_clusters: int) -> None:
        self.points = points
        self.total_weight = max(points.total_weight, np.finfo(np.float64).tiny)
        # All sums stay below 2 ** 62, and whole weights are kept exactly.
        self.weight_unit = 2.0 ** (42 - _bits(self.total_weight))
        farthest = 4 * points.largest**2 * len(points.numbers)
        farthest += points.penalty * len(points.codes)
        self.unit, self.is_whole = self._find_unit(points.largest)
        self.distance_unit, self.is_whole_distance = self._find_unit(farthest)
        self.sums = np.zeros((n_clusters, len(points.numbers)), dtype=np.int64)
        self.sizes = np.zeros(n_clusters, dtype=np.int64)
        self.counts = np.zeros(
            (n_clusters, len(points.codes), points.n_categories), dtype=np.int64
        )
        self.labels = np.full(len(points), -1, dtype=np.int32)

    def _find_unit(self, largest: float) -> tuple[float, bool]:
        """Return how finely sums of numbers up to `largest` can be kept.

        Also whether that leaves room for whole weights to multiply whole numbers.
        """
        bits = 61 - _bits(max(largest, 1.0) * self.total_weight)
        weights = self.points.weights
        room = 52 - _bits(max(largest, 1.0) * float(weights.max(initial=1.0)))
        is_whole = room >= LEAST_BITS and bool((weights == np.rint(weights)).all())
        return 2.0 ** (min(bits, room, 40) if is_whole else bits), is_whole

    def descend(self, centers: Matrix, modes: Codes, max_iter: int, tol: float) -> int:
        """Make passes, moving centres and modes; negative where a centre is empty."""
        if len(self.points) > MAX_ROWS_ALONE:
            return self._descend_in_blocks(centers, modes, max_iter, tol)
        return int(
            kernels.descend(
                self.points.numbers,
                self.points.codes,
                np.float32(self.points.penalty),
                self.points.weights,
                self.unit,
                self.weight_unit,
                self.is_whole,
                centers,
                modes,
                np.empty_like(self.labels),
                np.empty(len(self.labels), dtype=np.float32),
                self.labels,
                self.sums,
                self.counts,
                self.sizes,
                max_iter,
                tol,
            )
        )

    def _descend_in_blocks(
        self, centers: Matrix, modes: Codes, max_iter: int, tol: float
    ) -> int:
        """Do what the compiled loop does, with threads that compare the rows."""
        points, n_iter, drift, shift = self.points, 0, 0.0, np.inf
        labels = np.empty_like(self.labels)
        sure_until = np.full(len(points), -1.0, np.float32)
        rows = points.numbers, points.codes, np.float32(points.penalty)
        units = self.unit, self.weight_unit
        sums = self.sums, self.counts, self.sizes
        while True:
            at = centers.astype(np.float32), modes, np.float32(drift)
            run_in_blocks(kernels.reassign, len(points), *rows, *at, labels, sure_until)
            n_moved = move(
                *rows[:2],
                points.weights,
                *units,
                self.is_whole,
                self.labels,
                labels,
                *sums,
            )
            if n_moved == 0 or shift <= tol or n_iter == max_iter:
                return n_iter
            n_iter += 1
            if self.sizes.min() == 0:
                return -n_iter
            shift, moved = recentre(points.penalty, *units, *sums, centers, modes)
            drift += moved

    def fill_empty(self, centers: Matrix, modes: Codes) -> None:
        """Move centres to their means, those without rows to rows far from their own.

        The first goes to the row that is farthest from its centre, and so on.
        """
        far = find_nearest(self.points, centers, modes)[1]
        used = self.sizes > 0
        weights = self.sizes[used] / self.weight_unit
        centers[used] = self.sums[used] / self.unit / weights[:, None]
        if self.points.n_categories:
            modes[used] = self.counts[used].argmax(axis=2)
        for k in np.flatnonzero(~used):
            row = _find_farthest(self.points, far)
            centers[k] = self.points.numbers[:, row]
            modes[k] = self.points.codes[:, row]
            near = find_nearest(self.points, centers[[k]], modes[[k]])[1]
            far = np.minimum(far, near)

    def measure(self, centers: Matrix, modes: Codes) -> float:
        """Return the inertia."""
        total = measure(
            self.points.numbers,
            self.points.codes,
            self.points.penalty,
            self.points.weights,
            centers,
            modes,
            self.labels,
            self.distance_unit,
            self.is_whole_distance,
        )
        return float(total / self.distance_unit)


def _bits(value: float) -> int:
    """Return the number of binary digits before the point."""
    return int(np.ceil(np.log2(value)))


def _find_farthest(points: Points, distances: Floats) -> int:
    """Return the row with the largest distance; of several, the smallest in value."""
    used = points.weights > 0 if points.weights.size else True
    distances = np.where(used, distances, -1.0)
    rows = np.flatnonzero(distances == distances.max())
    keys = (*points.codes[::-1, rows], *points.numbers[::-1, rows])
    return int(rows[np.lexsort(keys)[0]] if keys else rows[0])


def _descend(
    points: Points, centers: Matrix, modes: Codes, max_iter: int, tol: float
) -> Fit:
    """Lloyd's passes: rows to the nearest centre, centres to the mean of their rows."""
    totals = _Totals(points, len(centers))
    centers, modes = centers.copy(), modes.copy()
    n_iter = 0
    while True:
        made = totals.descend(centers, modes, max_iter - n_iter, tol)
        n_iter += abs(made)
        if made >= 0:
            break
        totals.fill_empty(centers, modes)
    sizes = totals.sizes / totals.weight_unit
    return Fit(centers, modes, sizes, totals.measure(centers, modes), max(n_iter, 1))
