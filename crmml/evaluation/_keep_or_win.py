"""Keeping against winning: what the next customer costs either way."""

import numpy as np
import pandas as pd

from crmml.evaluation._money import check_amount, check_money
from crmml.exceptions import SchemaError


def compute_keep_or_win(
    *,
    churn_probability: float,
    accept_rate: float,
    incentive_cost: float,
    contact_cost: float,
    kept_value: float,
    acquisition_cost: float,
    won_value: float,
) -> pd.DataFrame:
    r"""Compare the cost and return of keeping a customer and of winning a new one.

    To keep one customer, :math:`1 / (p \gamma)` are called, of whom those who accept
    and those who would have stayed anyway take the offer:

    .. math:: \text{cost of keeping} = \frac{f + d (p \gamma + 1 - p)}{p \gamma}

    Parameters
    ----------
    churn_probability : float
        Share p in (0, 1] of leavers among those called; what a good model raises.
    accept_rate : float
        Share γ in (0, 1] of called leavers whom the offer keeps.
    incentive_cost : float
        Cost d of the offer to those who take it, at least 0, in one currency.
    contact_cost : float
        Cost f of the call itself, at least 0.
    kept_value : float
        What a customer kept is worth; see :func:`retention_value`.
    acquisition_cost : float
        What winning one new customer costs, all spending divided by customers won.
    won_value : float
        What a new customer is worth, before that cost.

    Returns
    -------
    pandas.DataFrame
        Rows ``keep`` and ``win``, and the columns ``cost`` and ``value`` of one
        customer, ``profit`` (value - cost) and ``return_on_cost`` (profit / cost,
        infinite where nothing is spent).

    Raises
    ------
    SchemaError
        If an argument is out of range, or nobody would be kept.

    Examples
    --------
    A third of those called would leave and half of them accept: six calls at 5, and
    offers of 10 to one who is kept and four who stay anyway.

    >>> from crmml.evaluation import compute_keep_or_win
    >>> compute_keep_or_win(
    ...     churn_probability=1 / 3,
    ...     accept_rate=0.5,
    ...     incentive_cost=10,
    ...     contact_cost=5,
    ...     kept_value=300,
    ...     acquisition_cost=200,
    ...     won_value=250,
    ... ).round(3)
           cost  value  profit  return_on_cost
    keep   80.0  300.0   220.0            2.75
    win   200.0  250.0    50.0            0.25
    """
    leaves = check_amount(churn_probability, "churn_probability", 0, high=1.0)
    money = check_money(
        0,
        clv=kept_value,
        accept_rate=accept_rate,
        incentive_cost=incentive_cost,
        contact_cost=contact_cost,
    )
    saved = leaves * money.accept_rate
    if saved == 0:
        raise SchemaError(
            "churn_probability and accept_rate must be above 0: nobody would be kept, "
            "at any cost."
        )
    offers = money.incentive_cost * (saved + 1.0 - leaves)
    cost = np.array(
        [
            (money.contact_cost + offers) / saved,
            check_amount(acquisition_cost, "acquisition_cost", 0),
        ]
    )
    value = np.array([money.clv, check_amount(won_value, "won_value", 0, low=-np.inf)])
    profit = value - cost
    infinite = np.copysign(np.inf, profit)
    returns = np.divide(profit, cost, out=infinite, where=cost > 0)
    return pd.DataFrame(
        {"cost": cost, "value": value, "profit": profit, "return_on_cost": returns},
        index=["keep", "win"],
    )
