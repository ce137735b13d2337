"""Whether a model beats the rule that the shop has anyway, in words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._normal import Z95
from crmml.evaluation._auc import compute_auc_influence
from crmml.pipeline._shop_rules import BASE_RATE, RECENCY_RULE

Measured = tuple[float, NDArray[np.float64]]
"""A measure, and what each row adds to its error."""


def find_rule(models: Any) -> str:
    """Return the rule to beat: recency, or without transactions the base rate."""
    return RECENCY_RULE if RECENCY_RULE in set(models) else BASE_RATE


def measure_auc(own: pd.DataFrame) -> Measured | None:
    """Area under the curve of one model at one cutoff, if both outcomes are there."""
    churned = own["churn"].to_numpy().astype(np.bool_)
    if churned.all() or not churned.any():
        return None
    return compute_auc_influence(churned, own["score"].to_numpy(np.float64))


def measure_profit(own: pd.DataFrame) -> Measured:
    """Profit per customer of one model at one cutoff."""
    profit = own["profit"].to_numpy(np.float64)
    return float(profit.mean()), (profit - profit.mean()) / len(profit)


def find_half_width(influence: NDArray[np.float64]) -> float:
    """Half of the 95 percent interval."""
    return float(Z95 * np.sqrt((influence**2).sum()))


def judge(scores: pd.DataFrame) -> str:
    """Say of each model whether it beats the rule.

    Parameters
    ----------
    scores : pandas.DataFrame
        As made by :func:`walk_forward`.

    Returns
    -------
    str
        One sentence for each model, and one more where money was given.
    """
    models = scores["model"].unique()
    rule = find_rule(models)
    others = [name for name in models if name not in {RECENCY_RULE, BASE_RATE}]
    return " ".join(_judge_one(scores, str(name), rule) for name in others)


def _judge_one(scores: pd.DataFrame, model: str, rule: str) -> str:
    auc = compare_over_cutoffs(scores, model, rule, measure_auc)
    if auc is None:
        return f"{model}: no verdict, at no cutoff did some leave and others stay."
    own, other, low, high, n_cutoffs = auc
    word = _choose(low, high, "ranks better than", "ranks worse than")
    # Rules are named as in the table, without its prefix.
    named = rule.removeprefix("rule: ")
    plural = "" if n_cutoffs == 1 else "s"
    text = (
        f"{model} {word or 'does not clearly beat'} {named}: AUC {own:.3f} against "
        f"{other:.3f}, difference {own - other:+.3f} (95 % interval {low:+.3f} to "
        f"{high:+.3f}; {n_cutoffs} cutoff{plural})."
    )
    if "profit" not in scores:
        return text
    money = compare_over_cutoffs(scores, model, rule, measure_profit)
    if money is None:
        return text
    own, other, low, high, _ = money
    word = _choose(low, high, "earns more", "earns less")
    return (
        f"{text} It {word or 'does not clearly earn more'}: {own:.4g} a customer "
        f"against {other:.4g}, difference {own - other:+.4g} ({low:+.4g} to "
        f"{high:+.4g})."
    )


def _choose(low: float, high: float, better: str, worse: str) -> str:
    if low > 0:
        return better
    return worse if high < 0 else ""


def compare_over_cutoffs(
    scores: pd.DataFrame,
    model: str,
    rule: str,
    measure: Callable[[pd.DataFrame], Measured | None],
) -> tuple[float, float, float, float, int] | None:
    """Means over cutoffs of both, and the interval of their difference.

    A customer who is tested at several cutoffs is one witness, not several: what his
    rows add to the error is added up first.
    """
    values, parts = [], []
    for _, at_cutoff in scores.groupby("cutoff", sort=True):
        own, other = (at_cutoff[at_cutoff["model"] == name] for name in (model, rule))
        found = measure(own), measure(other)
        if found[0] is None or found[1] is None:
            continue
        values.append((found[0][0], found[1][0]))
        parts.append(
            pd.Series(found[0][1] - found[1][1], index=own["customer_id"].to_numpy())
        )
    if not values:
        return None
    by_customer = pd.concat(parts).groupby(level=0).sum() / len(values)
    own_mean, other_mean = (float(mean) for mean in np.mean(values, axis=0))
    difference, half = own_mean - other_mean, find_half_width(by_customer.to_numpy())
    return own_mean, other_mean, difference - half, difference + half, len(values)
