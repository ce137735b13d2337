"""What to offer next: the strongest rules that a basket fulfils."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._baskets import EncodedBaskets, Item
from crmml.association._itemsets import Itemsets
from crmml.association._offer_search import choose_search
from crmml.association._prefix_tree import PrefixTree, build_tree
from crmml.association._rules import Rules

# Offers that are looked for in one go.
_BLOCK = 4_000_000
_COLUMNS = pd.Index(["basket", "rank", "item", "score", "antecedents"])


@dataclass(frozen=True)
class Offers:
    """Rules that offer one item, the strongest first, and where to find them.

    Parameters
    ----------
    items : tuple of str or of int
        The label of each code.
    tree : PrefixTree
        The antecedents.
    starts : ndarray of int64 of shape (n_nodes + 1,)
        The rules of node ``i`` are ``ranks[starts[i]:starts[i + 1]]``.
    ranks : ndarray of int64 of shape (n_offers,)
        Rules by node, the strongest first in each.
    positions : ndarray of int64 of shape (n_offers,)
        Place of each rule among all rules.
    offered : ndarray of int32 of shape (n_offers,)
        Code of the item offered.
    scores : ndarray of float64 of shape (n_offers,)
        Confidence of the rule.
    reasons : ndarray of frozenset of shape (n_offers,)
        The antecedents with the user's labels.
    """

    items: tuple[Item, ...]
    tree: PrefixTree
    starts: NDArray[np.int64]
    ranks: NDArray[np.int64]
    positions: NDArray[np.int64]
    offered: NDArray[np.int32]
    scores: NDArray[np.float64]
    reasons: NDArray[np.object_]

    @cached_property
    def codes(self) -> dict[Item, int]:
        """The code of each item."""
        return {item: code for code, item in enumerate(self.items)}

    @cached_property
    def labels(self) -> NDArray[np.object_]:
        """The items, ready to be taken by code."""
        labels = np.empty(len(self.items), dtype=object)
        labels[:] = self.items
        return labels


def prepare_offers(
    rules: Rules,
    itemsets: Itemsets,
    labelled: NDArray[np.object_],
    items: tuple[Item, ...],
    n_baskets: int,
) -> Offers:
    """Order the rules with one consequent by what they promise.

    Highest confidence first, then highest lift, then highest support, then the offered
    item's label; for one item the shorter antecedents, then their labels.

    Parameters
    ----------
    rules : Rules
        All rules.
    itemsets : Itemsets
        The itemsets they were made from.
    labelled : ndarray of frozenset of shape (n_itemsets,)
        The same itemsets with the user's labels.
    items : tuple of str or of int
        The label of each code.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    Offers
        The ordered offers.
    """
    lengths = itemsets.lengths
    one = np.flatnonzero(lengths[rules.consequents] == 1)
    first, then = rules.antecedents[one], rules.consequents[one]
    together = rules.counts[one]
    offered = itemsets.codes[then, 0]
    scores = _measures.confidence(together, itemsets.counts[first])
    lifts = _measures.lift(
        together, itemsets.counts[first], itemsets.counts[then], n_baskets
    )
    # Rules of one item and length come in order of labels if all else is equal.
    keys = (*itemsets.codes[first].T[::-1], lengths[first], offered)
    order = np.lexsort((*keys, -together, -lifts, -scores))
    tree = build_tree(itemsets.codes[first[order]])
    counts = np.bincount(tree.node_of_row, minlength=len(tree.items))
    return Offers(
        items=items,
        tree=tree,
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ranks=np.argsort(tree.node_of_row, kind="stable"),
        positions=one[order],
        offered=offered[order],
        scores=scores[order],
        reasons=labelled[first[order]],
    )


def find_best(
    offers: Offers,
    baskets: EncodedBaskets,
    n_items: int,
    held: EncodedBaskets | None = None,
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Find the best rules for each basket, block by block.

    Parameters
    ----------
    offers : Offers
        The ordered offers.
    baskets : EncodedBaskets
        The baskets, in the codes of the offers.
    n_items : int
        The most offers for a basket.
    held : EncodedBaskets, default=None
        What is not offered to each basket, its own items among it. None: these alone.

    Yields
    ------
    start : int
        The first basket of the block.
    best : ndarray of int64 of shape (n_baskets_of_block, n_best)
        Places in `offers`, ascending in each row, then -1.
    """
    tree, width = offers.tree, len(offers.items)
    n_best = max(1, min(n_items, width))
    search = choose_search(len(baskets.codes))
    step = max(1, _BLOCK // n_best)
    for start in range(0, baskets.n_baskets, step):
        offsets = baskets.offsets[start : start + step + 1]
        # A copy, because the search sorts it.
        codes = baskets.codes[offsets[0] : offsets[-1]].copy()
        offsets = offsets - offsets[0]
        own, own_offsets = codes, offsets
        if held is not None:
            own, own_offsets = held.codes, held.offsets[start : start + step + 1]
        best = np.full((len(offsets) - 1, n_best), -1, dtype=np.int64)
        search(
            *(tree.items, tree.first, tree.n_roots),
            *(offers.starts, offers.ranks, offers.offered),
            *(codes, offsets, own, own_offsets, n_best, width, best),
        )
        yield start, best


def recommend(
    offers: Offers,
    baskets: EncodedBaskets,
    n_items: int,
    held: EncodedBaskets | None = None,
) -> pd.DataFrame:
    """Offer each basket the items it lacks, by the best rule that it fulfils.

    Parameters
    ----------
    offers : Offers
        The ordered offers.
    baskets : EncodedBaskets
        The baskets, in the codes of the offers.
    n_items : int
        The largest number of items for a basket.
    held : EncodedBaskets, default=None
        What is not offered to each basket, its own items among it. None: these alone.

    Returns
    -------
    pandas.DataFrame
        Columns basket (int64), rank (int64), item, score (float64), antecedents.
    """
    empty = np.empty(0, dtype=np.int64)
    parts = [(empty, empty, empty)]
    for start, best in find_best(offers, baskets, n_items, held):
        rows, ranks = np.nonzero(best >= 0)
        parts.append((rows + start, ranks + 1, best[rows, ranks]))
    rows, ranks, rules = map(np.concatenate, zip(*parts, strict=True))
    # Making the table is most of the time of one basket: numbers for names cost least,
    # and with one index for all there is nothing to align.
    index = pd.RangeIndex(len(rows))
    items = pd.Series(offers.labels[offers.offered[rules]], index, dtype=object)
    columns = (rows, ranks, items, offers.scores[rules], offers.reasons[rules])
    table = pd.DataFrame(dict(enumerate(columns)), index, copy=False)
    table.columns = _COLUMNS
    return table
