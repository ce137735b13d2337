"""Sets of items, the purchases that hold them, and what lies in the windows after."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._durations import DAY, MICROSECOND
from crmml.association import _sequential_gaps, _sequential_kernels
from crmml.association._sequential_input import Histories
from crmml.exceptions import NotEnoughHistoryError

Array = NDArray[Any]

BLOCK = 4_000_000
"""Entries of windows walked through in one go, which bounds the memory of a block."""
# Up to so many steps of the innermost loop are taken in plain Python.
_SMALL = 100_000
_LOOPS: dict[str, Callable[..., Any]] = {
    "find_followers": _sequential_kernels.find_followers,
    "extend_sets": _sequential_kernels.extend_sets,
    "measure_gaps": _sequential_gaps.measure_gaps,
}


@cache
def _compile(name: str) -> Callable[..., Any]:
    # Not at the top: numba takes longer to import than small histories take.
    from crmml.association._compiled import compiled

    _register_helpers()
    loop: Callable[..., Any] = compiled(_LOOPS[name])
    return loop


@cache
def _register_helpers() -> None:
    from numba.extending import register_jitable

    for helper in (*_sequential_kernels.HELPERS, *_sequential_gaps.HELPERS):
        register_jitable(helper)


@dataclass(frozen=True)
class Follows:
    """Purchases whose windows were watched to their end, and what lies in these.

    Parameters
    ----------
    histories : Histories
        The purchases.
    firsts, lasts : ndarray of int64 of shape (n_purchases,)
        The purchases in the window after each.
    watched : ndarray of int32 of shape (n_watched,)
        The purchases that count as antecedents, ascending.
    n_days : int
        Gaps in whole days are smaller than this.
    """

    histories: Histories
    firsts: Array
    lasts: Array
    watched: Array
    n_days: int

    @cached_property
    def window_entries(self) -> tuple[Array, Array]:
        """Where the entries of each window begin and end."""
        offsets = self.histories.baskets.offsets
        return offsets[self.firsts], offsets[self.lasts]

    @cached_property
    def sizes(self) -> Array:
        """Number of entries in the window after each purchase."""
        begins, ends = self.window_entries
        sizes: Array = np.maximum(ends - begins, 0)
        return sizes

    @cached_property
    def is_small(self) -> bool:
        """Whether single items are done before compiled loops are loaded."""
        work = self.sizes * np.diff(self.histories.baskets.offsets)
        return int(work[self.watched].sum()) <= _SMALL

    def kernel(self, name: str, places: Array) -> Callable[..., Any]:
        """Give one of the loops, compiled unless there is little to do."""
        plain = _LOOPS[name]
        if self.is_small and int((self.sizes[places] + 1).sum()) <= _SMALL:
            return plain
        return _compile(name)


@dataclass(frozen=True)
class ItemSets:
    """Sets of items, and the watched purchases that hold them.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_sets, length)
        Ascending item codes.
    starts : ndarray of int64 of shape (n_sets + 1,)
        Where the purchases of each set begin.
    places : ndarray of int32
        The purchases, ascending in each set.
    """

    codes: Array
    starts: Array
    places: Array

    def __getitem__(self, some: slice) -> "ItemSets":
        """Give some sets that follow each other."""
        starts = self.starts[some.start : some.stop + 1]
        places = self.places[starts[0] : starts[-1]]
        return ItemSets(self.codes[some], starts - starts[0], places)


def watch(
    histories: Histories,
    min_gap: pd.Timedelta,
    max_gap: pd.Timedelta,
    since: int | None = None,
) -> Follows:
    """Find the purchases whose windows lie inside the data.

    Parameters
    ----------
    histories : Histories
        The purchases.
    min_gap, max_gap : pandas.Timedelta
        Beginning and end of the window, both included.
    since : int, optional
        Purchases up to this instant do not count.

    Returns
    -------
    Follows
        One watched purchase at least.

    Raises
    ------
    NotEnoughHistoryError
        If there is none.
    """
    is_watched = histories.instants + max_gap // MICROSECOND <= histories.end
    if since is not None:
        is_watched &= histories.instants > since
    if not is_watched.any():
        after = "" if since is None else " after those that the rules were learned from"
        raise NotEnoughHistoryError(
            f"None of {len(is_watched)} purchases{after} is followed by a whole window "
            f"of max_gap={str(max_gap)!r} inside the data. Give a longer history, or a "
            "shorter max_gap."
        )
    firsts, lasts = histories.windows(min_gap, max_gap)
    watched = np.flatnonzero(is_watched).astype(np.int32)
    return Follows(histories, firsts, lasts, watched, max_gap // DAY + 2)


def count_base(follows: Follows) -> Array:
    """Count, for each item, the watched purchases of any kind that it follows.

    Parameters
    ----------
    follows : Follows
        The purchases.

    Returns
    -------
    ndarray of int64 of shape (n_items,)
        The counts.
    """
    width = len(follows.histories.baskets.items)
    starts = np.array([0, len(follows.watched)])
    everything = ItemSets(np.empty((1, 0), np.int32), starts, follows.watched)
    _, found = find_followers(follows, everything)
    base = np.zeros(width, dtype=np.int64)
    base[found[1]] = found[2]
    return base


def list_single_items(follows: Follows) -> ItemSets:
    """Give each item that a watched purchase holds as a set of one."""
    baskets = follows.histories.baskets
    is_watched = np.zeros(baskets.n_baskets, dtype=bool)
    is_watched[follows.watched] = True
    owners = baskets.basket_of_entry
    inside = is_watched[owners]
    codes, places = baskets.codes[inside], owners[inside].astype(np.int32)
    order = np.argsort(codes, kind="stable")
    items, counts = np.unique(codes, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return ItemSets(items[:, np.newaxis], starts, places[order])


def split_blocks(follows: Follows, sets: ItemSets) -> Iterator[ItemSets]:
    """Cut sets into blocks of bounded work, and so of bounded memory."""
    sizes = follows.sizes[sets.places] + 1
    work = np.concatenate([[0], np.cumsum(sizes)])[sets.starts]
    low, n_sets = 0, len(sets.codes)
    while low < n_sets:
        high = int(np.searchsorted(work, work[low] + BLOCK, side="right")) - 1
        high = min(max(high, low + 1), n_sets)
        yield sets[low:high]
        low = high


def find_followers(
    follows: Follows,
    sets: ItemSets,
    needed: Array | None = None,
    min_count: int = 1,
    limit: int = 2**62,
) -> tuple[Array, Array]:
    """Count what is bought in the windows after sets.

    Parameters
    ----------
    follows : Follows
        The purchases.
    sets : ItemSets
        The sets.
    needed, min_count, limit
        What is wanted, as the loop has it; default: all.

    Returns
    -------
    alive : ndarray of bool of shape (n_sets,)
        Sets that some item follows for enough customers.
    found : ndarray of int64 of shape (4, n_found)
        Set, item, number of purchases that the item follows, number of customers.
    """
    begins, ends = follows.window_entries
    baskets = follows.histories.baskets
    found: tuple[Array, Array] = follows.kernel("find_followers", sets.places)(
        sets.starts,
        sets.places,
        follows.histories.owners,
        begins,
        ends,
        baskets.codes,
        np.zeros(len(baskets.items)) if needed is None else needed,
        min_count,
        limit,
    )
    return found
