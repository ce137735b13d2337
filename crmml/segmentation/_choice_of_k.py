"""How many segments: separation weighed with stability, in words too."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score, pairwise_distances, silhouette_score

from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix
from crmml.segmentation._lloyd import (
    Labels,
    find_distinct_rows,
    find_nearest,
    fit_centers,
)

# The silhouette of 2,000 customers is within about 0.01 of that of all.
MAX_ROWS = 2_000
N_RESAMPLES = 10
N_CLOUDS = 5
MAX_CLOUD_ROWS = 1_000
# Fewer customers per segment than this, on average, show nothing that would last.
MEAN_SIZE = 10
# Fewer starts and passes are enough for fits whose own segments nobody will see.
MAX_INIT = 3
ROUGH_TOL = 1e-2
# Gains in silhouette over one cloud: below the first, there are no groups at all;
# below the second, groups run into each other.
NO_GAIN = 0.02
WEAK_GAIN = 0.1
NEAR_BEST = 0.95

COLUMNS = (
    "n_clusters",
    "silhouette",
    "reference",
    "stability",
    "score",
    "smallest_share",
    "inertia",
)


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


def check_k_range(k_range: Any) -> tuple[int, int]:
    """Return the smallest and largest number of segments to try."""
    whole = len(k_range) == 2 and all(isinstance(k, Integral) for k in k_range)
    if not whole or not 2 <= k_range[0] <= k_range[1]:
        raise SchemaError(
            "k_range must be two whole numbers, the smallest (at least 2) and the "
            f"largest number of segments, got {k_range!r}."
        )
    return int(k_range[0]), int(k_range[1])


def draw_sample(X: Matrix, weights: Matrix) -> Matrix:
    """Draw rows in proportion to their weight, evenly along the sorted rows.

    A table no larger than the sample is taken as it is, repeated rows repeated.
    """
    cumulative = np.cumsum(weights)
    n_rows = int(np.clip(round(float(cumulative[-1])), len(X), MAX_ROWS))
    marks = (np.arange(n_rows) + 0.5) / n_rows * cumulative[-1]
    chosen = np.searchsorted(cumulative, marks, side="right")
    sample: Matrix = X[np.minimum(chosen, len(X) - 1)]
    return sample


def compute_k_selection(
    X: Matrix,
    weights: Matrix,
    k_range: tuple[int, int],
    settings: Settings,
    seed: int,
) -> pd.DataFrame:
    """Judge every number of segments in a range.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Distinct prepared rows in canonical order.
    weights : ndarray of shape (n_samples,)
        Positive weights.
    k_range : tuple of two int
        Smallest and largest number of segments.
    settings : Settings
        How each k-means is run.
    seed : int
        Seed of all draws.

    Returns
    -------
    pandas.DataFrame
        One row per number of segments that the sample allows: ``n_clusters``,
        ``silhouette``, its ``reference`` in one normal cloud of the same covariance,
        ``stability``, ``score`` = (silhouette - reference) x stability,
        ``smallest_share`` (of customers, in the smallest segment) and ``inertia`` (per
        customer).
    """
    rng = np.random.RandomState(seed)
    sample = draw_sample(X, weights)
    distinct, counts = find_distinct_rows(sample, np.ones(len(sample)))
    most = min(k_range[1], max(k_range[0], len(sample) // MEAN_SIZE), len(distinct))
    k_values = range(k_range[0], most + 1)
    references = _compute_references(sample, k_values, settings, rng)
    halves = _draw_halves(sample, rng)
    distances = pairwise_distances(sample)
    rows = []
    for k, reference in zip(k_values, references, strict=True):
        fit = fit_centers(distinct, counts, k, rng=rng, **vars(settings))
        labels = find_nearest(sample, fit.centers)[0]
        # Rounded, so that the last bits of a sum never decide.
        silhouette = round(_compute_silhouette(distances, labels), 6)
        stability = round(
            _compute_stability(sample, labels, halves, k, settings, rng), 6
        )
        smallest = np.bincount(labels, minlength=k).min() / len(sample)
        score = round((silhouette - reference) * max(stability, 0.0), 6)
        inertia = fit.inertia / len(sample)
        rows.append((k, silhouette, reference, stability, score, smallest, inertia))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def choose_k(selection: pd.DataFrame) -> tuple[int, str]:
    """Return the number of segments to take and the reason in words.

    Of the scores within 5 % of the highest, the largest number of segments wins, since
    the silhouette is known to prefer coarse answers. Where no number stands out from
    one cloud, the most stable does, and without any candidate all customers are alike.
    """
    if selection.empty:
        return 1, "One segment: all customers are alike once the columns are prepared."
    gains = selection["silhouette"] - selection["reference"]
    tried = f"{selection['n_clusters'].min()} to {selection['n_clusters'].max()}"
    if gains.max() < NO_GAIN:
        best = selection.loc[selection["stability"].idxmax()]
        k = int(best["n_clusters"])
        return k, (
            f"{k} segments, out of {tried}: no number of segments stands out from one "
            "cloud of customers, and these come back best when half of the customers "
            f"are drawn (agreement {best['stability']:.2f}). The borders between "
            "segments are conventions."
        )
    near_best = selection["score"] >= selection["score"].max() * NEAR_BEST
    row = near_best[near_best].index[-1]
    best = selection.loc[row]
    k = int(best["n_clusters"])
    separation, in_cloud = best["silhouette"], best["reference"]
    reason = (
        f"{k} segments, out of {tried}: they stand out from one cloud of customers "
        f"(silhouette {separation:.2f} against {in_cloud:.2f}) and come back when half "
        f"of the customers are drawn (agreement {best['stability']:.2f})"
    )
    rest = selection.drop(index=row)
    if len(rest):
        second = rest.loc[rest["score"].idxmax(), "n_clusters"]
        reason += f"; next best is {second:.0f}"
    reason += "."
    if gains[row] < WEAK_GAIN:
        reason += (
            f" A gain of {gains[row]:.2f} is small: segments run into each other, and "
            "their borders are conventions."
        )
    return k, reason


def _draw_halves(
    sample: Matrix, rng: np.random.RandomState
) -> list[tuple[Matrix, Matrix]]:
    """Draw random halves of the sample, as distinct rows with their counts."""
    n_rows = (len(sample) + 1) // 2
    return [
        find_distinct_rows(
            sample[rng.permutation(len(sample))[:n_rows]], np.ones(n_rows)
        )
        for _ in range(N_RESAMPLES)
    ]


def _compute_references(
    sample: Matrix,
    k_values: Sequence[int],
    settings: Settings,
    rng: np.random.RandomState,
) -> list[float]:
    """Mean silhouette that k-means reaches in normal clouds without any groups."""
    rough = settings.roughen()
    covariance = np.atleast_2d(np.cov(sample.T, bias=True))
    # The small addition lets columns without variance, or bound to others, pass.
    factor = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    n_rows = min(len(sample), MAX_CLOUD_ROWS)
    found = np.zeros((N_CLOUDS, len(k_values)), dtype=np.float64)
    for i in range(N_CLOUDS):
        cloud = _draw_cloud(factor, n_rows, rng)
        rows, counts = find_distinct_rows(cloud, np.ones(n_rows))
        distances = pairwise_distances(cloud)
        for j, k in enumerate(k_values):
            fit = fit_centers(rows, counts, k, rng=rng, **vars(rough))
            labels = find_nearest(cloud, fit.centers)[0]
            found[i, j] = _compute_silhouette(distances, labels)
    return [round(float(value), 6) for value in found.mean(axis=0)]


def _draw_cloud(factor: Any, n_rows: int, rng: np.random.RandomState) -> Matrix:
    """Draw normal rows whose covariance is factor x factor transposed."""
    cloud: Any = rng.standard_normal((n_rows, len(factor))) @ factor.T
    return np.asarray(np.round(cloud, 8), dtype=np.float64)


def _compute_silhouette(distances: Matrix, labels: Labels) -> float:
    """Mean silhouette; 0 where it is not defined (one segment, or one row in each)."""
    if not 2 <= len(np.unique(labels)) < len(labels):
        return 0.0
    return float(silhouette_score(distances, labels, metric="precomputed"))


def _compute_stability(
    sample: Matrix,
    labels: Labels,
    halves: Sequence[tuple[Matrix, Matrix]],
    k: int,
    settings: Settings,
    rng: np.random.RandomState,
) -> float:
    """Mean agreement (adjusted Rand) with the segments that half the rows give."""
    rough = settings.roughen()
    scores = []
    for rows, counts in halves:
        if len(rows) < k:
            scores.append(0.0)
            continue
        fit = fit_centers(rows, counts, k, rng=rng, **vars(rough))
        scores.append(adjusted_rand_score(labels, find_nearest(sample, fit.centers)[0]))
    return float(np.mean(scores))
