"""Whether a model still does what it did, once the outcomes are known."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmml._utils._normal import Z95
from crmml.evaluation._auc import compute_auc_influence
from crmml.evaluation._stability_counts import (
    FALSE_ALARM,
    STATUSES,
    TOO_FEW,
    say_needed,
)
from crmml.evaluation._validation import Bools, Floats

# Changes relative to the reference; conventions of this library.
LIMITS = (0.10, 0.25)

_BAD = {"base_rate": 0, "brier": 1, "observed_to_predicted": 0, "auc": -1}
"""Where a measure gets worse; 0 if in either direction."""
_COLUMNS = ["measure", "reference", "current", "difference", "low", "high"]


class Estimate(NamedTuple):
    """A measure, its standard error, and of how many customers."""

    value: float
    error: float
    n: int


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
    then, now = (measure_outcomes(*one) for one in (reference, current))
    return tabulate_measures(
        (name, then[name], now[name]) for name in now if name in then
    )


def measure_outcomes(churned: Bools, scores: Floats) -> dict[str, Estimate]:
    """Measure scores against outcomes, as far as these allow.

    Parameters
    ----------
    churned : ndarray of bool of shape (n_samples,)
        Who left, at least one row.
    scores : ndarray of float of shape (n_samples,)
        Their scores; any ranking.

    Returns
    -------
    dict of str to Estimate
        ``base_rate``; of probabilities ``brier`` and, if there is any risk,
        ``observed_to_predicted``; ``auc`` where some left and some stayed.
    """
    found = {"base_rate": _measure_rate(churned)}
    if scores.min() >= 0 and scores.max() <= 1:
        found["brier"] = _measure_brier(churned, scores)
        if scores.any():
            found["observed_to_predicted"] = _measure_ratio(churned, scores)
    if churned.any() and not churned.all():
        found["auc"] = _measure_auc(churned, scores)
    return found


def tabulate_measures(
    pairs: Iterable[tuple[str, Estimate, Estimate]],
) -> pd.DataFrame:
    """Judge measures then and now.

    Parameters
    ----------
    pairs : iterable of (str, Estimate, Estimate)
        Name of the measure, the reference and today's.

    Returns
    -------
    pandas.DataFrame
        One row per measure; see :func:`drift_report`.
    """
    listed = list(pairs)
    beyond = float(-ndtri(FALSE_ALARM / 2 / max(len(listed), 1)))
    rows = [(name, *_judge(name, then, now, beyond)) for name, then, now in listed]
    return pd.DataFrame(rows, columns=[*_COLUMNS, "n_needed", "status", "reason"])


def _judge(
    name: str, then: Estimate, now: Estimate, beyond: float
) -> tuple[float | str, ...]:
    """Compare two estimates: a change counts beyond so many standard errors."""
    # What a coin reaches is no merit.
    base = abs(then.value - 0.5 if name == "auc" else then.value)
    change = now.value - then.value
    error = float(np.hypot(then.error, now.error))
    is_change = abs(change) > beyond * error
    grade = 0
    if is_change and change * _BAD[name] >= 0:
        grade = sum(abs(change) >= limit * base for limit in LIMITS)
    room = (LIMITS[1] * base / beyond) ** 2 - then.error**2
    least = now.n * now.error**2 / room if room > 0 else math.inf
    # A ranking that was no better than a coin's has nothing to lose.
    is_idle = name == "auc" and base <= beyond * then.error
    status, reason = STATUSES[grade], ""
    if grade:
        reason = f"{then.value:.3f} -> {now.value:.3f}"
    elif least > now.n and not is_change and not is_idle:
        status, reason = TOO_FEW, f"too few rows to tell: {say_needed(least)}"
    half = Z95 * error
    numbers = (then.value, now.value, change, change - half, change + half, least)
    return (*numbers, status, reason)


def _measure_rate(churned: Bools) -> Estimate:
    n = len(churned)
    # Two of either outcome added (Agresti and Coull 1998,
    # https://doi.org/10.1080/00031305.1998.10480550): none of ten is no certainty.
    share = (churned.sum() + 2) / (n + 4)
    return Estimate(float(churned.mean()), math.sqrt(share * (1 - share) / n), n)


def _measure_brier(churned: Bools, scores: Floats) -> Estimate:
    squares = (churned - scores) ** 2
    # What chance does to true probabilities, if that is more.
    by_chance = float((scores * (1 - scores) * (1 - 2 * scores) ** 2).mean())
    variance = max(float(squares.var()), by_chance)
    n = len(scores)
    return Estimate(float(squares.mean()), math.sqrt(variance / n), n)


def _measure_ratio(churned: Bools, scores: Floats) -> Estimate:
    predicted, n = float(scores.mean()), len(scores)
    ratio = float(churned.mean()) / predicted
    # Of the ratio of two means, to first order.
    own = float((churned - ratio * scores).var())
    by_chance = float((scores * (1 - scores)).mean())
    return Estimate(ratio, math.sqrt(max(own, by_chance) / n) / predicted, n)


def _measure_auc(churned: Bools, scores: Floats) -> Estimate:
    auc, influence = compute_auc_influence(churned, scores)
    n, n_left = len(churned), int(churned.sum())
    error = max(math.sqrt((influence**2).sum()), _chance_error(auc, n_left, n - n_left))
    return Estimate(auc, error, n)


def _chance_error(auc: float, n_left: int, n_stayed: int) -> float:
    """Return the error of an area by its size and the numbers of both outcomes alone.

    Few rows may all be in order by chance, with no spread to see it by: the area is
    moved towards a coin's by two rows (Hanley and McNeil 1982,
    https://doi.org/10.1148/radiology.143.1.7063747).
    """
    n_least = min(n_left, n_stayed)
    area = (auc * n_least + 1) / (n_least + 2)
    both_left = area / (2 - area) - area**2
    both_stayed = 2 * area**2 / (1 + area) - area**2
    total = area * (1 - area) + (n_left - 1) * both_left + (n_stayed - 1) * both_stayed
    return math.sqrt(total / (n_left * n_stayed))
