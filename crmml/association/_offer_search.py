"""Which rules a basket fulfils, best first: one function, plain or compiled."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Up to so many entries of baskets are searched by the interpreter, which is done
# before numba is imported.
_FEW = 300


def search_offers(
    items: Array,
    first: Array,
    n_roots: int,
    starts: Array,
    ranks: Array,
    offered: Array,
    codes: Array,
    offsets: Array,
    held: Array,
    held_offsets: Array,
    n_best: int,
    width: int,
    best: Array,
) -> None:
    """Walk down the tree of antecedents with each basket, keeping the best rules.

    Parameters
    ----------
    items, first : ndarray of shape (n_nodes,) and (n_nodes + 1,)
        As in :class:`PrefixTree`.
    n_roots : int
        Number of nodes with one item.
    starts : ndarray of shape (n_nodes + 1,)
        The rules of node ``i`` are ``ranks[starts[i]:starts[i + 1]]``.
    ranks : ndarray of shape (n_rules,)
        Rules by the place of their antecedents in the tree, best first within one.
    offered : ndarray of shape (n_rules,)
        The item each rule offers; of two rules the better has the smaller number.
    codes : ndarray of shape (n_entries,)
        Items of the baskets, each once in a basket. Sorted within baskets by the call.
    offsets : ndarray of shape (n_baskets + 1,)
        Basket ``i`` is ``codes[offsets[i]:offsets[i + 1]]``.
    held, held_offsets : ndarray
        In the same form, what is not offered: a basket's own items, and more if wanted.
    n_best : int
        The most offers for a basket.
    width : int
        Number of items.
    best : ndarray of shape (n_baskets, n_best)
        Takes the rules; -1 stays where there are no more.
    """
    holder = np.full(width, -1, dtype=np.int64)
    # Of each level of the walk: children left to look at, and the next own item.
    levels = np.zeros((3, width + 1), dtype=np.int64)
    low, high, at = levels[0], levels[1], levels[2]
    for basket in range(len(offsets) - 1):
        own = codes[offsets[basket] : offsets[basket + 1]]
        own.sort()
        for code in held[held_offsets[basket] : held_offsets[basket + 1]]:
            holder[code] = basket
        n_kept = 0
        depth = 0
        low[0], high[0], at[0] = 0, n_roots, 0
        while depth >= 0:
            if at[depth] >= len(own) or low[depth] >= high[depth]:
                depth -= 1
                continue
            wanted = own[at[depth]]
            at[depth] += 1
            node = find_child(items, low[depth], high[depth], wanted)
            low[depth] = node
            if node >= high[depth] or items[node] != wanted:
                continue
            for place in range(starts[node], starts[node + 1]):
                rule = ranks[place]
                if n_kept == n_best and rule > best[basket, n_best - 1]:
                    break
                if holder[offered[rule]] != basket:
                    n_kept = keep_rule(rule, offered, best[basket], n_kept)
            if first[node] < first[node + 1]:
                depth += 1
                low[depth], high[depth] = first[node], first[node + 1]
                at[depth] = at[depth - 1]


def find_child(items: Array, low: int, high: int, wanted: int) -> int:
    """Give the first place from `low` on whose item is not smaller."""
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def keep_rule(rule: int, offered: Array, kept: Array, n_kept: int) -> int:
    """Put a rule in its place, where it is better than what is kept; give their number.

    Of two rules that offer one item the better stays.
    """
    # Where the item stands, or where the list ends.
    slot = 0
    while slot < n_kept and offered[kept[slot]] != offered[rule]:
        slot += 1
    if slot < n_kept and kept[slot] < rule:
        return n_kept
    if slot == n_kept:
        n_kept = min(n_kept + 1, len(kept))
        slot = n_kept - 1
    while slot > 0 and kept[slot - 1] > rule:
        kept[slot] = kept[slot - 1]
        slot -= 1
    kept[slot] = rule
    return n_kept


def choose_search(n_entries: int) -> Callable[..., None]:
    """Give the search, compiled if there is enough to do or it has been before."""
    is_there = _compile.cache_info().currsize
    return _compile() if n_entries > _FEW or is_there else search_offers


@cache
def _compile() -> Callable[..., None]:
    # Not at the top: numba takes longer to import than small searches take.
    from numba.extending import register_jitable

    from crmml.association._compiled import compiled

    for part in (find_child, keep_rule):
        register_jitable(part)
    search: Callable[..., None] = compiled(search_offers)
    return search
