"""K-means whose result no thread, row order or repeated row can change.

Everything works on canonical rows: the distinct rows in sorted order, with the weights
of equal rows added up. Distances are summed column by column, elementwise, so that
a customer's distance to a centre has the same bits alone, in a batch, and on any number
of threads.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml.segmentation._columns import Matrix

# Starts are compared on at most this many distinct customers.
MAX_ROWS_FOR_START = 20_000

# Distances are computed in blocks of about this many numbers, to stay in cache.
BLOCK_SIZE = 65_536

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Fit:
    """Centres of shape (n_clusters, n_features), their inertia, and passes made."""

    centers: Matrix
    inertia: float
    n_iter: int


def find_distinct_rows(X: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Sort the rows and add up the weights of equal ones; a weight of 0 drops a row."""
    used = weights > 0
    X, weights = X[used], weights[used]
    # Weights come last in the order, so that adding them up is reproducible too.
    order = np.lexsort((weights, *X.T[::-1]))
    X, weights = X[order], weights[order]
    is_new = np.r_[True, (X[1:] != X[:-1]).any(axis=1)]
    return X[is_new], np.add.reduceat(weights, np.flatnonzero(is_new))


def find_nearest(X: Matrix, centers: Matrix) -> tuple[Labels, Matrix]:
    """Return each row's nearest centre (the first of equals) and squared distance."""
    labels = np.empty(len(X), dtype=np.int64)
    distances = np.empty(len(X), dtype=np.float64)
    step = max(BLOCK_SIZE // max(len(centers), 1), 1)
    for start in range(0, len(X), step):
        block = slice(start, start + step)
        table = _squared_distances(X[block], centers)
        labels[block] = table.argmin(axis=0)
        distances[block] = table.min(axis=0)
    return labels, distances


def fit_centers(
    X: Matrix,
    weights: Matrix,
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
    X : ndarray of shape (n_samples, n_features)
        Distinct rows in canonical order, each column of about unit variance.
    weights : ndarray of shape (n_samples,)
        Positive weights.
    n_clusters : int
        At most the number of rows.
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
    # Passes run along columns, which should therefore lie in one piece.
    X = np.asfortranarray(X)
    rows, sizes = X, weights
    if len(X) > MAX_ROWS_FOR_START:
        chosen = np.sort(rng.choice(len(X), MAX_ROWS_FOR_START, replace=False))
        rows, sizes = np.asfortranarray(X[chosen]), weights[chosen]
    starts = (_draw_start(rows, sizes, n_clusters, rng) for _ in range(n_init))
    fits = (_descend(rows, sizes, start, max_iter, tol) for start in starts)
    best = min(fits, key=lambda fit: fit.inertia)
    if rows is X:
        return best
    return _descend(X, weights, best.centers, max_iter, tol)


def _squared_distances(X: Matrix, centers: Matrix) -> Matrix:
    """Squared distances of shape (n_centers, n_samples), summed column by column."""
    total = np.zeros((len(centers), len(X)), dtype=np.float64)
    difference = np.empty_like(total)
    for column, center in zip(X.T, centers.T, strict=True):
        np.subtract(column, center[:, np.newaxis], out=difference)
        np.square(difference, out=difference)
        total += difference
    return total


def _draw_start(
    X: Matrix, weights: Matrix, n_clusters: int, rng: np.random.RandomState
) -> Matrix:
    """Greedy k-means++: of a few draws, keep the row that lowers the inertia most."""
    n_trials = 2 + int(np.log(n_clusters))
    chosen = [int(_draw_rows(weights, 1, rng)[0])]
    closest = _squared_distances(X, X[chosen])[0]
    for _ in range(n_clusters - 1):
        trials = _draw_rows(closest * weights, n_trials, rng)
        distances = np.minimum(_squared_distances(X, X[trials]), closest)
        best = int((distances * weights).sum(axis=1).argmin())
        chosen.append(int(trials[best]))
        closest = distances[best]
    return X[chosen]


def _draw_rows(chances: Matrix, n_draws: int, rng: np.random.RandomState) -> Labels:
    cumulative = np.cumsum(chances)
    draws = rng.random_sample(n_draws) * cumulative[-1]
    rows: Labels = np.searchsorted(cumulative, draws, side="right").astype(np.int64)
    return np.minimum(rows, len(chances) - 1)


def _descend(
    X: Matrix, weights: Matrix, centers: Matrix, max_iter: int, tol: float
) -> Fit:
    """Lloyd's passes: rows to the nearest centre, centres to the mean of their rows."""
    labels, distances = find_nearest(X, centers)
    n_iter = 0
    while n_iter < max_iter:
        n_iter += 1
        moved = _compute_means(X, weights, labels, distances, len(centers))
        shift = float(np.square(moved - centers).sum())
        centers = moved
        previous = labels
        labels, distances = find_nearest(X, centers)
        if shift <= tol or np.array_equal(labels, previous):
            break
    return Fit(centers, float((weights * distances).sum()), n_iter)


def _compute_means(
    X: Matrix, weights: Matrix, labels: Labels, distances: Matrix, n_clusters: int
) -> Matrix:
    """Weighted means; a centre without rows moves to the row farthest from its own."""
    sizes = np.bincount(labels, weights=weights, minlength=n_clusters)
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        labels = labels.copy()
        labels[np.argsort(-distances, kind="stable")[: len(empty)]] = empty
        sizes = np.bincount(labels, weights=weights, minlength=n_clusters)
    means = np.empty((n_clusters, X.shape[1]), dtype=np.float64)
    for j, column in enumerate(X.T):
        sums = np.bincount(labels, weights=weights * column, minlength=n_clusters)
        means[:, j] = sums / sizes
    return means
