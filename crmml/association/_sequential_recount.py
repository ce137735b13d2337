"""Known sequential rules, counted anew in other histories."""

from collections.abc import Iterator
from functools import reduce

import numpy as np

from crmml.association._baskets import Item
from crmml.association._sequential_search import SequenceRules
from crmml.association._sequential_sets import (
    BLOCK,
    Array,
    Follows,
    ItemSets,
    count_base,
    find_followers,
    list_single_items,
)


def recount_rules(
    rules: SequenceRules, items: tuple[Item, ...], follows: Follows
) -> Array:
    """Count rules in histories that they were not learned from.

    Parameters
    ----------
    rules : SequenceRules
        The rules.
    items : tuple of str or of int
        The label of each of their codes.
    follows : Follows
        The other purchases.

    Returns
    -------
    ndarray of int64 of shape (4, n_rules)
        As the counts of :class:`SequenceRules`.
    """
    labels = follows.histories.baskets.items
    width = len(labels)
    places = {label: code for code, label in enumerate(labels)}
    # What nobody buys there shares a code of its own; -1, which is no item, stays.
    translated = np.array([*(places.get(item, width) for item in items), -1])
    consequents = translated[rules.consequents]
    sets, owners = np.unique(translated[rules.antecedents], axis=0, return_inverse=True)
    keys = owners.ravel() * (width + 1) + consequents
    order = np.argsort(keys)
    ordered = keys[order]
    counts = np.zeros((4, len(keys)), dtype=np.int64)
    counts[2] = np.append(count_base(follows), 0)[consequents]
    lengths = np.zeros(len(sets), dtype=np.int64)
    for low, block in _list_blocks(follows, sets):
        lengths[low : low + len(block.codes)] = np.diff(block.starts)
        _, found = find_followers(follows, block)
        sought = (found[0] + low) * (width + 1) + found[1]
        at = np.minimum(np.searchsorted(ordered, sought), len(keys) - 1)
        known = ordered[at] == sought
        counts[0, order[at[known]]] = found[3, known]
        counts[3, order[at[known]]] = found[2, known]
    counts[1] = lengths[owners.ravel()]
    return counts


def _list_blocks(follows: Follows, sets: Array) -> Iterator[tuple[int, ItemSets]]:
    """Find the watched purchases that hold each set; yield sets by blocks of work."""
    singles = list_single_items(follows)
    sizes = follows.sizes
    low, work = 0, 0
    found: list[Array] = []
    for at, codes in enumerate(sets):
        lists = [_list_one(singles, code) for code in codes[codes >= 0]]
        found.append(reduce(_intersect, sorted(lists, key=len)))
        work += int(sizes[found[-1]].sum()) + 1
        if work > BLOCK or at == len(sets) - 1:
            starts = np.cumsum([0, *map(len, found)])
            yield low, ItemSets(sets[low : at + 1], starts, np.concatenate(found))
            low, work, found = at + 1, 0, []


def _list_one(singles: ItemSets, code: int) -> Array:
    at = int(np.searchsorted(singles.codes[:, 0], code))
    if at == len(singles.codes) or singles.codes[at, 0] != code:
        return singles.places[:0]
    return singles.places[singles.starts[at] : singles.starts[at + 1]]


def _intersect(few: Array, many: Array) -> Array:
    at = np.minimum(np.searchsorted(many, few), max(len(many) - 1, 0))
    return few[many[at] == few] if len(many) else few[:0]
