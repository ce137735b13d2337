"""The scale of one skewed column: caps, logarithm, centre, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmml._utils._blocks import run_in_blocks
from crmml.segmentation._columns import Matrix
from crmml.segmentation._scale_kernels import learn_scale, scale_rows

# Of more values, so many are used, evenly spaced by rank, the ends among them.
MAX_VALUES = 50_000
# Rows that are scaled at a time, to stay in cache.
BLOCK = 16_384


@dataclass(frozen=True)
class ColumnScale:
    """What is learned about one column; a scale of 0 marks a column left out."""

    lower: float
    upper: float
    logged: bool
    unit: float
    center: float
    scale: float


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
    return ColumnScale(*learn_scale(values, weights, *cap_quantiles, skew_threshold))


def apply_scales(X: Matrix, scales: Sequence[ColumnScale]) -> Matrix:
    """Cap, shape, centre and scale every column; missing values become 0."""
    result = np.empty(X.shape, dtype=np.float64)
    columns = zip(*(vars(scale).values() for scale in scales), strict=True)
    arguments = [np.array(column) for column in columns]

    def apply(first: int, last: int) -> None:
        for start in range(first, last, BLOCK):
            rows = slice(start, min(start + BLOCK, last))
            block = np.array(X[rows], dtype=np.float64, order="C")
            scale_rows(block, *arguments)
            result[rows] = block

    run_in_blocks(apply, len(X))
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
