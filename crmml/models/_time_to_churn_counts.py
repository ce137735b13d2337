"""Counting leavers and those at risk, and intervals of what comes of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from crmml.exceptions import SchemaError
from crmml.models._time_to_churn_data import Floats, Lifetimes

MISSING_GROUP = "(missing)"


def split_groups(lives: Lifetimes, group: Any) -> Iterator[tuple[Any, Lifetimes]]:
    """Yield groups in the order of their names, the missing one last."""
    if group is None:
        yield "all", lives
        return
    values = np.asarray(group, dtype=object)
    if values.shape != lives.duration.shape:
        raise SchemaError(
            f"group has shape {values.shape} and duration {lives.duration.shape}: pass "
            "one value a customer, in the same order."
        )
    missing = pd.isna(values)
    for value in sorted(set(values[~missing]), key=str):
        yield value, lives.select(values == value)
    if missing.any():
        yield MISSING_GROUP, lives.select(missing)


def count_leavers(lives: Lifetimes) -> tuple[Floats, Floats, Floats]:
    """Return times, customers at risk at each, and leavers by reason and time."""
    gone = lives.cause > 0
    last = lives.duration.max()
    times = np.unique(np.append(lives.duration[gone], [0.0, last]))
    stays = np.sort(lives.duration)
    enters = np.sort(lives.entry)
    at_risk = np.searchsorted(enters, times, side="left") - np.searchsorted(
        stays, times, side="left"
    )
    left = np.zeros((len(lives.reasons), len(times)))
    where = np.searchsorted(times, lives.duration[gone])
    np.add.at(left, (lives.cause[gone] - 1, where), 1.0)
    return times, at_risk.astype(np.float64), left


def divide(part: Floats, whole: Floats) -> Floats:
    """Divide; 0 where nobody left."""
    return np.divide(part, whole, out=np.zeros_like(part), where=part > 0)


def incidence_error(
    n: Floats, d: Floats, own: Floats, before: Floats, incidence: Floats
) -> Floats:
    """Return the standard error of a cumulative incidence at every time."""
    every = d.sum(axis=0)
    survivors = n - every
    # Where all leave at once the curve ends, and the term is multiplied by zero.
    hazard = np.divide(
        every, n * survivors, out=np.zeros_like(n), where=(every > 0) & (survivors > 0)
    )
    direct = before**2 * divide(own * (n - own), n**3)
    cross = before * divide(own, n**2)
    squares = (
        incidence**2 * np.cumsum(hazard)
        - 2 * incidence * np.cumsum(hazard * incidence)
        + np.cumsum(hazard * incidence**2)
    )
    mixed = incidence * np.cumsum(cross) - np.cumsum(cross * incidence)
    # Rounding may leave a little less than nothing.
    error: Floats = np.sqrt(np.maximum(squares + np.cumsum(direct) - 2 * mixed, 0.0))
    return error


def log_log_interval(
    share: Floats, spread: NDArray[Any], z: float
) -> tuple[Floats, Floats]:
    """Interval of a probability that stays inside [0, 1]; none at 0 and 1."""
    inside = (share > 0) & (share < 1) & np.isfinite(spread)
    factor = np.exp(z * np.where(inside, spread, 0.0))
    safe = np.where(inside, share, 0.5)
    # A share below 1/e turns around on this scale, so both ends are sorted.
    ends = np.sort(np.stack([safe**factor, safe ** (1.0 / factor)]), axis=0)
    low, high = np.where(inside, ends, share)
    return low, high


def read_coverage(coverage: float) -> float:
    """Quantile of the normal distribution that leaves the rest on both sides."""
    if not isinstance(coverage, float) or not 0 < coverage < 1:
        raise SchemaError(f"coverage must lie between 0 and 1, got {coverage!r}.")
    return float(norm.ppf(0.5 + coverage / 2))
