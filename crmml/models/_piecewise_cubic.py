"""A spline over ranks as a function of the numbers themselves, quick to evaluate."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, PPoly

from crmml.models._rank_scale import RankScale

_LARGEST_RATE = 1e300


@dataclass(frozen=True)
class PiecewiseCubic:
    """A cubic between every two breaks, a constant before the first and after the last.

    A rank is straight between landmarks, so a cubic of the rank is one of the number.

    Attributes
    ----------
    breaks : ndarray of shape (n_breaks,)
        Landmarks and knots, increasing.
    starts, rates : ndarray of shape (n_breaks + 1,)
        Where each piece starts, and ranks per unit of the number there.
    cubic, square, slope, level : ndarray of shape (n_breaks + 1,)
        Coefficients in ranks from the start of the piece.
    """

    breaks: NDArray[np.float64]
    starts: NDArray[np.float64]
    rates: NDArray[np.float64]
    cubic: NDArray[np.float64]
    square: NDArray[np.float64]
    slope: NDArray[np.float64]
    level: NDArray[np.float64]

    @classmethod
    def over(cls, scale: RankScale, spline: BSpline) -> "PiecewiseCubic":
        """Compose a cubic spline on ranks with the scale that gives the ranks."""
        inner = slice(spline.k, len(spline.t) - spline.k)
        knots = np.interp(spline.t[inner], scale.ranks, scale.values)
        breaks = np.unique(np.append(scale.values, knots))
        ranks = scale(breaks)
        # Middles of pieces tell which cubic of the spline holds there.
        pieces = PPoly.from_spline(spline)
        places = pieces.x[spline.k : len(pieces.x) - spline.k]
        at = np.searchsorted(places, (ranks[1:] + ranks[:-1]) / 2.0, side="right") - 1
        cubic, square, slope = pieces.c[:3, spline.k + at]
        past = ranks[:-1] - places[at]
        ends = spline(ranks[[0, -1]])
        with np.errstate(over="ignore"):
            # Neighbours may be as close as numbers get.
            rates = np.minimum(np.diff(ranks) / np.diff(breaks), _LARGEST_RATE)
        return cls(
            breaks=breaks,
            starts=np.append(breaks[0], breaks),
            rates=_between(0.0, rates, 0.0),
            cubic=_between(0.0, cubic, 0.0),
            square=_between(0.0, 3.0 * cubic * past + square, 0.0),
            slope=_between(
                0.0, (3.0 * cubic * past + 2.0 * square) * past + slope, 0.0
            ),
            level=_between(ends[0], spline(ranks[:-1]), ends[1]),
        )

    def __call__(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate, shape (n_samples,); NaN stays NaN."""
        at = self.breaks.searchsorted(numbers, side="right")
        # In place: long batches would spend their time on making room.
        past = np.minimum(np.maximum(numbers, self.breaks[0]), self.breaks[-1])
        past -= self.starts.take(at)
        past *= self.rates.take(at)
        found = self.cubic.take(at)
        for coefficients in (self.square, self.slope, self.level):
            found *= past
            found += coefficients.take(at)
        return found

    def lower(self, offset: float) -> "PiecewiseCubic":
        """Subtract a constant."""
        return replace(self, level=self.level - offset)


def _between(
    first: float, inner: NDArray[np.float64], last: float
) -> NDArray[np.float64]:
    return np.concatenate([[first], inner, [last]])
