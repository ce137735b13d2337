"""Kernels that grow itemsets depth first, from three items on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._bit_kernels import are_related, grow_bits, room_for
from crmml.association._compiled import compiled
from crmml.association._row_kernels import count_pairs, project
from crmml.association._tail_kernels import (
    count_followers,
    cut_tails,
    forget,
    list_frequent,
)

Array = NDArray[Any]


@compiled
def _grow_rows(
    rows: Array,
    lengths: Array,
    weights: Array,
    items: Array,
    first_node: Array,
    nodes: Array,
    n_nodes: int,
    base: int,
    min_count: int,
    room: int,
    limit: int,
    ancestors: Array,
    stop: Array,
) -> tuple[Array, int]:
    """Grow one prefix where bit sets would be wide and empty: count pairs in the rows.

    Arguments are those of :func:`grow_bits`. What follows each pair is written out,
    which makes it narrow enough for bit sets.
    """
    width = len(items)
    counts = np.zeros(width * width, np.int64)
    count_pairs(rows, lengths, weights, width, counts)
    plain = counts
    if len(weights) > 0:
        plain = np.zeros(width * width, np.int64)
        count_pairs(rows, lengths, weights[:0], width, plain)
    local = np.zeros(width * width, rows.dtype)
    nodes_of = np.empty((width, 2), np.int64)
    ends = np.full(width, -1, np.int64)
    row_ends = np.zeros(width, np.int64)
    size = 0
    n_rows = 0
    for first in range(width):
        nodes = room_for(nodes, n_nodes + width)
        nodes_of[first, 0] = n_nodes
        space = 0
        for second in range(first + 1, width):
            place = first * width + second
            if counts[place] < min_count:
                continue
            if are_related(ancestors, items[first], items[second]):
                continue
            nodes[0, n_nodes] = first_node[first]
            nodes[1, n_nodes] = items[second]
            nodes[2, n_nodes] = counts[place]
            n_nodes += 1
            space += plain[place]
            local[place] = n_nodes - nodes_of[first, 0]
        nodes_of[first, 1] = n_nodes
        if n_nodes - nodes_of[first, 0] >= 2 and room > 1:
            ends[first] = size
            row_ends[first] = n_rows
            size += space + 1
            n_rows += space // 2
    if size == 0 or n_nodes > limit:
        return nodes, n_nodes
    starts = ends.copy()
    row_starts = row_ends.copy()
    out = np.empty(size, rows.dtype)
    out_lengths = np.empty(n_rows, rows.dtype)
    out_weights = np.empty(n_rows if len(weights) > 0 else 0, np.int64)
    project(
        rows,
        lengths,
        weights,
        width,
        local,
        ends,
        row_ends,
        out,
        out_lengths,
        out_weights,
    )
    for first in range(width):
        begin, end = row_starts[first], row_ends[first]
        if starts[first] < 0 or end == begin:
            continue
        known = np.arange(nodes_of[first, 0], nodes_of[first, 1])
        nodes, n_nodes = grow_bits(
            out[starts[first] : ends[first]],
            out_lengths[begin:end],
            out_weights[begin:end],
            nodes[1, nodes_of[first, 0] : nodes_of[first, 1]].copy(),
            base + known,
            nodes,
            n_nodes,
            base,
            min_count,
            room - 1,
            limit,
            ancestors,
            stop,
        )
    return nodes, n_nodes


@compiled
def _grow(
    rows: Array,
    lengths: Array,
    weights: Array,
    items: Array,
    first_node: Array,
    nodes: Array,
    n_nodes: int,
    base: int,
    min_count: int,
    room: int,
    limit: int,
    ancestors: Array,
    stop: Array,
) -> tuple[Array, int]:
    """Grow one prefix by two and more, in the way that is cheaper."""
    width = len(items)
    meetings: Any = 0
    for row in range(len(lengths)):
        length = np.int64(lengths[row])
        meetings += length * (length - 1) // 2
    # Both ways cost about a nanosecond: a meeting, or four words of a bit set.
    few_words = width * width // 2 * ((len(lengths) + 63) >> 6) <= 4 * meetings
    known = (rows, lengths, weights, items, first_node, nodes, n_nodes, base)
    limits = (min_count, room, limit, ancestors, stop)
    grown: tuple[Array, int] = (
        grow_bits(*known, *limits) if few_words else _grow_rows(*known, *limits)
    )
    return grown


@compiled
def grow_tails(
    out: Array,
    out_weights: Array,
    starts: Array,
    ends: Array,
    weight_starts: Array,
    low: int,
    base: int,
    min_count: int,
    room: int,
    limit: int,
    ancestors: Array,
    stop: Array,
) -> Array:
    """Grow single items by one and more.

    Parameters
    ----------
    out, out_weights
        The tails of some items, as :func:`write_tails` wrote them.
    starts, ends : ndarray of int64 of shape (n_items,)
        The part of `out` of each item.
    weight_starts : ndarray of int64 of shape (n_items + 1,)
        Where the weights of each item begin.
    low : int
        The first item.
    base : int
        The number of all items and that of the first new node.
    min_count, room, limit : int
        The smallest count; how many items may be added; how many nodes may be made
        before the search is given up.
    ancestors : ndarray of int64 of shape (n_items, n_levels)
        Items above each item, -1 for none: such two never come together.
    stop : ndarray of uint8 of shape (1,)
        Once it is not zero, the search ends.

    Returns
    -------
    ndarray of int64 of shape (3, n_nodes)
        Parent, item and count of each node.
    """
    nodes = np.empty((3, 1024), np.int64)
    n_nodes = 0
    counts = np.zeros(base + 1, np.int64)
    found = np.empty(base, np.int64)
    local = np.zeros(base + 1, out.dtype)
    local[base] = base + 1
    longest = (ends - starts).max()
    rows = np.empty(longest + 1, out.dtype)
    most = np.diff(weight_starts).max() + 1
    lengths = np.empty(most, out.dtype)
    row_weights = np.empty(most if len(out_weights) > 0 else 0, np.int64)
    for prefix in range(len(starts)):
        if stop[0] != 0 or n_nodes > limit:
            break
        tail = out[starts[prefix] : ends[prefix]]
        weights = out_weights[weight_starts[prefix] : weight_starts[prefix + 1]]
        first = low + prefix
        count_followers(tail, weights, base, counts)
        most = len(tail) if len(weights) > 0 else len(tail) // min_count
        n_found = list_frequent(tail, most, first, min_count, counts, found)
        nodes = room_for(nodes, n_nodes + n_found)
        begin = n_nodes
        for place in range(n_found):
            if are_related(ancestors, first, found[place]):
                continue
            nodes[0, n_nodes] = first
            nodes[1, n_nodes] = found[place]
            nodes[2, n_nodes] = counts[found[place]]
            n_nodes += 1
            local[found[place]] = n_nodes - begin
        forget(tail, first, counts)
        if n_nodes - begin >= 2 and room > 1:
            size, n_rows = cut_tails(tail, weights, local, rows, lengths, row_weights)
            nodes, n_nodes = _grow(
                rows[:size],
                lengths[:n_rows],
                row_weights[: min(n_rows, len(row_weights))],
                nodes[1, begin:n_nodes].copy(),
                base + np.arange(begin, n_nodes),
                nodes,
                n_nodes,
                base,
                min_count,
                room - 1,
                limit,
                ancestors,
                stop,
            )
        for place in range(n_found):
            local[found[place]] = 0
    return nodes[:, :n_nodes].copy()
