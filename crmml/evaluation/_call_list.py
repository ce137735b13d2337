"""Whom to call today: expected profit of each call, within a capacity or a budget."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml.evaluation._money import check_amount, check_money
from crmml.evaluation._validation import Bools, Floats, check_probabilities
from crmml.exceptions import SchemaError


def compute_call_list(
    y_proba: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    top_k: int | None = None,
    budget: float | None = None,
) -> pd.DataFrame:
    r"""Decide whom to call, from probabilities and money.

    The expected profit of a call is

    .. math:: p_i (\gamma_i (V_i - d_i) - f_i) - (1 - p_i) (d_i + f_i) ,

    and no call is made where it is not above zero.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples,)
        Probabilities of leaving, in [0, 1].
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share γ in [0, 1] of called leavers whom the offer keeps.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost d of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.
    top_k : int, default=None
        Call at most so many: those with the highest expected profits.
    budget : float, default=None
        Spend at most so much, as expected: first where a unit of money earns most.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, 4)
        One row per customer, in the order of `y_proba`, and the columns

        - ``expected_profit``: as above;
        - ``expected_cost``: of the call and the offer, :math:`f + d (p γ + 1 - p)`;
        - ``rank``: 1 for the customer to call first; equals share the smallest;
        - ``is_called``: whether the call is worth it and within the limit.

    Raises
    ------
    SchemaError
        If a probability is missing or outside [0, 1], lengths differ, money or a limit
        is out of range, or both limits are given.

    See Also
    --------
    crmml.pipeline.ChurnPipeline.predict : Where probabilities come from.
    find_profit_threshold : One threshold for all, from data with known outcomes.

    Notes
    -----
    Where equals straddle the limit of `top_k`, those with the higher probability are
    called, then those who come first. A budget is spent down the list until the next
    call would exceed it; no other choice can earn more than that call more.

    Examples
    --------
    The likeliest leaver is worth little: the second is called first.

    >>> from crmml.evaluation import compute_call_list
    >>> compute_call_list(
    ...     [0.9, 0.5, 0.05],
    ...     clv=[50, 300, 100],
    ...     accept_rate=0.5,
    ...     incentive_cost=10,
    ...     contact_cost=2,
    ...     top_k=1,
    ... )
       expected_profit  expected_cost  rank  is_called
    0            15.00           7.50     2      False
    1            65.50           9.50     1       True
    2            -9.25          11.75     3      False
    """
    proba = check_probabilities(y_proba, "y_proba")
    if top_k is not None and budget is not None:
        raise SchemaError("give top_k= or budget=, not both: each is a limit.")
    money = check_money(
        len(proba),
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    profit = proba * money.gain_if_leaver - (1 - proba) * money.cost_if_stayer
    cost = proba * money.spent_on_leaver + (1 - proba) * money.cost_if_stayer
    merit = profit if budget is None else _divide(profit, cost)
    # By profit, then probability, then position; the last key sorts first.
    order = np.lexsort([-proba, -merit])
    called: Bools = profit[order] > 0
    if top_k is not None:
        called[check_count(top_k, "top_k") :] = False
    if budget is not None:
        limit = check_amount(budget, "budget", 0)
        # Pennies of rounding must not cost the last call.
        called &= np.cumsum(np.where(called, cost[order], 0)) <= limit * (1 + 1e-12)
    is_called = np.empty(len(proba), dtype=np.bool_)
    is_called[order] = called
    return pd.DataFrame(
        {
            "expected_profit": profit,
            "expected_cost": cost,
            "rank": pd.Series(-merit).rank(method="min").astype(np.int64),
            "is_called": is_called,
        }
    )


def _divide(profit: Floats, cost: Floats) -> Floats:
    """Profit per unit of money; what is free comes first if it earns anything."""
    free = np.where(profit > 0, np.inf, -np.inf)
    return np.divide(profit, cost, out=free, where=cost > 0)
