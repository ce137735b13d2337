"""Items and what they belong to: beer, drinks, groceries."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._basket_lists import check_labels
from crmml.association._baskets import EncodedBaskets, encode_pairs
from crmml.exceptions import SchemaError

LEVELS = ("category", "mixed")
"""What to mine: categories in place of items, or items beside all that is above."""


def apply_hierarchy(
    baskets: EncodedBaskets, hierarchy: Mapping[Any, Any], level: str
) -> tuple[EncodedBaskets, NDArray[np.int64]]:
    """Put categories into the baskets.

    Parameters
    ----------
    baskets : EncodedBaskets
        Baskets of items.
    hierarchy : mapping
        The category of an item, and of a category the one above it. Items that are
        not among the keys stay as they are.
    level : {"category", "mixed"}
        Replace each item by its category, or add all categories above it.

    Returns
    -------
    baskets : EncodedBaskets
        The baskets; a category counts once in a basket.
    ancestors : ndarray of int64 of shape (n_items, n_levels)
        Codes of what is above each code, -1 for none, so that no itemset holds an item
        and its own category.

    Raises
    ------
    SchemaError
        If labels are of another kind than the items, or go round in a circle.

    Examples
    --------
    >>> baskets = encode_pairs(np.array([0, 0]), np.array([0, 1]), ["ale", "lager"], 1)
    >>> above = {"ale": "beer", "lager": "beer"}
    >>> apply_hierarchy(baskets, above, "category")[0].items
    ('beer',)
    >>> mixed, ancestors = apply_hierarchy(baskets, above, "mixed")
    >>> mixed.items, ancestors.tolist()
    (('ale', 'beer', 'lager'), [[1], [-1], [1]])
    """
    chains = [list(_climb(item, hierarchy)) for item in baskets.items]
    if level == "category":
        chains = [one[1:2] or one for one in chains]
    labels = check_labels(dict.fromkeys(chain.from_iterable(chains)), "the hierarchy")
    code_of = {label: code for code, label in enumerate(sorted(labels))}
    depth = max(map(len, chains), default=0)
    table = np.full((len(chains), max(depth, 1)), -1, dtype=np.int64)
    for code, one in enumerate(chains):
        table[code, : len(one)] = [code_of[label] for label in one]
    owners = baskets.basket_of_entry
    pairs = [
        np.stack([owners, column[baskets.codes]])[:, column[baskets.codes] >= 0]
        for column in table.T
    ]
    owners, codes = np.concatenate(pairs, axis=1)
    coded = encode_pairs(owners, codes, list(code_of), baskets.n_baskets)
    above = np.full((len(code_of), max(depth - 1, 0)), -1, dtype=np.int64)
    for label, code in code_of.items():
        higher = list(_climb(label, hierarchy))[1:depth]
        above[code, : len(higher)] = [code_of.get(one, -1) for one in higher]
    weighted = EncodedBaskets(coded.items, coded.codes, coded.offsets, baskets.weights)
    return weighted, above if level == "mixed" else above[:, :0]


def _climb(item: Any, hierarchy: Mapping[Any, Any]) -> Iterator[Any]:
    """Yield the item and what is above it, the nearest first."""
    seen = set()
    while item not in seen:
        seen.add(item)
        yield item
        if item not in hierarchy:
            return
        item = hierarchy[item]
    raise SchemaError(
        f"hierarchy goes round in a circle of {len(seen)} labels: something lies above "
        "itself. Give each item the category directly above it, and the top ones none."
    )
