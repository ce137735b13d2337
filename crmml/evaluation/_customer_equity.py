"""Customer equity: what groups of customers have brought and will bring."""

from typing import Any

import numpy as np
import pandas as pd

from crmml.evaluation._validation import check_scores
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def compute_customer_equity(
    cohort: Any, *, historic_value: Any, lifetime_value: Any
) -> pd.DataFrame:
    """Add up what customers have brought and will bring, by cohort.

    Customer equity is the sum of the lifetime values of customers there are. By the
    date of the first purchase it shows whether newer customers are worth less; by
    region, channel or segment, where the value lies.

    Parameters
    ----------
    cohort : array-like of shape (n_samples,)
        The group of each customer; missing ones are a group of their own, the last.
    historic_value, lifetime_value : array-like of shape (n_samples,)
        What each customer has brought so far, and what is yet to come, in one currency;
        columns of :meth:`crmml.pipeline.ValuePipeline.predict`, for instance.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``cohort``, sorted: ``n_customers``, ``historic_value`` and
        ``customer_equity`` (sums), ``equity_per_customer`` and ``equity_share`` (of
        the sum over all; missing where that is not above 0).

    Raises
    ------
    SchemaError
        If cohort is no list of values, lengths differ, or a value is missing or
        infinite.
    NotEnoughHistoryError
        If there is no customer.

    References
    ----------
    .. [1] Blattberg, R. C. and Deighton, J. (1996). Manage marketing by the customer
       equity test. Harvard Business Review 74(4).

    Examples
    --------
    >>> from crmml.evaluation import compute_customer_equity
    >>> compute_customer_equity(
    ...     ["2023", "2024", "2024"],
    ...     historic_value=[90, 20, 10],
    ...     lifetime_value=[10, 20, 10],
    ... )[["n_customers", "customer_equity", "equity_share"]]
            n_customers  customer_equity  equity_share
    cohort
    2023              1             10.0          0.25
    2024              2             30.0          0.75
    """
    groups = np.asarray(cohort)
    if groups.ndim != 1:
        raise SchemaError(
            f"cohort must be one value for each customer, got shape {groups.shape}."
        )
    group = pd.Series(groups, name="cohort")
    brought = check_scores(historic_value, "historic_value")
    coming = check_scores(lifetime_value, "lifetime_value")
    sizes = [len(group), len(brought), len(coming)]
    if len(set(sizes)) > 1:
        raise SchemaError(
            f"cohort, historic_value and lifetime_value have {sizes} values; give one "
            "of each for every customer."
        )
    if not len(group):
        raise NotEnoughHistoryError("There is no customer to add up.")
    frame = pd.DataFrame({"historic_value": brought, "customer_equity": coming})
    by_cohort = frame.groupby(group, dropna=False, sort=True)
    table = by_cohort.sum()
    table.insert(0, "n_customers", by_cohort.size())
    table["equity_per_customer"] = table["customer_equity"] / table["n_customers"]
    total = coming.sum()
    table["equity_share"] = table["customer_equity"] / (total if total > 0 else np.nan)
    return table
