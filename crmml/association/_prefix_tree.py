"""Itemsets hung from their beginnings, so that what they share is looked at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PrefixTree:
    """Nodes, level by level; every beginning of an itemset is one.

    Parameters
    ----------
    items : ndarray of int32 of shape (n_nodes,)
        The item that a node adds to its parent's; ascending among siblings.
    first : ndarray of int64 of shape (n_nodes + 1,)
        The children of node ``i`` are ``first[i]`` to ``first[i + 1] - 1``.
    n_roots : int
        The first so many nodes are itemsets of one item.
    node_of_row : ndarray of int64 of shape (n_rows,)
        The node of each itemset that the tree was made from.
    """

    items: NDArray[np.int32]
    first: NDArray[np.int64]
    n_roots: int
    node_of_row: NDArray[np.int64]


def build_tree(rows: NDArray[np.int32]) -> PrefixTree:
    """Hang itemsets from their beginnings.

    Parameters
    ----------
    rows : ndarray of int32 of shape (n_rows, longest)
        Ascending item codes, one at least, filled with -1 at the end.

    Returns
    -------
    PrefixTree
        The tree.

    Examples
    --------
    >>> tree = build_tree(np.array([[2, -1], [0, 2], [0, 1]], dtype=np.int32))
    >>> tree.items.tolist(), tree.first.tolist(), tree.node_of_row.tolist()
    ([0, 2, 1, 2], [2, 4, 4, 4, 4], [1, 3, 2])
    """
    width = int(rows.max(initial=0)) + 1
    nodes = np.zeros(len(rows), dtype=np.int64)
    items, owners, done = [], [], 0
    for depth, column in enumerate(rows.T):
        longer = np.flatnonzero(column >= 0)
        keys = nodes[longer] * width + column[longer]
        distinct, places = np.unique(keys, return_inverse=True)
        items.append((distinct % width).astype(np.int32))
        # Roots hang from nothing; nodes are numbered from one below.
        owners.append(distinct // width if depth else np.zeros(0, dtype=np.int64))
        nodes[longer] = done + places
        done += len(distinct)
    n_roots = len(items[0]) if items else 0
    counts = np.bincount(np.concatenate([*owners, nodes[:0]]), minlength=done)
    first = n_roots + np.concatenate([[0], np.cumsum(counts)])
    together = np.concatenate([*items, np.zeros(0, dtype=np.int32)])
    return PrefixTree(together, first.astype(np.int64), n_roots, nodes)
