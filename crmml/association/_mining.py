"""From coded baskets and a minimum count to itemsets: the seam before the searches."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from crmml.association import _mlxtend
from crmml.association._baskets import EncodedBaskets
from crmml.association._ranked_rows import SMALL, RankedRows, rank_baskets
from crmml.association._spark_baskets import SparkBaskets
from crmml.association._spark_mining import mine_on_spark
from crmml.association._trie import ItemsetTrie, make_trie
from crmml.association._wide_search import TooMuchForNumpyError, search_wide
from crmml.exceptions import LimitError

ALGORITHMS = ("auto", "apriori", "fpgrowth", "hmine")
"""Names of the algorithms; they differ in time and memory, never in the result."""

_Found = Iterable[tuple[Sequence[int], int]]


def mine_itemsets(
    baskets: EncodedBaskets,
    min_count: int,
    *,
    max_length: int | None = None,
    algorithm: str = "auto",
    max_itemsets: int = 1_000_000,
    n_jobs: int | None = None,
    ancestors: NDArray[np.int64] | None = None,
) -> ItemsetTrie:
    """Find all itemsets that at least `min_count` baskets hold.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    min_count : int
        The smallest number, or weight, of baskets, at least 1.
    max_length : int, default=None
        The largest number of items in an itemset; None: no limit.
    algorithm : {"auto", "apriori", "fpgrowth", "hmine"}, default="auto"
        How to find them; the named ones know neither weights nor a hierarchy.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets.
    n_jobs : int, default=None
        Number of threads; None or -1: one for each processor.
    ancestors : ndarray of int64 of shape (n_items, n_levels), default=None
        Codes of the items above each item, -1 for none: such two never come together
        in an itemset.

    Returns
    -------
    ItemsetTrie
        The itemsets; with an itemset, all its subsets.

    Raises
    ------
    LimitError
        If there are more than `max_itemsets`. The search stops there, so that neither
        time nor memory runs away.
    """
    counts = baskets.item_counts()
    by_count = np.argsort(counts, kind="stable")
    frequent = by_count[counts[by_count] >= min_count]
    if ancestors is None:
        ancestors = np.empty((len(counts), 0), dtype=np.int64)
    found = None
    if isinstance(baskets, SparkBaskets):
        found = mine_on_spark(
            baskets,
            frequent,
            min_count,
            max_length=max_length,
            algorithm=algorithm,
            max_itemsets=max_itemsets,
        )
    elif len(frequent) <= max_itemsets:
        ranked = rank_baskets(baskets, frequent, counts[frequent], ancestors)
        if algorithm == "auto":
            longest = max_length or len(frequent)
            limits = min_count, longest, max_itemsets
            found = _search(ranked, *limits, count_threads(n_jobs))
        else:
            found = _search_textbook(
                ranked, algorithm, min_count, max_length, max_itemsets
            )
    if found is None:
        raise LimitError(
            f"More than max_itemsets={max_itemsets} itemsets are in at least "
            f"{min_count} of the {baskets.n_baskets} baskets. Raise min_support, set "
            "max_length, or raise max_itemsets if time and memory allow it."
        )
    parents, ranks, found_counts = found
    return ItemsetTrie(
        parents.astype(np.int32), frequent[ranks].astype(np.int32), found_counts
    )


def count_threads(n_jobs: int | None) -> int:
    """Read a number of jobs as scikit-learn does: -1 is all processors, -2 all but one.

    None is every processor too, because threads of a search share all memory.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    available = available or os.cpu_count() or 1
    if n_jobs is None:
        return available
    return n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)


def _search(
    ranked: RankedRows, min_count: int, max_length: int, limit: int, n_threads: int
) -> tuple[Any, Any, Any] | None:
    if len(ranked.rows) <= SMALL:
        try:
            return search_wide(ranked, min_count, max_length, limit)
        except TooMuchForNumpyError:
            pass
    # Not at the top: numba takes longer to import than small searches take.
    from crmml.association._deep_search import search_deep

    return search_deep(ranked, min_count, max_length, limit, n_threads)


def _search_textbook(
    ranked: RankedRows,
    algorithm: str,
    min_count: int,
    max_length: int | None,
    limit: int,
) -> tuple[Any, Any, Any] | None:
    itemsets: dict[tuple[int, ...], int] = {
        (rank,): count for rank, count in enumerate(ranked.counts.tolist())
    }
    if len(ranked.lengths) and (max_length is None or max_length > 1):
        # Only growth yields one itemset at a time, so it counts for the other two. It
        # also yields single items, at most all of them.
        found: _Found = _mlxtend.grow_patterns(_distinct(ranked), min_count, max_length)
        most = limit + len(itemsets)
        if algorithm != "fpgrowth":
            if sum(1 for _ in islice(found, most + 1)) > most:
                return None
            mine = {"apriori": _mlxtend.mine_apriori, "hmine": _mlxtend.mine_hmine}
            found = mine[algorithm](_to_matrix(ranked), min_count, max_length)
        for ranks, count in islice(found, most + 1):
            # Baskets of one item were cut, so single items are counted elsewhere.
            if len(ranks) > 1:
                itemsets[tuple(sorted(ranks))] = count
    return make_trie(itemsets) if len(itemsets) <= limit else None


def _distinct(ranked: RankedRows) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield each different row, most frequent item first, and how often it comes."""
    ends = np.concatenate([[0], np.cumsum(ranked.lengths, dtype=np.int64)]).tolist()
    flat = ranked.rows.tolist()
    rows = (tuple(flat[start:end][::-1]) for start, end in pairwise(ends))
    yield from Counter(rows).items()


def _to_matrix(ranked: RankedRows) -> csr_matrix:
    """Give the rows as a sparse boolean matrix of shape (n_rows, n_ranks)."""
    ends = np.concatenate([[0], np.cumsum(ranked.lengths, dtype=np.int64)])
    ones = np.ones(len(ranked.rows), dtype=bool)
    shape = len(ranked.lengths), len(ranked.counts)
    return csr_matrix((ones, ranked.rows.astype(np.int64), ends), shape)
