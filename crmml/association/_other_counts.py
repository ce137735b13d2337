"""How many other baskets hold certain itemsets, such as the baskets of tomorrow."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets, Item
from crmml.association._prefix_tree import PrefixTree, build_tree
from crmml.exceptions import SchemaError

Words = NDArray[np.uint64]
Planes = list[tuple[int, Words | None]]

# The bit sets of one block of baskets take at most so many 64-bit words.
_WORDS = 8_000_000


def recode(baskets: EncodedBaskets, code_of: Mapping[Item, int]) -> EncodedBaskets:
    """Write baskets in the codes of other items; what is not among them is left out.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    code_of : mapping of str or of int to int
        The code of each item wanted: its place among them in ascending order.

    Returns
    -------
    EncodedBaskets
        As many baskets, some of them perhaps empty now.

    Raises
    ------
    SchemaError
        If the items are numbers where the others are text, or the reverse.
    """
    known = next(iter(code_of), None)
    if known is not None and baskets.items:
        _check_kind(type(baskets.items[0]), type(known))
    codes = np.array([code_of.get(item, -1) for item in baskets.items], dtype=np.int32)
    kept = baskets.keep_items(codes >= 0)
    return replace(kept, items=tuple(code_of), codes=codes[kept.codes])


def _check_kind(given: type, known: type) -> None:
    if given is known:
        return
    names = {str: "text", int: "whole numbers"}
    raise SchemaError(
        f"the baskets hold {names[given]}, but the rules were learned from "
        f"{names[known]}, so nothing can match. Convert the items with "
        f"{known.__name__}()."
    )


def count_itemsets(
    rows: NDArray[np.int32], baskets: EncodedBaskets
) -> NDArray[np.int64]:
    """Count the baskets that hold each itemset, or add up their weights.

    Baskets are bit sets by item, intersected depth first; of an intersection only the
    words that are not zero are taken on, so that rare itemsets cost little.

    Parameters
    ----------
    rows : ndarray of int32 of shape (n_rows, longest)
        Itemsets as codes in any order, one at least, filled with -1 at the end.
    baskets : EncodedBaskets
        The baskets, in the same codes.

    Returns
    -------
    ndarray of int64 of shape (n_rows,)
        The counts.

    Examples
    --------
    >>> offsets = np.array([0, 2, 2, 3])
    >>> baskets = EncodedBaskets(("a", "b"), np.array([0, 1, 1], np.int32), offsets)
    >>> count_itemsets(np.array([[1, -1], [0, 1]], np.int32), baskets).tolist()
    [2, 1]
    """
    if not rows.size:
        return np.zeros(len(rows), dtype=np.int64)
    used = np.zeros(len(baskets.items), dtype=bool)
    used[rows[rows >= 0]] = True
    baskets = baskets.keep_items(used)
    # Rare items first: intersections are small from the start.
    rank = np.full(len(used) + 1, -1, dtype=np.int32)
    by_count = np.argsort(baskets.item_counts(), kind="stable")
    rank[by_count[used[by_count]]] = np.arange(used.sum(), dtype=np.int32)
    ranked = rank[rows]
    # What is no item goes to the end: as an unsigned number -1 is the largest.
    ranked.view(np.uint32).sort(axis=1)
    tree = build_tree(ranked)
    counts = np.zeros(len(tree.items), dtype=np.int64)
    step = max(64, 64 * (_WORDS // max(int(used.sum()), 1)))
    for start in range(0, baskets.n_baskets, step):
        bits = _make_bits(baskets, rank, int(used.sum()), start, step)
        weights = None if baskets.weights is None else baskets.weights[start:][:step]
        _descend(tree, bits, _cut_weights(weights, bits.shape[1]), counts)
    return counts[tree.node_of_row]


def _make_bits(
    baskets: EncodedBaskets, rank: NDArray[np.int32], n_ranks: int, start: int, n: int
) -> Words:
    """Give each item the set of the baskets of a block that hold it."""
    offsets = baskets.offsets[start : start + n + 1]
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    ranks = rank[baskets.codes[offsets[0] : offsets[-1]]]
    words = max(1, -(-(len(offsets) - 1) // 64))
    bits = np.zeros(n_ranks * words, dtype=np.uint64)
    ones = np.uint64(1) << (owners & 63).astype(np.uint64)
    # An item comes once in a basket, so that adding is setting.
    np.add.at(bits, ranks.astype(np.int64) * words + (owners >> 6), ones)
    return bits.reshape(n_ranks, words)


def _cut_weights(weights: NDArray[np.int64] | None, words: int) -> Planes:
    """Cut weights into powers of two, each with the set of baskets that have it."""
    if weights is None:
        return [(1, None)]
    padded = np.zeros(64 * words, dtype=np.int64)
    padded[: len(weights)] = weights
    planes: Planes = []
    for power in range(int(weights.max(initial=0)).bit_length()):
        ones = ((padded >> power) & 1).astype(np.uint8)
        packed = np.packbits(ones, bitorder="little").view(np.uint64)
        planes.append((1 << power, packed))
    return planes


def _descend(
    tree: PrefixTree, bits: Words, planes: Planes, counts: NDArray[np.int64]
) -> None:
    """Add the counts of a block of baskets, node by node."""
    everywhere = np.arange(bits.shape[1])
    full = np.full(bits.shape[1], ~np.uint64(0))
    waiting = [(0, tree.n_roots, everywhere, full)]
    while waiting:
        start, end, places, above = waiting.pop()
        found = bits[tree.items[start:end, np.newaxis], places] & above
        for power, plane in planes:
            part = found if plane is None else found & plane[places]
            ones = np.bitwise_count(part).sum(axis=1, dtype=np.int64)
            counts[start:end] += power * ones
        below = tree.first[start : end + 1]
        for child in np.flatnonzero(np.diff(below)).tolist():
            alive = np.flatnonzero(found[child])
            if len(alive):
                more = places[alive], found[child, alive]
                waiting.append((int(below[child]), int(below[child + 1]), *more))
