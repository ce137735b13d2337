"""Tables of numbers and categories: read, encoded, and prepared for k-means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks
from crmml._utils._frames import column_names, is_frame, select_columns
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, find_columns, read_features
from crmml.segmentation._kernels import lay_out
from crmml.segmentation._points import Points, find_largest
from crmml.segmentation._skew_scaler import SkewScaler
from crmml.segmentation._sum_kernels import Codes, Doubles

# Prepared values are rounded, so that cents instead of euro, which differ in the last
# bits after division, give the very same rows.
DECIMALS = 8
# Rows that are prepared at a time, to stay in cache.
BLOCK = 16_384


@dataclass(frozen=True)
class MixedTable:
    """Numbers of shape (n_rows, n_numbers), codes of shape (n_categorical, n_rows)."""

    matrix: Matrix
    codes: Codes
    categories: list[NDArray[np.object_]]


def read_mixed(
    estimator: Any,
    X: Any,
    categorical: Sequence[str] | None,
    categories: list[NDArray[np.object_]] | None = None,
) -> MixedTable:
    """Read numbers and categories of ``fit`` or, with known categories, ``predict``.

    A category that is not known, or missing where nothing was missing, has the code -1.
    """
    reset = categories is None
    names = [] if categorical is None else list(categorical)
    select = None
    if names:
        if not is_frame(X):
            raise SchemaError(
                "categorical names columns, so X must be a frame with these columns, "
                f"got {type(X).__name__}."
            )
        find_columns(X, names)
        if reset:
            select = [name for name in column_names(X) if name not in set(names)]
            if not select:
                raise SchemaError(
                    "k-means needs a column of numbers beside the categories, found "
                    f"{len(names)} categorical columns and no other."
                )
    matrix = read_features(
        estimator, X, reset=reset, select=select, min_samples=2 if reset else 0
    )
    codes = np.empty((len(names), len(matrix)), dtype=np.int32)
    found = []
    for j, name in enumerate(names):
        column = select_columns(X, [name]).get_column(name)
        cells = pd.Series(column.to_numpy()).astype(object)
        known = _learn_categories(cells) if categories is None else categories[j]
        codes[j] = _encode(cells, known)
        found.append(known)
    return MixedTable(matrix, codes, found)


def prepare_points(
    scaler: SkewScaler, table: MixedTable, weights: Doubles | None, penalty: float
) -> Points:
    """Scale the numbers of a table and lay all out for k-means.

    Columns that the scaler leaves out are not among them.
    """
    matrix, used = table.matrix, np.flatnonzero(~scaler.ignored_)
    numbers = np.empty((len(used), len(matrix)), dtype=np.float32)

    def prepare(first: int, last: int) -> None:
        for start in range(first, last, BLOCK):
            scaled = scaler.scale_matrix(matrix[start : min(start + BLOCK, last)])
            lay_out(scaled, used, 10.0**DECIMALS, numbers, start, 0, len(scaled))

    run_in_blocks(prepare, len(matrix))
    weights = np.empty(0) if weights is None else weights
    return Points(
        numbers,
        table.codes,
        weights,
        float(penalty),
        max((len(known) for known in table.categories), default=0),
        find_largest(numbers, weights),
    )


def decode(codes: Codes, categories: list[NDArray[np.object_]]) -> NDArray[np.object_]:
    """Return the categories that codes of shape (n_rows, n_categorical) stand for."""
    result = np.empty(codes.shape, dtype=object)
    for j, known in enumerate(categories):
        result[:, j] = known[codes[:, j]]
    return result


def encode(values: NDArray[np.object_], categories: list[NDArray[np.object_]]) -> Codes:
    """Return the codes of categories, both of shape (n_rows, n_categorical)."""
    result = np.empty(values.shape, dtype=np.int32)
    for j, known in enumerate(categories):
        result[:, j] = _encode(pd.Series(values[:, j], dtype=object), known)
    return result


def _learn_categories(cells: "pd.Series[Any]") -> NDArray[np.object_]:
    """List categories in order of their text; None, if there are missing ones, last."""
    known = sorted(cells.dropna().unique(), key=str)
    has_missing = bool(cells.isna().any())
    result = np.empty(len(known) + has_missing, dtype=object)
    result[: len(known)] = known
    return result


def _encode(cells: "pd.Series[Any]", known: NDArray[np.object_]) -> Codes:
    has_missing = bool(len(known)) and known[-1] is None
    kept = known[: len(known) - has_missing]
    codes: Codes = pd.Index(kept, dtype=object).get_indexer(cells).astype(np.int32)
    if has_missing:
        codes[cells.isna().to_numpy()] = len(known) - 1
    return codes
