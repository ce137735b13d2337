"""Fewer itemsets that say as much: closed and maximal ones."""

import numpy as np
from numpy.typing import NDArray

from crmml.association._itemsets import Itemsets
from crmml.association._subset_index import SubsetIndex

KINDS = ("all", "closed", "maximal")
"""Which itemsets to keep: all, or those without a larger one that replaces them."""


def keep_kind(itemsets: Itemsets, kind: str) -> NDArray[np.bool_]:
    """Mark the closed or the maximal itemsets.

    An itemset is closed if no larger one is in as many baskets, and maximal if no
    larger one is frequent (Pasquier et al. 1999, doi:10.1007/3-540-49257-7_25; Bayardo
    1998, doi:10.1145/276304.276313).

    Parameters
    ----------
    itemsets : Itemsets
        All frequent itemsets.
    kind : {"all", "closed", "maximal"}
        Which to mark.

    Returns
    -------
    ndarray of bool of shape (n_itemsets,)
        True for those of the kind.

    Examples
    --------
    >>> codes = np.array([[0, -1], [1, -1], [0, 1]])
    >>> pair = Itemsets(codes, np.array([3, 2, 2]))
    >>> keep_kind(pair, "closed").tolist(), keep_kind(pair, "maximal").tolist()
    ([True, False, True], [False, False, True])
    """
    kept = np.ones(len(itemsets.counts), dtype=bool)
    if kind == "all":
        return kept
    index = SubsetIndex(itemsets.codes)
    larger = np.flatnonzero(itemsets.lengths > 1)
    for column in itemsets.codes[larger].T:
        inside = larger[column >= 0]
        less = index.keys[inside] - index.item_keys[column[column >= 0]]
        smaller = index.find(less)
        if kind == "closed":
            same = itemsets.counts[smaller] == itemsets.counts[inside]
            smaller = smaller[same]
        kept[smaller] = False
    return kept
