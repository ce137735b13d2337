"""Expected maximum profit: the best threshold, where the accept rate is uncertain."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc
from sklearn.isotonic import isotonic_regression

from crmml.evaluation._money import check_amount
from crmml.evaluation._ranking import Ranking
from crmml.evaluation._validation import Floats, check_labels_and_scores
from crmml.exceptions import SchemaError


def expected_max_profit_score(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    incentive_cost: Any,
    contact_cost: Any,
    alpha: float = 6.0,
    beta: float = 14.0,
    pos_label: Any = None,
) -> float:
    r"""Profit per customer, the best threshold taken for each accept rate (EMPC).

    .. math:: \int_0^1 \max_t \frac{1}{n} \sum_{s_i \ge t}
        \begin{cases} \gamma (V_i - d_i) - f_i & \text{if } i \text{ left} \\
        -(d_i + f_i) & \text{if } i \text{ stayed} \end{cases}
        \; \mathrm{Beta}(\gamma; \alpha, \beta) \, d\gamma

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost d of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.
    alpha, beta : float, default=6.0 and 14.0
        Shape of the beta distribution of the accept rate γ, above 0; the defaults are
        those of the paper, with mean 0.3 and standard deviation 0.1.
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
        infinite, or money or a shape is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    max_profit_score : The same with a known accept rate.
    compute_expected_max_profit : Also how many customers are called.

    Notes
    -----
    The integral is exact. For a given γ the profit of calling the k highest scores is
    the line :math:`\gamma A_k - B_k`; the best k are the corners of the lower convex
    hull of the points (A, B), which is the convex hull of the ROC curve if all values
    are alike, and between two corners the integral is a difference of incomplete beta
    functions. The cost is that of sorting the scores.

    References
    ----------
    Verbraken, T., Verbeke, W. and Baesens, B. (2013), "A novel profit maximizing metric
    for measuring classification performance of customer churn prediction models", IEEE
    Transactions on Knowledge and Data Engineering 25(5).
    https://doi.org/10.1109/TKDE.2012.50

    Examples
    --------
    >>> from crmml.evaluation import expected_max_profit_score
    >>> left = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> score = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
    >>> profit = expected_max_profit_score(
    ...     left, score, clv=200, incentive_cost=10, contact_cost=1
    ... )
    >>> round(profit, 6)
    23.875593
    """
    summary = compute_expected_max_profit(
        y_true,
        y_score,
        clv=clv,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
        alpha=alpha,
        beta=beta,
        pos_label=pos_label,
    )
    return float(summary["profit"])


def compute_expected_max_profit(
    y_true: Any,
    y_score: Any,
    *,
    clv: Any,
    incentive_cost: Any,
    contact_cost: Any,
    alpha: float = 6.0,
    beta: float = 14.0,
    pos_label: Any = None,
) -> pd.Series:
    """Compute the expected maximum profit and the share of customers it calls.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    clv : float or array-like of shape (n_samples,)
        What a saved customer is worth, in any one currency.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost of the call itself, at least 0.
    alpha, beta : float, default=6.0 and 14.0
        Shape of the beta distribution of the accept rate, above 0.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.Series of float
        ``profit``, per customer, called or not; ``share_called``, the mean over accept
        rates of the share that is best to call.

    Raises
    ------
    SchemaError, NotEnoughHistoryError
        As in :func:`expected_max_profit_score`.

    See Also
    --------
    expected_max_profit_score : The profit alone.

    Examples
    --------
    >>> from crmml.evaluation import compute_expected_max_profit
    >>> left = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> score = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
    >>> compute_expected_max_profit(
    ...     left, score, clv=200, incentive_cost=10, contact_cost=1
    ... ).round(6)
    profit          23.875593
    share_called     0.874370
    dtype: float64
    """
    churned, scores = check_labels_and_scores(y_true, y_score, pos_label=pos_label)
    n_samples = len(churned)
    value = check_amount(clv, "clv", n_samples, low=-np.inf)
    incentive = check_amount(incentive_cost, "incentive_cost", n_samples)
    contact = check_amount(contact_cost, "contact_cost", n_samples)
    alpha, beta = _check_shape(alpha, "alpha"), _check_shape(beta, "beta")
    ranking = Ranking(churned, scores)
    saved = ranking.add_up(value - incentive, leavers=True)
    spent = ranking.add_up(contact, leavers=True)
    spent += ranking.add_up(incentive + contact, leavers=False)
    gains, costs, calls = _find_steps(saved, spent, ranking.n_called)
    # From this accept rate on a step pays.
    rates = np.clip(costs / gains, 0.0, 1.0)
    is_due = betainc(beta, alpha, 1.0 - rates)
    mean_due = alpha / (alpha + beta) * betainc(beta, alpha + 1.0, 1.0 - rates)
    profit = (gains * mean_due - costs * is_due).sum() / n_samples
    # Without rounding it is never negative.
    return pd.Series(
        {
            "profit": max(0.0, float(profit)),
            "share_called": float((calls * is_due).sum() / n_samples),
        }
    )


def _find_steps(
    saved: Floats, spent: Floats, n_called: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Differences of value, cost and calls along the lower convex hull from nobody.

    A point that saves no more than an earlier one is never best, for it costs at least
    as much. What remains rises, so that the hull is where isotonic regression pools the
    slopes of neighbours.
    """
    # More than the point before, as most are not; then more than every one before.
    kept = np.flatnonzero(np.diff(saved, prepend=0.0) > 0)
    most = np.maximum.accumulate(np.r_[0.0, saved[kept]])
    kept = kept[saved[kept] > most[:-1]]
    points = np.column_stack([saved[kept], spent[kept], n_called[kept]])
    rising = np.diff(points, axis=0, prepend=0.0)
    if not len(rising):
        return (np.ones(1), np.ones(1), np.zeros(1))
    slopes = isotonic_regression(
        rising[:, 1] / rising[:, 0], sample_weight=rising[:, 0]
    )
    first = np.flatnonzero(np.r_[True, np.diff(slopes) > 0])
    steps = np.add.reduceat(rising, first, axis=0)
    return steps[:, 0], steps[:, 1], steps[:, 2]


def _check_shape(value: Any, name: str) -> float:
    if not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise SchemaError(f"{name} must be a finite number above 0, got {value!r}.")
    return float(value)
