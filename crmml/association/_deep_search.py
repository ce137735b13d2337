"""Depth-first search with compiled kernels, on as many threads as asked for."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._progress import ProgressBar
from crmml.association._growth_kernels import grow_tails
from crmml.association._limits import check_memory, estimate_memory
from crmml.association._ranked_rows import RankedRows
from crmml.association._tail_kernels import close_rows, write_tails

Array = NDArray[Any]

# Entries of tails that a thread holds at one time.
_ENTRIES = 32_000_000
# Below this many entries of tails a block of its own costs more than it brings.
_WORTH_A_BLOCK = 1_000_000
# Entries that may be read or written beyond the end, because eight go in one step.
_SLACK = 8


@dataclass(frozen=True)
class ClosedRows:
    """Baskets with a mark behind each, and what follows each rank in them.

    Parameters
    ----------
    rows : ndarray of unsigned int of shape (n_entries + n_rows + 8,)
        The ranks of all baskets; behind each basket a number above all ranks.
    ranked : RankedRows
        The same without marks.
    starts, weight_starts : ndarray of int64 of shape (n_ranks + 1,)
        Where the tails of each rank, and their weights, begin if all lie one after the
        other.
    """

    rows: Array
    ranked: RankedRows
    starts: Array
    weight_starts: Array


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
    if max_length < 2 or not len(ranked.lengths):
        return singles[0], singles[1], singles[2]
    closed = _close(ranked)
    blocks = list(_blocks(closed.starts, n_threads))
    n_threads = min(n_threads, len(blocks))
    check_memory(estimate_memory(ranked, n_threads, _ENTRIES))
    options = min_count, max_length - 1, limit - n_ranks
    stop = np.zeros(1, dtype=np.uint8)
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            tasks = [
                pool.submit(_grow_block, closed, low, high, *options, stop)
                for low, high in blocks
            ]
            grown = _collect(tasks, n_ranks, limit)
            if grown is None:
                stop[0] = 1
                return None
        except BaseException:
            # Also Ctrl-C: the kernels look at this, so that no thread is left.
            stop[0] = 1
            raise
    parents, items, counts = np.concatenate([singles, *grown], axis=1)
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


def _close(ranked: RankedRows) -> ClosedRows:
    n_ranks = len(ranked.counts)
    size = len(ranked.rows) + len(ranked.lengths) + _SLACK
    rows = np.empty(size, dtype=ranked.rows.dtype)
    sizes, tails = np.zeros((2, n_ranks), dtype=np.int64)
    close_rows(ranked.rows, ranked.lengths, n_ranks, rows, sizes, tails)
    return ClosedRows(
        rows,
        ranked,
        np.concatenate([[0], np.cumsum(sizes + _SLACK)]),
        np.concatenate([[0], np.cumsum(tails)]),
    )


def _blocks(starts: Array, n_threads: int) -> Iterator[tuple[int, int]]:
    """Cut the first ranks into blocks of about equal work and bounded memory."""
    # Every block looks at all rows, so that more than are needed cost time.
    share = min(_ENTRIES, max(int(starts[-1]) // (2 * n_threads), _WORTH_A_BLOCK))
    n_ranks = len(starts) - 1
    low = 0
    while low < n_ranks:
        high = int(np.searchsorted(starts, starts[low] + share, side="right")) - 1
        high = max(high, low + 1)
        yield low, high
        low = high


def _grow_block(
    closed: ClosedRows,
    low: int,
    high: int,
    min_count: int,
    room: int,
    limit: int,
    stop: Array,
) -> Array:
    """Grow the itemsets whose rarest item is in a block of ranks."""
    ranked = closed.ranked
    if stop[0]:
        return np.empty((3, 0), dtype=np.int64)
    starts = closed.starts[low : high + 1] - closed.starts[low]
    weight_starts = closed.weight_starts[low : high + 1] - closed.weight_starts[low]
    tails = np.empty(starts[-1], dtype=ranked.rows.dtype)
    weights = np.empty(weight_starts[-1] if len(ranked.weights) else 0, dtype=np.int64)
    ends, weight_ends = starts[:-1].copy(), weight_starts[:-1].copy()
    write_tails(
        closed.rows,
        ranked.lengths,
        ranked.weights,
        low,
        ends,
        weight_ends,
        tails,
        weights,
    )
    nodes: Array = grow_tails(
        tails,
        weights,
        starts[:-1],
        ends,
        weight_starts,
        low,
        len(ranked.counts),
        min_count,
        room,
        limit,
        ranked.ancestors,
        stop,
    )
    return nodes
