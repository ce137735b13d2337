"""Baskets as integer codes, the form in which they are mined."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import lt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Item = str | int


# Up to so many pairs plain numpy is quicker than loading compiled kernels.
_SMALL = 200_000
_STEP = 500_000


@dataclass(frozen=True)
class EncodedBaskets:
    """Baskets as runs of item codes.

    Parameters
    ----------
    items : tuple of str or of int
        The distinct items in ascending order; the code of an item is its place here, so
        that the order of codes is the order of labels, whatever the order of the rows.
    codes : ndarray of int32 of shape (n_entries,)
        The item codes of all baskets, one basket after the other, without repetition
        inside a basket, in any order there.
    offsets : ndarray of int64 of shape (n_baskets + 1,)
        Basket ``i`` is ``codes[offsets[i]:offsets[i + 1]]``; it may be empty.
    weights : ndarray of int64 of shape (n_baskets,), default=None
        What each basket counts, 1 at least. None: one each.
    """

    items: tuple[Item, ...]
    codes: NDArray[np.int32]
    offsets: NDArray[np.int64]
    weights: NDArray[np.int64] | None = None

    @property
    def n_baskets(self) -> int:
        """Number of baskets, empty ones included."""
        return len(self.offsets) - 1

    @property
    def total(self) -> int:
        """What all baskets together count: their number, or their weight."""
        return self.n_baskets if self.weights is None else int(self.weights.sum())

    @property
    def basket_of_entry(self) -> NDArray[np.int64]:
        """Basket position of every entry of `codes`."""
        return np.repeat(np.arange(self.n_baskets), np.diff(self.offsets))

    def item_counts(self) -> NDArray[np.int64]:
        """Count the baskets that hold each item, or add up their weights."""
        if self.weights is None and len(self.codes) > _SMALL:
            from crmml.association._line_kernels import count_codes

            found = np.zeros(len(self.items), dtype=np.int64)
            count_codes(self.codes, found)
            return found
        weights = None if self.weights is None else self.weights[self.basket_of_entry]
        # As floats weights are exact up to 2**53, which readers of weights make sure.
        counts = np.bincount(self.codes, weights, minlength=len(self.items))
        return counts.astype(np.int64)

    def keep_baskets(self, kept: NDArray[np.bool_]) -> "EncodedBaskets":
        """Give the baskets marked true, in their order."""
        sizes = np.diff(self.offsets)
        return EncodedBaskets(
            items=self.items,
            codes=self.codes[np.repeat(kept, sizes)],
            offsets=np.concatenate([[0], np.cumsum(sizes[kept])]),
            weights=None if self.weights is None else self.weights[kept],
        )

    def take_baskets(self, rows: NDArray[np.int64]) -> "EncodedBaskets":
        """Give the baskets at some places, in the order of these."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.arange(offsets[-1])
        entries += np.repeat(self.offsets[rows] - offsets[:-1], sizes)
        return EncodedBaskets(
            items=self.items,
            codes=self.codes[entries],
            offsets=offsets,
            weights=None if self.weights is None else self.weights[rows],
        )

    def keep_items(self, kept: NDArray[np.bool_]) -> "EncodedBaskets":
        """Give the same baskets with only the items whose codes are marked true."""
        inside = kept[self.codes]
        ends = np.concatenate([[0], np.cumsum(inside)])
        return replace(self, codes=self.codes[inside], offsets=ends[self.offsets])


def encode_pairs(
    baskets: NDArray[Any],
    items: NDArray[Any],
    labels: Sequence[Item],
    n_baskets: int,
) -> EncodedBaskets:
    """Build the coded form from (basket, item) pairs.

    Parameters
    ----------
    baskets : ndarray of int of shape (n_pairs,)
        Basket positions, 0 to ``n_baskets - 1``, in any order, repetitions allowed.
    items : ndarray of int of shape (n_pairs,)
        Positions in `labels`.
    labels : sequence of str or of int
        Distinct item labels, all of one kind, in any order.
    n_baskets : int
        Number of baskets, empty ones included.

    Returns
    -------
    EncodedBaskets
        An item that comes twice in a basket counts once.

    Examples
    --------
    >>> pairs = np.array([[0, 0, 0, 2], [1, 0, 1, 0]])
    >>> encoded = encode_pairs(*pairs, labels=["milk", "beer"], n_baskets=3)
    >>> encoded.items, encoded.codes.tolist(), encoded.offsets.tolist()
    (('beer', 'milk'), [0, 1, 1], [0, 2, 2, 3])
    """
    owners = baskets.astype(np.int32, copy=False)
    if all(map(lt, labels, islice(labels, 1, None))):
        # Overwritten below, so it must be a copy.
        coded, ordered = items.astype(np.int32), tuple(labels)
    else:
        order = sorted(range(len(labels)), key=labels.__getitem__)
        code_of_label = np.empty(len(labels), dtype=np.int32)
        code_of_label[order] = np.arange(len(labels))
        coded = _take_in_steps(code_of_label, items)
        ordered = tuple(labels[position] for position in order)
    if len(baskets) > _SMALL:
        return group_pairs(owners, coded, ordered, n_baskets)
    width = max(len(labels), 1)
    keys = np.unique(owners.astype(np.int64) * width + coded)
    offsets = np.searchsorted(keys, np.arange(n_baskets + 1, dtype=np.int64) * width)
    return EncodedBaskets(
        items=ordered,
        codes=(keys % width).astype(np.int32),
        offsets=offsets.astype(np.int64),
    )


def group_pairs(
    baskets: NDArray[Any],
    codes: NDArray[np.int32],
    items: tuple[Item, ...],
    n_baskets: int,
) -> EncodedBaskets:
    """Do the same for many pairs, with compiled kernels and in little memory.

    Parameters
    ----------
    baskets : ndarray of int32 of shape (n_pairs,)
        Basket positions, as for :func:`encode_pairs`.
    codes : ndarray of int32 of shape (n_pairs,)
        Places in `items`. Overwritten.
    items : tuple of str or of int
        Ascending distinct labels.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    EncodedBaskets
        The baskets.
    """
    # Not at the top: numba takes longer to import than small tables take.
    from crmml.association import _line_kernels

    offsets = np.zeros(n_baskets + 1, dtype=np.int64)
    if not _line_kernels.count_lines(baskets, offsets):
        grouped = np.empty_like(codes)
        _line_kernels.group_lines(baskets, codes, offsets[:-1].copy(), grouped)
        codes = grouped
    last_seen = np.full(len(items), -1, dtype=np.int32)
    kept = _line_kernels.drop_repetitions(codes, offsets, last_seen)
    return EncodedBaskets(items, codes[:kept], offsets)


def _take_in_steps(table: NDArray[np.int32], places: NDArray[Any]) -> NDArray[np.int32]:
    """Look up many places without a copy of them as 64-bit integers."""
    found = np.empty(len(places), dtype=np.int32)
    for start in range(0, len(places), _STEP):
        some = slice(start, start + _STEP)
        np.take(table, places[some], out=found[some])
    return found
