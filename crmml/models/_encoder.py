"""What every churn model learns about its columns before it learns about churn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._frames import join_texts
from crmml.exceptions import SchemaError
from crmml.models._columns import EMPTY, NUMERIC, TEXT, Columns, find_missing
from crmml.models._text_column import TextColumn

# Codes of a text column: what is missing, what is rare or was never seen, and from
# FIRST_CATEGORY on the categories that were learned.
MISSING, OTHER, FIRST_CATEGORY = 0, 1, 2

# A category stands for itself when this many customers have it, or one in a hundred
# in small data; and never a lone customer.
CATEGORY_SIZE = 20.0
CATEGORY_SHARE = 0.01
SMALLEST_CATEGORY = 2.0
MOST_CATEGORIES = 100


class CategoryCodes(dict[Any, int]):
    """Codes of the learned categories; anything else is "other"."""

    def __missing__(self, key: Any) -> int:
        """Give the code of a value that is missing or was not learned."""
        return MISSING if key is None else OTHER


@dataclass(frozen=True)
class Encoded:
    """X in numbers.

    Attributes
    ----------
    arrays : list of ndarray of shape (n_samples,)
        Per feature: float64 with NaN for missing (kind number), int64 codes (kind
        text), or nothing of use (kind empty).
    n_rows : int
        Number of rows.
    """

    arrays: list[NDArray[Any]]
    n_rows: int

    def take(self, rows: NDArray[Any]) -> "Encoded":
        """Keep some rows, by position or by a mask."""
        arrays = [values[rows] for values in self.arrays]
        n_rows = rows.sum() if rows.dtype == np.bool_ else len(rows)
        return Encoded(arrays=arrays, n_rows=int(n_rows))


class FrameEncoder:
    """Learns kinds and categories in training and maps later batches onto them.

    Attributes
    ----------
    names_ : list
        Names of the features.
    kinds_ : list of str
        ``"number"``, ``"boolean"``, ``"text"`` or ``"empty"`` per feature.
    categories_ : list of (list of str)
        Categories that stand for themselves, sorted; empty for numbers. Category k
        has code ``k + 2``; code 0 is missing, code 1 is every other value.
    has_missing_ : list of bool
        Whether training values were missing, per feature.
    typical_ : list
        The weighted median of a number, the most frequent category of a text, None
        for an empty feature.
    """

    names_: list[Any]
    kinds_: list[str]
    categories_: list[list[str]]
    has_missing_: list[bool]
    typical_: list[Any]

    def fit(
        self,
        columns: Columns,
        names: Sequence[Any],
        weights: NDArray[np.float64],
    ) -> "FrameEncoder":
        """Learn from training columns; all weights are positive."""
        self.names_ = list(names)
        self.kinds_ = list(columns.kinds)
        self.categories_ = []
        self.has_missing_ = [bool(find_missing(v).any()) for v in columns.arrays]
        self.typical_ = []
        for kind, values in zip(columns.kinds, columns.arrays, strict=True):
            categories: list[str] = []
            typical: Any = None
            if kind in NUMERIC:
                typical = _weighted_median(values, weights)
            elif kind == TEXT:
                categories, typical = _learn_categories(values, weights)
            self.categories_.append(categories)
            self.typical_.append(typical)
        self._codes = [
            CategoryCodes({c: i + FIRST_CATEGORY for i, c in enumerate(categories)})
            for categories in self.categories_
        ]
        return self

    def encode(self, columns: Columns) -> Encoded:
        """Map a batch; a batch of no rows is fine.

        Raises
        ------
        SchemaError
            If a column holds text where numbers were learned, or the reverse.
        """
        self._check_kinds(columns)
        arrays: list[NDArray[Any]] = []
        for j, (kind, values) in enumerate(
            zip(self.kinds_, columns.arrays, strict=True)
        ):
            if kind in NUMERIC:
                arrays.append(_as_number(columns.kinds[j], values))
            elif kind == TEXT:
                arrays.append(_as_codes(columns.kinds[j], values, self._codes[j]))
            else:
                arrays.append(np.zeros(columns.n_rows))
        return Encoded(arrays=arrays, n_rows=columns.n_rows)

    def _check_kinds(self, columns: Columns) -> None:
        wrong = [
            f"{name!r} (learned as {learned}, now {found})"
            for name, learned, found in zip(
                self.names_, self.kinds_, columns.kinds, strict=True
            )
            if EMPTY not in (learned, found)
            and (learned in NUMERIC) != (found in NUMERIC)
        ]
        if wrong:
            raise SchemaError(
                f"Columns of X changed their type since fit: {join_texts(wrong)}. "
                "Convert them to the type they had in training."
            )


def _as_number(kind: str, values: NDArray[Any]) -> NDArray[np.float64]:
    if kind == EMPTY:
        return np.full(len(values), np.nan)
    return values


def _as_codes(kind: str, values: Any, codes: CategoryCodes) -> NDArray[np.int64]:
    if kind == EMPTY:
        return np.full(len(values), MISSING, dtype=np.int64)
    if isinstance(values, TextColumn):
        at = values.positions(list(codes))
        coded: NDArray[np.int64] = np.where(at < 0, OTHER, at + FIRST_CATEGORY)
        coded[values.is_missing()] = MISSING
        return coded
    return np.fromiter(map(codes.__getitem__, values), np.int64, len(values))


def weighted_quantiles(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    probabilities: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Quantiles of the inverted distribution function, NaN left out.

    A weight of two gives what a repeated row gives, which interpolating definitions
    do not.
    """
    known = ~np.isnan(values)
    result: NDArray[np.float64] = np.quantile(
        values[known], probabilities, weights=weights[known], method="inverted_cdf"
    )
    return result


def _weighted_median(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    return float(weighted_quantiles(values, weights, np.array([0.5]))[0])


def _learn_categories(
    values: Any, weights: NDArray[np.float64]
) -> tuple[list[str], str]:
    """Return the categories that stand for themselves and the most frequent one."""
    sizes: dict[str, float] = {}
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        if value is not None:
            sizes[value] = sizes.get(value, 0.0) + weight
    total = float(weights.sum())
    least = max(SMALLEST_CATEGORY, min(CATEGORY_SIZE, CATEGORY_SHARE * total))
    # Ties go by name, so that the order of rows decides nothing.
    ranked = sorted(sizes, key=lambda category: (-sizes[category], category))
    kept = [
        category for category in ranked[:MOST_CATEGORIES] if sizes[category] >= least
    ]
    return sorted(kept), ranked[0]
