"""K-means whose result no thread, row order or repeated row can change.

Rows are compared in single precision, which is what prepared numbers are worth, and
sums are kept as whole numbers, so that adding and taking away rows is exact.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crmml.segmentation import _kernels as kernels
from crmml.segmentation._columns import Matrix
from crmml.segmentation._kernels import Codes, Floats
from crmml.segmentation._points import Points, draw_samples, find_distinct

# Starts are compared on at most this many customers. What they find is carried on
# over ever larger samples, each so many times as large, before all rows are used.
MAX_ROWS_FOR_START = 20_000
GROWTH = 16
# Whole weights must leave so many digits after the point to whole numbers.
LEAST_BITS = 24
# Starts are compared before their last passes, which change little.
ROUGH_TOL = 1e-3

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
    _assign(points, centers, modes, labels, distances)
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
    n_rows = len(points)
    if n_rows <= MAX_ROWS_FOR_START:
        return _choose_start(
            find_distinct(points), n_clusters, n_init, max_iter, tol, rng
        )
    sizes = [MAX_ROWS_FOR_START]
    while sizes[-1] * GROWTH * 8 < n_rows:
        sizes.append(sizes[-1] * GROWTH)
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
        kernels.draw_start(
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


def _assign(
    points: Points, centers: Matrix, modes: Codes, labels: Codes, distances: Floats
) -> None:
    kernels.assign(
        points.numbers,
        points.codes,
        np.float32(points.penalty),
        np.ascontiguousarray(centers, dtype=np.float32),
        modes,
        labels,
        distances,
    )


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

    def move(self, labels: Codes) -> int:
        """Book rows over to new centres; return how many moved."""
        return int(
            kernels.move(
                self.points.numbers,
                self.points.codes,
                self.points.weights,
                self.unit,
                self.weight_unit,
                self.is_whole,
                self.labels,
                labels,
                self.sums,
                self.counts,
                self.sizes,
            )
        )

    def find_means(self, distances: Floats) -> tuple[Matrix, Codes]:
        """Return means and most frequent categories; the first of equals.

        A centre without rows moves to the row that is farthest from its own.
        """
        weights = self.sizes / self.weight_unit
        means = self.sums / self.unit / np.where(weights > 0, weights, 1.0)[:, None]
        modes = np.zeros(self.counts.shape[:2], dtype=np.int32)
        if self.points.n_categories:
            modes = self.counts.argmax(axis=2).astype(np.int32)
        far = distances
        for k in np.flatnonzero(self.sizes == 0):
            row = _find_farthest(self.points, far)
            means[k], modes[k] = self.points.numbers[:, row], self.points.codes[:, row]
            near = find_nearest(self.points, means[[k]], modes[[k]])[1]
            far = np.minimum(far, near)
        return means, modes

    def measure(self, centers: Matrix, modes: Codes) -> float:
        """Return the inertia."""
        total = kernels.measure(
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
    labels = np.empty(len(points), dtype=np.int32)
    distances = np.empty(len(points), dtype=np.float32)
    n_iter = 0
    while n_iter < max_iter:
        _assign(points, centers, modes, labels, distances)
        if not totals.move(labels):
            break
        n_iter += 1
        means, new_modes = totals.find_means(distances)
        shift = float(np.square(means - centers).sum())
        kept = bool((new_modes == modes).all())
        centers, modes = means, new_modes
        if shift <= tol and kept:
            break
    _assign(points, centers, modes, labels, distances)
    totals.move(labels)
    sizes = totals.sizes / totals.weight_unit
    return Fit(centers, modes, sizes, totals.measure(centers, modes), max(n_iter, 1))


def order_by_size(fit: Fit) -> Fit:
    """Sort centres by descending size; of equals, the larger numbers come first."""
    order = np.lexsort((*-fit.centers.T[::-1], -fit.sizes))
    return replace(
        fit,
        centers=fit.centers[order],
        modes=np.ascontiguousarray(fit.modes[order]),
        sizes=fit.sizes[order],
    )
