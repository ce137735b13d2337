"""The units that a summary of purchases carries in its columns, if it does."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml._utils._durations import DAY, Duration, check_duration
from crmml._utils._frames import is_frame
from crmml.exceptions import SchemaError
from crmml.models._purchase_summary import read_columns

_UNIT = "unit_days"
"""In how many days recency and T are counted."""
_GRAIN = "grain_days"
"""In how many days purchases count as one; 0 where each order counts."""


def check_units(X: Any, unit: Duration, grain: float | None = None) -> float | None:
    """Refuse a summary that was made in another unit or grain.

    Parameters
    ----------
    X : dataframe
        A summary; one without the columns ``unit_days`` and ``grain_days`` says
        nothing of either.
    unit : duration
        The unit of the model.
    grain : float, optional
        The grain of fit, where it is known.

    Returns
    -------
    float or None
        The grain of X, None where it is not known.

    Raises
    ------
    SchemaError
        If units or grains differ, between rows or from the model's.
    """
    days = check_duration(unit, "unit") / DAY
    found = _read_constant(X, _UNIT)
    # A unit that went through a file of text may have lost its last digits.
    if found is not None and not np.isclose(found, days, rtol=1e-9, atol=0):
        raise SchemaError(
            f"recency and T of X are in units of {found:g} days (column {_UNIT!r}), "
            f"and the model's unit is {days:g} days. Give the model "
            f"unit='{found:g}D', or make X by BTYDSummary(unit='{days:g}D')."
        )
    return check_grain(X, grain)


def check_grain(X: Any, grain: float | None) -> float | None:
    """Refuse a summary whose purchases are not what they were in fit.

    Parameters
    ----------
    X : dataframe
        A summary; one without the column ``grain_days`` says nothing.
    grain : float or None
        The grain of fit, None where it is not known.

    Returns
    -------
    float or None
        The grain of X, None where it is not known.

    Raises
    ------
    SchemaError
        If the grains differ, between rows or from that of fit.
    """
    found = _read_constant(X, _GRAIN)
    if found is not None and grain is not None and found != grain:
        raise SchemaError(
            f"A purchase of X is {_name(found)} (column {_GRAIN!r}), and in fit it was "
            f"{_name(grain)}. Summarise both with the same grain."
        )
    return found


def _read_constant(X: Any, name: str) -> float | None:
    if not is_frame(X) or name not in nw.from_native(X, eager_only=True).columns:
        return None
    values = pd.unique(read_columns(X, [name])[name])
    if len(values) > 1:
        raise SchemaError(
            f"Column {name!r} holds {len(values)} different values: the rows were "
            "summarised in different ways. Summarise all customers alike."
        )
    return float(values[0]) if len(values) else None


def _name(grain: float) -> str:
    return f"all that was bought in {grain:g} days" if grain else "an order"
