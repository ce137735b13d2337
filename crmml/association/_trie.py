"""The result of mining: a forest in which every itemset hangs from its beginning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ItemsetTrie:
    """Itemsets as nodes: an itemset is that of its parent and one item more.

    Twelve bytes an itemset, so that a hundred million fit where a table of as many
    frozensets would not. Parents come before their children.

    Parameters
    ----------
    parents : ndarray of int32 of shape (n_itemsets,)
        Position of the parent, -1 for an itemset of one item.
    items : ndarray of int32 of shape (n_itemsets,)
        Code of the item added.
    counts : ndarray of int of shape (n_itemsets,)
        Number of baskets that hold the itemset, or their weight.

    Examples
    --------
    >>> trie = ItemsetTrie(
    ...     np.array([-1, -1, 1]), np.array([3, 5, 4]), np.array([9, 8, 7])
    ... )
    >>> trie.to_codes().tolist(), trie.lengths().tolist()
    ([[3, -1], [5, -1], [4, 5]], [1, 1, 2])
    """

    parents: NDArray[Any]
    items: NDArray[Any]
    counts: NDArray[Any]

    def __len__(self) -> int:
        """Count the itemsets."""
        return len(self.counts)

    def lengths(self) -> NDArray[np.int64]:
        """Count the items of each itemset; shape (n_itemsets,)."""
        lengths = np.ones(len(self), dtype=np.int64)
        above = self.parents
        while (alive := above >= 0).any():
            lengths += alive
            above = np.where(alive, self.parents[above], -1)
        return lengths

    def to_codes(self) -> NDArray[np.int32]:
        """Spell the itemsets: ascending codes, filled with -1 at the end."""
        lengths = self.lengths()
        shape = (len(self), int(lengths.max(initial=1)))
        codes = np.full(shape, np.iinfo(np.int32).max, dtype=np.int32)
        nodes = np.arange(len(self))
        owners = nodes
        for place in range(shape[1]):
            codes[owners, place] = self.items[nodes]
            nodes = self.parents[nodes]
            owners, nodes = owners[nodes >= 0], nodes[nodes >= 0]
        codes.sort(axis=1)
        codes[np.arange(shape[1]) >= lengths[:, np.newaxis]] = -1
        return codes


def make_trie(
    itemsets: Mapping[tuple[int, ...], int],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Hang itemsets given one by one from their beginnings.

    Parameters
    ----------
    itemsets : mapping of tuple of int to int
        Ascending ranks and count of each itemset; with an itemset, all its subsets.

    Returns
    -------
    tuple of three ndarray of int64 of shape (n_itemsets,)
        Parent, rank and count of each node.
    """
    ordered = sorted(itemsets, key=len)
    place = {ranks: at for at, ranks in enumerate(ordered)}
    parents = [place.get(ranks[:-1], -1) for ranks in ordered]
    last = [ranks[-1] for ranks in ordered]
    counts = [itemsets[ranks] for ranks in ordered]
    first, second, third = np.array([parents, last, counts], dtype=np.int64)
    return first, second, third
