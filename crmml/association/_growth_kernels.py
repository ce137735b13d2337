"""Kernels that grow itemsets depth first, from three items on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._bit_kernels import are_related, grow_bits, room_for
from crmml.association._compiled import compiled
from crmml.association._row_kernels import count_pairs, project

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
    """Do the same where bit sets would be wide and empty: count pairs in the rows.

    What follows each pair is written out, which makes it narrow enough for bit sets.
    """
    width = len(items)
    counts = np.zeros(width * width, np.int64)
    count_pairs(rows, lengths, weights, 0, width, width, counts)
    plain = counts
    if len(weights) > 0:
        plain = np.zeros(width * width, np.int64)
        count_pairs(rows, lengths, weights[:0], 0, width, width, plain)
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
        0,
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
def grow_prefixes(
    out: Array,
    out_lengths: Array,
    out_weights: Array,
    starts: Array,
    ends: Array,
    row_starts: Array,
    row_ends: Array,
    pair_starts: Array,
    pair_items: Array,
    first_pair: int,
    base: int,
    min_count: int,
    room: int,
    limit: int,
    ancestors: Array,
    stop: Array,
) -> Array:
    """Grow single items by two and more.

    Parameters
    ----------
    out, out_lengths, out_weights
        What follows each item, as :func:`project` wrote it.
    starts, ends, row_starts, row_ends : ndarray of int64 of shape (n_prefixes,)
        The part of each item.
    pair_starts : ndarray of int64 of shape (n_prefixes + 1,)
        The frequent pairs of each item, as positions in `pair_items`.
    pair_items : ndarray of int64
        The second item of each pair.
    first_pair : int
        The node of pair 0.
    base : int
        The number of the first new node.
    min_count, room, limit : int
        The smallest count; how many items may be added to a pair; how many nodes may
        be made before the search is given up.
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
    for prefix in range(len(starts)):
        begin, end = row_starts[prefix], row_ends[prefix]
        if starts[prefix] < 0 or begin == end:
            continue
        if stop[0] != 0 or n_nodes > limit:
            break
        rows = out[starts[prefix] : ends[prefix]]
        lengths = out_lengths[begin:end]
        weights = out_weights[begin:end]
        pairs = np.arange(pair_starts[prefix], pair_starts[prefix + 1])
        items = pair_items[pair_starts[prefix] : pair_starts[prefix + 1]]
        width = len(items)
        meetings: Any = 0
        for row in range(len(lengths)):
            length = np.int64(lengths[row])
            meetings += length * (length - 1) // 2
        # Both ways cost about a nanosecond: a meeting, or four words of a bit set.
        if width * width // 2 * ((end - begin + 63) >> 6) <= 4 * meetings:
            nodes, n_nodes = grow_bits(
                rows,
                lengths,
                weights,
                items,
                first_pair + pairs,
                nodes,
                n_nodes,
                base,
                min_count,
                room,
                limit,
                ancestors,
                stop,
            )
        else:
            nodes, n_nodes = _grow_rows(
                rows,
                lengths,
                weights,
                items,
                first_pair + pairs,
                nodes,
                n_nodes,
                base,
                min_count,
                room,
                limit,
                ancestors,
                stop,
            )
    return nodes[:, :n_nodes].copy()
