"""Kernels that intersect bit sets of baskets, depth first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._compiled import compiled, count_ones

Array = NDArray[Any]


@compiled
def room_for(table: Array, size: int) -> Array:
    """Give the same table, longer if it has not the size."""
    if size <= table.shape[1]:
        return table
    longer = np.empty((table.shape[0], max(size, 2 * table.shape[1])), table.dtype)
    longer[:, : table.shape[1]] = table
    return longer


@compiled
def are_related(ancestors: Array, first: int, second: int) -> bool:
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
def grow_bits(
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
    while depth >= 0 and n_nodes <= limit and stop[0] == 0:
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
            path = room_for(path, at + words)
            source = path[0]
            if depth == 1:
                above, above_at = bits, stack[0, starts[0] - 1] * words
            else:
                above, above_at = source, at - words
            for word in range(words):
                source[at + word] = above[above_at + word] & bits[number * words + word]
        nodes = room_for(nodes, n_nodes + width)
        stack = room_for(stack, ends[depth] + width)
        top = ends[depth]
        for other in range(current + 1, ends[depth]):
            follower = stack[0, other]
            if are_related(ancestors, items[number], items[follower]):
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
