"""What decisions earned: profit per customer of calling those who were called."""

from typing import Any

import numpy as np

from crmml.evaluation._money import Money, check_money
from crmml.evaluation._validation import (
    Bools,
    check_labels_and_decisions,
    check_labels_and_scores,
)


def profit_score(
    y_true: Any,
    y_pred: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    pos_label: Any = None,
) -> float:
    r"""Profit per customer of calling the customers predicted to leave.

    .. math:: \frac{1}{n} \sum_{\text{called } i}
        \begin{cases} \gamma_i (V_i - d_i) - f_i & \text{if } i \text{ left} \\
        -(d_i + f_i) & \text{if } i \text{ stayed} \end{cases}

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_pred : array-like of shape (n_samples,)
        Decisions, in the same labels: 1 or True for a customer who is called.
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share γ in [0, 1] of called leavers whom the offer keeps.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost d of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.
    pos_label : object, default=None
        The label of a customer who left, where labels are others.

    Returns
    -------
    float
        Profit divided by all customers, called or not; 0 if nobody is called.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing, or
        money is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    expected_profit_score : Takes probabilities and decides by itself.

    Notes
    -----
    As a scorer: ``make_scorer(profit_score, clv=100, accept_rate=0.3,
    incentive_cost=10, contact_cost=1)`` works in ``cross_validate`` and makes
    ``TunedThresholdClassifierCV`` look for the threshold that earns most. With metadata
    routing enabled, ``make_scorer(...).set_score_request(clv=True)`` takes the value of
    each customer from ``cross_validate(..., params={"clv": values})``.

    Examples
    --------
    One leaver called earns 0.5 (100 - 10) - 1 = 44, one stayer called costs 11.

    >>> from crmml.evaluation import profit_score
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> profit_score([1, 0, 1, 0], [1, 1, 0, 0], **money)
    8.25
    """
    churned, called = check_labels_and_decisions(y_true, y_pred, pos_label=pos_label)
    money = check_money(
        len(churned),
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    return mean_profit(churned, called, money)


def expected_profit_score(
    y_true: Any,
    y_proba: Any,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
    pos_label: Any = None,
) -> float:
    r"""Profit per customer of calling whoever is expected to be worth the call.

    A customer is called if his probability p of leaving makes the call pay,

    .. math:: p_i (\gamma_i (V_i - d_i) - f_i) > (1 - p_i) (d_i + f_i) ,

    and the profit is then counted with what he really did. Probabilities that do not
    mean what they say lose money here, however well they rank.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_proba : array-like of shape (n_samples,)
        Predicted probabilities of leaving, in [0, 1].
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
        Profit divided by all customers, called or not.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing, a
        probability lies outside [0, 1], or money is out of range.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    compute_call_list : The same decision, customer by customer, before the outcome.
    break_even_probability : The probability from which on a call pays.

    Notes
    -----
    As a scorer: ``make_scorer(expected_profit_score, response_method="predict_proba",
    clv=100, ...)``.

    Examples
    --------
    A call pays from a probability of 11 / 55 = 0.2 on, so three customers are called.

    >>> from crmml.evaluation import expected_profit_score
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> expected_profit_score([1, 0, 1, 0], [0.9, 0.3, 0.7, 0.1], **money)
    19.25
    """
    churned, proba = check_labels_and_scores(
        y_true, y_proba, pos_label=pos_label, is_probability=True, score_name="y_proba"
    )
    money = check_money(
        len(churned),
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    return mean_profit(churned, money.decide(proba), money)


def mean_profit(churned: Bools, called: Bools, money: Money) -> float:
    """Profit of calls per customer, called or not.

    Parameters
    ----------
    churned, called : ndarray of bool of shape (n_samples,)
        Who left, and who is called.
    money : Money
        What calls earn and cost.

    Returns
    -------
    float
        The mean.
    """
    earned = np.where(churned, money.gain_if_leaver, -money.cost_if_stayer)
    return float(np.where(called, earned, 0.0).sum() / len(churned))
