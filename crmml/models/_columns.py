"""Reading X: one checked door from frames and arrays to plain columns.

Every model sees the same two kinds of column, whatever carried them: numbers (also
booleans and durations, as days) and text.
"""

import datetime
import decimal
import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._frames import join_texts, select_columns
from crmml.exceptions import SchemaError
from crmml.models._text_column import LONG, TextColumn

NUMBER, BOOLEAN, TEXT, EMPTY = "number", "boolean", "text", "empty"
NUMERIC = (NUMBER, BOOLEAN)
_MICROSECONDS_PER_DAY = 86_400_000_000.0

_DATES = (datetime.date, np.datetime64)
_DURATIONS = (datetime.timedelta, np.timedelta64)
_NUMBERS = (numbers.Real, decimal.Decimal, np.bool_)


class CellTypeError(SchemaError, TypeError):
    """A column holds objects that are neither numbers nor text."""


@dataclass(frozen=True)
class Columns:
    """The columns of X.

    Attributes
    ----------
    kinds : list of str
        ``"number"``, ``"boolean"``, ``"text"`` or ``"empty"`` (all values missing),
        per column.
    arrays : list of (ndarray of shape (n_samples,) or TextColumn)
        float64 with NaN for missing, or object with None for missing; a
        :class:`TextColumn` where there are many rows of text.
    n_rows : int
        Number of rows, also when there are no columns.
    """

    kinds: list[str]
    arrays: list[Any]
    n_rows: int

    def select(self, at: slice | NDArray[np.int64]) -> "Columns":
        """Return some of the rows."""
        rows = np.arange(self.n_rows)[at]
        return Columns(self.kinds, [values[rows] for values in self.arrays], len(rows))


def read_frame(X: Any, names: Sequence[Any]) -> Columns:
    """Read the named columns of a frame, in the order of `names`.

    Parameters
    ----------
    X : dataframe
        A pandas, Polars or pyarrow table that has all of `names`, each once.
    names : sequence
        The columns to read.

    Returns
    -------
    Columns
        The columns as float64 or object arrays.

    Raises
    ------
    SchemaError
        If a column holds dates, mixed types or infinite numbers.
    """
    names = list(names)
    # One call for all plain numbers and one for all plain text: a call per column
    # costs more than the model itself when few customers are scored.
    frame = select_columns(X, names)
    found: dict[int, tuple[str, Any]] = {}
    if isinstance(X, pd.DataFrame):
        selected = frame.to_native()
        numbers_at, text_at = _plain_pandas(selected.dtypes)
        numbers_at, text_at = _read_long(
            numbers_at, text_at, lambda i: selected.iloc[:, i], frame, found
        )
        blocks = [selected.iloc[:, at].to_numpy() for at in (numbers_at, text_at)]
    else:
        numbers_at, text_at = _plain_narwhals(frame.schema.dtypes())
        numbers_at, text_at = _read_long(
            numbers_at, text_at, lambda i: frame.get_column(names[i]), frame, found
        )
        blocks = [_block(frame, [names[i] for i in at]) for at in (numbers_at, text_at)]
    for i, values in zip(numbers_at, blocks[0].T, strict=True):
        found[i] = NUMBER, values.astype(np.float64)
    for i, values in zip(text_at, blocks[1].T, strict=True):
        found[i] = _read_values(values, names[i])
    for i, name in enumerate(names):
        if i not in found:
            found[i] = _read_series(frame.get_column(name), name)
    kinds = [found[i][0] for i in range(len(names))]
    return _finish(kinds, [found[i][1] for i in range(len(names))], names, len(frame))


def read_array(X: NDArray[Any], names: Sequence[Any]) -> Columns:
    """Read a 2-D array; an object array column by column, by what it holds.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Numbers, text, or objects.
    names : sequence
        Names for messages, one a column.

    Returns
    -------
    Columns
        The columns as float64 or object arrays.
    """
    kinds, arrays = [], []
    for j, name in enumerate(names):
        kind, values = _read_values(X[:, j], name)
        kinds.append(kind)
        arrays.append(values)
    return _finish(kinds, arrays, names, len(X))


def _read_long(
    numbers_at: list[int],
    text_at: list[int],
    take: Callable[[int], Any],
    frame: nw.DataFrame[Any],
    found: dict[int, tuple[str, Any]],
) -> tuple[list[int], list[int]]:
    """Read long columns of nothing but numbers or text; return the others.

    One by one, since many rows are quickly read where they lie.
    """
    if len(frame) < LONG:
        return numbers_at, text_at
    for i in numbers_at:
        found[i] = NUMBER, np.asarray(take(i).to_numpy(), dtype=np.float64)
    others = []
    for i in text_at:
        values = take(i)
        if isinstance(values, nw.Series):
            values = values.to_arrow()
        column = TextColumn.read(values)
        if column is None:
            others.append(i)
        else:
            found[i] = TEXT, column
    return [], others


def _plain_pandas(dtypes: Iterable[Any]) -> tuple[list[int], list[int]]:
    """Positions of pandas columns that a plain copy reads: numbers, then text."""
    numeric, text = [], []
    for i, dtype in enumerate(dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
            numeric.append(i)
        elif dtype == np.dtype(object) or isinstance(dtype, pd.StringDtype):
            text.append(i)
    return numeric, text


def _plain_narwhals(dtypes: Iterable[Any]) -> tuple[list[int], list[int]]:
    """Positions of columns that a plain copy reads: numbers, then text."""
    numeric, text = [], []
    for i, dtype in enumerate(dtypes):
        if dtype.is_float() or dtype.is_integer():
            numeric.append(i)
        elif dtype == nw.String:
            text.append(i)
    return numeric, text


def _block(frame: nw.DataFrame[Any], names: list[Any]) -> NDArray[Any]:
    if not names:
        return np.empty((len(frame), 0))
    return frame.select(*names).to_numpy()


def _read_series(series: nw.Series[Any], name: Any) -> tuple[str, Any]:
    """Read one column whose dtype needs more than a plain copy."""
    dtype = series.dtype
    if dtype == nw.Boolean or dtype.is_numeric():
        kind = BOOLEAN if dtype == nw.Boolean else NUMBER
        return kind, series.cast(nw.Float64).to_numpy().astype(np.float64)
    if dtype in (nw.Datetime, nw.Date):
        # Without a value nobody can tell an instant from a duration; pandas does not.
        if series.null_count() == len(series):
            return NUMBER, np.full(len(series), np.nan)
        raise _date_error(name, len(series))
    if dtype in (nw.Categorical, nw.Enum):
        column = TextColumn.read(series.to_arrow()) if len(series) >= LONG else None
        if column is not None:
            return TEXT, column
        values = _none_for_missing(series.to_numpy().astype(object))
        return TEXT, np.array([v if v is None else str(v) for v in values], object)
    return _read_values(series.to_numpy(), name)


def _read_values(values: NDArray[Any], name: Any) -> tuple[str, NDArray[Any]]:
    """Read one column by the types of the values it holds."""
    if values.dtype.kind in "fiub":
        kind = BOOLEAN if values.dtype.kind == "b" else NUMBER
        return kind, values.astype(np.float64)
    if values.dtype.kind == "M":
        if np.isnat(values).all():
            return NUMBER, np.full(len(values), np.nan)
        raise _date_error(name, len(values))
    if values.dtype.kind == "m":
        return NUMBER, np.asarray(to_days(values), dtype=np.float64)
    values = _none_for_missing(values.astype(object))
    # Text is the usual case and batches are long: asked without a loop in Python.
    if pd.api.types.infer_dtype(values) in ("string", "empty"):
        return TEXT, values
    present = [value for value in values if value is not None]
    if all(isinstance(value, _DURATIONS) for value in present):
        days = pd.to_timedelta(pd.Series(values)) / pd.Timedelta(1, "D")
        return NUMBER, days.to_numpy(dtype=np.float64)
    if all(isinstance(value, _NUMBERS) for value in present):
        floats = [np.nan if value is None else float(value) for value in values]
        booleans = all(isinstance(value, (bool, np.bool_)) for value in present)
        return BOOLEAN if booleans else NUMBER, np.array(floats, dtype=np.float64)
    raise _mixed_error(present, name)


def to_days(durations: Any) -> Any:
    """Return durations, one or an array of numpy's, as days; NaN where missing."""
    return durations / np.timedelta64(1, "us") / _MICROSECONDS_PER_DAY


def find_missing(values: Any) -> NDArray[np.bool_]:
    """Tell where a column's values are missing, shape (n_samples,)."""
    if isinstance(values, TextColumn):
        return values.is_missing()
    return np.asarray(pd.isna(values), dtype=np.bool_)


def _none_for_missing(values: NDArray[Any]) -> NDArray[Any]:
    missing = pd.isna(values)
    if missing.any():
        values = values.astype(object)
        values[missing] = None
    return values


def _finish(
    kinds: list[str], arrays: list[Any], names: Sequence[Any], n_rows: int
) -> Columns:
    """Mark empty columns and refuse infinite numbers, all columns in one message."""
    infinite = []
    for i, values in enumerate(arrays):
        if kinds[i] in NUMERIC:
            # All are known numbers, as a rule; asked once where batches are long.
            if n_rows and np.isfinite(values).all():
                continue
            n_infinite = int(np.isinf(values).sum())
            if n_infinite:
                infinite.append(f"{names[i]!r} ({n_infinite} of {n_rows})")
            if np.isnan(values).all():
                kinds[i] = EMPTY
        elif find_missing(values).all():
            kinds[i] = EMPTY
    if infinite:
        raise SchemaError(
            f"X holds infinite (inf) values in {join_texts(infinite)}. "
            "Replace them by a number, or by a missing value if unknown."
        )
    return Columns(kinds=kinds, arrays=arrays, n_rows=n_rows)


def _date_error(name: Any, n_rows: int) -> SchemaError:
    return SchemaError(
        f"Column {name!r} of X holds dates ({n_rows} rows); a model cannot read "
        "instants. Pass durations instead: subtract the date from the cutoff."
    )


def _mixed_error(present: list[Any], name: Any) -> SchemaError:
    if any(isinstance(value, _DATES) for value in present):
        return _date_error(name, len(present))
    types: dict[str, int] = {}
    for value in present:
        types[type(value).__name__] = types.get(type(value).__name__, 0) + 1
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()))
    message = (
        f"Column {name!r} of X mixes types ({found}); each argument must be a string "
        "or a number, and one column all of one kind. Convert the column first."
    )
    plain = all(isinstance(value, (str, *_NUMBERS)) for value in present)
    return SchemaError(message) if plain else CellTypeError(message)
