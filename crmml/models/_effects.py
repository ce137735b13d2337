"""How one feature moves the log-odds: a curve, a straight line or a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from crmml.models._encoder import weighted_quantiles
from crmml.models._piecewise_cubic import PiecewiseCubic
from crmml.models._rank_scale import RankScale

N_KNOTS = 8
DEGREE = 3
# How freely a feature may move the log-odds before data speak, in units of the
# straight line's: bends cost what their curvature costs, relative to these.
LINE_SCALE = 0.55
BEND_SCALE = 33.0
_GRID = 1001


@dataclass
class CurveTerm:
    """A smooth curve over the ranks of a number, and a step where it is missing.

    The design has one column for the straight line, one for each bend (directions of
    a cubic spline, scaled by their curvature, so that ridge is a penalty on the
    squared second derivative) and one for missing values if there were any.
    """

    scale: RankScale
    knots: NDArray[np.float64]
    basis: NDArray[np.float64]
    has_missing: bool
    curve: PiecewiseCubic | None = None
    step: float = 0.0

    @classmethod
    def learn(
        cls, numbers: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> "CurveTerm":
        """Place knots at quantiles and find the directions of bending."""
        known = ~np.isnan(numbers)
        scale = RankScale.learn(numbers[known], weights[known])
        ranks = scale(numbers[known])
        inner = weighted_quantiles(
            ranks, weights[known], np.linspace(0, 1, N_KNOTS + 2)[1:-1]
        )
        places = np.unique(np.concatenate([[0.0], inner, [1.0]]))
        knots = np.concatenate([[0.0] * DEGREE, places, [1.0] * DEGREE])
        basis = _line(knots, ranks, weights[known])[:, None]
        if len(scale.values) > 2:
            bends = _bends(knots)
            shift = np.average(
                _design(knots, ranks) @ bends, axis=0, weights=weights[known]
            )
            # B-splines add up to one, so this shift makes each column average zero.
            basis = np.hstack([basis, (bends - shift) * BEND_SCALE])
        return cls(scale, knots, basis, has_missing=not known.all())

    def design(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns for the training data, shape (n_samples, n_columns)."""
        missing = np.isnan(numbers)
        columns = _design(self.knots, self.scale(np.where(missing, 0.0, numbers)))
        columns = columns @ self.basis
        columns[missing] = 0.0
        if self.has_missing:
            columns = np.column_stack([columns, missing * 1.0])
        return columns

    @property
    def n_columns(self) -> int:
        """Number of columns of the design."""
        return int(self.basis.shape[1]) + self.has_missing

    def rising(self) -> NDArray[np.float64]:
        """Directions of coefficients whose sums with weights of 0 and more never fall.

        Shape (n_columns, n_columns) without the column of missing values. A spline
        never falls if its coefficients never fall, so each direction lets one of
        their differences grow.
        """
        if self.basis.shape[1] == 1:
            # Nothing but a line, which rises; or stays zero for a constant.
            return np.eye(1)
        return np.asarray(np.linalg.inv(np.diff(self.basis, axis=0)), np.float64)

    def accept(self, coef: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the fitted coefficients of the columns; return them as reported."""
        self.step = float(coef[-1]) if self.has_missing else 0.0
        splines = self.basis @ (coef[:-1] if self.has_missing else coef)
        self.curve = PiecewiseCubic.over(
            self.scale, BSpline(self.knots, splines, DEGREE)
        )
        return coef

    def shift(self, offset: float) -> None:
        """Subtract a constant from the effect."""
        if self.curve is not None:
            self.curve = self.curve.lower(offset)
        self.step -= offset

    def effect(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of each number, shape (n_samples,)."""
        if self.curve is None:
            return np.zeros(len(numbers))
        effects = self.curve(numbers)
        effects[np.isnan(numbers)] = self.step
        return effects

    def labels(self, name: Any) -> list[str]:
        """Names of the design's columns."""
        bends = [f"{name} bend {k}" for k in range(1, self.basis.shape[1])]
        missing = [f"{name} missing"] if self.has_missing else []
        return [f"{name} line", *bends, *missing]


@dataclass
class LineTerm:
    """A straight line, and a step where the number is missing."""

    mean: float
    spread: float
    has_missing: bool
    slope: float = 0.0
    constant: float = 0.0
    step: float = 0.0

    @classmethod
    def learn(
        cls, numbers: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> "LineTerm":
        """Learn mean and standard deviation; missing values take no part."""
        known = ~np.isnan(numbers)
        values, mass = numbers[known], weights[known]
        # In units of the largest, so that no square overflows.
        unit = float(np.abs(values).max()) or 1.0
        mean = float(np.average(values / unit, weights=mass))
        spread = float(np.sqrt(np.average((values / unit - mean) ** 2, weights=mass)))
        # A spread within rounding of the largest number is no spread.
        spread = spread * unit if spread > 1e-12 else np.inf
        mean *= unit
        return cls(mean, spread, has_missing=not known.all())

    def design(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns for the training data, shape (n_samples, n_columns)."""
        missing = np.isnan(numbers)
        line = np.where(missing, 0.0, (numbers - self.mean) / self.spread)
        return np.column_stack([line, missing * 1.0] if self.has_missing else [line])

    @property
    def n_columns(self) -> int:
        """Number of columns of the design."""
        return 1 + self.has_missing

    def rising(self) -> NDArray[np.float64]:
        """Directions of coefficients that never fall, as of a curve."""
        return np.eye(1)

    def accept(self, coef: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the fitted coefficients of the columns; return them as reported."""
        self.slope = float(coef[0]) / self.spread
        self.step = float(coef[1]) if self.has_missing else 0.0
        return np.append(self.slope, coef[1:])

    def shift(self, offset: float) -> None:
        """Subtract a constant from the effect."""
        self.constant -= offset
        self.step -= offset

    def effect(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of each number, shape (n_samples,)."""
        line = self.slope * (numbers - self.mean) + self.constant
        return np.where(np.isnan(numbers), self.step, line)

    def labels(self, name: Any) -> list[str]:
        """Names of the design's columns."""
        return [f"{name}", f"{name} missing"][: 2 if self.has_missing else 1]


@dataclass
class CategoryTerm:
    """One log-odds for every category; codes not seen in training get none."""

    present: NDArray[np.int64]
    table: NDArray[np.float64]
    scale: float
    names: list[str]

    @classmethod
    def learn(
        cls, codes: NDArray[np.int64], categories: list[str], scale: float
    ) -> "CategoryTerm":
        """Give a column to every code that occurs."""
        names = ["(missing)", "(other)", *categories]
        return cls(np.unique(codes), np.zeros(len(names)), scale, names)

    def design(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Columns for the training data, shape (n_samples, n_columns)."""
        columns: NDArray[np.float64] = (codes[:, None] == self.present) * self.scale
        return columns

    @property
    def n_columns(self) -> int:
        """Number of columns of the design."""
        return len(self.present)

    def accept(self, coef: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the fitted coefficients of the columns; return them as reported."""
        self.table = np.zeros(len(self.names))
        self.table[self.present] = coef * self.scale
        return coef * self.scale

    def shift(self, offset: float) -> None:
        """Subtract a constant from the effect."""
        self.table = self.table - offset

    def effect(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Log-odds of each code, shape (n_samples,)."""
        effects: NDArray[np.float64] = self.table[codes]
        return effects

    def labels(self, name: Any) -> list[str]:
        """Names of the design's columns."""
        return [f"{name}={self.names[code]}" for code in self.present]


def _design(
    knots: NDArray[np.float64], ranks: NDArray[np.float64]
) -> NDArray[np.float64]:
    dense: NDArray[np.float64] = BSpline.design_matrix(ranks, knots, DEGREE).toarray()
    return dense


def _line(
    knots: NDArray[np.float64],
    ranks: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Spline coefficients of the standardised straight line (Greville's points)."""
    n_splines = len(knots) - DEGREE - 1
    greville = np.array(
        [knots[i + 1 : i + 1 + DEGREE].mean() for i in range(n_splines)]
    )
    mean = np.average(ranks, weights=weights)
    spread = np.sqrt(np.average((ranks - mean) ** 2, weights=weights))
    if spread == 0.0:
        return np.zeros(n_splines)
    line: NDArray[np.float64] = LINE_SCALE * (greville - mean) / spread
    return line


def _bends(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions of a spline with unit integrated squared second derivative."""
    n_splines = len(knots) - DEGREE - 1
    grid = (np.arange(_GRID) + 0.5) / _GRID
    second = BSpline(knots, np.eye(n_splines), DEGREE).derivative(2)(grid)
    size, directions = np.linalg.eigh(second.T @ second / _GRID)
    # Two directions bend nothing: the constant and the straight line.
    bends: NDArray[np.float64] = directions[:, 2:] / np.sqrt(size[2:])
    return bends
