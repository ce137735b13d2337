"""Rules from frequent itemsets: every split of an itemset into two sides."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._itemsets import Itemsets
from crmml.association._row_order import order_by
from crmml.association._subset_index import SubsetIndex
from crmml.association._thresholds import reaches
from crmml.exceptions import LimitError

Positions = NDArray[np.int64]

# Splits looked at in one go; bounds the memory of one step to some tens of megabytes.
_CHUNK = 500_000


@dataclass(frozen=True)
class Rules:
    """Rules as positions in the itemsets they were made from.

    Sorted by falling lift, confidence and support, then by antecedents and consequents
    in order of labels.

    Parameters
    ----------
    antecedents, consequents : ndarray of int64 of shape (n_rules,)
        Positions of the two sides.
    counts : ndarray of int64 of shape (n_rules,)
        Number of baskets that hold both sides.
    n_tested : int
        Number of rules that were looked at to find these.
    """

    antecedents: NDArray[np.int64]
    consequents: NDArray[np.int64]
    counts: NDArray[np.int64]
    n_tested: int


def derive_rules(
    itemsets: Itemsets,
    n_baskets: int,
    *,
    min_confidence: Fraction,
    min_lift: Fraction | None,
    max_rules: int,
    may_lead: NDArray[np.bool_] | None = None,
    may_follow: NDArray[np.bool_] | None = None,
) -> Rules:
    """Split every itemset into antecedents and consequents and keep what is strong.

    Parameters
    ----------
    itemsets : Itemsets
        All frequent itemsets.
    n_baskets : int
        Number of baskets.
    min_confidence : fractions.Fraction
        The smallest confidence, compared exactly.
    min_lift : fractions.Fraction or None
        The smallest lift, compared exactly; None: any.
    max_rules : int
        The largest number of rules.
    may_lead, may_follow : ndarray of bool of shape (n_items,), default=None
        The items that antecedents, and consequents, may hold. None: all.

    Returns
    -------
    Rules
        The rules, in their one order.

    Raises
    ------
    LimitError
        If there are more than `max_rules`.
    """
    index = SubsetIndex(itemsets.codes)
    kept: list[NDArray[np.int64]] = []
    n_rules = 0
    counts = itemsets.counts
    leads, follows = (_are_within(itemsets, some) for some in (may_lead, may_follow))
    n_tested = 0
    for whole, antecedents, consequents in _iterate_splits(itemsets, index):
        allowed = leads[antecedents] & follows[consequents]
        n_tested += int(allowed.sum())
        strong = reaches(counts[whole], counts[antecedents], min_confidence) & allowed
        split = np.stack([antecedents, consequents, whole])[:, strong]
        if min_lift is not None:
            antecedents, consequents, whole = split
            # count * n / (a * b) >= limit, with n moved to the limit's side.
            expected = counts[antecedents] * counts[consequents]
            limit = min_lift / n_baskets
            split = split[:, reaches(counts[whole], expected, limit)]
        kept.append(split)
        n_rules += split.shape[1]
        if n_rules > max_rules:
            raise LimitError(
                f"More than max_rules={max_rules} rules follow from "
                f"{len(itemsets.counts)} itemsets. Raise min_confidence, min_support "
                "or min_lift, set max_length, or raise max_rules if memory allows it."
            )
    parts = np.concatenate(kept, axis=1) if kept else np.empty((3, 0), dtype=np.int64)
    return _sort(parts, itemsets, n_baskets, n_tested)


def _are_within(
    itemsets: Itemsets, allowed: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Say which itemsets hold only allowed items."""
    if allowed is None:
        return np.ones(len(itemsets.counts), dtype=bool)
    # The last one stands for -1, which is no item.
    return np.asarray(np.append(allowed, True)[itemsets.codes].all(axis=1))


def _iterate_splits(
    itemsets: Itemsets, index: SubsetIndex
) -> Iterator[tuple[Positions, Positions, Positions]]:
    """Yield positions of itemsets, of their antecedents and of their consequents."""
    lengths = itemsets.lengths
    for length in range(2, itemsets.codes.shape[1] + 1):
        places = np.flatnonzero(lengths == length)
        step = max(1, _CHUNK >> length)
        for start in range(0, len(places), step):
            whole = places[start : start + step]
            # All subsets, as sums of keys: item j is in those with bit j of the column.
            keys = np.zeros((len(whole), 1), dtype=np.uint64)
            for column in itemsets.codes[whole, :length].T:
                more = keys + index.item_keys[column][:, np.newaxis]
                keys = np.concatenate([keys, more], axis=1)
            parts = index.find(keys[:, 1:-1].ravel()).reshape(len(whole), -1)
            # Complementary subsets stand at equal distance from the two ends.
            yield (
                np.repeat(whole, parts.shape[1]),
                parts.ravel().astype(np.int64),
                parts[:, ::-1].ravel().astype(np.int64),
            )


def _sort(
    parts: NDArray[np.int64], itemsets: Itemsets, n_baskets: int, n_tested: int
) -> Rules:
    antecedents, consequents, whole = parts
    counts = itemsets.counts[whole]
    first, then = itemsets.counts[antecedents], itemsets.counts[consequents]
    lift = _measures.lift(counts, first, then, n_baskets)
    # Place of every itemset in the order of labels.
    by_label = order_by(*(column + 1 for column in itemsets.codes.T))
    place = np.empty_like(by_label)
    place[by_label] = np.arange(len(by_label))
    # Itemsets stand by falling count. Of equal lift, the more frequent the consequents,
    # the higher the confidence.
    rank = np.cumsum(np.diff(itemsets.counts, prepend=itemsets.counts[:1]) != 0)
    order = order_by(
        # The bits of positive floats rise as they do.
        lift.max(initial=0).view(np.int64) - lift.view(np.int64),
        rank[consequents],
        rank[whole],
        place[antecedents],
        place[consequents],
    )
    return Rules(antecedents[order], consequents[order], counts[order], n_tested)
