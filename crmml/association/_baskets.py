"""Baskets as integer codes, the form in which they are mined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Item = str | int


@dataclass(frozen=True)
class EncodedBaskets:
    """Baskets as runs of item codes.

    Parameters
    ----------
    items : tuple of str or of int
        The distinct items in ascending order; the code of an item is its place here, so
        that the order of codes is the order of labels, whatever the order of the rows.
    codes : ndarray of int32 of shape (n_entries,)
        The item codes of all baskets, one basket after the other, ascending and without
        repetition inside a basket.
    offsets : ndarray of int64 of shape (n_baskets + 1,)
        Basket ``i`` is ``codes[offsets[i]:offsets[i + 1]]``; it may be empty.
    """

    items: tuple[Item, ...]
    codes: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @property
    def n_baskets(self) -> int:
        """Number of baskets, empty ones included."""
        return len(self.offsets) - 1

    @property
    def basket_of_entry(self) -> NDArray[np.int64]:
        """Basket position of every entry of `codes`."""
        return np.repeat(np.arange(self.n_baskets), np.diff(self.offsets))

    def item_counts(self) -> NDArray[np.int64]:
        """Count the baskets that hold each item; shape (n_items,)."""
        return np.bincount(self.codes, minlength=len(self.items)).astype(np.int64)


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
    order = sorted(range(len(labels)), key=labels.__getitem__)
    code_of_label = np.empty(len(labels), dtype=np.int64)
    code_of_label[order] = np.arange(len(labels))
    width = max(len(labels), 1)
    keys = np.unique(baskets.astype(np.int64) * width + code_of_label[items])
    offsets = np.searchsorted(keys, np.arange(n_baskets + 1, dtype=np.int64) * width)
    return EncodedBaskets(
        items=tuple(labels[position] for position in order),
        codes=(keys % width).astype(np.int32),
        offsets=offsets.astype(np.int64),
    )
