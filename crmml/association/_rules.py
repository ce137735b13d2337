"""Rules from frequent itemsets: every split of an itemset into two sides."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._itemsets import Itemsets
from crmml.association._thresholds import reaches
from crmml.exceptions import LimitError

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
    """

    antecedents: NDArray[np.int64]
    consequents: NDArray[np.int64]
    counts: NDArray[np.int64]


def derive_rules(
    itemsets: Itemsets,
    n_baskets: int,
    *,
    min_confidence: Fraction,
    min_lift: Fraction | None,
    max_rules: int,
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

    Returns
    -------
    Rules
        The rules, in their one order.

    Raises
    ------
    LimitError
        If there are more than `max_rules`.
    """
    index = SubsetIndex(itemsets)
    kept: list[NDArray[np.int64]] = []
    n_rules = 0
    for whole, antecedents, rest in _iterate_splits(itemsets, index):
        strong = reaches(
            itemsets.counts[whole], itemsets.counts[antecedents], min_confidence
        )
        whole, antecedents = whole[strong], antecedents[strong]
        consequents = index.find(rest[strong])
        split = np.stack([antecedents, consequents, whole])
        if min_lift is not None:
            # count * n / (a * b) >= limit, with n moved to the limit's side.
            expected = itemsets.counts[antecedents] * itemsets.counts[consequents]
            limit = min_lift / n_baskets
            split = split[:, reaches(itemsets.counts[whole], expected, limit)]
        kept.append(split)
        n_rules += split.shape[1]
        if n_rules > max_rules:
            raise LimitError(
                f"More than max_rules={max_rules} rules follow from "
                f"{len(itemsets.counts)} itemsets. Raise min_confidence, min_support "
                "or min_lift, set max_length, or raise max_rules if memory allows it."
            )
    parts = np.concatenate(kept, axis=1) if kept else np.empty((3, 0), dtype=np.int64)
    return _sort(parts, itemsets, n_baskets)


def make_rule_table(
    rules: Rules, itemsets: Itemsets, labelled: NDArray[np.object_], n_baskets: int
) -> pd.DataFrame:
    """Make the table that users see: both sides, counts, measures.

    Parameters
    ----------
    rules : Rules
        The rules.
    itemsets : Itemsets
        The itemsets they were made from.
    labelled : ndarray of frozenset of shape (n_itemsets,)
        The same itemsets with the user's labels.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    pandas.DataFrame
        One row for each rule.
    """
    together = rules.counts
    first = itemsets.counts[rules.antecedents]
    then = itemsets.counts[rules.consequents]
    return pd.DataFrame(
        {
            "antecedents": pd.Series(labelled[rules.antecedents], dtype=object),
            "consequents": pd.Series(labelled[rules.consequents], dtype=object),
            "antecedent_count": first,
            "consequent_count": then,
            "count": together,
            "support": _measures.support(together, n_baskets),
            "confidence": _measures.confidence(together, first),
            "lift": _measures.lift(together, first, then, n_baskets),
            "leverage": _measures.leverage(together, first, then, n_baskets),
            "conviction": _measures.conviction(together, first, then, n_baskets),
            "zhang": _measures.zhang(together, first, then, n_baskets),
            "jaccard": _measures.jaccard(together, first, then),
        }
    )


class SubsetIndex:
    """Finds the position of an itemset by walking from its first item to its last.

    Every beginning of a frequent itemset is itself a frequent itemset, so an itemset is
    known by the position of its beginning and its last item: one integer key, and an
    exact look-up without hashing of rows.

    Parameters
    ----------
    itemsets : Itemsets
        All frequent itemsets.
    """

    def __init__(self, itemsets: Itemsets) -> None:
        codes, lengths = itemsets.codes.astype(np.int64), itemsets.lengths
        self._width = int(codes.max(initial=0)) + 1
        self._single = np.full(self._width, -1, dtype=np.int64)
        singles = np.flatnonzero(lengths == 1)
        self._single[codes[singles, 0]] = singles
        self._levels: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for length in range(2, codes.shape[1] + 1):
            positions = np.flatnonzero(lengths == length)
            parents = self.find(codes[positions, : length - 1])
            keys = parents * self._width + codes[positions, length - 1]
            order = np.argsort(keys)
            self._levels.append((keys[order], positions[order]))

    def find(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the positions of itemsets.

        Parameters
        ----------
        codes : ndarray of int64 of shape (n, length)
            Ascending codes of frequent itemsets of one length, at least 1.

        Returns
        -------
        ndarray of int64 of shape (n,)
            Their positions.
        """
        found = self._single[codes[:, 0]]
        for place in range(1, codes.shape[1]):
            keys, positions = self._levels[place - 1]
            wanted = found * self._width + codes[:, place]
            found = positions[np.searchsorted(keys, wanted)]
        return found


def _iterate_splits(
    itemsets: Itemsets, index: SubsetIndex
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield positions of itemsets and of their antecedents, and the codes left."""
    lengths = itemsets.lengths
    for length in range(2, itemsets.codes.shape[1] + 1):
        positions = np.flatnonzero(lengths == length)
        places = np.arange(length)
        for start in range(0, len(positions), _CHUNK):
            whole = positions[start : start + _CHUNK]
            codes = itemsets.codes[whole, :length].astype(np.int64)
            for bits in range(1, 2**length - 1):
                first = (bits >> places & 1).astype(bool)
                yield whole, index.find(codes[:, first]), codes[:, ~first]


def _sort(parts: NDArray[np.int64], itemsets: Itemsets, n_baskets: int) -> Rules:
    antecedents, consequents, whole = parts
    counts = itemsets.counts[whole]
    first, then = itemsets.counts[antecedents], itemsets.counts[consequents]
    # Place of every itemset in the order of labels.
    by_label = np.lexsort(itemsets.codes.T[::-1])
    place = np.empty_like(by_label)
    place[by_label] = np.arange(len(by_label))
    order = np.lexsort(
        (
            place[consequents],
            place[antecedents],
            -counts,
            -_measures.confidence(counts, first),
            -_measures.lift(counts, first, then, n_baskets),
        )
    )
    return Rules(antecedents[order], consequents[order], counts[order])
