"""What a neural net likes to see: columns around zero and of like spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from crmml._utils._derived import StoresFields
from crmml.models._columns import NUMERIC, TEXT
from crmml.models._encoder import Encoded, FrameEncoder
from crmml.models._rank_scale import RankScale

# Ranks are kept this far from 0 and 1: normal scores stay within 2.6.
_TAIL = 0.005


@dataclass(frozen=True)
class NetInputs(StoresFields):
    """Normal scores of numbers, flags of missing values, a column per category.

    Attributes
    ----------
    scales : dict of int to RankScale
        Ranks of the numeric features.
    flagged : list of int
        Numeric features that had missing values in training.
    codes : list of (int, int)
        Feature and code of the category columns.
    features : ndarray of shape (n_columns,)
        Which feature a column belongs to.
    mean, spread : ndarray of shape (n_columns,)
        What is subtracted and divided by; missing numbers become the mean.
    """

    scales: dict[int, RankScale]
    flagged: list[int]
    codes: list[tuple[int, int]]
    features: NDArray[np.int64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def learn(
        cls, encoder: FrameEncoder, encoded: Encoded, weights: NDArray[np.float64]
    ) -> "NetInputs":
        """Learn scales and spreads from training customers."""
        scales: dict[int, RankScale] = {}
        flagged: list[int] = []
        codes: list[tuple[int, int]] = []
        for j, kind in enumerate(encoder.kinds_):
            values = encoded.arrays[j]
            if kind in NUMERIC:
                known = ~np.isnan(values)
                scales[j] = RankScale.learn(values[known], weights[known])
                if not known.all():
                    flagged.append(j)
            elif kind == TEXT:
                codes += [(j, code) for code in np.unique(values).tolist()]
        features = np.array([*scales, *flagged, *(j for j, _ in codes)], dtype=np.int64)
        blank = cls(
            scales, flagged, codes, features, np.zeros(len(features)), np.ones(1)
        )
        raw = blank._raw(encoded)
        known = ~np.isnan(raw)
        mass = known * weights[:, None]
        mean = np.where(known, raw, 0.0) * mass
        mean = mean.sum(axis=0) / mass.sum(axis=0)
        square = np.where(known, raw - mean, 0.0) ** 2 * mass
        spread = np.sqrt(square.sum(axis=0) / mass.sum(axis=0))
        # A constant column stays zero. Flags and categories keep their scale: a rare
        # category blown up would be learned by heart.
        spread = np.where(spread > 0.0, spread, np.inf)
        spread[len(scales) :] = 1.0
        return cls(scales, flagged, codes, features, mean, spread)

    def signs(self, signs: Mapping[int, int]) -> NDArray[np.int64]:
        """Signs of the columns, 0 where a feature's is unknown; at least one."""
        known = [signs.get(j, 0) for j in self.scales]
        others = len(self.features) - len(known)
        # Whether a number is missing has no known sign.
        return np.array([*known, *[0] * others] or [0], dtype=np.int64)

    def matrix(self, encoded: Encoded) -> NDArray[np.float64]:
        """Return the matrix of shape (n_samples, n_columns), without NaN."""
        matrix = self._raw(encoded)
        matrix -= self.mean
        matrix /= self.spread
        numbers = matrix[:, : len(self.scales)]
        numbers[np.isnan(numbers)] = 0.0
        return matrix

    def _raw(self, encoded: Encoded) -> NDArray[np.float64]:
        raw = np.zeros((encoded.n_rows, len(self.features)))
        for k, (j, scale) in enumerate(self.scales.items()):
            raw[:, k] = scale(encoded.arrays[j])
        ranks = raw[:, : len(self.scales)]
        np.clip(ranks, _TAIL, 1.0 - _TAIL, out=ranks)
        ndtri(ranks, out=ranks)
        for k, j in enumerate(self.flagged, start=len(self.scales)):
            raw[:, k] = np.isnan(encoded.arrays[j])
        k = len(self.scales) + len(self.flagged)
        for j, codes in self._codes_by_feature.items():
            raw[:, k : k + len(codes)] = encoded.arrays[j][:, None] == codes
            k += len(codes)
        return raw

    @cached_property
    def _codes_by_feature(self) -> dict[int, NDArray[np.int64]]:
        features = dict.fromkeys(j for j, _ in self.codes)
        return {
            j: np.array([code for i, code in self.codes if i == j], dtype=np.int64)
            for j in features
        }
