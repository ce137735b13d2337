"""From baskets in any form to mined itemsets: the road both estimators take."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets, Item
from crmml.association._itemsets import (
    Itemsets,
    add_always,
    label_itemsets,
    make_itemset_table,
    sort_itemsets,
)
from crmml.association._kinds import keep_kind
from crmml.association._mining import mine_itemsets
from crmml.association._thresholds import minimum_count
from crmml.association._trie import ItemsetTrie
from crmml.exceptions import SchemaError


@dataclass(frozen=True)
class MinedItemsets:
    """What mining found; tables are made from it when somebody looks.

    Parameters
    ----------
    trie : ItemsetTrie
        The itemsets.
    items : tuple of str or of int
        The label of each code.
    total : int
        What all baskets together count.
    kind : {"all", "closed", "maximal"}
        Which itemsets the tables show.
    max_length : int or None
        The most items an itemset in the tables has.
    always : ndarray of int32 of shape (n_always,)
        Codes of items that every itemset holds beside those of the trie.
    always_count : int
        Number, or weight, of the baskets with all of them; 0 if that is too few.
    """

    trie: ItemsetTrie
    items: tuple[Item, ...]
    total: int
    kind: str
    max_length: int | None
    always: NDArray[np.int32]
    always_count: int

    def __getstate__(self) -> dict[str, Any]:
        """Save what was learned and not what can be made from it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __len__(self) -> int:
        """Count the itemsets shown."""
        if self.kind == "all" and not len(self.always) and self.max_length is None:
            return len(self.trie)
        return len(self.itemsets.counts)

    @cached_property
    def itemsets(self) -> Itemsets:
        """The itemsets of the kind, coded, in their one order."""
        found = sort_itemsets(self.trie)
        codes, counts, lengths = found.codes, found.counts, found.lengths
        shown = keep_kind(found, self.kind)
        if self.max_length is not None:
            shown &= lengths + len(self.always) <= self.max_length
        if not len(self.always):
            return Itemsets(codes[shown], counts[shown])
        # The items asked for are an itemset by themselves, unless another says as much.
        same = counts == self.always_count if self.kind == "closed" else counts > 0
        if self.always_count and (self.kind == "all" or not same.any()):
            nothing = np.full((1, codes.shape[1]), -1, dtype=np.int32)
            codes = np.concatenate([codes, nothing])
            counts = np.append(counts, self.always_count)
            shown = np.append(shown, True)
        return add_always(Itemsets(codes[shown], counts[shown]), self.always)

    @cached_property
    def labelled(self) -> NDArray[np.object_]:
        """The same as frozensets of labels."""
        return label_itemsets(self.itemsets, self.items)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table that users see."""
        return make_itemset_table(self.itemsets.counts, self.labelled, self.total)


def mine_selected(
    baskets: EncodedBaskets,
    min_support: Any,
    *,
    kind: str = "all",
    max_length: int | None = None,
    must_contain: Collection[Item] = (),
    ancestors: NDArray[np.int64] | None = None,
    **options: Any,
) -> MinedItemsets:
    """Mine itemsets of a kind that hold certain items.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    min_support : int or number
        The smallest support, as a count or as a share of all baskets.
    kind : {"all", "closed", "maximal"}, default="all"
        Which itemsets to keep.
    max_length : int, default=None
        The largest number of items; None: no limit.
    must_contain : collection of str or int, default=()
        Items that every itemset holds. Only baskets with all of them are mined.
    ancestors : ndarray of int64 of shape (n_items, n_levels), default=None
        Codes above each code.
    **options : object
        For :func:`mine_itemsets`.

    Returns
    -------
    MinedItemsets
        The result.

    Raises
    ------
    SchemaError
        If a textbook algorithm is asked for what it does not know.
    """
    _check_algorithm(options.get("algorithm", "auto"), baskets, ancestors)
    min_count = minimum_count(min_support, baskets.total)
    total = baskets.total
    always = code_labels(must_contain, baskets.items, "must_contain")
    if len(always):
        baskets = _condition(baskets, always, ancestors)
    # To tell a closed or maximal itemset from others, one item more must be looked at.
    longest = max_length
    if max_length is not None:
        longest = max_length - len(always) + (kind != "all")
    if longest is not None and longest < 1:
        baskets = baskets.keep_items(np.zeros(len(baskets.items), dtype=bool))
        longest = 1
    trie = mine_itemsets(
        baskets, min_count, max_length=longest, ancestors=ancestors, **options
    )
    count = baskets.total if len(always) else 0
    enough = count >= min_count and (max_length is None or max_length >= len(always))
    return MinedItemsets(
        trie, baskets.items, total, kind, max_length, always, count if enough else 0
    )


def _check_algorithm(
    algorithm: str, baskets: EncodedBaskets, ancestors: NDArray[np.int64] | None
) -> None:
    """Refuse weights and levels above an item where they would be passed over."""
    if algorithm == "auto":
        return
    unknown = "sample_weight" if baskets.weights is not None else ""
    if ancestors is not None and ancestors.shape[1]:
        unknown = "level='mixed'"
    if unknown:
        raise SchemaError(
            f"algorithm={algorithm!r} knows no {unknown}: textbook algorithms count "
            "baskets of plain items. Use algorithm='auto'."
        )


def code_labels(
    labels: Collection[Item], items: tuple[Item, ...], name: str
) -> NDArray[np.int32]:
    """Look up the codes of items that the caller names.

    Parameters
    ----------
    labels : collection of str or int
        The items.
    items : tuple of str or of int
        All items, ascending.
    name : str
        The argument, for messages.

    Returns
    -------
    ndarray of int32 of shape (n_labels,)
        Their codes, ascending.

    Raises
    ------
    SchemaError
        If it is a bare text, or names items that no basket holds.
    """
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Collection):
        raise SchemaError(f"{name} must be a list of items, such as ['milk'].")
    code_of = {item: code for code, item in enumerate(items)} if labels else {}
    unknown = sum(label not in code_of for label in labels)
    if unknown:
        raise SchemaError(
            f"{name}: {unknown} of {len(labels)} items are in no basket. Check their "
            "spelling and type: '7' and 7 are two items."
        )
    return np.array(sorted({code_of[label] for label in labels}), dtype=np.int32)


def _condition(
    baskets: EncodedBaskets,
    always: NDArray[np.int32],
    ancestors: NDArray[np.int64] | None,
) -> EncodedBaskets:
    """Keep the baskets with all of some items, and of those the rest."""
    wanted = np.zeros(len(baskets.items), dtype=bool)
    wanted[always] = True
    held = np.bincount(
        baskets.basket_of_entry[wanted[baskets.codes]], minlength=baskets.n_baskets
    )
    rest = ~wanted
    if ancestors is not None:
        rest &= ~np.isin(ancestors, always).any(axis=1)
        rest[ancestors[always][ancestors[always] >= 0]] = False
    return baskets.keep_baskets(held == len(always)).keep_items(rest)


def exclude_items(
    baskets: EncodedBaskets, labels: Collection[Item], name: str = "exclude"
) -> EncodedBaskets:
    """Take items out of all baskets.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    labels : collection of str or int
        The items.
    name : str, default="exclude"
        The argument, for messages.

    Returns
    -------
    EncodedBaskets
        As many baskets, some of them perhaps empty now.
    """
    codes = code_labels(labels, baskets.items, name)
    if not len(codes):
        return baskets
    kept = np.ones(len(baskets.items), dtype=bool)
    kept[codes] = False
    return baskets.keep_items(kept)


def allow_items(
    baskets: EncodedBaskets, labels: Collection[Item] | None, name: str
) -> NDArray[np.bool_]:
    """Mark the items that one side of a rule may hold.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    labels : collection of str or int, or None
        The items; None: all.
    name : str
        The argument, for messages.

    Returns
    -------
    ndarray of bool of shape (n_items,)
        True for those items.
    """
    allowed = np.full(len(baskets.items), labels is None)
    if labels is not None:
        allowed[code_labels(labels, baskets.items, name)] = True
    return allowed
