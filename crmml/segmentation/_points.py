"""Customers as k-means sees them: prepared numbers, codes of categories, weights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks
from crmml.segmentation._columns import Matrix
from crmml.segmentation._kernels import lay_out
from crmml.segmentation._start_kernels import Hashes, gather_near_ranks, hash_rows
from crmml.segmentation._sum_kernels import Codes, Doubles, Floats, Int64s


@dataclass(frozen=True)
class Points:
    """Rows column by column, for the compiled loops."""

    numbers: Floats
    """Prepared numbers, of shape (n_numbers, n_rows)."""
    codes: Codes
    """Categories as numbers from 0, of shape (n_categorical, n_rows)."""
    weights: Doubles
    """Weights of shape (n_rows,), or nothing where each row counts once."""
    penalty: float = 0.0
    """Squared distance between two categories of one column."""
    n_categories: int = 0
    """The largest number of categories in a column."""
    largest: float = 1.0
    """A bound of all absolute numbers of rows that count."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.numbers.shape[1])

    @property
    def total_weight(self) -> float:
        """The sum of the weights, in an order that rows do not decide."""
        if not self.weights.size:
            return float(len(self))
        return float(np.sort(self.weights).sum())

    @property
    def n_customers(self) -> int:
        """How many rows there would be if those of whole weights were repeated.

        Of other weights, the number of those that are not 0.
        """
        total = self.total_weight
        # Beyond, sums of weights are not exact, and nobody repeats so many rows.
        if total < 2.0**42 and bool((self.weights == np.rint(self.weights)).all()):
            return int(total)
        return int(np.count_nonzero(self.weights))

    def take(self, rows: NDArray[np.int64], weights: Doubles) -> "Points":
        """Return some rows with new weights.

        Parameters
        ----------
        rows : ndarray of shape (n_taken,)
            Positions.
        weights : ndarray of shape (n_taken,)
            Their weights.

        Returns
        -------
        Points
            These rows in this order.
        """
        return Points(
            np.ascontiguousarray(self.numbers[:, rows]),
            np.ascontiguousarray(self.codes[:, rows]),
            weights,
            self.penalty,
            self.n_categories,
            self.largest,
        )

    def embed(self) -> Matrix:
        """Return rows as numbers whose squared distances are those of k-means.

        Returns
        -------
        ndarray of shape (n_rows, n_embedded)
            The prepared numbers, and per category a column that is 0, or half the
            penalty when squared.
        """
        parts = [self.numbers.T.astype(np.float64)]
        for codes in self.codes:
            known = np.arange(codes.max(initial=-1) + 1)
            parts.append((codes[:, None] == known) * np.sqrt(self.penalty / 2))
        return np.concatenate(parts, axis=1)


def find_largest(numbers: Floats, weights: Doubles) -> float:
    """Return the largest absolute number of the rows whose weight is not 0."""
    if weights.size and not weights.all():
        numbers = numbers[:, weights > 0]
    return float(max(numbers.max(initial=1.0), -numbers.min(initial=-1.0)))


def make_points(
    X: Matrix,
    weights: Doubles | None = None,
    codes: Codes | None = None,
    *,
    penalty: float = 0.0,
    n_categories: int = 0,
) -> Points:
    """Lay prepared rows out column by column.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_numbers)
        Prepared numbers.
    weights : ndarray of shape (n_rows,), default=None
        Weights, at least 0.
    codes : ndarray of shape (n_categorical, n_rows), default=None
        Categories as numbers from 0.
    penalty : float, default=0.0
        Squared distance between two categories of one column.
    n_categories : int, default=0
        The largest number of categories in a column.

    Returns
    -------
    Points
        The rows.
    """
    numbers = np.empty(X.shape[::-1], dtype=np.float32)
    run_in_blocks(lay_out, len(X), X, np.arange(X.shape[1]), 0.0, numbers, 0)
    weights = np.empty(0) if weights is None else weights
    return Points(
        numbers,
        np.empty((0, len(X)), dtype=np.int32) if codes is None else codes,
        weights,
        penalty,
        n_categories,
        find_largest(numbers, weights),
    )


def find_distinct(points: Points) -> Points:
    """Return the distinct rows in an order that rows do not decide, weights added up.

    Rows of weight 0 are left out.
    """
    hashes = _hash(points)
    weights = points.weights if points.weights.size else np.ones(len(points))
    used = np.flatnonzero(weights > 0)
    # Weights come last in the order, so that adding them up is reproducible too.
    order = used[np.lexsort((weights[used], hashes[used]))]
    is_new = np.r_[True, np.diff(hashes[order]) > 0][: len(order)]
    starts = np.flatnonzero(is_new)
    sums = np.add.reduceat(weights[order], starts) if len(starts) else np.empty(0)
    return points.take(order[starts], sums)


def count_distinct(points: Points, enough: int) -> int:
    """Count distinct rows of some weight, at least as far as `enough`."""
    first = np.arange(min(len(points), 1_000 + enough))
    weights = points.weights[first] if points.weights.size else np.empty(0)
    found = len(find_distinct(points.take(first, weights)))
    return found if found >= enough else len(find_distinct(points))


def draw_samples(points: Points, sizes: list[int]) -> list[Points]:
    """Draw samples in which every row has its share, whatever the order of the rows.

    Parameters
    ----------
    points : Points
        The rows.
    sizes : list of int
        How many rows to draw for each sample, at most as many as there are.

    Returns
    -------
    list of Points
        Per sample its distinct rows, weighted by how often they were drawn.
    """
    hashes = _hash(points)
    marks = [(np.arange(size) + 0.5) / size for size in sizes]
    if points.weights.size:
        order = np.lexsort((points.weights, hashes))
        cumulative = np.cumsum(points.weights[order])
        places = [
            np.searchsorted(cumulative, mark * cumulative[-1], side="right")
            for mark in marks
        ]
        chosen = [order[np.minimum(place, len(order) - 1)] for place in places]
    else:
        places = [(mark * len(hashes)).astype(np.int64) for mark in marks]
        ranks = np.unique(np.concatenate(places))
        rows = _find_ranks(hashes, ranks)
        chosen = [rows[np.searchsorted(ranks, place)] for place in places]
    return [_count_drawn(points, hashes, rows) for rows in chosen]


def _find_ranks(hashes: Hashes, ranks: Int64s) -> Int64s:
    """Return rows whose hashes have these ranks, which are ascending."""
    # About eight rows in each of so many parts.
    n_bits = min(max(len(hashes).bit_length() - 3, 4), 22)
    rows, places = gather_near_ranks(hashes, ranks, n_bits)
    found: Int64s = rows[np.argsort(hashes[rows])[places]]
    return found


def _count_drawn(points: Points, hashes: Hashes, rows: Int64s) -> Points:
    """Return the distinct ones of drawn rows, weighted by how often they were."""
    _, first, counts = np.unique(hashes[rows], return_index=True, return_counts=True)
    return points.take(rows[first], counts.astype(np.float64))


def _hash(points: Points) -> Hashes:
    hashes = np.empty(len(points), dtype=np.uint64)
    bits = points.numbers.view(np.uint32)
    run_in_blocks(hash_rows, len(points), bits, points.codes, hashes)
    return hashes
