"""From coded baskets and a minimum count to itemsets: the seam before the miners."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from crmml.association import _mlxtend
from crmml.association._baskets import EncodedBaskets
from crmml.association._itemsets import Itemsets, ItemsetsBuffer, TooManyItemsetsError
from crmml.exceptions import LimitError

ALGORITHMS = ("apriori", "fpgrowth", "hmine")
"""Names of the algorithms; they differ in time and memory, never in the result."""

_Found = Iterable[tuple[Sequence[int], int]]


def mine_itemsets(
    baskets: EncodedBaskets,
    min_count: int,
    *,
    max_length: int | None = None,
    algorithm: str = "fpgrowth",
    max_itemsets: int = 1_000_000,
) -> Itemsets:
    """Find all itemsets that at least `min_count` baskets hold.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    min_count : int
        The smallest number of baskets, at least 1.
    max_length : int, default=None
        The largest number of items in an itemset; None: no limit.
    algorithm : {"apriori", "fpgrowth", "hmine"}, default="fpgrowth"
        How to find them.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets.

    Returns
    -------
    Itemsets
        The itemsets, in their one order.

    Raises
    ------
    LimitError
        If there are more than `max_itemsets`. The search stops there, so that neither
        time nor memory runs away.
    """
    counts = baskets.item_counts()
    # The most frequent item first: this keeps prefix trees small.
    by_count = np.argsort(-counts, kind="stable")
    frequent = by_count[counts[by_count] >= min_count]
    buffer = ItemsetsBuffer(max_itemsets)
    try:
        for code in frequent.tolist():
            buffer.add([code], int(counts[code]))
        if max_length is None or max_length > 1:
            rows = _RankedRows(baskets, frequent)
            for ranks, count in _search(
                rows, algorithm, min_count, max_length, max_itemsets
            ):
                buffer.add(frequent[ranks].tolist(), count)
    except TooManyItemsetsError:
        raise LimitError(
            f"More than max_itemsets={max_itemsets} itemsets are in at least "
            f"{min_count} of the {baskets.n_baskets} baskets. Raise min_support, set "
            "max_length, or raise max_itemsets if time and memory allow it."
        ) from None
    return buffer.to_itemsets()


class _RankedRows:
    """Baskets cut down to frequent items, numbered by rank, and to two items or more.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    frequent : ndarray of int of shape (n_frequent,)
        Codes of the frequent items, the most frequent first.
    """

    def __init__(self, baskets: EncodedBaskets, frequent: NDArray[np.int64]) -> None:
        self.n_ranks = len(frequent)
        rank_of_code = np.full(len(baskets.items), -1, dtype=np.int64)
        rank_of_code[frequent] = np.arange(len(frequent))
        ranks, owners = rank_of_code[baskets.codes], baskets.basket_of_entry
        sizes = np.bincount(owners[ranks >= 0], minlength=baskets.n_baskets)
        kept = (ranks >= 0) & (sizes[owners] > 1)
        width = max(self.n_ranks, 1)
        keys = np.sort(owners[kept] * width + ranks[kept])
        self.ranks = keys % width
        self.offsets = np.concatenate([[0], np.cumsum(sizes[sizes > 1])])

    def distinct(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """Yield each different row and how often it comes."""
        flat, ends = self.ranks.tolist(), self.offsets.tolist()
        rows = (tuple(flat[start:end]) for start, end in pairwise(ends))
        yield from Counter(rows).items()

    def to_matrix(self) -> csr_matrix:
        """Give the rows as a sparse boolean matrix of shape (n_rows, n_ranks)."""
        return csr_matrix(
            (np.ones(len(self.ranks), dtype=bool), self.ranks, self.offsets),
            shape=(len(self.offsets) - 1, self.n_ranks),
        )


def _search(
    rows: _RankedRows,
    algorithm: str,
    min_count: int,
    max_length: int | None,
    max_itemsets: int,
) -> Iterator[tuple[list[int], int]]:
    """Yield the itemsets of two or more items."""
    found: _Found = _mlxtend.grow_patterns(rows.distinct(), min_count, max_length)
    if algorithm != "fpgrowth":
        # Only growth yields one itemset at a time, so it counts for the other two.
        for n_found, _ in enumerate(found, start=1):
            if n_found > max_itemsets + rows.n_ranks:
                raise TooManyItemsetsError
        mine = {"apriori": _mlxtend.mine_apriori, "hmine": _mlxtend.mine_hmine}
        found = mine[algorithm](rows.to_matrix(), min_count, max_length)
    for ranks, count in found:
        # Baskets of one item were cut, so single items are counted elsewhere.
        if len(ranks) > 1:
            yield list(ranks), count
