"""The door for numeric tables: names, numbers and missing values, or a refusal."""

import decimal
import numbers
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from crmml._utils._frames import (
    column_names,
    find_repeated,
    is_frame,
    join_texts,
    select_columns,
)
from crmml.exceptions import SchemaError

Matrix = NDArray[np.float64]

_NUMBERS = (numbers.Real, decimal.Decimal, np.bool_)


def read_features(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    select: Sequence[Any] | None = None,
    min_samples: int = 0,
) -> Matrix:
    """Read the table of an estimator's ``fit`` or ``predict``.

    Columns of a frame are found by name, in any order and among others; columns of an
    array by position.

    Parameters
    ----------
    estimator : estimator
        Learns ``n_features_in_`` and ``feature_names_in_`` when `reset` is true.
    X : dataframe or array-like of shape (n_samples, n_features)
        Numbers, booleans and missing values.
    reset : bool
        True in ``fit``, False afterwards.
    select : sequence, default=None
        Names of the columns to read. By default all in ``fit``, and afterwards those
        that were there in ``fit``.
    min_samples : int, default=0
        Fewest rows allowed.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        NaN for missing.

    Raises
    ------
    SchemaError
        If columns are missing or repeated, or hold text, dates or infinite numbers.
    """
    if is_frame(X):
        if select is None and not reset:
            select = getattr(estimator, "feature_names_in_", None)
        X = read_frame(X, select)
    else:
        _refuse_text_cells(X)
    matrix: Matrix = validate_data(
        estimator,
        X,
        reset=reset,
        dtype=np.float64,
        ensure_all_finite=False,
        ensure_min_samples=min_samples,
    )
    _refuse_infinite(matrix, list(X.columns) if is_frame(X) else None)
    return matrix


def read_table(features: Any) -> pd.DataFrame:
    """Read a table that belongs to no estimator, keeping the index of a pandas frame.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        Numbers, booleans and missing values.

    Returns
    -------
    pandas.DataFrame
        Columns of float64, NaN for missing; columns of an array are called
        ``x0``, ``x1`` and so on.

    Raises
    ------
    SchemaError
        If columns are repeated, or hold text, dates or infinite numbers, or if an
        array has not two dimensions.
    """
    if is_frame(features):
        table = read_frame(features)
    else:
        _refuse_text_cells(features)
        array = np.asarray(features, dtype=np.float64)
        if array.ndim != 2:
            raise SchemaError(
                f"features must have rows and columns, found {array.ndim} dimension(s)."
            )
        table = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])
    _refuse_infinite(table.to_numpy(), list(table.columns))
    return table


def read_frame(X: Any, select: Sequence[Any] | None = None) -> pd.DataFrame:
    """Read columns of a frame as float64; infinite numbers are let through."""
    names = find_columns(X, select)
    frame = select_columns(X, names)
    refused: list[str] = []
    columns = {}
    for name in names:
        values, found = _read_column(frame.get_column(name))
        columns[name] = values
        if found:
            refused.append(f"{name!r} ({found} of {len(frame)} rows)")
    if refused:
        raise SchemaError(
            f"Columns must hold numbers, found other values in {join_texts(refused)}. "
            "Drop these columns or turn them into numbers first."
        )
    index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(frame))
    return pd.DataFrame(columns, index=index, columns=pd.Index(names), copy=False)


def find_columns(X: Any, select: Sequence[Any] | None) -> list[Any]:
    """Return the names of the wanted columns of a frame, each of which must be once."""
    present = column_names(X)
    wanted = present if select is None else list(select)
    # Columns that nobody asked for may be called as they like.
    repeated = find_repeated(name for name in present if name in set(wanted))
    if repeated:
        raise SchemaError(
            "Column names must be unique, found more than once: "
            f"{join_texts(list(map(str, repeated)))}. Rename or drop the repetitions."
        )
    missing = [str(name) for name in wanted if name not in set(present)]
    if missing:
        raise SchemaError(
            f"The table lacks {len(missing)} of {len(wanted)} columns: "
            f"{join_texts(missing)}. Names must match exactly; rename the columns "
            "of the table, or name yours where the estimator takes column names."
        )
    return wanted


def _read_column(series: nw.Series[Any]) -> tuple[Matrix, int]:
    """Return a column as numbers, and how many of its cells are none."""
    dtype = series.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        values = series.cast(nw.Float64).to_numpy().astype(np.float64, copy=False)
        return values, 0
    cells = series.to_numpy().astype(object)
    known = ~pd.isna(cells)
    if dtype.is_temporal():
        return np.full(len(cells), np.nan), int(known.sum())
    found = sum(not isinstance(cell, _NUMBERS) for cell in cells[known])
    values = np.full(len(cells), np.nan)
    if not found:
        values[known] = cells[known].astype(np.float64)
    return values, found


def _refuse_text_cells(X: Any) -> None:
    """Refuse text in an array before scikit-learn quotes the cell in its message."""
    if not isinstance(X, (np.ndarray, list, tuple)):
        return
    cells = np.asarray(X)
    if cells.dtype.kind not in "OUS" or cells.ndim != 2:
        return
    if not isinstance(X, np.ndarray):
        cells = np.asarray(X, dtype=object)  # numpy has made text of the numbers.
    counts = [sum(isinstance(cell, (str, bytes)) for cell in row) for row in cells.T]
    refused = [f"{j} ({n} of {len(cells)} rows)" for j, n in enumerate(counts) if n]
    if refused:
        raise SchemaError(
            f"Columns must hold numbers, found text in column {join_texts(refused)}. "
            "Drop these columns or turn them into numbers first."
        )


def _refuse_infinite(matrix: Matrix, names: Sequence[Any] | None) -> None:
    counts = np.isinf(matrix).sum(axis=0)
    if counts.any():
        found = [
            f"{j if names is None else names[j]!r} ({counts[j]} of {len(matrix)} rows)"
            for j in map(int, np.flatnonzero(counts))
        ]
        raise SchemaError(
            f"Numbers must be finite, found infinite values in column "
            f"{join_texts(found)}. "
            "Replace them by a number, or by a missing value if unknown."
        )
