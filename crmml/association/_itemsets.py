"""The result of mining, coded, and the table made from it."""

from array import array
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._baskets import Item


@dataclass(frozen=True)
class Itemsets:
    """Frequent itemsets as rows of item codes.

    With an itemset all its subsets are here too. Rows are sorted by falling count, then
    rising length, then codes, whatever the algorithm that found them.

    Parameters
    ----------
    codes : ndarray of int32 of shape (n_itemsets, longest)
        Ascending item codes, filled with -1 at the end.
    counts : ndarray of int64 of shape (n_itemsets,)
        Number of baskets that hold the itemset.
    """

    codes: NDArray[np.int32]
    counts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of items of each itemset; shape (n_itemsets,)."""
        return np.asarray((self.codes >= 0).sum(axis=1), dtype=np.int64)


class TooManyItemsetsError(Exception):
    """A buffer is full; whoever mines says what that means."""


class ItemsetsBuffer:
    """Itemsets as a miner finds them, a few bytes for each.

    Parameters
    ----------
    limit : int
        The largest number of itemsets.

    Examples
    --------
    >>> buffer = ItemsetsBuffer(limit=3)
    >>> for codes, count in [([1], 2), ([1, 0], 2), ([0], 3)]:
    ...     buffer.add(codes, count)
    >>> itemsets = buffer.to_itemsets()
    >>> itemsets.codes.tolist(), itemsets.counts.tolist()
    ([[0, -1], [1, -1], [0, 1]], [3, 2, 2])
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._codes = array("i")
        self._lengths = array("i")
        self._counts = array("q")

    def add(self, codes: list[int], count: int) -> None:
        """Add an itemset, its codes in any order; raise when the buffer is full."""
        if len(self._counts) >= self._limit:
            raise TooManyItemsetsError
        self._codes.extend(codes)
        self._lengths.append(len(codes))
        self._counts.append(count)

    def to_itemsets(self) -> Itemsets:
        """Bring the itemsets into their one order."""
        lengths = np.array(self._lengths, dtype=np.int64)
        counts = np.array(self._counts, dtype=np.int64)
        shape = (len(lengths), int(lengths.max(initial=1)))
        inside = np.arange(shape[1]) < lengths[:, np.newaxis]
        codes = np.full(shape, np.iinfo(np.int32).max, dtype=np.int32)
        codes[inside] = np.array(self._codes, dtype=np.int32)
        codes.sort(axis=1)
        codes[~inside] = -1
        order = np.lexsort((*codes.T[::-1], lengths, -counts))
        return Itemsets(codes[order], counts[order])


def label_itemsets(itemsets: Itemsets, items: tuple[Item, ...]) -> NDArray[np.object_]:
    """Spell itemsets with the user's labels.

    Parameters
    ----------
    itemsets : Itemsets
        The coded itemsets.
    items : tuple of str or of int
        The label of each code.

    Returns
    -------
    ndarray of frozenset of shape (n_itemsets,)
        The labelled itemsets, in their order.
    """
    labelled = np.empty(len(itemsets.counts), dtype=object)
    for position, row in enumerate(itemsets.codes.tolist()):
        labelled[position] = frozenset(items[code] for code in row if code >= 0)
    return labelled


def make_itemset_table(
    counts: NDArray[np.int64], labelled: NDArray[np.object_], n_baskets: int
) -> pd.DataFrame:
    """Make the table that users see.

    Parameters
    ----------
    counts : ndarray of int64 of shape (n_itemsets,)
        Number of baskets that hold each itemset.
    labelled : ndarray of frozenset of shape (n_itemsets,)
        The itemsets.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    pandas.DataFrame
        Columns support (float64), count (int64), itemsets (object).
    """
    return pd.DataFrame(
        {
            "support": _measures.support(counts, n_baskets),
            "count": counts,
            "itemsets": pd.Series(labelled, dtype=object),
        }
    )
