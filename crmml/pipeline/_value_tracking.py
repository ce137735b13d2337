"""Repeat purchases by period, as they came and as a model expects them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._durations import DAY, MICROSECOND, Duration, check_duration
from crmml.exceptions import SchemaError
from crmml.labels import Inactivity
from crmml.models import BetaBinomialModel
from crmml.models._purchase_model import PurchaseModel
from crmml.pipeline._value_periods import count_purchases
from crmml.tables import CustomerTables
from crmml.tables._spine import build_spine


def track_purchases(
    purchases: PurchaseModel,
    grain: str,
    tables: CustomerTables,
    cutoff: Any,
    horizon: Duration,
    period: Duration,
) -> pd.DataFrame:
    """Count and expect repeat purchases; see :meth:`ValuePipeline.compute_tracking`.

    Parameters
    ----------
    purchases : PurchaseModel
        A fitted model.
    grain : str
        What is one purchase.
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        Where the history ends.
    horizon : duration
        How far to follow customers.
    period : duration
        Length of a row.

    Returns
    -------
    pandas.DataFrame
        One row a period.
    """
    if purchases.covariates:
        raise SchemaError(
            "Tracking follows customers who are all alike when they come; a model with "
            "covariates expects something else of each. Track one without."
        )
    is_discrete = isinstance(purchases, BetaBinomialModel)
    step = check_duration(purchases.unit, "unit") if is_discrete else DAY
    length = check_duration(horizon, "horizon")
    width = check_duration(period, "period")
    if width % step or length < width:
        raise SchemaError(
            f"period must be a multiple of {step} and no longer than the horizon of "
            f"{length}, got {width}."
        )
    if length % width:
        raise SchemaError(
            f"horizon must be a multiple of the period, got {length} and {width}."
        )
    spine = build_spine(tables, cutoff)
    # A label knows whether its window is over.
    Inactivity(length)._check_closed(tables, spine)
    n_after, n_steps = length // width, width // step
    begin = spine.cutoffs[0]
    end = begin + n_after * (width // MICROSECOND)
    kind = "period" if is_discrete else grain
    earliest, firsts, repeats = count_purchases(tables, kind, step, begin, end)
    n_before = -(earliest // n_steps)
    # From the beginning of a period on, until the last one ends.
    pad = n_before * n_steps + earliest
    size = (n_before + n_after) * n_steps
    began, came = (_place(counts, pad, size) for counts in (firsts, repeats))
    # A day's purchases lie where it begins, orders in its middle; opportunities come
    # after the one at which a customer did.
    late = {"day": 0.0, "order": 0.5, "period": 1.0}[kind]
    ages = np.arange(1, size + 1) - late
    expected = np.convolve(began, _expect(purchases, ages, step))[:size]
    table = pd.DataFrame({"period_end": _ends(tables, begin, width, n_before, n_after)})
    cumulative = expected[n_steps - 1 :: n_steps]
    table["actual"] = came.reshape(-1, n_steps).sum(axis=1)
    table["expected"] = np.diff(cumulative, prepend=0.0)
    table["cumulative_actual"] = table["actual"].cumsum()
    table["cumulative_expected"] = cumulative
    table["is_forecast"] = np.arange(n_before + n_after) >= n_before
    return table


def _place(counts: Any, pad: int, size: int) -> NDArray[np.float64]:
    placed = np.zeros(size)
    placed[pad : pad + len(counts)] = counts
    return placed


def _expect(
    purchases: PurchaseModel, ages: NDArray[np.float64], step: pd.Timedelta
) -> NDArray[np.float64]:
    """Expect repeat purchases of a new customer until some ages, in steps."""
    whole = np.arange(int(np.ceil(ages.max())) + 1)
    until = [purchases.predict_new_customer_purchases(k * step) for k in whole[1:]]
    return np.interp(ages, whole, [0.0, *until])


def _ends(
    tables: CustomerTables,
    begin: int,
    width: pd.Timedelta,
    n_before: int,
    n_after: int,
) -> pd.DatetimeIndex:
    cutoff = pd.Timestamp(begin, unit="us", tz="UTC" if tables.is_aware else None)
    return pd.DatetimeIndex(
        [cutoff + k * width for k in range(1 - n_before, n_after + 1)]
    )
