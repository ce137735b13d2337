"""Columns of a frame as plain arrays, for tables that look at one at a time."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._frames import column_names, find_repeated, is_frame
from crmml.exceptions import SchemaError

Floats = NDArray[np.float64]


def open_frame(X: Any, name: str) -> nw.DataFrame[Any]:
    """Open a frame of any library, or an array whose columns become x0, x1, ...

    Parameters
    ----------
    X : dataframe or array of shape (n_samples, n_features)
        The table.
    name : str
        The argument's name, for messages.

    Returns
    -------
    narwhals.DataFrame
        The same.

    Raises
    ------
    SchemaError
        If it has not two dimensions, or repeats a column name.
    """
    if not is_frame(X):
        array = np.asarray(X)
        if array.ndim != 2:
            raise SchemaError(
                f"{name} must be a dataframe or have two dimensions, got {array.ndim}."
            )
        names = [f"x{i}" for i in range(array.shape[1])]
        X = pd.DataFrame(array, columns=names).infer_objects()
    repeated = find_repeated(column_names(X))
    if repeated:
        raise SchemaError(f"{name} repeats {len(repeated)} column names; rename them.")
    return nw.from_native(X, eager_only=True)


def to_numbers(column: nw.Series[Any]) -> Floats | None:
    """Turn numbers and points in time into floats, missing values into NaN.

    Parameters
    ----------
    column : narwhals.Series
        The column.

    Returns
    -------
    ndarray of float of shape (n_samples,) or None
        None for everything else.
    """
    dtype = column.dtype
    series = column.to_pandas()
    if dtype.is_numeric():
        return np.asarray(series.to_numpy(np.float64, na_value=np.nan))
    if dtype in (nw.Date, nw.Datetime, nw.Duration):
        missing = series.isna().to_numpy()
        # In one unit, so that the resolution of a column does not matter.
        if dtype == nw.Duration:
            ticks = pd.to_timedelta(series).to_numpy().astype("timedelta64[us]")
        else:
            instants = pd.to_datetime(series)
            if instants.dt.tz is not None:
                instants = instants.dt.tz_convert("UTC").dt.tz_localize(None)
            ticks = instants.to_numpy().astype("datetime64[us]")
        return np.where(missing, np.nan, ticks.astype("int64").astype(np.float64))
    return None
