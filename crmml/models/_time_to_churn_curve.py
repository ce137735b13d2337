"""How many customers are kept over time, by group, and for which reasons others left.

One recursion over the times at which somebody left gives both curves, with customers
who came under observation late; peers have no such intervals for several reasons.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from crmml.exceptions import DataQualityWarning
from crmml.models._time_to_churn_counts import (
    count_leavers,
    divide,
    incidence_error,
    log_log_interval,
    read_coverage,
    split_groups,
)
from crmml.models._time_to_churn_data import Floats, read_lifetimes


def compute_retention_curve(
    duration: Any,
    event: Any,
    *,
    group: Any = None,
    entry: Any = None,
    coverage: float = 0.95,
) -> pd.DataFrame:
    r"""Estimate the share of customers kept over time (Kaplan and Meier), by group.

    The estimand is P(T > t), the probability of staying longer than t. With d_i who
    left at time t_i and n_i at risk just before,

    .. math:: \hat S(t) = \prod_{t_i \le t} \Bigl(1 - \frac{d_i}{n_i}\Bigr),

    where a customer is at risk from `entry` (excluded) to `duration` (included).

    Parameters
    ----------
    duration : array-like of shape (n_samples,)
        How long each customer stayed or has stayed, in any one unit; durations are
        read as days.
    event : array-like of shape (n_samples,)
        1 or True for who left, 0 or False for who is still there (right censored).
    group : array-like of shape (n_samples,), default=None
        Draw a curve for each value; missing ones are a group of their own.
    entry : array-like of shape (n_samples,), default=None
        Since when each customer has been observed, counted like `duration` (left
        truncation). None: since the start. Customers of long standing at the first
        day of the data must have it, or the curve is too high: those like them who
        had left before are not in the data.
    coverage : float, default=0.95
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        For each group and time at which somebody left, and the start and end of
        observation: ``group`` (``"all"`` if None), ``time``, ``n_at_risk``,
        ``n_left``, ``retained`` (estimate just after that time), ``low`` and
        ``high`` (pointwise interval, Greenwood's variance on the scale of
        log(-log)).

    Raises
    ------
    SchemaError
        If an argument has another length, or values that are not as above.
    NotEnoughHistoryError
        If nobody left at all.

    Warns
    -----
    DataQualityWarning
        If everybody at risk left at some time and others came under observation
        later: the curve is 0 from there on.

    See Also
    --------
    compute_cumulative_incidence : The same by reason.
    crmml.plotting.plot_retention_curve : The picture.

    Notes
    -----
    Leaving and the end of observation must have nothing to do with one another.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958), "Nonparametric estimation from incomplete
    observations", JASA 53(282). https://doi.org/10.1080/01621459.1958.10501452

    Examples
    --------
    Of four customers one left after 2 months and one after 5; one was last seen after
    3, one after 6.

    >>> from crmml.models import compute_retention_curve
    >>> curve = compute_retention_curve([2, 3, 5, 6], [1, 0, 1, 0])
    >>> curve[["time", "n_at_risk", "n_left", "retained"]]
       time  n_at_risk  n_left  retained
    0   0.0          4       0     1.000
    1   2.0          4       1     0.750
    2   5.0          2       1     0.375
    3   6.0          1       0     0.375
    """
    lives = read_lifetimes(duration, event, entry=entry)
    z = read_coverage(coverage)
    tables = []
    for name, own in split_groups(lives, group):
        times, n, d = count_leavers(own)
        d = d.sum(axis=0)
        retained: Floats = np.cumprod(1.0 - divide(d, n), dtype=np.float64)
        if (n[retained == 0.0][1:] > 0).any():
            _warn_of_early_end()
        with np.errstate(divide="ignore", invalid="ignore"):
            greenwood = np.cumsum(divide(d, n * (n - d)))
            spread = np.sqrt(greenwood) / np.abs(np.log(retained))
        low, high = log_log_interval(retained, spread, z)
        tables.append(
            pd.DataFrame(
                {
                    "group": pd.Series([name] * len(times), dtype=object),
                    "time": times,
                    "n_at_risk": n.astype(np.int64),
                    "n_left": d.astype(np.int64),
                    "retained": retained,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def compute_cumulative_incidence(
    duration: Any,
    event: Any,
    reason: Any,
    *,
    group: Any = None,
    entry: Any = None,
    coverage: float = 0.95,
) -> pd.DataFrame:
    r"""Estimate the share of customers lost to each reason over time, by group.

    The estimand is P(T <= t, reason = k) when all reasons are at work (Aalen and
    Johansen): with :math:`d_{ki}` who left for reason k at t_i,

    .. math:: \hat F_k(t) = \sum_{t_i \le t} \hat S(t_{i-1}) \frac{d_{ki}}{n_i}.

    One minus Kaplan-Meier, with other reasons as censored, is always more: it asks who
    would leave if nobody could leave otherwise.

    Parameters
    ----------
    duration : array-like of shape (n_samples,)
        As in :func:`compute_retention_curve`.
    event : array-like of shape (n_samples,)
        1 or True for who left, for whatever reason; 0 or False for who is still there.
    reason : array-like of shape (n_samples,)
        Why each customer left, as text; ignored for those who are still there.
    group : array-like of shape (n_samples,), default=None
        Draw curves for each value.
    entry : array-like of shape (n_samples,), default=None
        Since when each customer has been observed.
    coverage : float, default=0.95
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        For each group, reason and time: ``group``, ``reason``, ``time``,
        ``n_at_risk``, ``n_left`` (for that reason), ``incidence``, ``low`` and
        ``high`` (pointwise interval, on the scale of log(-log)). At each time the
        incidences of all reasons and the share retained add up to 1.

    Raises
    ------
    SchemaError
        If an argument has another length, or values that are not as above.
    NotEnoughHistoryError
        If nobody left at all.

    See Also
    --------
    compute_retention_curve : All reasons together.

    References
    ----------
    Aalen, O. O. and Johansen, S. (1978), "An empirical transition matrix for
    non-homogeneous Markov chains based on censored observations", Scandinavian Journal
    of Statistics 5(3). The variance is that of Marubini and Valsecchi (1995),
    "Analysing Survival Data from Clinical Trials and Observational Studies".

    Examples
    --------
    >>> from crmml.models import compute_cumulative_incidence
    >>> reasons = ["price", None, "unpaid", None]
    >>> table = compute_cumulative_incidence([2, 3, 5, 6], [1, 0, 1, 0], reasons)
    >>> table.groupby("reason")["incidence"].last()
    reason
    price     0.250
    unpaid    0.375
    Name: incidence, dtype: float64
    """
    lives = read_lifetimes(duration, event, reason, entry)
    z = read_coverage(coverage)
    tables = []
    for name, own in split_groups(lives, group):
        times, n, d = count_leavers(own)
        retained = np.cumprod(1.0 - divide(d.sum(axis=0), n))
        before = np.concatenate([[1.0], retained[:-1]])
        for k, label in enumerate(lives.reasons):
            incidence = np.cumsum(before * divide(d[k], n))
            error = incidence_error(n, d, d[k], before, incidence)
            with np.errstate(divide="ignore", invalid="ignore"):
                spread = error / (incidence * np.abs(np.log(incidence)))
            low, high = log_log_interval(incidence, spread, z)
            tables.append(
                pd.DataFrame(
                    {
                        "group": pd.Series([name] * len(times), dtype=object),
                        "reason": pd.Series([label] * len(times), dtype=object),
                        "time": times,
                        "n_at_risk": n.astype(np.int64),
                        "n_left": d[k].astype(np.int64),
                        "incidence": incidence,
                        "low": low,
                        "high": high,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def _warn_of_early_end() -> None:
    warnings.warn(
        "At some time everybody at risk left, and customers with a later entry came "
        "after: the curve is 0 from there on. Too few customers are at risk early on; "
        "leave out those early leavers, or the group.",
        DataQualityWarning,
        stacklevel=3,
    )
