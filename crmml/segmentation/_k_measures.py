"""How well a number of segments fits: separation, compactness, stability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from crmml.segmentation._columns import Matrix
from crmml.segmentation._lloyd import Fit, Labels, find_nearest, fit_centers
from crmml.segmentation._points import Points, find_distinct, make_points
from crmml.segmentation._sum_kernels import Floats

# Fewer starts and passes are enough for fits whose own segments nobody will see.
MAX_INIT = 3
ROUGH_TOL = 1e-2
N_RESAMPLES = 10
N_CLOUDS = 5
MAX_CLOUD_ROWS = 1_000


@dataclass(frozen=True)
class Settings:
    """How each k-means is run."""

    n_init: int
    max_iter: int
    tol: float

    def roughen(self) -> "Settings":
        """Return settings for fits of which only a mean is wanted."""
        return Settings(
            min(self.n_init, MAX_INIT), self.max_iter, max(self.tol, ROUGH_TOL)
        )


@dataclass(frozen=True)
class Clouds:
    """What k-means finds where there are no groups, per number of segments."""

    silhouette: Matrix
    log_inertia: Matrix
    """Means over clouds of the logarithm of the inertia per row."""
    log_spread: Matrix
    """The standard error of a single logarithm in these means, after Tibshirani."""


def compute_silhouette(rows: Points, labels: Labels) -> float:
    """Mean silhouette of distinct rows with counts; 0 where it is not defined."""
    labels = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(labels, weights=rows.weights)
    n_clusters = len(sizes)
    if n_clusters < 2 or sizes.max() <= 1:
        return 0.0
    order = np.argsort(labels, kind="stable")
    embedded = np.ascontiguousarray(rows.embed()[order].T, dtype=np.float32)
    starts = np.searchsorted(labels[order], np.arange(n_clusters + 1))
    return float(_silhouette(embedded, rows.weights[order], starts, sizes))


@njit(cache=True, nogil=True)
def _silhouette(
    rows: Floats,
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> float:
    """Rows lie column by column, segment after segment; no segment is empty."""
    n_rows, n_clusters = rows.shape[1], sizes.size
    distance = np.empty(n_rows, np.float32)
    total = 0.0
    for own in range(n_clusters):
        if sizes[own] <= 1:
            continue
        for i in range(starts[own], starts[own + 1]):
            distance[:] = 0.0
            for j in range(len(rows)):
                column, value = rows[j], rows[j, i]
                for m in range(n_rows):
                    difference = column[m] - value
                    distance[m] += difference * difference
            inside, outside = 0.0, np.inf
            for k in range(n_clusters):
                far = 0.0
                for m in range(starts[k], starts[k + 1]):
                    far += weights[m] * np.sqrt(distance[m])
                if k == own:
                    inside = far / (sizes[k] - 1.0)
                else:
                    outside = min(outside, far / sizes[k])
            # All distances are 0 only where equal rows lie in several segments.
            total += weights[i] * (outside - inside) / max(inside, outside, 1e-300)
    return float(total / weights.sum())


def compute_simplified_silhouette(rows: Points, fit: Fit) -> float:
    """Mean silhouette with centres in place of all rows, which takes linear time."""
    if len(fit.centers) < 2:
        return 0.0
    centers = make_points(
        fit.centers,
        codes=np.ascontiguousarray(fit.modes.T),
        penalty=rows.penalty,
    )
    # Categories that no centre has must have their columns too.
    both = Points(
        np.concatenate([rows.numbers, centers.numbers], axis=1),
        np.concatenate([rows.codes, centers.codes], axis=1),
        rows.weights,
        rows.penalty,
        rows.n_categories,
    ).embed()
    table = np.sqrt(np.square(both[: len(rows), None] - both[len(rows) :]).sum(axis=2))
    near, next_near = np.sort(table, axis=1)[:, :2].T
    gains = (next_near - near) / np.where(next_near > 0, next_near, 1.0)
    return float(np.average(gains, weights=rows.weights))


def compute_calinski_harabasz(fit: Fit, inertia_of_one: float, n_rows: float) -> float:
    """Variance between segments over that within, each by its degrees of freedom."""
    n_clusters = len(fit.centers)
    if n_clusters < 2 or n_rows <= n_clusters:
        return 0.0
    within = fit.inertia / (n_rows - n_clusters)
    between = (inertia_of_one - fit.inertia) / (n_clusters - 1)
    return between / within if within > 0 else np.inf


def draw_halves(rows: Points, rng: np.random.RandomState) -> list[Points]:
    """Draw random halves of distinct rows with counts."""
    each = np.repeat(np.arange(len(rows)), rows.weights.astype(np.int64))
    halves = []
    for _ in range(N_RESAMPLES):
        drawn = each[rng.permutation(len(each))[: (len(each) + 1) // 2]]
        counts = np.bincount(drawn, minlength=len(rows)).astype(np.float64)
        taken = np.flatnonzero(counts)
        halves.append(rows.take(taken, counts[taken]))
    return halves


def compute_stability(
    rows: Points,
    labels: Labels,
    halves: Sequence[Points],
    k: int,
    settings: Settings,
    rng: np.random.RandomState,
) -> float:
    """Mean agreement (adjusted Rand) with the segments that half the rows give."""
    each = rows.weights.astype(np.int64)
    expected = np.repeat(labels, each)
    scores = []
    for half in halves:
        if len(half) < k:
            scores.append(0.0)
            continue
        fit = fit_centers(half, k, rng=rng, **vars(settings.roughen()))
        found = find_nearest(rows, fit.centers, fit.modes)[0]
        scores.append(adjusted_rand_score(expected, np.repeat(found, each)))
    return float(np.mean(scores))


def measure_clouds(
    rows: Points,
    k_values: Sequence[int],
    settings: Settings,
    rng: np.random.RandomState,
) -> Clouds:
    """Run k-means on normal clouds with the covariance of the rows."""
    embedded = rows.embed()
    covariance = np.atleast_2d(np.cov(embedded.T, bias=True, aweights=rows.weights))
    # The small addition lets columns without variance, or bound to others, pass.
    lifted = covariance + 1e-9 * np.eye(len(covariance))
    factor = np.asarray(np.linalg.cholesky(lifted), dtype=np.float64)
    n_rows = int(min(rows.weights.sum(), MAX_CLOUD_ROWS))
    silhouettes = np.zeros((N_CLOUDS, len(k_values)), dtype=np.float64)
    logs = np.zeros_like(silhouettes)
    for i in range(N_CLOUDS):
        cloud = find_distinct(make_points(draw_cloud(factor, n_rows, rng)))
        for j, k in enumerate(k_values):
            fit = fit_centers(cloud, k, rng=rng, **vars(settings.roughen()))
            labels = find_nearest(cloud, fit.centers)[0]
            silhouettes[i, j] = compute_silhouette(cloud, labels)
            logs[i, j] = np.log(max(fit.inertia / n_rows, np.finfo(np.float64).tiny))
    return Clouds(
        silhouettes.mean(axis=0),
        logs.mean(axis=0),
        logs.std(axis=0) * np.sqrt(1 + 1 / N_CLOUDS),
    )


def draw_cloud(factor: Matrix, n_rows: int, rng: np.random.RandomState) -> Matrix:
    """Draw normal rows whose covariance is factor x factor transposed."""
    cloud: Matrix = rng.standard_normal((n_rows, len(factor))) @ factor.T
    return cloud
