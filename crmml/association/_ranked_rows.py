"""Baskets as rows of ranks, the rarest item first: the form that is searched."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets

Array = NDArray[Any]

SMALL = 200_000
"""Up to so many entries plain numpy is quicker than loading compiled kernels."""


NONE: Array = np.empty(0, dtype=np.int64)
"""No weights: every basket counts one."""


@dataclass(frozen=True)
class RankedRows:
    """Baskets cut down to frequent items and to two items or more.

    Parameters
    ----------
    rows : ndarray of unsigned int of shape (n_entries,)
        The ranks of all baskets, ascending inside each.
    lengths : ndarray of unsigned int of shape (n_rows,)
        Number of ranks of each basket.
    weights : ndarray of int64 of shape (n_rows,)
        What each basket counts; of shape (0,): one.
    counts : ndarray of int64 of shape (n_ranks,)
        Number, or weight, of all baskets with the item, ascending.
    ancestors : ndarray of int64 of shape (n_ranks, n_levels)
        Ranks above each rank in the hierarchy, -1 for none.
    """

    rows: Array
    lengths: Array
    weights: Array
    counts: Array
    ancestors: Array


def rank_baskets(
    baskets: EncodedBaskets, frequent: Array, counts: Array, ancestors: Array
) -> RankedRows:
    """Cut baskets down to some items.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    frequent : ndarray of int64 of shape (n_ranks,)
        Codes of the items to keep, the rarest first.
    counts : ndarray of int64 of shape (n_ranks,)
        Their counts or weights.
    ancestors : ndarray of int64 of shape (n_items, n_levels)
        Codes above each code in the hierarchy, -1 for none.

    Returns
    -------
    RankedRows
        The rows, in an order of their own.
    """
    ranks = np.full(len(baskets.items) + 1, -1, dtype=np.int32)
    ranks[frequent] = np.arange(len(frequent))
    kind = np.uint16 if len(frequent) < 65_535 else np.uint32
    cut = _cut_small if len(baskets.codes) <= SMALL else _cut_large
    rows, lengths = cut(baskets, ranks, kind)
    weights = NONE if baskets.weights is None else baskets.weights[lengths > 0]
    # The last place of `ranks` is -1: nothing above stays nothing.
    above = ranks[ancestors[frequent]].astype(np.int64)
    return RankedRows(rows, lengths[lengths > 0], weights, counts, above)


def are_related(ancestors: Array, firsts: Array, seconds: Array) -> Array:
    """Say which pairs of ranks lie above each other in the hierarchy.

    Parameters
    ----------
    ancestors : ndarray of int64 of shape (n_ranks, n_levels)
        Ranks above each rank, -1 for none.
    firsts, seconds : ndarray of int64 of shape (n_pairs,)
        The ranks.

    Returns
    -------
    ndarray of bool of shape (n_pairs,)
        One for each pair.
    """
    related = np.zeros(len(firsts), dtype=bool)
    for above in ancestors.T:
        related |= (above[firsts] == seconds) | (above[seconds] == firsts)
    return related


def _cut_small(baskets: EncodedBaskets, ranks: Array, kind: Any) -> tuple[Array, Array]:
    found, owners = ranks[baskets.codes], baskets.basket_of_entry
    sizes = np.bincount(owners[found >= 0], minlength=baskets.n_baskets)
    sizes[sizes < 2] = 0
    kept = (found >= 0) & (sizes[owners] > 0)
    width = len(ranks)
    keys = np.sort(owners[kept] * width + found[kept])
    return (keys % width).astype(kind), sizes.astype(kind)


def _cut_large(baskets: EncodedBaskets, ranks: Array, kind: Any) -> tuple[Array, Array]:
    from crmml.association import _row_kernels  # numba takes a while to import

    rows = np.empty(len(baskets.codes) + 1, dtype=kind)
    lengths = np.empty(baskets.n_baskets, dtype=kind)
    end = _row_kernels.rank_rows(baskets.codes, baskets.offsets, ranks, rows, lengths)
    return rows[:end], lengths
