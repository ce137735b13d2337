"""When a customer has paid for being won."""

from typing import Any

import numpy as np
import pandas as pd

from crmml.evaluation._money import check_amount
from crmml.evaluation._validation import check_scores
from crmml.exceptions import NotEnoughHistoryError


def compute_payback(values: Any, *, acquisition_cost: float) -> pd.DataFrame:
    """Tell when what a new customer brings has paid for winning him.

    Parameters
    ----------
    values : array-like of shape (n_periods,)
        What an average new customer brings in each period, the first one first, in
        today's money: such as :func:`compute_contract_value` or
        :meth:`crmml.pipeline.ValuePipeline.predict_new_customer` give.
    acquisition_cost : float
        What winning one new customer costs, all spending divided by customers won, in
        the same currency.

    Returns
    -------
    pandas.DataFrame of shape (n_periods, 5)
        ``period`` (from 1), ``value``, ``cumulative_value``, ``net_value`` (less the
        cost) and ``is_paid_back``: whether the net value is not below 0. The first
        period where it holds is the payback period; where none does, winning such
        customers does not pay within these periods.

    Raises
    ------
    SchemaError
        If a value is missing or infinite, or the cost is negative.
    NotEnoughHistoryError
        If there is no period.

    See Also
    --------
    compute_keep_or_win : Whether the money would keep more customers than it wins.

    Examples
    --------
    >>> from crmml.evaluation import compute_payback
    >>> compute_payback([30, 20, 10], acquisition_cost=45)
       period  value  cumulative_value  net_value  is_paid_back
    0       1   30.0              30.0      -15.0         False
    1       2   20.0              50.0        5.0          True
    2       3   10.0              60.0       15.0          True
    """
    brought = check_scores(values, "values")
    cost = float(check_amount(acquisition_cost, "acquisition_cost", 0))
    if not len(brought):
        raise NotEnoughHistoryError("values has no period; give one or more.")
    so_far = brought.cumsum()
    return pd.DataFrame(
        {
            "period": np.arange(1, len(brought) + 1),
            "value": brought,
            "cumulative_value": so_far,
            "net_value": so_far - cost,
            # Pennies of rounding must not put it off by a period.
            "is_paid_back": so_far >= cost * (1 - 1e-12),
        }
    )
