"""Whether a model still does what it did, once the outcomes are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from crmml.evaluation._auc import Z95, compute_auc_influence
from crmml.evaluation._stability import STATUSES
from crmml.evaluation._validation import Bools, Floats

# Changes relative to the reference; conventions of this library.
LIMITS = (0.10, 0.25)

Estimate = tuple[float, float]
"""A measure and its standard error."""


def compare_performance(
    reference: tuple[Bools, Floats], current: tuple[Bools, Floats]
) -> pd.DataFrame:
    """Compare measures of two samples of outcomes and scores.

    Parameters
    ----------
    reference, current : tuple of ndarray
        Who left, and scores.

    Returns
    -------
    pandas.DataFrame
        One row per measure; see :func:`drift_report`.
    """
    samples = reference, current
    measures: dict[str, tuple[Callable[[Bools, Floats], Estimate], int]] = {
        "base_rate": (_base_rate, 0)
    }
    if all(scores.min() >= 0 and scores.max() <= 1 for _, scores in samples):
        measures["brier"] = (_brier, 1)
        if all(scores.any() for _, scores in samples):
            measures["observed_to_predicted"] = (_observed_to_predicted, 0)
    if all(churned.any() and not churned.all() for churned, _ in samples):
        measures["auc"] = (_auc, -1)
    rows = []
    for name, (measure, bad) in measures.items():
        (then, then_error), (now, now_error) = (measure(*one) for one in samples)
        half = Z95 * np.hypot(then_error, now_error)
        change = now - then
        grade = 0
        if abs(change) > half and change * bad >= 0:
            # What a coin reaches is no merit.
            base = then - 0.5 if name == "auc" else then
            grade = sum(abs(change) >= limit * abs(base) for limit in LIMITS)
        rows.append((name, then, now, change, change - half, change + half, grade))
    columns = ["measure", "reference", "current", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=[*columns, "status"])
    return table.assign(status=[STATUSES[grade] for grade in table["status"]])


def _base_rate(churned: Bools, scores: Floats) -> Estimate:
    return _mean(churned.astype(np.float64))


def _brier(churned: Bools, scores: Floats) -> Estimate:
    return _mean((churned - scores) ** 2)


def _observed_to_predicted(churned: Bools, scores: Floats) -> Estimate:
    predicted = float(scores.mean())
    ratio = float(churned.mean()) / predicted
    # Of the ratio of two means, to first order.
    return ratio, _mean((churned - ratio * scores) / predicted)[1]


def _auc(churned: Bools, scores: Floats) -> Estimate:
    auc, influence = compute_auc_influence(churned, scores)
    return auc, float(np.sqrt((influence**2).sum()))


def _mean(values: Any) -> Estimate:
    return float(values.mean()), float(values.std() / np.sqrt(len(values)))
