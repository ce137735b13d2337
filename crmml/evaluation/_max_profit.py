"""Maximum profit: what the best threshold would have earned."""

from typing import Any

import pandas as pd

from crmml.evaluation._money import check_money
from crmml.evaluation._profit_curve import trace_profit
from crmml.evaluation._validation import check_labels_and_scores


def max_profit_score(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    pos_label: Any = None,
) -> float:
    r"""Profit per customer at the best threshold (MPC).

    .. math:: \max_t \frac{1}{n} \sum_{s_i \ge t}
        \begin{cases} \gamma_i (V_i - d_i) - f_i & \text{if } i \text{ left} \\
        -(d_i + f_i) & \text{if } i \text{ stayed} \end{cases}

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share γ in [0, 1] of called leavers whom the offer keeps.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost d of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    float
        At least 0, for nobody need be called.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing or
        infinite, or money is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    compute_profit_curve : Every threshold.
    expected_max_profit_score : Where the accept rate is not known exactly.

    Notes
    -----
    The threshold is chosen with the outcomes at hand, so this measures a ranking and
    promises no profit: for that, choose it on earlier data
    (:func:`find_profit_threshold`) or use :func:`expected_profit_score`.

    References
    ----------
    Verbeke, W. et al. (2012), "New insights into churn prediction in the
    telecommunication sector: a profit driven data mining approach", European Journal
    of Operational Research 218(1). https://doi.org/10.1016/j.ejor.2011.09.031

    Examples
    --------
    The best is to call three: (44 - 11 + 44) / 4.

    >>> from crmml.evaluation import max_profit_score
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> max_profit_score([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], **money)
    19.25
    """
    summary = compute_max_profit(
        y_true,
        y_score,
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
        pos_label=pos_label,
    )
    return float(summary["profit"])


def compute_max_profit(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    pos_label: Any = None,
) -> pd.Series:
    """Find the best threshold, how many customers it calls and what that earns.

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
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.Series of float
        ``profit``, per customer, called or not; ``share_called``; ``threshold``,
        infinite where it is best to call nobody. Of equal profits the one that calls
        fewest.

    Raises
    ------
    SchemaError, NotEnoughHistoryError
        As in :func:`max_profit_score`.

    See Also
    --------
    max_profit_score : The profit alone.

    Examples
    --------
    >>> from crmml.evaluation import compute_max_profit
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> compute_max_profit([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], **money)
    profit          19.25
    share_called     0.75
    threshold        0.70
    dtype: float64
    """
    churned, scores = check_labels_and_scores(y_true, y_score, pos_label=pos_label)
    money = check_money(
        len(churned),
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    trace = trace_profit(churned, scores, money)
    best = int(trace.profit.argmax())
    return pd.Series(
        {
            "profit": trace.profit[best] / len(churned),
            "share_called": trace.n_called[best] / len(churned),
            "threshold": trace.thresholds[best],
        }
    )
