"""Checks on the parts of a value pipeline, and spend that says nothing."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._durations import Duration
from crmml.exceptions import SchemaError
from crmml.models import BetaBinomialModel, GammaGammaModel
from crmml.models._purchase_model import PurchaseModel


def check_value_parts(purchases: Any, spend: Any, grain: str, covariates: Any) -> None:
    """Check that a model of purchases and one of spend, or none, are given.

    Parameters
    ----------
    purchases, spend : estimators
        What was given.
    grain : str
        What is one purchase.
    covariates : feature builder or None
        What makes the covariates of `purchases`.

    Raises
    ------
    SchemaError
        If they are something else.
    """
    if not isinstance(purchases, PurchaseModel):
        raise SchemaError(
            "purchases must be a model such as BetaGeoModel(), got "
            f"{type(purchases).__name__}."
        )
    if not isinstance(spend, GammaGammaModel | None):
        raise SchemaError(
            f"spend must be a GammaGammaModel() or None, got {type(spend).__name__}."
        )
    if getattr(purchases, "log_gaps", None) is not None and grain != "day":
        raise SchemaError(
            f"log_gaps are made of days with a purchase, not of grain={grain!r}. Leave "
            "one of them out."
        )
    if isinstance(purchases, BetaBinomialModel) and grain != "day":
        raise SchemaError(
            f"grain={grain!r} is not for BetaBinomialModel: all that is bought in one "
            "period of its unit is one purchase. Leave grain out."
        )
    if covariates is not None and not purchases.covariates:
        name = type(purchases).__name__
        raise SchemaError(
            f"covariates makes columns that {name} does not read: name them in a model "
            "that can, BetaGeoModel(covariates=[...]), or leave covariates out."
        )


def check_money(money: dict[str, float | None], *, has_spend: bool) -> None:
    """Check that money is said where there is a spend model, and only there.

    Raises
    ------
    SchemaError
        If it is not.
    """
    missing = [name for name, value in money.items() if value is None]
    if has_spend and missing:
        raise SchemaError(f"Say {missing}: a spend model was fitted.")
    if not has_spend and len(missing) < len(money):
        raise SchemaError(
            "margin and discount_rate need a spend model: "
            "ValuePipeline(..., spend=GammaGammaModel())."
        )


def has_odd_spend(summary: pd.DataFrame) -> pd.Series:
    """Whether a customer's repeat purchases net out at zero or below."""
    return (summary["frequency"] > 0) & ~(summary["monetary_value"] > 0)


def without_odd_spend(summary: pd.DataFrame) -> pd.DataFrame:
    """Let customers whose spend says nothing count as if they had not bought again."""
    odd = has_odd_spend(summary)
    spend = summary[["frequency", "monetary_value"]].copy()
    spend.loc[odd, "frequency"] = 0.0
    spend.loc[odd, "monetary_value"] = float("nan")
    return spend


def forecast_value(
    purchases: PurchaseModel,
    spend: GammaGammaModel | None,
    bought: pd.DataFrame,
    horizon: Duration,
    money: dict[str, Any],
) -> dict[str, Any]:
    """Say what customers who have bought will buy, and what it is worth.

    Parameters
    ----------
    purchases, spend : estimators
        The fitted models; no spend model, no money.
    bought : pandas.DataFrame
        The summary of customers who have bought.
    horizon : duration
        How far to look ahead.
    money : dict
        Margin and discount rate.

    Returns
    -------
    dict of str to array
        Columns of the result.
    """
    found: dict[str, Any] = {
        "alive_probability": purchases.predict_alive_probability(bought),
        "expected_purchases": purchases.predict_expected_purchases(bought, horizon),
    }
    if spend is not None:
        each = spend.predict_expected_spend(without_odd_spend(bought))
        found["expected_spend"] = each
        value = purchases.predict_lifetime_value(bought, horizon, spend=each, **money)
        found["historic_value"] = money["margin"] * bought["total_spend"]
        found["lifetime_value"] = value
        # The chance to be there is a factor of it.
        alive = np.maximum(found["alive_probability"], np.finfo(np.float64).tiny)
        found["potential_value"] = value / alive
    return found
