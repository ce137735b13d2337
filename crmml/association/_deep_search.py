"""Depth-first search with compiled kernels, on as many threads as asked for."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._progress import ProgressBar
from crmml.association._growth_kernels import grow_prefixes
from crmml.association._limits import check_memory, estimate_memory
from crmml.association._ranked_rows import NONE, RankedRows, are_related
from crmml.association._row_kernels import count_pairs, list_pairs, project

Array = NDArray[Any]

# Cells of a table of pairs, and entries written out, that are held at one time.
_CELLS = 16_000_000
_ENTRIES = 16_000_000
# Below this many entries more threads cost more than they bring.
_WORTH_A_THREAD = 200_000
# Each has a table of pairs of its own, of up to 64 MB.
_MOST_THREADS = 16


@dataclass(frozen=True)
class Pairs:
    """Frequent pairs, sorted by first and second rank.

    Parameters
    ----------
    starts : ndarray of int64 of shape (n_ranks + 1,)
        Pairs with first rank ``r`` are at ``starts[r]`` to ``starts[r + 1]``.
    seconds, counts, meetings : ndarray of int64 of shape (n_pairs,)
        The second rank, the count or weight, and the number of baskets.
    """

    starts: Array
    seconds: Array
    counts: Array
    meetings: Array


def search_deep(
    ranked: RankedRows, min_count: int, max_length: int, limit: int, n_threads: int
) -> tuple[Array, Array, Array] | None:
    """Find all itemsets.

    Parameters
    ----------
    ranked : RankedRows
        The baskets.
    min_count, max_length, limit : int
        The smallest count, the largest number of items, the largest number of itemsets.
    n_threads : int
        Number of threads; it does not change the result.

    Returns
    -------
    tuple of three ndarray of int64 of shape (n_itemsets,), or None
        Parent, rank and count of each node; None if there are more than `limit`.
    """
    n_ranks = len(ranked.counts)
    singles = np.stack([np.full(n_ranks, -1), np.arange(n_ranks), ranked.counts])
    if max_length < 2:
        return singles[0], singles[1], singles[2]
    n_threads = max(
        1, min(n_threads, _MOST_THREADS, len(ranked.rows) // _WORTH_A_THREAD)
    )
    check_memory(estimate_memory(ranked, n_threads, _CELLS))
    stop = np.zeros(1, dtype=np.uint8)
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            pairs = _find_pairs(ranked, min_count, pool, n_threads)
            n_pairs = len(pairs.seconds)
            if n_ranks + n_pairs > limit:
                return None
            firsts = np.repeat(np.arange(n_ranks), np.diff(pairs.starts))
            parts = [singles, np.stack([firsts, pairs.seconds, pairs.counts])]
            if max_length > 2:
                base = n_ranks + n_pairs
                blocks = list(_blocks(pairs, n_ranks, n_threads))
                tasks = [
                    pool.submit(
                        _grow_block,
                        ranked,
                        pairs,
                        low,
                        high,
                        min_count,
                        max_length - 2,
                        limit - base,
                        stop,
                    )
                    for low, high in blocks
                ]
                grown = _collect(tasks, base, limit)
                if grown is None:
                    stop[0] = 1
                    return None
                parts += grown
        except BaseException:
            # Also Ctrl-C: the kernels look at this, so that no thread is left.
            stop[0] = 1
            raise
    parents, items, counts = np.concatenate(parts, axis=1)
    return parents, items, counts


def _collect(tasks: list[Future[Array]], base: int, limit: int) -> list[Array] | None:
    """Gather the nodes of all blocks, in their order; None if they are too many."""
    parts, found = [], base
    with ProgressBar("Mining itemsets", len(tasks)) as bar:
        for task in tasks:
            nodes = task.result()
            # Nodes of a block were numbered as if it were the only one.
            nodes[0, nodes[0] >= base] += found - base
            found += nodes.shape[1]
            if found > limit:
                return None
            parts.append(nodes)
            bar.advance()
    return parts


def _find_pairs(
    ranked: RankedRows, min_count: int, pool: ThreadPoolExecutor, n_threads: int
) -> Pairs:
    n_ranks = len(ranked.counts)
    lengths = ranked.lengths.astype(np.int64)
    meetings = int((lengths * (lengths - 1) // 2).sum())
    if n_ranks**2 > _CELLS and meetings < min(_ENTRIES, n_ranks**2 // 32):
        return _keep_frequent(ranked, min_count, *_list_pairs(ranked, meetings))
    # A table of its own must be worth while for a thread.
    n_threads = max(1, min(n_threads, meetings // (4 * n_ranks**2 + 1)))
    step = max(1, min(n_ranks, _CELLS // max(n_ranks, 1)))
    found = [np.empty((3, 0), dtype=np.int64)]
    for low in range(0, n_ranks, step):
        high = min(low + step, n_ranks)
        plain = _count_block(ranked, NONE, low, high, pool, n_threads)
        counts = plain
        if len(ranked.weights):
            counts = _count_block(ranked, ranked.weights, low, high, pool, n_threads)
        places = np.flatnonzero(counts >= min_count)
        keys = places + low * n_ranks
        found.append(np.stack([keys, counts[places], plain[places]]))
    return _keep_frequent(ranked, min_count, *np.concatenate(found, axis=1))


def _list_pairs(ranked: RankedRows, meetings: int) -> tuple[Array, Array, Array]:
    """Spell and sort all pairs: of many items few ever meet."""
    keys = np.empty(meetings, dtype=np.int64)
    owners = np.empty(meetings if len(ranked.weights) else 0, dtype=np.int64)
    list_pairs(ranked.rows, ranked.lengths, len(ranked.counts), keys, owners)
    if not len(owners):
        keys, plain = np.unique(keys, return_counts=True)
        return keys, plain, plain
    keys, place, plain = np.unique(keys, return_inverse=True, return_counts=True)
    counts = np.bincount(place, ranked.weights[owners]).astype(np.int64)
    return keys, counts, plain


def _keep_frequent(
    ranked: RankedRows, min_count: int, keys: Array, counts: Array, plain: Array
) -> Pairs:
    width = max(len(ranked.counts), 1)
    kept = counts >= min_count
    kept &= ~are_related(ranked.ancestors, keys // width, keys % width)
    keys, counts, plain = keys[kept], counts[kept], plain[kept]
    starts = np.searchsorted(keys, np.arange(len(ranked.counts) + 1) * width)
    return Pairs(starts, keys % width, counts, plain)


def _count_block(
    ranked: RankedRows,
    weights: Array,
    low: int,
    high: int,
    pool: ThreadPoolExecutor,
    n_threads: int,
) -> Array:
    n_ranks = len(ranked.counts)
    edges = np.linspace(0, len(ranked.lengths), n_threads + 1).astype(np.int64)
    starts = _starts_of(ranked.lengths, edges)

    def count(part: int) -> Array:
        kind = np.int64 if len(weights) else np.int32
        counts = np.zeros((high - low) * n_ranks, dtype=kind)
        some = slice(edges[part], edges[part + 1])
        count_pairs(
            ranked.rows[starts[part] : starts[part + 1]],
            ranked.lengths[some],
            weights[some],
            low,
            high,
            n_ranks,
            counts,
        )
        return counts

    total, *others = pool.map(count, range(n_threads))
    for other in others:
        total += other
    return total


def _starts_of(lengths: Array, edges: Array) -> Array:
    """Where in the rows some of them begin."""
    sums = [lengths[a:b].sum(dtype=np.int64) for a, b in pairwise(edges)]
    return np.concatenate([[0], np.cumsum(sums)])


def _blocks(pairs: Pairs, n_ranks: int, n_threads: int) -> Iterator[tuple[int, int]]:
    """Cut the first ranks into blocks of about equal work and bounded memory."""
    work = np.concatenate([[0], np.cumsum(pairs.meetings)])[pairs.starts]
    share = min(_ENTRIES, max(int(work[-1]) // (4 * n_threads), 500_000))
    widest = max(1, _CELLS // 2 // max(n_ranks, 1))
    low = 0
    while low < n_ranks:
        high = int(np.searchsorted(work, work[low] + share, side="right")) - 1
        high = min(max(high, low + 1), low + widest, n_ranks)
        if work[high] > work[low]:
            yield low, high
        low = high


def _grow_block(
    ranked: RankedRows,
    pairs: Pairs,
    low: int,
    high: int,
    min_count: int,
    room: int,
    limit: int,
    stop: Array,
) -> Array:
    """Grow the itemsets whose rarest item is in a block of ranks."""
    n_ranks = len(ranked.counts)
    if stop[0]:
        return np.empty((3, 0), dtype=np.int64)
    offsets = pairs.starts[low : high + 1]
    inside = slice(offsets[0], offsets[-1])
    degrees = np.diff(offsets)
    kind = ranked.rows.dtype
    local = np.zeros((high - low) * n_ranks, dtype=kind)
    firsts = np.repeat(np.arange(high - low), degrees)
    seconds = pairs.seconds[inside]
    numbers = np.arange(len(seconds)) - np.repeat(offsets[:-1] - offsets[0], degrees)
    local[firsts * n_ranks + seconds] = numbers + 1
    space = np.bincount(firsts, pairs.meetings[inside], high - low).astype(np.int64)
    space[degrees < 2] = 0
    starts = np.concatenate([[0], np.cumsum(space + 1)])
    row_starts = np.concatenate([[0], np.cumsum(space // 2)])
    out = np.empty(starts[-1], dtype=kind)
    out_lengths = np.empty(row_starts[-1], dtype=kind)
    size = row_starts[-1] if len(ranked.weights) else 0
    out_weights = np.empty(size, dtype=np.int64)
    ends = np.where(degrees < 2, -1, starts[:-1])
    first = ends.copy()
    row_ends = row_starts[:-1].copy()
    project(
        ranked.rows,
        ranked.lengths,
        ranked.weights,
        low,
        n_ranks,
        local,
        ends,
        row_ends,
        out,
        out_lengths,
        out_weights,
    )
    nodes: Array = grow_prefixes(
        out,
        out_lengths,
        out_weights,
        first,
        ends,
        row_starts[:-1],
        row_ends,
        offsets - offsets[0],
        seconds,
        n_ranks + int(offsets[0]),
        n_ranks + len(pairs.seconds),
        min_count,
        room,
        limit,
        ranked.ancestors,
        stop,
    )
    return nodes
