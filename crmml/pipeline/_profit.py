"""What each tested call would have earned, from probabilities known at the time."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._frames import join_texts
from crmml.evaluation._money import check_money, check_money_parts
from crmml.exceptions import SchemaError


def check_money_names(money: Mapping[str, Any] | None, X: pd.DataFrame) -> None:
    """Refuse money that lacks a part, or names a feature that is not there.

    Parameters
    ----------
    money : mapping of str to float or str, or None
        ``clv``, ``accept_rate``, ``incentive_cost`` and ``contact_cost``.
    X : pandas.DataFrame
        The features.

    Raises
    ------
    SchemaError
        If it is not as above.
    """
    if money is None:
        return
    check_money_parts(money)
    for name, value in money.items():
        if value is not None and not isinstance(value, (str, Real)):
            raise SchemaError(
                f"money[{name!r}] must be a number or the name of a feature that holds "
                f"it for each customer, got {type(value).__name__}."
            )
        if isinstance(value, str) and value not in X:
            raise SchemaError(
                f"money names the feature {value!r} for {name}, and there is none "
                f"among {join_texts([repr(column) for column in X.columns])}."
            )


def add_profit(
    scores: pd.DataFrame, money: Mapping[str, Any], X: pd.DataFrame
) -> pd.DataFrame:
    """Call whoever is expected to be worth it, and count what that earned.

    Parameters
    ----------
    scores : pandas.DataFrame
        With columns ``row``, a position in X, ``churn`` and ``probability``.
    money : mapping of str to float or str
        A string names a feature.
    X : pandas.DataFrame
        The features.

    Returns
    -------
    pandas.DataFrame
        The scores with the columns ``is_called`` and ``profit``.
    """
    rows = scores["row"].to_numpy()
    amounts = {
        name: X[value].to_numpy()[rows] if isinstance(value, str) else value
        for name, value in money.items()
    }
    checked = check_money(len(scores), **amounts)
    called = checked.decide(scores["probability"].to_numpy(np.float64))
    earned = np.where(
        scores["churn"] == 1, checked.gain_if_leaver, -checked.cost_if_stayer
    )
    return scores.assign(is_called=called, profit=np.where(called, earned, 0.0))
