"""Ranks of numbers among the training customers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml.models._encoder import weighted_quantiles

_N_LANDMARKS = 101


@dataclass(frozen=True)
class RankScale:
    """Maps a number to its rank between 0 and 1, straight between landmarks.

    Attributes
    ----------
    values, ranks : ndarray of shape (n_landmarks,)
        The landmarks, both strictly increasing; ranks run from 0 to 1.
    """

    values: NDArray[np.float64]
    ranks: NDArray[np.float64]

    @classmethod
    def learn(
        cls, numbers: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> "RankScale":
        """Learn from numbers without NaN."""
        distinct, at = np.unique(numbers, return_inverse=True)
        if len(distinct) == 1:
            return cls(values=distinct, ranks=np.array([0.5]))
        mass = np.bincount(at, weights=weights)
        # Ties share the middle of their ranks.
        ranks = np.cumsum(mass) - mass / 2.0
        ranks = (ranks - ranks[0]) / (ranks[-1] - ranks[0])
        marks = weighted_quantiles(numbers, weights, np.linspace(0, 1, _N_LANDMARKS))
        kept = np.isin(distinct, np.append(marks, [distinct[0], distinct[-1]]))
        return cls(values=distinct[kept], ranks=ranks[kept])

    def __call__(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give ranks; beyond the landmarks 0 and 1, NaN stays NaN."""
        ranks = np.interp(numbers, self.values, self.ranks)
        # Between landmarks as close as numbers get, interpolation overflows.
        return np.clip(ranks, 0.0, 1.0)
