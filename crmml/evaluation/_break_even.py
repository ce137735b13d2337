"""Break-even: from which probability a call pays, and what an offer may cost."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.evaluation._money import check_amount, check_money
from crmml.evaluation._validation import Floats

Amounts = float | NDArray[np.float64]


def break_even_probability(
    *, clv: Any, accept_rate: Any, incentive_cost: Any, contact_cost: Any
) -> Amounts:
    r"""Compute the probability of leaving from which on a call pays.

    .. math:: p^* = \frac{d + f}{\gamma (V - d) + d}

    Parameters
    ----------
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share γ in [0, 1] of called leavers whom the offer keeps.
    incentive_cost : float or array-like of shape (n_samples,)
        Cost d of the offer to those who take it, at least 0.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.

    Returns
    -------
    float or ndarray of shape (n_samples,)
        Above it a call is expected to earn money; 1 where none ever does.

    Raises
    ------
    SchemaError
        If money is out of range, or lengths differ.

    See Also
    --------
    expected_profit_score : What the rule earns.

    Examples
    --------
    >>> from crmml.evaluation import break_even_probability
    >>> break_even_probability(
    ...     clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1
    ... )
    0.2
    """
    n_samples = _count(clv, accept_rate, incentive_cost, contact_cost)
    money = check_money(
        n_samples,
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    gain, cost = np.broadcast_arrays(money.gain_if_leaver, money.cost_if_stayer)
    return _unwrap(
        np.divide(cost, gain + cost, out=np.ones(gain.shape), where=gain > 0)
    )


def break_even_incentive(
    *, churn_probability: Any, clv: Any, accept_rate: Any, contact_cost: Any
) -> Amounts:
    r"""Compute what an offer may cost at most, so that the call still pays.

    .. math:: d^* = \frac{p \gamma V - f}{p \gamma + 1 - p}

    Parameters
    ----------
    churn_probability : float or array-like of shape (n_samples,)
        Chance p in [0, 1] that the customer leaves if nobody calls.
    clv : float or array-like of shape (n_samples,)
        Value V of a saved customer, in any one currency.
    accept_rate : float or array-like of shape (n_samples,)
        Share γ in [0, 1] of called leavers whom the offer keeps.
    contact_cost : float or array-like of shape (n_samples,)
        Cost f of the call itself, at least 0.

    Returns
    -------
    float or ndarray of shape (n_samples,)
        In the currency of `clv`. Negative where the call does not pay even without an
        offer; minus infinity where the offer would be accepted by nobody and the call
        costs money.

    Raises
    ------
    SchemaError
        If money or a probability is out of range, or lengths differ.

    See Also
    --------
    compute_keep_or_win : Whether the money would win more customers than it keeps.

    Examples
    --------
    Of ten called three would leave, and one of the three accepts and is worth 1,000:
    the eight who take the offer share 1,000 less ten calls at 5.

    >>> from crmml.evaluation import break_even_incentive
    >>> most = break_even_incentive(
    ...     churn_probability=0.3, clv=1000, accept_rate=1 / 3, contact_cost=5
    ... )
    >>> round(most, 2)
    118.75
    """
    n_samples = _count(churn_probability, clv, accept_rate, contact_cost)
    leaves = check_amount(churn_probability, "churn_probability", n_samples, high=1.0)
    money = check_money(
        n_samples,
        clv=clv,
        accept_rate=accept_rate,
        incentive_cost=0.0,
        contact_cost=contact_cost,
    )
    saved = leaves * money.accept_rate
    profit, takers = np.broadcast_arrays(
        saved * money.clv - money.contact_cost, saved + 1.0 - leaves
    )
    # Where nobody takes it an offer costs nothing, and helps as little.
    nobody = np.where(profit < 0, -np.inf, 0.0)
    return _unwrap(np.divide(profit, takers, out=nobody, where=takers > 0))


def _count(*amounts: Any) -> int:
    return max(np.size(amount) for amount in amounts)


def _unwrap(amounts: Floats) -> Amounts:
    return float(amounts) if amounts.ndim == 0 else amounts
