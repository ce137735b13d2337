"""One flat matrix for models that want numbers only: trees, boosting, nets."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml.models._columns import NUMERIC, TEXT
from crmml.models._encoder import MISSING, Encoded, FrameEncoder

# In place of a code: the column is a number.
NO_CODE = -1

# Sums of many such numbers still fit into single precision.
_LARGEST = 1e30


@dataclass(frozen=True)
class FlatDesign:
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
        matrix = np.zeros((encoded.n_rows, max(len(self.features), 1)), np.float32)
        for j in np.unique(self.features).tolist():
            values = encoded.arrays[j]
            columns = np.nonzero(self.features == j)[0]
            if values.dtype == np.float64:
                self._fill_numbers(matrix, columns, values)
            else:
                self._mark(matrix, columns, values)
        return matrix

    def _fill_numbers(
        self,
        matrix: NDArray[np.float32],
        columns: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> None:
        for k in columns.tolist():
            is_number = self.codes[k] == NO_CODE
            matrix[:, k] = (
                np.clip(values, -_LARGEST, _LARGEST) if is_number else np.isnan(values)
            )

    def _mark(
        self,
        matrix: NDArray[np.float32],
        columns: NDArray[np.int64],
        values: NDArray[np.int64],
    ) -> None:
        """Set one number a row, where it has a column: quicker than column by column.

        Codes count up from 0, so a table says where each goes.
        """
        known = self.codes[columns]
        place = np.full(max(int(known.max()), int(values.max(initial=0))) + 1, -1)
        place[known] = columns
        at = place[values]
        rows = np.nonzero(at >= 0)[0]
        matrix[rows, at[rows]] = 1.0


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
