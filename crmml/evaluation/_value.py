"""How good a forecast of money is: totals, single customers, and the ranking."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml.evaluation._validation import Floats, check_scores
from crmml.evaluation._value_measures import WeightedMeasures
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def compute_value_summary(y_true: Any, y_pred: Any) -> pd.Series:
    """Summarise a forecast of what customers bring.

    With actual values y and forecasts f of n customers:

    - ``mae`` = mean of ``|f - y|``, in the unit of y;
    - ``bias`` = ``sum(f) / sum(y) - 1``: 0.1 says 10 % too much in total;
    - ``gini``: the Gini coefficient of y in the order of f over that in the order of y
      itself: 1 for the best order, 0 for a random one;
    - ``top_decile_share``: the share of ``sum(y)`` that is brought by the tenth of
      customers with the highest forecasts.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        What the customers brought; the total must be above 0.
    y_pred : array-like of shape (n_samples,)
        What was forecast. Equal forecasts are in no order: each such customer counts
        with the mean of their actual values.

    Returns
    -------
    pandas.Series
        ``n``, ``mae``, ``bias``, ``gini``, ``top_decile_share``.

    Raises
    ------
    SchemaError
        If lengths differ, or values are missing or infinite.
    NotEnoughHistoryError
        If there is no customer, or none brought anything.

    References
    ----------
    .. [1] Lorenz, M. O. (1905). Methods of measuring the concentration of wealth.
       Publications of the American Statistical Association 9(70).

    Examples
    --------
    >>> from crmml.evaluation import compute_value_summary
    >>> compute_value_summary([0, 0, 30, 10], [1, 2, 20, 17]).round(2).to_dict()
    {'n': 4.0, 'mae': 5.0, 'bias': 0.0, 'gini': 1.0, 'top_decile_share': 0.75}
    """
    actual, forecast = _read(y_true, y_pred)
    ranked = _in_order(actual, forecast)
    top = max(1, int(np.floor(len(actual) / 10 + 0.5)))
    measures = WeightedMeasures(actual, forecast).measure(np.ones(len(actual)))
    return pd.Series(
        {
            "n": float(len(actual)),
            **measures._asdict(),
            "top_decile_share": float(ranked[:top].sum() / actual.sum()),
        }
    )


def compute_value_deciles(
    y_true: Any, y_pred: Any, *, n_groups: int = 10
) -> pd.DataFrame:
    """Lay forecast and actual value side by side, from the highest forecasts down.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        What the customers brought.
    y_pred : array-like of shape (n_samples,)
        What was forecast; equal forecasts share a group.
    n_groups : int, default=10
        Into how many groups of about equal size to cut the customers.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``decile`` (1 for the highest forecasts): ``n_customers``,
        ``mean_forecast``, ``mean_actual`` and ``share_of_actual``, a fraction of the
        total. Groups may be fewer where forecasts are equal.

    Raises
    ------
    SchemaError, NotEnoughHistoryError
        As in :func:`compute_value_summary`, or if `n_groups` is below 1.

    Examples
    --------
    >>> from crmml.evaluation import compute_value_deciles
    >>> compute_value_deciles([0, 0, 30, 10], [1, 2, 20, 17], n_groups=2)
            n_customers  mean_forecast  mean_actual  share_of_actual
    decile
    1                 2           18.5         20.0              1.0
    2                 2            1.5          0.0              0.0
    """
    n_groups = check_count(n_groups, "n_groups")
    actual, forecast = _read(y_true, y_pred)
    rank = pd.Series(-forecast).rank(method="min").to_numpy() - 1
    decile = (rank * n_groups // len(actual)).astype(int) + 1
    frame = pd.DataFrame({"decile": decile, "forecast": forecast, "actual": actual})
    table = frame.groupby("decile").agg(
        n_customers=("actual", "size"),
        mean_forecast=("forecast", "mean"),
        mean_actual=("actual", "mean"),
        share_of_actual=("actual", "sum"),
    )
    table["share_of_actual"] /= actual.sum()
    return table


def _read(y_true: Any, y_pred: Any) -> tuple[Floats, Floats]:
    actual, forecast = check_scores(y_true, "y_true"), check_scores(y_pred, "y_pred")
    if len(actual) != len(forecast):
        raise SchemaError(
            f"y_true has {len(actual)} values and y_pred {len(forecast)}; give one of "
            "each for every customer."
        )
    if not actual.sum() > 0:
        raise NotEnoughHistoryError(
            f"{len(actual)} customers brought {actual.sum():.6g} in total; a forecast "
            "can be judged only where that is above 0."
        )
    return actual, forecast


def _in_order(actual: Floats, forecast: Floats) -> Floats:
    """Actual values by falling forecast; ties get their mean."""
    distinct, tie = np.unique(-forecast, return_inverse=True)
    sizes = np.bincount(tie, minlength=len(distinct))
    means = np.bincount(tie, actual, minlength=len(distinct)) / sizes
    return np.asarray(np.repeat(means, sizes), dtype=np.float64)
