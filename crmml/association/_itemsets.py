"""The result of mining, coded, and the table made from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._baskets import Item
from crmml.association._row_order import order_by
from crmml.association._trie import ItemsetTrie


@dataclass(frozen=True)
class Itemsets:
    """Frequent itemsets as rows of item codes.

    Rows are sorted by falling count, then rising length, then codes, whatever the
    algorithm that found them.

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


def sort_itemsets(trie: ItemsetTrie) -> Itemsets:
    """Spell mined itemsets and bring them into their one order.

    Parameters
    ----------
    trie : ItemsetTrie
        The itemsets as they were found.

    Returns
    -------
    Itemsets
        The same itemsets, sorted.

    Examples
    --------
    >>> trie = ItemsetTrie(
    ...     np.array([-1, 0, -1]), np.array([1, 0, 0]), np.array([2, 2, 3])
    ... )
    >>> itemsets = sort_itemsets(trie)
    >>> itemsets.codes.tolist(), itemsets.counts.tolist()
    ([[0, -1], [1, -1], [0, 1]], [3, 2, 2])
    """
    return _sort(trie.to_codes(), trie.counts.astype(np.int64))


def add_always(itemsets: Itemsets, always: NDArray[np.int32]) -> Itemsets:
    """Put the same items into every itemset.

    Parameters
    ----------
    itemsets : Itemsets
        Itemsets; one may be empty, all codes -1.
    always : ndarray of int32 of shape (n_always,)
        Codes that none of them holds.

    Returns
    -------
    Itemsets
        The larger itemsets, sorted.
    """
    least = np.broadcast_to(always, (len(itemsets.counts), len(always)))
    codes = np.concatenate([least, itemsets.codes], axis=1).astype(np.int32)
    # What is no item goes to the end: as an unsigned number -1 is the largest.
    codes.view(np.uint32).sort(axis=1)
    return _sort(codes, itemsets.counts)


def _sort(codes: NDArray[np.int32], counts: NDArray[np.int64]) -> Itemsets:
    lengths = Itemsets(codes, counts).lengths
    columns = [column + 1 for column in codes.T]
    order = order_by(counts.max(initial=0) - counts, lengths, *columns)
    longest = int(lengths.max(initial=1))
    return Itemsets(codes[order, :longest], counts[order])


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
    labels = np.empty(len(items) + 1, dtype=object)
    labels[:-1] = items
    labelled = np.empty(len(itemsets.counts), dtype=object)
    lengths = itemsets.lengths
    for length in range(1, itemsets.codes.shape[1] + 1):
        places = np.flatnonzero(lengths == length)
        # Column by column: zip makes the tuples, frozenset takes them, no Python loop.
        columns = [labels[column] for column in itemsets.codes[places, :length].T]
        labelled[places] = np.fromiter(
            map(frozenset, zip(*columns, strict=True)), dtype=object, count=len(places)
        )
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
