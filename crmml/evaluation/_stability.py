"""Two samples of one column, put into the same bins and compared."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.evaluation._columns import Floats, to_numbers
from crmml.evaluation._stability_counts import Moved, Stability, judge_counts
from crmml.exceptions import SchemaError

Codes = NDArray[np.int64]

_N_BINS = 10
_OWN_BIN = 0.01
"""Share of the reference from which on a level has a bin of its own."""


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
    kind, changed, codes, new = _encode(reference, current)
    missing = float((codes[0] < 0).mean()), float((codes[1] < 0).mean())
    found = Moved(kind, changed, missing, *new)
    then, now = _count(codes)
    return judge_counts(then, now, found, false_alarm=false_alarm)


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


def _count(codes: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    """Count the rows of both samples in each bin that has any."""
    _, places = np.unique(np.concatenate(codes), return_inverse=True)
    n_bins, n = int(places.max()) + 1, len(codes[0])
    then = np.bincount(places[:n], minlength=n_bins)
    return then, np.bincount(places[n:], minlength=n_bins)
