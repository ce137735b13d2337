"""Population stability of one column: what moved, and what chance would have moved."""

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri

from crmml.evaluation._columns import Floats, to_numbers
from crmml.exceptions import SchemaError

Codes = NDArray[np.int64]

STATUSES = ("stable", "moderate", "large")
TOO_FEW = "too few rows"
# Siddiqi (2006), Credit Risk Scorecards, Wiley: below 0.1 nothing to see, above 0.25 a
# major shift.
PSI_LIMITS = (0.10, 0.25)
# Conventions of this library, in shares of the rows.
MISSING_LIMITS = (0.05, 0.20)
NEW_LIMITS = (0.01, 0.10)

_N_BINS = 10
_OWN_BIN = 0.01
"""Share of the reference from which on a level has a bin of its own."""


class Stability(NamedTuple):
    """What one column's comparison found."""

    kind: str
    psi: float
    psi_by_chance: float
    missing_reference: float
    missing_current: float
    n_new: int
    new_share: float
    status: str
    reason: str


def compare_columns(
    reference: nw.Series[Any], current: nw.Series[Any], *, false_alarm: float
) -> Stability:
    """Compare one column of two samples.

    Parameters
    ----------
    reference, current : narwhals.Series
        The column then and now, with at least one row each.
    false_alarm : float
        Probability that chance alone moves the status.

    Returns
    -------
    Stability
        What was found; levels are counted, not named.
    """
    kind, changed, codes, (n_new, new_share, unseen) = _encode(reference, current)
    psi, by_chance = _compute_psi(*codes, false_alarm)
    missing = [float((code < 0).mean()) for code in codes]
    sizes = len(codes[0]), len(codes[1])
    shift = abs(missing[1] - missing[0])
    is_shift = shift > _margin(missing, sizes, false_alarm)
    levels_of = [
        (_grade(psi, PSI_LIMITS) if psi > by_chance else 0, f"PSI {psi:.2f}"),
        (
            _grade(shift, MISSING_LIMITS) if is_shift else 0,
            f"missing {missing[0]:.0%} -> {missing[1]:.0%}",
        ),
        (
            _grade(new_share - unseen, NEW_LIMITS),
            f"{new_share:.0%} in {n_new} new categories",
        ),
        (2 if changed else 0, changed),
    ]
    grade = max(grade for grade, _ in levels_of)
    texts = [text for level, text in levels_of if level]
    status = STATUSES[grade]
    if not grade and by_chance > PSI_LIMITS[1]:
        status = TOO_FEW
        texts = [f"too few rows to tell: chance alone reaches PSI {by_chance:.2f}"]
    elif not grade and n_new and new_share + missing[1] == 1.0:
        # Where each one was there once only, new ones are no surprise.
        texts = ["all categories are new, as those of ids are; none can be compared"]
    return Stability(
        kind,
        psi,
        by_chance,
        missing[0],
        missing[1],
        n_new,
        new_share,
        status,
        "; ".join(texts),
    )


def _encode(
    reference: nw.Series[Any], current: nw.Series[Any]
) -> tuple[str, str, tuple[Codes, Codes], tuple[int, float, float]]:
    """Return the kind, what changed about it, bins, and what is new among levels."""
    numbers = to_numbers(reference), to_numbers(current)
    kinds = [_kind(*pair) for pair in zip((reference, current), numbers, strict=True)]
    # What is all missing may be of either kind.
    kind = kinds[0] if kinds[0] != "empty" else kinds[1]
    is_changed = "empty" not in kinds and kinds[0] != kinds[1]
    if kind == "number" and not is_changed:
        then, now = (
            np.full(len(column), np.nan) if values is None else values
            for column, values in zip((reference, current), numbers, strict=True)
        )
        return kind, "", _bin_numbers(then, now), (0, 0.0, 0.0)
    codes, new = _bin_levels(
        reference.to_pandas(), current.to_pandas(), as_text=is_changed
    )
    changed = f"was {kinds[0]}, is {kinds[1]}" if is_changed else ""
    return kind, changed, codes, new


def _grade(value: float, limits: tuple[float, float]) -> int:
    return sum(value >= limit for limit in limits)


def _kind(column: nw.Series[Any], numbers: Floats | None) -> str:
    if column.is_null().all() or (numbers is not None and np.isnan(numbers).all()):
        return "empty"
    return "category" if numbers is None else "number"


def _bin_numbers(reference: Floats, current: Floats) -> tuple[Codes, Codes]:
    """Bins at the reference's quantiles, or at its values if these are few."""
    ranked = np.sort(reference[~np.isnan(reference)])
    edges = np.unique(ranked)
    is_few = len(edges) <= _N_BINS
    if not is_few:
        # Edges are values themselves, so that infinite ones do no harm.
        edges = np.unique(ranked[np.arange(1, _N_BINS) * len(ranked) // _N_BINS])
    both = []
    for values in (reference, current):
        codes = np.searchsorted(edges, values, "right").astype(np.int64)
        if is_few:
            # A value itself is odd, what lies between two is even.
            codes += np.searchsorted(edges, values, "left")
        both.append(np.where(np.isnan(values), -1, codes))
    return both[0], both[1]


def _bin_levels(
    reference: pd.Series, current: pd.Series, *, as_text: bool
) -> tuple[tuple[Codes, Codes], tuple[int, float, float]]:
    """One bin for each common level, one for rare and new ones together.

    Returns the codes, the number of new levels, their share, and the share that chance
    makes new: about that of levels seen only once (Good 1953,
    https://doi.org/10.1093/biomet/40.3-4.237).
    """
    parts = [reference, current]
    if as_text or reference.dtype != current.dtype:
        parts = [part.astype("object") for part in parts]
    both = pd.concat(parts, ignore_index=True)
    if as_text:
        both = both.map(str, na_action="ignore")
    try:
        codes, levels = pd.factorize(both)
    except TypeError:
        raise SchemaError(
            "a column holds lists or other containers. Make columns of what is in them."
        ) from None
    n = len(reference)
    counts = np.bincount(codes[:n][codes[:n] >= 0], minlength=len(levels))
    now = codes[n:][codes[n:] >= 0]
    n_now = np.bincount(now, minlength=len(levels))
    is_new = (counts == 0) & (n_now > 0)
    is_rare = counts < max(1.0, _OWN_BIN * n)
    # A last place, which -1 finds, for what is missing.
    bins = np.r_[np.where(is_rare, len(levels), np.arange(len(levels))), -1]
    new_share = float(n_now[is_new].sum() / len(current))
    unseen = float((counts == 1).sum() / n)
    new = (int(is_new.sum()), new_share, unseen)
    return (bins[codes[:n]], bins[codes[n:]]), new


def _compute_psi(
    reference: Codes, current: Codes, false_alarm: float
) -> tuple[float, float]:
    """Return the population stability index, and what chance exceeds so rarely.

    Without any shift the index follows (1/n + 1/m) times a chi-squared distribution
    with one degree of freedom less than bins (Yurdakul and Naranjo 2020,
    https://ideas.repec.org/a/rsk/journ5/7725371.html). Half a row in each bin keeps it
    finite.
    """
    _, places = np.unique(np.r_[reference, current], return_inverse=True)
    n, m = len(reference), len(current)
    counts = np.stack(
        [
            np.bincount(part, minlength=int(places.max()) + 1)
            for part in (places[:n], places[n:])
        ]
    )
    shares = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + counts.shape[1] / 2)
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    n_free = counts.shape[1] - 1
    by_chance = (1 / n + 1 / m) * chdtri(n_free, false_alarm) if n_free else 0.0
    # Equal samples differ by rounding, if at all.
    return max(0.0, psi), float(by_chance)


def _margin(shares: list[float], sizes: tuple[int, int], false_alarm: float) -> float:
    """Difference of two shares that chance exceeds so rarely."""
    pooled = np.average(shares, weights=sizes)
    variance = pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1])
    return float(-ndtri(false_alarm / 2) * np.sqrt(variance))
