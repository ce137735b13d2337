"""Median and mean time that customers stay, read off a retention curve."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml.exceptions import SchemaError
from crmml.models._time_to_churn_data import Floats

_COLUMNS = ["group", "time", "n_at_risk", "n_left", "retained", "low", "high"]


def compute_median_life(curve: Any) -> pd.DataFrame:
    r"""Read off how long half of the customers stay, and the mean, by group.

    The median is the first time at which no more than half are kept; its interval
    holds the times at which the interval of the curve contains one half (Brookmeyer
    and Crowley). The restricted mean is the area under the curve,

    .. math:: \int_0^{\tau} \hat S(t)\,dt = E[\min(T, \tau)],

    where :math:`\tau` is the end of the shortest curve, so that groups compare.

    Parameters
    ----------
    curve : dataframe
        As made by :func:`compute_retention_curve` (pandas or Polars).

    Returns
    -------
    DataFrame
        One row a group: ``group``, ``n_left``, ``median``, ``median_low``,
        ``median_high`` (missing where the curve, or the end of its interval, stays
        above one half), ``mean_life`` and ``mean_until`` (tau), in the unit of the
        durations.

    Raises
    ------
    SchemaError
        If it is no such table.

    References
    ----------
    Brookmeyer, R. and Crowley, J. (1982), "A confidence interval for the median
    survival time", Biometrics 38(1). https://doi.org/10.2307/2530286

    Examples
    --------
    >>> from crmml.models import compute_median_life, compute_retention_curve
    >>> curve = compute_retention_curve([2, 3, 5, 6], [1, 0, 1, 0])
    >>> compute_median_life(curve)[["median", "mean_life", "mean_until"]]
       median  mean_life  mean_until
    0     5.0      4.625         6.0
    """
    try:
        frame = nw.from_native(curve, eager_only=True)
    except TypeError:
        frame = None
    if frame is None or not set(_COLUMNS) <= set(frame.columns):
        raise SchemaError(
            "curve must be a table as made by compute_retention_curve, with the "
            f"columns {_COLUMNS}."
        )
    table = pd.DataFrame({name: frame[name].to_list() for name in _COLUMNS})
    groups = list(table.groupby("group", sort=False))
    until = min((own["time"].max() for _, own in groups), default=np.nan)
    rows = []
    for name, own in groups:
        times = own["time"].to_numpy(np.float64)
        rows.append(
            {
                "group": name,
                "n_left": int(own["n_left"].sum()),
                "median": _first_half(times, own["retained"].to_numpy(np.float64)),
                "median_low": _first_half(times, own["low"].to_numpy(np.float64)),
                "median_high": _first_half(times, own["high"].to_numpy(np.float64)),
                "mean_life": _area(times, own["retained"].to_numpy(np.float64), until),
                "mean_until": until,
            }
        )
    names = ["group", "n_left", "median", "median_low", "median_high"]
    return pd.DataFrame(rows, columns=[*names, "mean_life", "mean_until"])


def _first_half(times: Floats, shares: Floats) -> float:
    """Return the first time at which a curve is at one half or below, NaN if never."""
    # Products of exact shares may miss one half by rounding.
    below = shares <= 0.5 + 1e-12
    return float(times[below.argmax()]) if below.any() else np.nan


def _area(times: Floats, shares: Floats, until: float) -> float:
    """Area under a step function up to a time."""
    ends = np.append(times[1:], np.inf)
    widths = np.clip(np.minimum(ends, until) - times, 0.0, None)
    return float(np.sum(widths * shares))
