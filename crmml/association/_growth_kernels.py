"""Kernels that grow itemsets depth first, from three items on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._compiled import compiled, count_ones
from crmml.association._row_kernels import count_pairs, project

Array = NDArray[Any]


@compiled
def _room_for(table: Array, size: int) -> Array:
    """Give the same table, longer if it has not the size."""
    if size <= table.shape[1]:
        return table
    longer = np.empty((table.shape[0], max(size, 2 * table.shape[1])), table.dtype)
    longer[:, : table.shape[1]] = table
    return longer


@compiled
def _related(ancestors: Array, first: int, second: int) -> bool:
    """Say whether one item lies above the other in the hierarchy."""
    for level in range(ancestors.shape[1]):
        if ancestors[first, level] == second or ancestors[second, level] == first:
            return True
    return False


@compiled
def _make_bits(rows: Array, lengths: Array, width: int, words: int) -> Array:
    """Turn rows into one bit set of rows for each number."""
    bits = np.zeros(width * words, np.uint64)
    at = 0
    for row in range(len(lengths)):
        word = row >> 6
        one = np.uint64(1) << np.uint64(row & 63)
        for _ in range(lengths[row]):
            bits[np.int64(rows[at]) * words + word] |= one
            at += 1
    return bits


@compiled
def _count_common(
    left: Array, left_at: int, right: Array, right_at: int, words: int, weights: Array
) -> Any:
    """Count the rows in two bit sets, or add up their weights."""
    if len(weights) == 0:
        ones = np.uint64(0)
        for word in range(words):
            ones += count_ones(left[left_at + word] & right[right_at + word])
        return np.int64(ones)
    total = np.int64(0)
    for word in range(words):
        both = left[left_at + word] & right[right_at + word]
        while both != 0:
            lowest = both & (~both + np.uint64(1))
            total += weights[64 * word + np.int64(count_ones(lowest - np.uint64(1)))]
            both ^= lowest
    return total


@compiled
def _grow_bits(
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
) -> tuple[Array, int]:
    """Grow one prefix by two and more of the numbers in its rows.

    `items` are the items behind the numbers, `first_node` the nodes of the prefix
    grown by one. New nodes are columns (parent, item, count) of `nodes`, numbered from
    `base`; at most `room` items are added beyond the first.
    """
    width = len(items)
    words = (len(lengths) + 63) >> 6
    bits = _make_bits(rows, lengths, width, words)
    # Candidates of all levels on one stack: number and node.
    stack = np.empty((2, 2 * width + 1), np.int64)
    stack[0, :width] = np.arange(width)
    stack[1, :width] = first_node
    starts = np.zeros(width + 2, np.int64)
    ends = np.zeros(width + 2, np.int64)
    ends[0] = width
    path = np.empty((1, 2 * words), np.uint64)
    depth = 0
    while depth >= 0 and n_nodes <= limit:
        current = starts[depth]
        if current >= ends[depth] - 1:
            depth -= 1
            continue
        starts[depth] += 1
        number = stack[0, current]
        if depth == 0:
            source, at = bits, number * words
        else:
            at = depth * words
            path = _room_for(path, at + words)
            source = path[0]
            if depth == 1:
                above, above_at = bits, stack[0, starts[0] - 1] * words
            else:
                above, above_at = source, at - words
            for word in range(words):
                source[at + word] = above[above_at + word] & bits[number * words + word]
        nodes = _room_for(nodes, n_nodes + width)
        stack = _room_for(stack, ends[depth] + width)
        top = ends[depth]
        for other in range(current + 1, ends[depth]):
            follower = stack[0, other]
            if _related(ancestors, items[number], items[follower]):
                continue
            count = _count_common(source, at, bits, follower * words, words, weights)
            if count >= min_count:
                nodes[0, n_nodes] = stack[1, current]
                nodes[1, n_nodes] = items[follower]
                nodes[2, n_nodes] = count
                stack[0, top] = follower
                stack[1, top] = base + n_nodes
                top += 1
                n_nodes += 1
        if top - ends[depth] >= 2 and depth + 1 < room:
            starts[depth + 1] = ends[depth]
            ends[depth + 1] = top
            depth += 1
    return nodes, n_nodes


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
        nodes = _room_for(nodes, n_nodes + width)
        nodes_of[first, 0] = n_nodes
        space = 0
        for second in range(first + 1, width):
            place = first * width + second
            if counts[place] < min_count:
                continue
            if _related(ancestors, items[first], items[second]):
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
        nodes, n_nodes = _grow_bits(
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
            nodes, n_nodes = _grow_bits(
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
            )
    return nodes[:, :n_nodes].copy()
