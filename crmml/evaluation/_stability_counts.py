"""Population stability from counts: what moved, and what chance would have moved."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri, pdtrc

STATUSES = ("stable", "moderate", "large")
TOO_FEW = "too few rows"
ORDER = (STATUSES[0], TOO_FEW, *STATUSES[1:])
"""From the best to the worst."""
# Siddiqi (2006), Credit Risk Scorecards, Wiley: below 0.1 nothing to see, above 0.25 a
# major shift.
PSI_LIMITS = (0.10, 0.25)
# Conventions of this library, in shares of the rows.
MISSING_LIMITS = (0.05, 0.20)
NEW_LIMITS = (0.01, 0.10)

FALSE_ALARM = 0.01
"""Probability that chance alone moves any column of a report."""


class Stability(NamedTuple):
    """What one column's comparison found."""

    kind: str
    psi: float
    psi_by_chance: float
    missing_reference: float
    missing_current: float
    n_new: int
    new_share: float
    n_needed: float
    status: str
    reason: str


class Moved(NamedTuple):
    """What else than its bins is known of a column.

    Attributes
    ----------
    kind : str
        number, category, score or empty.
    changed : str
        In words, if it turned from numbers into categories or back; else empty.
    missing : tuple of float
        Shares of missing values, then and now.
    n_new : int
        Categories that the reference does not have.
    new_share : float
        Share of today's rows in them.
    unseen : float
        Share that chance makes new.
    """

    kind: str
    changed: str
    missing: tuple[float, float]
    n_new: int = 0
    new_share: float = 0.0
    unseen: float = 0.0


def judge_counts(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    found: Moved,
    *,
    false_alarm: float,
    sizes: tuple[float, float] | None = None,
) -> Stability:
    """Judge one column by the counts of its bins, missing values among them.

    Parameters
    ----------
    reference, current : ndarray of shape (n_bins,)
        Rows then and now, at least one each.
    found : Moved
        What else is known of the column.
    false_alarm : float
        Probability that chance alone moves the status.
    sizes : tuple of float, optional
        How many independent rows these are, where they are not all.

    Returns
    -------
    Stability
        Status and reason in words; levels are counted, not named.
    """
    sizes = sizes or (float(reference.sum()), float(current.sum()))
    psi, by_chance, least = _compute_psi(reference, current, sizes, false_alarm)
    shift = abs(found.missing[1] - found.missing[0])
    is_shift = shift > _margin(found.missing, sizes, false_alarm)
    excess = found.new_share - found.unseen
    is_new = _is_beyond_unseen(found, sizes, false_alarm)
    levels_of = [
        (_grade(psi, PSI_LIMITS) if psi > by_chance else 0, f"PSI {psi:.2f}"),
        (
            _grade(shift, MISSING_LIMITS) if is_shift else 0,
            f"missing {found.missing[0]:.0%} -> {found.missing[1]:.0%}",
        ),
        (
            _grade(excess, NEW_LIMITS) if is_new else 0,
            f"{found.new_share:.0%} in {found.n_new} new categories",
        ),
        (2 if found.changed else 0, found.changed),
    ]
    grade = max(grade for grade, _ in levels_of)
    status = STATUSES[grade]
    texts = [text for level, text in levels_of if level]
    if not grade and least > sizes[1]:
        status = TOO_FEW
        texts = [f"too few rows to tell: {say_needed(least)}"]
    elif not grade and found.n_new and found.new_share + found.missing[1] == 1.0:
        # Where each one was there once only, new ones are no surprise.
        texts = ["all categories are new, as those of ids are; none can be compared"]
    return Stability(
        found.kind,
        psi,
        by_chance,
        *found.missing,
        found.n_new,
        found.new_share,
        least,
        status,
        "; ".join(texts),
    )


def say_needed(least: float) -> str:
    """Say how many rows of today would do, if any number would."""
    if math.isinf(least):
        return "no number would do, for the reference is too small"
    return f"about {math.ceil(least):,} current rows are needed"


def _grade(value: float, limits: tuple[float, float]) -> int:
    return sum(value >= limit for limit in limits)


def _compute_psi(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    sizes: tuple[float, float],
    false_alarm: float,
) -> tuple[float, float, float]:
    """Return the index, what chance exceeds so rarely, and how many rows can tell.

    Without any shift the index follows (1/n + 1/m) times a chi-squared distribution
    with one degree of freedom less than bins (Yurdakul and Naranjo 2020,
    https://ideas.repec.org/a/rsk/journ5/7725371.html). Half a row in each bin keeps it
    finite. Rows can tell if chance does not reach what is a large shift; a column of
    one value is asked whether there is another one.
    """
    counts = np.stack([reference, current])
    counts = counts[:, counts.any(axis=0)]
    shares = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + counts.shape[1] / 2)
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    n_free = counts.shape[1] - 1
    quantile = float(chdtri(max(n_free, 1), false_alarm))
    by_chance = (1 / sizes[0] + 1 / sizes[1]) * quantile if n_free else 0.0
    room = PSI_LIMITS[1] / quantile - 1 / sizes[0]
    least = 1 / room if room > 0 else math.inf
    # Equal samples differ by rounding, if at all.
    return max(0.0, psi), by_chance, least


def _margin(
    shares: tuple[float, float], sizes: tuple[float, float], false_alarm: float
) -> float:
    """Difference of two shares that chance exceeds so rarely."""
    pooled = np.average(shares, weights=sizes)
    variance = pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1])
    return float(-ndtri(false_alarm / 2) * np.sqrt(variance))


def _is_beyond_unseen(
    found: Moved, sizes: tuple[float, float], false_alarm: float
) -> bool:
    """Tell whether more rows are in new categories than chance puts there so rarely.

    What never came in n rows may still have a share of 1 / n.
    """
    n_new = round(found.new_share * sizes[1])
    expected = sizes[1] * (found.unseen + 1 / sizes[0])
    if not n_new or pdtrc(n_new - 1, expected) >= false_alarm:
        return False
    shares = found.unseen, found.new_share
    return found.new_share - found.unseen > _margin(shares, sizes, false_alarm)
