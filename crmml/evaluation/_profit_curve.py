"""What calling more and more customers earns, highest scores first."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.evaluation._money import Money, check_money
from crmml.evaluation._ranking import Ranking
from crmml.evaluation._validation import Bools, Floats, check_labels_and_scores


class Trace(NamedTuple):
    """Totals of calling the customers of each distinct score or a higher one."""

    n_called: NDArray[np.int64]
    churners: NDArray[np.int64]
    cost: Floats
    profit: Floats
    thresholds: Floats


def trace_profit(churned: Bools, scores: Floats, money: Money) -> Trace:
    """Add up what calls cost and earn, highest scores first.

    Parameters
    ----------
    churned : ndarray of bool of shape (n_samples,)
        Who left.
    scores : ndarray of float of shape (n_samples,)
        Finite scores.
    money : Money
        What calls cost and earn.

    Returns
    -------
    Trace
        The totals; the first calls nobody, at an infinite threshold.
    """
    ranking = Ranking(churned, scores)
    wasted = ranking.add_up(money.cost_if_stayer, leavers=False)
    profit = ranking.add_up(money.gain_if_leaver, leavers=True) - wasted
    cost = ranking.add_up(money.spent_on_leaver, leavers=True) + wasted
    return Trace(
        np.r_[0, ranking.n_called],
        np.r_[0, ranking.n_left],
        np.r_[0.0, cost],
        np.r_[0.0, profit],
        np.r_[np.inf, ranking.thresholds],
    )


def compute_profit_curve(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    pos_label: Any = None,
) -> pd.DataFrame:
    r"""Profit of calling the customers with the highest scores, for every threshold.

    Calling a customer i who would have left earns
    :math:`\gamma_i (V_i - d_i) - f_i`, and calling one who would have stayed costs
    :math:`d_i + f_i`: the offer is taken by everyone who stays anyway. Not calling
    earns and costs nothing.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning called earlier.
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency; see
        :func:`retention_value`.
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
    pandas.DataFrame
        The first row calls nobody; then one row for each distinct score, in
        descending order, and the columns

        - ``threshold``: customers of this score or a higher one are called;
        - ``n_called``, ``share_called``: how many these are, and of all customers;
        - ``churners``: leavers among them;
        - ``cost``: what the calls and accepted offers cost;
        - ``profit``: what they earn in all.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing or
        infinite, or money is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    max_profit_score : The highest point, per customer.
    find_profit_threshold : Where it lies, within a budget or a capacity.
    crmml.plotting.plot_profit_curve : The picture.

    Notes
    -----
    Equal scores are called together, so that the order of rows changes nothing.

    References
    ----------
    Verbeke, W. et al. (2012), "New insights into churn prediction in the
    telecommunication sector: a profit driven data mining approach", European Journal
    of Operational Research 218(1). https://doi.org/10.1016/j.ejor.2011.09.031

    Examples
    --------
    A call to a leaver earns 0.5 (100 - 10) - 1 = 44, one to a stayer costs 11.

    >>> from crmml.evaluation import compute_profit_curve
    >>> curve = compute_profit_curve(
    ...     [1, 0, 1, 0],
    ...     [0.9, 0.8, 0.7, 0.1],
    ...     clv=100,
    ...     accept_rate=0.5,
    ...     incentive_cost=10,
    ...     contact_cost=1,
    ... )
    >>> curve[["threshold", "n_called", "churners", "cost", "profit"]]
       threshold  n_called  churners  cost  profit
    0        inf         0         0   0.0     0.0
    1        0.9         1         1   6.0    44.0
    2        0.8         2         1  17.0    33.0
    3        0.7         3         2  23.0    77.0
    4        0.1         4         2  34.0    66.0
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
    return pd.DataFrame(
        {
            "threshold": trace.thresholds,
            "n_called": trace.n_called,
            "share_called": trace.n_called / len(churned),
            "churners": trace.churners,
            "cost": trace.cost,
            "profit": trace.profit,
        }
    )
