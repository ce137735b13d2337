"""What customers bought later, by how often they had bought before."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml._utils._normal import Z95
from crmml.evaluation._validation import check_scores
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def compute_conditional_expectations(
    frequency: Any, y_true: Any, y_pred: Any, *, largest: int = 7
) -> pd.DataFrame:
    """Lay forecast and actual value side by side, by past frequency.

    A model that is right on the whole may expect too little of the best customers and
    too much of those who bought once; here it shows.

    Parameters
    ----------
    frequency : array-like of shape (n_samples,)
        Repeat purchases before the cutoff, whole numbers from 0 on.
    y_true : array-like of shape (n_samples,)
        What each customer bought, or brought, after it.
    y_pred : array-like of shape (n_samples,)
        What was forecast.
    largest : int, default=7
        Customers with more repeat purchases are counted with those who have so many.

    Returns
    -------
    pandas.DataFrame
        One row for each frequency that occurs: ``frequency`` (text, the last one such
        as ``"7+"``), ``n_customers``, ``mean_forecast``, ``mean_actual``, and ``low``
        and ``high``, the 95 percent interval of the actual mean (normal; missing for
        a single customer).

    Raises
    ------
    SchemaError
        If lengths differ, or values are missing, infinite or no frequencies.
    NotEnoughHistoryError
        If there is no customer.

    See Also
    --------
    crmml.plotting.plot_conditional_expectations : The picture.
    crmml.pipeline.ValuePipeline.backtest_scores : Gives the three columns.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). Counting your customers
       the easy way. Marketing Science 24(2). https://doi.org/10.1287/mksc.1040.0098

    Examples
    --------
    >>> from crmml.evaluation import compute_conditional_expectations
    >>> table = compute_conditional_expectations(
    ...     [0, 0, 1, 2, 5], [0, 1, 1, 3, 5], [0.2, 0.4, 1, 2, 4], largest=2
    ... )
    >>> table[["frequency", "n_customers", "mean_forecast", "mean_actual"]]
      frequency  n_customers  mean_forecast  mean_actual
    0         0            2            0.3          0.5
    1         1            1            1.0          1.0
    2        2+            2            3.0          4.0
    """
    largest = check_count(largest, "largest")
    columns = {
        "frequency": check_scores(frequency, "frequency"),
        "actual": check_scores(y_true, "y_true"),
        "forecast": check_scores(y_pred, "y_pred"),
    }
    sizes = [len(values) for values in columns.values()]
    if len(set(sizes)) > 1:
        raise SchemaError(
            f"frequency, y_true and y_pred have {sizes} values; give one of each for "
            "every customer."
        )
    past = columns["frequency"]
    n_bad = int(((past < 0) | (past != np.floor(past))).sum())
    if n_bad:
        raise SchemaError(
            f"frequency must hold whole numbers from 0 on; {n_bad} of {sizes[0]} are "
            "not."
        )
    if not sizes[0]:
        raise NotEnoughHistoryError("There is no customer to compare.")
    frame = pd.DataFrame(columns | {"frequency": np.minimum(past, largest)})
    groups = frame.groupby("frequency")
    table = groups.agg(
        n_customers=("actual", "size"),
        mean_forecast=("forecast", "mean"),
        mean_actual=("actual", "mean"),
    ).reset_index()
    reach = Z95 * groups["actual"].sem().to_numpy()
    table["low"], table["high"] = (
        table["mean_actual"] - reach,
        table["mean_actual"] + reach,
    )
    names = table["frequency"].astype(int).astype(str)
    has_more = names.eq(str(largest)) & bool((past > largest).any())
    table["frequency"] = names.where(~has_more, names + "+")
    return table
