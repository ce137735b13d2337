"""The only door to mlxtend, whose textbook algorithms can be asked for by name.

mlxtend compares shares of baskets as floats. What is asked of it here lies half a
basket below the wanted count, so that rounding cannot lose an itemset on the limit.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

# mlxtend sets a warning filter for the whole process when it is imported.
with warnings.catch_warnings():
    from mlxtend.frequent_patterns import apriori, hmine
    from mlxtend.frequent_patterns.fpcommon import FPTree
    from mlxtend.frequent_patterns.fpgrowth import fpg_step

Found = Iterator[tuple[Sequence[int], int]]


def grow_patterns(
    rows: Iterable[tuple[tuple[int, ...], int]], min_count: int, max_length: int | None
) -> Found:
    """Mine with FP-growth, one itemset at a time.

    Parameters
    ----------
    rows : iterable of (columns, multiplicity)
        Distinct baskets, each with the most frequent column first.
    min_count : int
        The smallest number of baskets.
    max_length : int or None
        The largest number of columns in an itemset.

    Yields
    ------
    columns : sequence of int
        An itemset, in any order.
    count : int
        Number of baskets that hold it.
    """
    tree = FPTree()
    for columns, multiplicity in rows:
        tree.insert_itemset(columns, multiplicity)
    if tree.nodes:
        for count, columns in fpg_step(tree, min_count, None, max_length, 0):
            # Growth orders by count; the first level may still hold rarer columns.
            if count >= min_count:
                yield columns, int(count)


def mine_apriori(matrix: csr_matrix, min_count: int, max_length: int | None) -> Found:
    """Mine with Apriori: candidates of one length after the other.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of bool of shape (n_baskets, n_columns)
        The baskets, at least one.
    min_count : int
        The smallest number of baskets.
    max_length : int or None
        The largest number of columns in an itemset.

    Yields
    ------
    columns : sequence of int
        An itemset, in any order.
    count : int
        Number of baskets that hold it.
    """

    def run(frame: pd.DataFrame, share: float) -> pd.DataFrame:
        # The default would hold baskets x candidates in memory.
        return apriori(frame, share, max_len=max_length, low_memory=True)

    return _run(run, matrix, min_count)


def mine_hmine(matrix: csr_matrix, min_count: int, max_length: int | None) -> Found:
    """Mine with H-mine: depth first over projected baskets.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of bool of shape (n_baskets, n_columns)
        The baskets, at least one.
    min_count : int
        The smallest number of baskets.
    max_length : int or None
        The largest number of columns in an itemset.

    Yields
    ------
    columns : sequence of int
        An itemset, in any order.
    count : int
        Number of baskets that hold it.
    """

    def run(frame: pd.DataFrame, share: float) -> pd.DataFrame:
        return hmine(frame, share, max_len=max_length)

    return _run(run, matrix, min_count)


def _run(
    run: Callable[[pd.DataFrame, float], pd.DataFrame],
    matrix: csr_matrix,
    min_count: int,
) -> Found:
    n_baskets, n_columns = matrix.shape
    if min_count > n_baskets:
        return
    # By way of numbers: pandas 2 warns when it is handed booleans.
    numbers = matrix.astype(np.uint8)
    frame = pd.DataFrame.sparse.from_spmatrix(numbers, columns=range(n_columns))
    frame = frame.astype(pd.SparseDtype(bool, fill_value=False))
    found = run(frame, (min_count - 0.5) / n_baskets)
    counts = np.rint(found["support"].to_numpy(dtype=np.float64) * n_baskets)
    for columns, count in zip(found["itemsets"], counts.tolist(), strict=True):
        if count >= min_count:
            yield tuple(columns), int(count)
