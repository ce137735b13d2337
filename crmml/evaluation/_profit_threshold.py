"""From which score on to call: by profit, within a budget or a capacity."""

from typing import Any

import numpy as np

from crmml._utils._arguments import check_count
from crmml.evaluation._money import check_amount
from crmml.evaluation._profit_curve import compute_profit_curve


def find_profit_threshold(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    top_k: int | None = None,
    budget: float | None = None,
    pos_label: Any = None,
) -> float:
    """Find the score from which on calling earns most, on data with known outcomes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    clv : float or array-like of shape (n_samples,)
        What a saved customer is worth, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share of called leavers whom the offer keeps, in [0, 1].
    incentive_cost : float or array-like of shape (n_samples,)
        Cost of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost of the call itself, at least 0.
    top_k : int, default=None
        Call at most so many of these customers. None: no limit.
    budget : float, default=None
        Spend at most so much on calls and accepted offers, in the same currency. None:
        no limit.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    float
        Call customers of this score or a higher one. Infinite where no call pays. Of
        equal profits the one that calls fewest.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing or
        infinite, or money or a limit is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    compute_call_list : Whom to call today, when outcomes are not known.

    Notes
    -----
    Equal scores are called together or not at all, so that fewer than `top_k` may be.
    Use data that the model was not trained on, or the threshold comes out too high.

    Examples
    --------
    Calling three earns most; with two calls it is best to make one.

    >>> from crmml.evaluation import find_profit_threshold
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> left, score = [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]
    >>> find_profit_threshold(left, score, **money)
    0.7
    >>> find_profit_threshold(left, score, **money, top_k=2)
    0.9
    """
    curve = compute_profit_curve(
        y_true,
        y_score,
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
        pos_label=pos_label,
    )
    is_allowed = np.ones(len(curve), dtype=np.bool_)
    if top_k is not None:
        is_allowed &= curve["n_called"].to_numpy() <= check_count(top_k, "top_k")
    if budget is not None:
        is_allowed &= curve["cost"].to_numpy() <= check_amount(budget, "budget", 0)
    profit = np.where(is_allowed, curve["profit"].to_numpy(), -np.inf)
    return float(curve["threshold"].iloc[int(profit.argmax())])
