"""One reading of money and rates for every measure of profit."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmml.evaluation._validation import Bools, Floats, to_floats
from crmml.exceptions import SchemaError


class Money(NamedTuple):
    """What a campaign costs and earns: arrays of no dimension, or one per customer."""

    clv: Floats
    accept_rate: Floats
    incentive_cost: Floats
    contact_cost: Floats

    @property
    def gain_if_leaver(self) -> Floats:
        """What a call earns if the customer would have left."""
        gain = self.accept_rate * (self.clv - self.incentive_cost) - self.contact_cost
        return np.asarray(gain)

    def decide(self, proba: Floats) -> Bools:
        """Whom a call is expected to earn money with.

        Parameters
        ----------
        proba : ndarray of float of shape (n_samples,)
            Probabilities of leaving.

        Returns
        -------
        ndarray of bool of shape (n_samples,)
            Whether the expected profit of the call is above zero.
        """
        pays = proba * self.gain_if_leaver > (1 - proba) * self.cost_if_stayer
        return np.asarray(pays)

    @property
    def cost_if_stayer(self) -> Floats:
        """What a call costs if the customer would have stayed: he takes the gift."""
        return np.asarray(self.incentive_cost + self.contact_cost)

    @property
    def spent_on_leaver(self) -> Floats:
        """What a call to a leaver costs, on average."""
        return np.asarray(self.accept_rate * self.incentive_cost + self.contact_cost)


def check_money(
    n_samples: int,
    *,
    clv: Any,
    accept_rate: Any,
    incentive_cost: Any,
    contact_cost: Any,
) -> Money:
    """Read the money of a campaign.

    Parameters
    ----------
    n_samples : int
        Number of customers.
    clv, accept_rate, incentive_cost, contact_cost : float or array-like
        One number, or one for each customer.

    Returns
    -------
    Money
        The same as arrays.

    Raises
    ------
    SchemaError
        If one is not numeric, missing, infinite, of another length, or out of range.
    """
    return Money(
        check_amount(clv, "clv", n_samples, low=-np.inf),
        check_amount(accept_rate, "accept_rate", n_samples, high=1.0),
        check_amount(incentive_cost, "incentive_cost", n_samples),
        check_amount(contact_cost, "contact_cost", n_samples),
    )


def check_money_parts(money: Any) -> None:
    """Refuse money given as one argument that lacks a part or has another.

    Parameters
    ----------
    money : mapping of str to object
        What the caller gave.

    Raises
    ------
    SchemaError
        If it does not give exactly the fields of :class:`Money`.
    """
    names = Money._fields
    if not isinstance(money, Mapping) or set(money) != set(names):
        found = sorted(map(str, money)) if isinstance(money, Mapping) else money
        raise SchemaError(f"money must give {', '.join(names)}, got {found!r}.")


def check_amount(
    value: Any, name: str, n_samples: int, *, low: float = 0.0, high: float = np.inf
) -> Floats:
    """Read one number, or one for each customer.

    Parameters
    ----------
    value : float or array-like of shape (n_samples,)
        What the caller gave.
    name : str
        The argument's name, for the message.
    n_samples : int
        Number of customers; 0: one number is asked for.
    low, high : float
        The smallest and the largest number allowed.

    Returns
    -------
    ndarray of float of shape () or (n_samples,)
        The numbers.

    Raises
    ------
    SchemaError
        If they are not as above.
    """
    found = np.asarray(value)
    if found.ndim > 1 or (found.ndim == 1 and len(found) != n_samples):
        each = f" or one for each of {n_samples} customers" if n_samples else ""
        raise SchemaError(f"{name} must be one number{each}, got shape {found.shape}.")
    n_missing = int(np.count_nonzero(pd.isna(found)))
    if n_missing:
        raise SchemaError(
            f"{name} has {n_missing} missing values among {found.size}; fill them."
        )
    amounts = to_floats(found, name)
    _check_range(amounts, name, low, high)
    return amounts


def check_annual_discount_rate(value: Any) -> float:
    """Read what money a year from now loses, in [0, 1).

    Raises
    ------
    SchemaError
        If it is no such number.
    """
    annual = float(check_amount(value, "annual_discount_rate", 0))
    if annual >= 1.0:
        raise SchemaError(
            f"annual_discount_rate must be below 1, got {annual:g}: it is a share, 0.1 "
            "for ten percent a year."
        )
    return annual


def _check_range(amounts: Floats, name: str, low: float, high: float) -> None:
    n_infinite = int(np.count_nonzero(np.isinf(amounts)))
    n_outside = int(np.count_nonzero((amounts < low) | (amounts > high)))
    if n_infinite:
        raise SchemaError(f"{name} must be finite; {n_infinite} values are not.")
    if n_outside:
        rule = "at least 0" if high == np.inf else f"in [{low:g}, {high:g}]"
        raise SchemaError(
            f"{name} must be {rule}; {n_outside} of {amounts.size} values are not."
        )
