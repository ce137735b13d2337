"""One flat matrix for models that want numbers only: trees, boosting, nets."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crmml._utils._derived import StoresFields
from crmml.models._columns import NUMERIC, TEXT
from crmml.models._encoder import MISSING, Encoded, FrameEncoder

# In place of a code: the column is a number.
NO_CODE = -1

# Sums of many such numbers still fit into single precision.
_LARGEST = 1e30

# Rows whose columns stay in the processor's cache.
_BLOCK = 4096


@dataclass(frozen=True)
class _Plan:
    """Where columns come from.

    Attributes
    ----------
    numbers : list of (int, int)
        Feature and column of each number.
    flags : list of (int, int)
        Place among the numbers, and column, of each flag of missing values.
    texts : list of int
        Features that are text.
    places : ndarray of shape (n_texts, n_codes)
        The column of each code; one beyond the last for those that have none, as the
        last code of all.
    """

    numbers: list[tuple[int, int]]
    flags: list[tuple[int, int]]
    texts: list[int]
    places: NDArray[np.int64]


@dataclass(frozen=True)
class FlatDesign(StoresFields):
    """Numbers as they are, NaN included, and a 0/1 column per category.

    Attributes
    ----------
    features : ndarray of shape (n_columns,)
        Which feature a column belongs to.
    codes : ndarray of shape (n_columns,)
        Which category a column marks, ``NO_CODE`` for a number; for a number
        ``MISSING`` marks where it is missing.
    """

    features: NDArray[np.int64]
    codes: NDArray[np.int64]

    @classmethod
    def learn(
        cls,
        encoder: FrameEncoder,
        encoded: Encoded,
        *,
        without: Container[int] = (),
        flagged: Container[int] = (),
    ) -> "FlatDesign":
        """Give a column to every number and every category that occurs.

        Features in `without` get none. Numbers in `flagged` get another where they
        are missing, so that a known sign need not hold for missing values.
        """
        features: list[int] = []
        codes: list[int] = []
        for j, kind in enumerate(encoder.kinds_):
            if j in without:
                continue
            if kind in NUMERIC:
                features.append(j)
                codes.append(NO_CODE)
                if j in flagged and encoder.has_missing_[j]:
                    features.append(j)
                    codes.append(MISSING)
            elif kind == TEXT:
                present = np.unique(encoded.arrays[j]).tolist()
                # Of two categories one column tells all.
                marked = present[1:] if len(present) <= 2 else present
                features += [j] * len(marked)
                codes += marked
        return cls(np.array(features, dtype=np.int64), np.array(codes, dtype=np.int64))

    def signs(self, signs: Mapping[int, int]) -> NDArray[np.int64]:
        """Signs of the columns, 0 where a feature's is unknown; at least one."""
        known = [
            signs.get(int(j), 0) if code == NO_CODE else 0
            for j, code in zip(self.features, self.codes, strict=True)
        ]
        return np.array(known or [0], dtype=np.int64)

    def matrix(self, encoded: Encoded) -> NDArray[np.float32]:
        """Return the matrix of shape (n_samples, max(n_columns, 1)).

        Single precision, which is what the tree libraries compare in.
        """
        # A column of zeros stands in when no feature is of use.
        width = max(len(self.features), 1)
        matrix = np.zeros((encoded.n_rows, width), np.float32)
        for start in range(0, encoded.n_rows, _BLOCK):
            rows = slice(start, start + _BLOCK)
            self._mark_texts(matrix[rows], encoded, rows)
            self._fill_numbers(matrix[rows], encoded, rows)
        return matrix

    def _mark_texts(
        self, matrix: NDArray[np.float32], encoded: Encoded, rows: slice
    ) -> None:
        """Set one number a row and text."""
        plan = self._plan
        if not plan.texts:
            return
        codes = np.array([encoded.arrays[j][rows] for j in plan.texts])
        n_texts, n_codes = plan.places.shape
        np.minimum(codes, n_codes - 1, out=codes)
        codes += np.arange(0, n_texts * n_codes, n_codes)[:, None]
        at = plan.places.take(codes)
        # Codes without a column go to one beyond, so that none has to be looked for.
        marked = np.zeros((len(matrix), matrix.shape[1] + 1), np.float32)
        at += np.arange(0, marked.size, marked.shape[1])
        marked.reshape(-1)[at] = 1.0
        matrix[:] = marked[:, :-1]

    def _fill_numbers(
        self, matrix: NDArray[np.float32], encoded: Encoded, rows: slice
    ) -> None:
        plan = self._plan
        if not plan.numbers:
            return
        numbers = np.array([encoded.arrays[j][rows] for j, _ in plan.numbers])
        for at, k in plan.flags:
            matrix[:, k] = np.isnan(numbers[at])
        np.clip(numbers, -_LARGEST, _LARGEST, out=numbers)
        for values, (_, k) in zip(numbers, plan.numbers, strict=True):
            matrix[:, k] = values

    @cached_property
    def _plan(self) -> _Plan:
        columns = list(enumerate(zip(self.features, self.codes, strict=True)))
        numbers = [(int(j), k) for k, (j, code) in columns if code == NO_CODE]
        order = {j: at for at, (j, _) in enumerate(numbers)}
        texts = sorted({int(j) for j in self.features} - set(order))
        n_codes = int(max(self.codes, default=0)) + 2
        places = np.full((len(texts), n_codes), len(self.features), dtype=np.int64)
        flags = []
        for k, (j, code) in columns:
            if j not in order:
                places[texts.index(j), code] = k
            elif code == MISSING:
                flags.append((order[j], k))
        return _Plan(numbers, flags, texts, places)


def sum_by_feature(
    values: NDArray[np.float64], features: NDArray[np.int64], n_features: int
) -> NDArray[np.float64]:
    """Add up columns that belong to the same feature.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns or more)
        One value a column.
    features : ndarray of shape (n_columns,)
        Which feature a column belongs to.
    n_features : int
        Number of features.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        Sums; 0 for a feature without columns.
    """
    sums = np.zeros((len(values), n_features))
    for k, j in enumerate(features):
        sums[:, j] += values[:, k]
    return sums
