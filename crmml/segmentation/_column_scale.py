"""The scale of one skewed column: caps, logarithm, centre, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmml.segmentation._columns import Matrix

# Values that differ by less than this share of their size differ by rounding only.
RELATIVE_SPREAD = 1e-9

# Of more values, so many are used, evenly spaced by rank, the ends among them.
MAX_VALUES = 500_000


@dataclass(frozen=True)
class ColumnScale:
    """What is learned about one column; a scale of 0 marks a column left out."""

    lower: float
    upper: float
    logged: bool
    unit: float
    center: float
    scale: float


def find_quantile(
    values: Matrix, cumulative: Matrix, share: float, *, from_above: bool = False
) -> float:
    """Quantile that is itself one of the values, which are sorted.

    From below: the smallest value that at least `share` of the weight does not exceed.
    From above: its mirror image. `cumulative` holds the sums of the weights.
    """
    # The tolerance keeps 0.01 x 300 at the third of 300 customers.
    if from_above:
        rest = cumulative[-1] * (1.0 - (1.0 - share) * (1.0 - 1e-12))
        place = np.searchsorted(cumulative, rest, side="right")
    else:
        place = np.searchsorted(cumulative, cumulative[-1] * share * (1.0 - 1e-12))
    return float(values[min(place, len(values) - 1)])


def find_median(values: Matrix, cumulative: Matrix) -> float:
    """Median of sorted values; the mean of the middle two where there are two."""
    low = find_quantile(values, cumulative, 0.5)
    high = find_quantile(values, cumulative, 0.5, from_above=True)
    return low / 2 + high / 2


def learn_column(
    values: Matrix,
    weights: Matrix | None,
    cap_quantiles: tuple[float, float],
    skew_threshold: float,
) -> ColumnScale:
    """Learn caps, logarithm, centre and scale of one column.

    Weights are positive; None counts every value once.
    """
    values, weights = _group_equal_values(values, weights)
    if not len(values):
        return ColumnScale(np.nan, np.nan, False, 1.0, np.nan, 0.0)
    cumulative = np.cumsum(weights)
    lower = find_quantile(values, cumulative, cap_quantiles[0])
    upper = find_quantile(values, cumulative, cap_quantiles[1], from_above=True)
    capped = np.clip(values, lower, upper)
    size = max(abs(lower), abs(upper))
    if upper / 2 - lower / 2 <= size * RELATIVE_SPREAD:
        middle = find_median(capped, cumulative)
        return ColumnScale(lower, upper, False, 1.0, middle, 0.0)
    unit, logged, shaped = size, False, capped / size
    skew = _skewness(shaped, weights)
    if abs(skew) > skew_threshold:
        typical = _typical_size(capped, weights)
        candidate = _signed_log(capped / typical)
        if abs(_skewness(candidate, weights)) < abs(skew):
            unit, logged, shaped = typical, True, candidate
    center = find_median(shaped, cumulative)
    scale = float(np.sqrt(_central_moments(shaped, weights)[0]))
    return ColumnScale(lower, upper, logged, unit, center, scale)


def apply_scales(X: Matrix, scales: Sequence[ColumnScale]) -> Matrix:
    """Cap, shape, centre and scale every column; missing values become 0."""
    result = np.zeros(X.shape, dtype=np.float64)
    for j, s in enumerate(scales):
        if s.scale > 0:
            shaped = np.clip(X[:, j], s.lower, s.upper) / s.unit
            if s.logged:
                shaped = _signed_log(shaped)
            result[:, j] = (shaped - s.center) / s.scale
    result[np.isnan(result)] = 0.0
    return result


def invert_scales(X: Matrix, scales: Sequence[ColumnScale]) -> Matrix:
    """Take prepared values back to the user's units."""
    result = np.empty(X.shape, dtype=np.float64)
    for j, s in enumerate(scales):
        shaped = X[:, j] * s.scale + s.center
        if s.logged:
            shaped = np.sign(shaped) * np.expm1(np.abs(shaped))
        result[:, j] = shaped * s.unit
    return result


def _group_equal_values(
    values: Matrix, weights: Matrix | None
) -> tuple[Matrix, Matrix]:
    """Sort, drop missing values and add up the weights of equal values.

    What is learned is then the same, to the last bit, for any order of the rows, and
    for a row repeated twice as for a row of weight two.
    """
    if weights is None:
        # Missing values come last.
        values = np.sort(values)
        values = values[: np.searchsorted(values, np.nan)]
        if len(values) > MAX_VALUES:
            ranks = np.linspace(0, len(values) - 1, MAX_VALUES).round()
            values = values[ranks.astype(np.int64)]
        starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]][: len(values)])
        return values[starts], np.diff(starts, append=len(values)).astype(np.float64)
    known = ~np.isnan(values)
    order = np.lexsort((weights[known], values[known]))
    values, weights = values[known][order], weights[known][order]
    if not len(values):
        return values, weights
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return values[starts], np.add.reduceat(weights, starts)


def _signed_log(values: Matrix) -> Matrix:
    result: Matrix = np.log1p(np.abs(values))
    return np.copysign(result, values, out=result)


def _typical_size(values: Matrix, weights: Matrix) -> float:
    """Median of the absolute values that are not 0."""
    if values[0] < 0:
        values, weights = _group_equal_values(np.abs(values), weights)
    sizes = values
    kept = sizes > 0
    median = find_median(sizes[kept], np.cumsum(weights[kept]))
    return max(median, float(np.finfo(np.float64).tiny))


def _central_moments(values: Matrix, weights: Matrix) -> tuple[float, float]:
    """Second and third central moment."""
    total = weights.sum()
    distances = values - (weights * values).sum() / total
    terms = weights * distances
    terms *= distances
    second = terms.sum() / total
    terms *= distances
    return float(second), float(terms.sum() / total)


def _skewness(values: Matrix, weights: Matrix) -> float:
    variance, third = _central_moments(values, weights)
    return third / variance**1.5 if variance > 0 else 0.0
