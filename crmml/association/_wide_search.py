"""Breadth-first search with plain numpy, for baskets so few that compiled code waits.

Loading the compiled kernels takes longer than this search needs for some ten thousand
baskets. Every itemset is a bit set of the baskets that hold it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._ranked_rows import RankedRows, are_related

Array = NDArray[Any]

# Words of 64 baskets: those of the first level, those of the whole search, and those
# held at one time by a step.
_FIRST_WORDS = 500_000
_ALL_WORDS = 30_000_000
_STEP_WORDS = 1_000_000


class TooMuchForNumpyError(Exception):
    """The search would take longer than loading the compiled kernels."""


def search_wide(
    ranked: RankedRows, min_count: int, max_length: int, limit: int
) -> tuple[Array, Array, Array] | None:
    """Find all itemsets, all of one length before those of the next.

    Parameters
    ----------
    ranked : RankedRows
        The baskets.
    min_count, max_length, limit : int
        The smallest count, the largest number of items, the largest number of itemsets.

    Returns
    -------
    tuple of three ndarray of int64 of shape (n_itemsets,), or None
        Parent, rank and count of each node; None if there are more than `limit`.

    Raises
    ------
    TooMuchForNumpyError
        If it takes more work than this way is good for.
    """
    n_ranks = len(ranked.counts)
    words = (len(ranked.lengths) + 63) // 64
    if n_ranks * max(words, 1) > _FIRST_WORDS:
        raise TooMuchForNumpyError
    nodes = np.stack([np.full(n_ranks, -1), np.arange(n_ranks), ranked.counts])
    parts = [nodes]
    bits = _make_bits(ranked, words)
    planes = _weight_planes(ranked.weights, words)
    n_found, work = n_ranks, 0
    for _ in range(1, max_length if words else 1):
        left, right = _join(nodes)
        work += len(left) * words * len(planes)
        if work > _ALL_WORDS:
            raise TooMuchForNumpyError
        related = are_related(ranked.ancestors, nodes[1, left], nodes[1, right])
        left, right = left[~related], right[~related]
        counts = _count_common(bits, left, right, planes)
        strong = counts >= min_count
        left, right, counts = left[strong], right[strong], counts[strong]
        if len(left) == 0:
            break
        first = n_found - nodes.shape[1]
        bits = bits[left] & bits[right]
        nodes = np.stack([first + left, nodes[1, right], counts])
        parts.append(nodes)
        n_found += len(left)
        if n_found > limit:
            return None
    parents, ranks, counts = np.concatenate(parts, axis=1)
    return parents, ranks, counts


def _make_bits(ranked: RankedRows, words: int) -> Array:
    held = np.zeros((len(ranked.counts), 64 * words), dtype=bool)
    held[ranked.rows, np.repeat(np.arange(len(ranked.lengths)), ranked.lengths)] = True
    return np.packbits(held, axis=1).view(np.uint64)


def _weight_planes(weights: Array, words: int) -> list[tuple[int, Array | None]]:
    """Cut weights into powers of two, each with the rows that have it."""
    if not len(weights):
        return [(1, None)]
    padded = np.zeros(64 * words, dtype=np.int64)
    padded[: len(weights)] = weights
    return [
        (1 << power, np.packbits((padded >> power & 1).astype(bool)).view(np.uint64))
        for power in range(int(padded.max(initial=0)).bit_length())
    ]


def _join(nodes: Array) -> tuple[Array, Array]:
    """Pair every node with the later ones of the same parent."""
    places = np.arange(nodes.shape[1])
    ends = np.searchsorted(nodes[0], nodes[0], side="right")
    partners = ends - places - 1
    left = np.repeat(places, partners)
    right = left + 1 + np.arange(len(left))
    right -= np.repeat(np.cumsum(partners) - partners, partners)
    return left, right


def _count_common(
    bits: Array, left: Array, right: Array, planes: list[tuple[int, Array | None]]
) -> Array:
    counts = np.zeros(len(left), dtype=np.int64)
    step = max(1, _STEP_WORDS // max(bits.shape[1], 1))
    for start in range(0, len(left), step):
        some = slice(start, start + step)
        common = bits[left[some]] & bits[right[some]]
        for value, plane in planes:
            chosen = common if plane is None else common & plane
            counts[some] += value * np.bitwise_count(chosen).sum(axis=1, dtype=np.int64)
    return counts
