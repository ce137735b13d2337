"""Positions of itemsets, found by hashing."""

import numpy as np
from numpy.typing import NDArray


class SubsetIndex:
    """Finds itemsets by the sum of random 64-bit numbers, one drawn for each item.

    The key of a union of disjoint itemsets is the sum of their keys, and that of what
    remains is the difference, so subsets are looked up without being spelt. All keys
    of a table are checked to differ: a look-up of an itemset of the table is exact.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_itemsets, longest)
        Item codes, filled with -1 at the end; every row another itemset.

    Examples
    --------
    >>> index = SubsetIndex(np.array([[0, -1], [1, -1], [0, 1]]))
    >>> both = index.keys[2:]
    >>> index.find(both - index.item_keys[1]).tolist()
    [0]
    """

    def __init__(self, codes: NDArray[np.int32]) -> None:
        n_items = int(codes.max(initial=0)) + 1
        for seed in range(10):
            drawn = np.random.default_rng(seed).bytes(8 * n_items)
            # The last one stands for -1, which is no item.
            self.item_keys = np.append(np.frombuffer(drawn, np.uint64), np.uint64(0))
            self.keys = np.zeros(len(codes), dtype=np.uint64)
            for column in codes.T:
                self.keys += self.item_keys[column]
            if self._build():
                return
        raise RuntimeError("codes hold an itemset twice")

    def _build(self) -> bool:
        """Fill the table; say whether all keys differ."""
        size = 1 << max(4, (2 * len(self.keys)).bit_length())
        self._mask = np.uint64(size - 1)
        self._places = np.full(size, -1, dtype=np.int32)
        waiting = np.arange(len(self.keys), dtype=np.int32)
        step = np.uint64(0)
        while len(waiting):
            slots = (self.keys[waiting] + step) & self._mask
            taken = self._places[slots]
            if bool(((taken >= 0) & (self.keys[taken] == self.keys[waiting])).any()):
                return False
            free = taken < 0
            # Of several that want one place the last stays; the others go on.
            self._places[slots[free]] = waiting[free]
            settled = self._places[slots]
            lost = settled != waiting
            if bool((self.keys[settled[lost]] == self.keys[waiting[lost]]).any()):
                return False
            waiting = waiting[lost]
            step += np.uint64(1)
        return True

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Give the positions of itemsets.

        Parameters
        ----------
        keys : ndarray of uint64 of shape (n,)
            Sums of `item_keys`, of itemsets that are in the table.

        Returns
        -------
        ndarray of int32 of shape (n,)
            Their positions.
        """
        found: NDArray[np.int32] = self._places[keys & self._mask]
        wrong = np.flatnonzero(self.keys[found] != keys)
        step = np.uint64(1)
        while len(wrong):
            sought = keys[wrong]
            found[wrong] = self._places[(sought + step) & self._mask]
            wrong = wrong[self.keys[found[wrong]] != sought]
            step += np.uint64(1)
        return found
