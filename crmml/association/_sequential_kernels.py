"""Loops over purchases in order of time, in plain Python.

Small histories are searched by these functions as they stand, for larger ones they are
compiled: one algorithm, and no waiting for a compiler where little is to be done.

Sets of items are nodes: the purchases that hold the set of node ``i`` are
``places[starts[i]:starts[i + 1]]``, ascending, so that those of a customer stand
together. Ranges of entries, ``codes[begins[p]:ends[p]]`` of purchase ``p``, are what it
holds, or what is bought in the window after it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Columns of a tally: where an item was seen last, for which customer, and how often.
_PLACE, _OWNER, _PURCHASES, _CUSTOMERS = 0, 1, 2, 3


def find_followers(
    starts: Array,
    places: Array,
    owners: Array,
    begins: Array,
    ends: Array,
    codes: Array,
    needed: Array,
    min_count: int,
    limit: int,
) -> tuple[Array, Array]:
    """Count, for each set, what is bought in the windows after it.

    Parameters
    ----------
    starts : ndarray of int64 of shape (n_nodes + 1,)
        Where the purchases of each set begin.
    places : ndarray of int32
        The purchases.
    owners : ndarray of int32 of shape (n_purchases,)
        The customer of each purchase.
    begins, ends : ndarray of int64 of shape (n_purchases,)
        The window after each purchase.
    codes : ndarray of int32 of shape (n_entries,)
        Items of all purchases, by customer and time.
    needed : ndarray of float64 of shape (n_items,)
        The share of a set's purchases that an item must follow.
    min_count : int
        The smallest number of customers who bought the set and then the item.
    limit : int
        Stop when more are found.

    Returns
    -------
    alive : ndarray of bool of shape (n_nodes,)
        Sets that some item follows for enough customers.
    found : ndarray of int64 of shape (4, n_found)
        Node, item, number of purchases that the item follows, number of customers.
    """
    tally = np.zeros((len(needed), 4), dtype=np.int64)
    tally[:, :2] = -1
    touched = np.empty(len(needed), dtype=np.int64)
    alive = np.zeros(len(starts) - 1, dtype=np.bool_)
    found = np.empty((4, 1024), dtype=np.int64)
    n_found = 0
    for node in range(len(starts) - 1):
        first, last = starts[node], starts[node + 1]
        n_touched = _count_node(
            first, last, places, owners, begins, ends, codes, -1, tally, touched
        )
        found = _widen(found, n_found, n_found + n_touched)
        for at in range(n_touched):
            item = touched[at]
            count, customers = tally[item, _PURCHASES], tally[item, _CUSTOMERS]
            tally[item, 2:] = 0
            if customers >= min_count:
                alive[node] = True
                if count >= needed[item] * (last - first):
                    found[0, n_found] = node
                    found[1, n_found] = item
                    found[2, n_found] = count
                    found[3, n_found] = customers
                    n_found += 1
        if n_found > limit:
            break
    return alive, found[:, :n_found]


def extend_sets(
    starts: Array,
    places: Array,
    largest: Array,
    alive: Array,
    owners: Array,
    begins: Array,
    ends: Array,
    codes: Array,
    width: int,
    min_count: int,
) -> tuple[Array, Array, Array]:
    """Add one item, larger than all in it, to each set.

    Parameters
    ----------
    starts, places, owners, codes, min_count
        As for :func:`find_followers`.
    largest : ndarray of int64 of shape (n_nodes,)
        The largest item of each set.
    alive : ndarray of bool of shape (n_nodes,)
        The sets to extend.
    begins, ends : ndarray of int64 of shape (n_purchases,)
        What each purchase holds.
    width : int
        Items are smaller than this.

    Returns
    -------
    nodes : ndarray of int64 of shape (2, n_new)
        The set that was extended, and the item added.
    starts : ndarray of int64 of shape (n_new + 1,)
        Where the purchases of each new set begin.
    places : ndarray of int32
        Their purchases.
    """
    tally = np.zeros((width, 4), dtype=np.int64)
    tally[:, :2] = -1
    touched = np.empty(width, dtype=np.int64)
    slots = np.full(width, -1, dtype=np.int64)
    nodes = np.empty((3, 1024), dtype=np.int64)
    out = np.empty((1, 4096), dtype=np.int32)
    n_nodes = 0
    n_out = 0
    for node in range(len(starts) - 1):
        if not alive[node]:
            continue
        first, last, least = starts[node], starts[node + 1], largest[node]
        n_touched = _count_node(
            first, last, places, owners, begins, ends, codes, least, tally, touched
        )
        nodes = _widen(nodes, n_nodes, n_nodes + n_touched)
        end = n_out
        for at in range(n_touched):
            item = touched[at]
            if tally[item, _CUSTOMERS] >= min_count:
                slots[item] = end
                end += tally[item, _PURCHASES]
                nodes[0, n_nodes] = node
                nodes[1, n_nodes] = item
                nodes[2, n_nodes] = end
                n_nodes += 1
            tally[item, 2:] = 0
        out = _widen(out, n_out, end)
        if end > n_out:
            _write_places(first, last, places, begins, ends, codes, slots, out[0])
        slots[touched[:n_touched]] = -1
        n_out = end
    new_starts = np.zeros(n_nodes + 1, dtype=np.int64)
    new_starts[1:] = nodes[2, :n_nodes]
    return nodes[:2, :n_nodes], new_starts, out[0, :n_out]


def _count_node(
    first: int,
    last: int,
    places: Array,
    owners: Array,
    begins: Array,
    ends: Array,
    codes: Array,
    least: int,
    tally: Array,
    touched: Array,
) -> int:
    """Count purchases and customers by item; say how many items there are."""
    n_touched = 0
    visit = first
    for at in range(first, last):
        purchase = places[at]
        if owners[purchase] != owners[places[visit]]:
            visit = at
        for entry in range(begins[purchase], ends[purchase]):
            item = codes[entry]
            if item <= least or tally[item, _PLACE] == at:
                continue
            tally[item, _PLACE] = at
            if tally[item, _PURCHASES] == 0:
                touched[n_touched] = item
                n_touched += 1
            tally[item, _PURCHASES] += 1
            if tally[item, _OWNER] != visit:
                tally[item, _OWNER] = visit
                tally[item, _CUSTOMERS] += 1
    return n_touched


def _write_places(
    first: int,
    last: int,
    places: Array,
    begins: Array,
    ends: Array,
    codes: Array,
    slots: Array,
    out: Array,
) -> None:
    """Write each purchase to the lists of those of its items that have one."""
    for at in range(first, last):
        purchase = places[at]
        for entry in range(begins[purchase], ends[purchase]):
            item = codes[entry]
            if slots[item] >= 0:
                out[slots[item]] = purchase
                slots[item] += 1


def _widen(table: Array, used: int, size: int) -> Array:
    """Make room for some columns, twice as many as are needed now."""
    if size <= table.shape[1]:
        return table
    wider = np.empty((table.shape[0], 2 * size), dtype=table.dtype)
    wider[:, :used] = table[:, :used]
    return wider


HELPERS = (_count_node, _write_places, _widen)
"""What the loops call; a compiler must know of these first."""
