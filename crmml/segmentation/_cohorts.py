"""Who comes back, cohort by cohort: the retention triangle."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import DataQualityWarning, NotEnoughHistoryError, SchemaError

PERIODS = ("week", "month", "quarter", "year")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def compute_cohort_retention(
    customer_ids: Any,
    timestamps: Any,
    *,
    period: str = "month",
    observed_until: Any = None,
    share: bool = True,
) -> pd.DataFrame:
    """Count how many customers of each cohort buy in the periods after their first.

    A cohort is everybody whose first purchase is in one period. Column k counts its
    customers who buy k periods later; column 0 is all of them.

    Parameters
    ----------
    customer_ids, timestamps : array-like of shape (n_events,)
        Customer and instant of each purchase, such as two columns of a table. Time
        zones are converted to UTC. Rows that lack either are left out.
    period : str, default="month"
        ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``.
    observed_until : str or datetime, default=None
        Until when the data are complete. None is the last purchase. A period whose last
        day is later is not over.
    share : bool, default=True
        Whether to give shares of the cohort instead of numbers of customers.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, indexed by the day on which its period begins: n_customers
        and columns 0, 1, 2 ... A cell whose period is not over is missing, however many
        have bought in it so far; periods without any first purchase are cohorts of 0
        customers, with missing shares.

    Raises
    ------
    SchemaError
        If the columns differ in length, timestamps are no dates, or there is no such
        period.
    NotEnoughHistoryError
        If no period is over.

    Warns
    -----
    DataQualityWarning
        If rows lack a customer or an instant.

    Examples
    --------
    Two customers begin in January, and one of them is back in March:

    >>> from crmml.segmentation import compute_cohort_retention
    >>> compute_cohort_retention(
    ...     ["a", "b", "a", "c"],
    ...     ["2024-01-05", "2024-01-20", "2024-03-31", "2024-02-10"],
    ... )
                n_customers    0    1    2
    cohort
    2024-01-01            2  1.0  0.0  0.5
    2024-02-01            1  1.0  0.0  NaN
    2024-03-01            0  NaN  NaN  NaN
    """
    if period not in PERIODS:
        raise SchemaError(f"period must be one of {PERIODS}, got {period!r}.")
    ids, stamps = _read_events(customer_ids, timestamps)
    until = stamps.max() if observed_until is None else _read_instant(observed_until)
    numbers = _number_periods(stamps.to_numpy("datetime64[D]"), period)
    first_open = _find_open_period(until, period)
    codes = pd.factorize(ids)[0]
    starts = pd.Series(numbers).groupby(codes).min().to_numpy()
    first = int(numbers.min())
    n_periods = first_open - first
    if n_periods < 1:
        raise NotEnoughHistoryError(
            f"No {period} is over by the end of the data. Choose a shorter period, or "
            "say by observed_until how far the data reach."
        )
    kept = numbers < first_open
    pairs = pd.DataFrame({"code": codes[kept], "number": numbers[kept]})
    pairs = pairs.drop_duplicates()
    cohort = starts[pairs["code"]] - first
    counts = np.zeros((n_periods, n_periods), dtype=np.float64)
    np.add.at(counts, (cohort, pairs["number"].to_numpy() - first - cohort), 1)
    lived = np.add.outer(np.arange(n_periods), np.arange(n_periods)) < n_periods
    sizes = counts[:, 0].copy()
    if share:
        counts /= np.where(sizes > 0, sizes, np.nan)[:, None]
    counts[~lived] = np.nan
    begins = [_begin_period(first + i, period) for i in range(n_periods)]
    result = pd.DataFrame(counts, index=pd.DatetimeIndex(begins, name="cohort"))
    result.insert(0, "n_customers", sizes.astype(np.int64))
    return result


def _read_events(
    customer_ids: Any, timestamps: Any
) -> tuple["pd.Series[Any]", "pd.Series[Any]"]:
    ids = pd.Series(np.asarray(customer_ids)).reset_index(drop=True)
    given = np.asarray(timestamps)
    if len(ids) != len(given):
        raise SchemaError(
            f"customer_ids and timestamps must be columns of one table: found "
            f"{len(ids)} and {len(given)} rows."
        )
    if given.dtype.kind not in "MOUT":
        raise SchemaError(f"timestamps must be dates, found {given.dtype}.")
    try:
        stamps = pd.to_datetime(pd.Series(given), utc=True).dt.tz_localize(None)
    except (TypeError, ValueError):
        # The cause quotes a cell, so it must not travel with our error.
        raise SchemaError(
            "timestamps must be dates, found others. Turn the column into dates first."
        ) from None
    known = ids.notna() & stamps.notna()
    if not known.any():
        raise NotEnoughHistoryError(
            f"None of {len(ids)} rows has customer and instant."
        )
    if not known.all():
        warnings.warn(
            f"{int((~known).sum())} of {len(ids)} rows lack a customer or an instant "
            "and are left out.",
            DataQualityWarning,
            stacklevel=3,
        )
    return ids[known], stamps[known]


def _read_instant(value: Any) -> pd.Timestamp:
    instant = pd.Timestamp(value)
    return instant.tz_convert(None) if instant.tzinfo else instant


def _number_periods(days: NDArray[np.datetime64], period: str) -> NDArray[np.int64]:
    """Return the numbers of periods, one after the other."""
    if period == "week":
        # Day 0 was a Thursday.
        return (days.astype(np.int64) + 3) // 7
    return days.astype("datetime64[M]").astype(np.int64) // _MONTHS[period]


def _begin_period(number: int, period: str) -> pd.Timestamp:
    if period == "week":
        return pd.Timestamp(np.datetime64(7 * number - 3, "D"))
    return pd.Timestamp(np.datetime64(_MONTHS[period] * number, "M"))


def _find_open_period(until: pd.Timestamp, period: str) -> int:
    """Return the first period that is not over; one is on its last day."""
    tomorrow = np.array([until.to_datetime64()], dtype="datetime64[D]") + 1
    return int(_number_periods(tomorrow, period)[0])
