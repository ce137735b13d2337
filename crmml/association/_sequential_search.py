"""From histories to sequential rules: sets of items grown depth first, in blocks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from crmml._utils._progress import ProgressBar
from crmml.association._mining import count_threads
from crmml.association._sequential_sets import (
    Array,
    Follows,
    ItemSets,
    count_base,
    find_followers,
    list_single_items,
    split_blocks,
)
from crmml.association._thresholds import reaches
from crmml.exceptions import LimitError

# Above any rounding of quotients, below any difference between them.
_SLACK = 1 - 1e-9


@dataclass(frozen=True)
class SequenceRules:
    """Rules "A, then b" as codes and counts.

    Parameters
    ----------
    antecedents : ndarray of int32 of shape (n_rules, longest)
        Ascending item codes, filled with -1 at the end.
    consequents : ndarray of int64 of shape (n_rules,)
        Item codes.
    counts : ndarray of int64 of shape (4, n_rules)
        Customers with A then b; watched purchases with A; those of any kind that b
        follows; those with A that b follows.
    gaps : ndarray of float64 of shape (3, n_rules)
        Quartiles of the days between.
    """

    antecedents: Array
    consequents: Array
    counts: Array
    gaps: Array

    def __getitem__(self, chosen: Array) -> "SequenceRules":
        """Give some rules, by mask or by position."""
        return SequenceRules(
            self.antecedents[chosen],
            self.consequents[chosen],
            self.counts[:, chosen],
            self.gaps[:, chosen],
        )


def search_rules(
    follows: Follows,
    *,
    min_count: int,
    min_confidence: Fraction,
    min_lift: Fraction | None,
    max_antecedents: int | None,
    repeats: bool,
    max_rules: int,
    n_jobs: int | None,
) -> SequenceRules:
    """Find all rules.

    Parameters
    ----------
    follows : Follows
        The purchases.
    min_count : int
        The smallest number of customers.
    min_confidence, min_lift : fractions.Fraction
        The smallest values, compared exactly; None: any.
    max_antecedents : int or None
        The largest number of antecedents.
    repeats : bool
        Whether the consequent may be one of the antecedents.
    max_rules : int
        The largest number of rules.
    n_jobs : int or None
        Number of threads; it does not change the result.

    Returns
    -------
    SequenceRules
        The rules, in no order.

    Raises
    ------
    LimitError
        If there are more than `max_rules`.
    """
    baskets = follows.histories.baskets
    width = len(baskets.items)
    owners = follows.histories.owners[baskets.basket_of_entry]
    # Sorted, for that is several times faster than a table of what was seen.
    pairs = np.sort(owners.astype(np.int64) * width + baskets.codes)
    is_first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    buyers = np.bincount(pairs[is_first] % max(width, 1), minlength=width)
    common = buyers >= min_count
    kept = replace(follows.histories, baskets=baskets.keep_items(common))
    search = _Search(
        replace(follows, histories=kept),
        count_base(replace(follows, histories=kept)),
        min_count,
        min_confidence,
        min_lift,
        max_antecedents or len(baskets.items),
        repeats,
        max_rules,
    )
    return search.run(count_threads(n_jobs))


@dataclass(frozen=True)
class _Search:
    follows: Follows
    base: Array
    min_count: int
    min_confidence: Fraction
    min_lift: Fraction | None
    max_antecedents: int
    repeats: bool
    max_rules: int

    def run(self, n_threads: int) -> SequenceRules:
        blocks = list(split_blocks(self.follows, list_single_items(self.follows)))
        parts: list[SequenceRules] = []
        pool = ThreadPoolExecutor(max(1, min(n_threads, len(blocks))))
        try:
            with ProgressBar("Mining sequences", len(blocks)) as bar:
                for rules in pool.map(self._search_block, blocks):
                    parts.append(rules)
                    self._check_limit(sum(len(one.consequents) for one in parts))
                    bar.advance()
        finally:
            # Also Ctrl-C: what has not begun never will.
            pool.shutdown(wait=True, cancel_futures=True)
        return _join(parts)

    def _search_block(self, sets: ItemSets) -> SequenceRules:
        alive, found = find_followers(
            self.follows, sets, self._needed(), self.min_count, self.max_rules
        )
        self._check_limit(found.shape[1])
        parts = [self._measure(sets, found)]
        if sets.codes.shape[1] < self.max_antecedents and alive.any():
            for block in split_blocks(self.follows, self._extend(sets, alive)):
                parts.append(self._search_block(block))
                self._check_limit(sum(len(one.consequents) for one in parts))
        return _join(parts)

    def _needed(self) -> Array:
        """Shares that are enough to look closer; the exact ones are never above."""
        needed = np.full(len(self.base), float(self.min_confidence))
        if self.min_lift is not None:
            rates = self.base / len(self.follows.watched)
            needed = np.maximum(needed, float(self.min_lift) * rates)
        return needed * _SLACK

    def _extend(self, sets: ItemSets, alive: Array) -> ItemSets:
        baskets = self.follows.histories.baskets
        nodes, starts, places = self.follows.kernel("extend_sets", sets.places)(
            sets.starts,
            sets.places,
            sets.codes[:, -1].astype(np.int64),
            alive,
            self.follows.histories.owners,
            baskets.offsets[:-1],
            baskets.offsets[1:],
            baskets.codes,
            len(baskets.items),
            self.min_count,
        )
        added = nodes[1][:, np.newaxis].astype(np.int32)
        codes = np.concatenate([sets.codes[nodes[0]], added], axis=1)
        return ItemSets(codes, starts, places)

    def _measure(self, sets: ItemSets, found: Array) -> SequenceRules:
        """Keep what is strong enough, exactly, and add the gaps."""
        lengths = np.diff(sets.starts)
        node, item, count, customers = found
        first, then = lengths[node], self.base[item]
        kept = reaches(count, first, self.min_confidence)
        if self.min_lift is not None:
            # Moved to the limit's side, so that all numbers stay whole.
            limit = self.min_lift / len(self.follows.watched)
            kept &= reaches(count, first * then, limit)
        if not self.repeats:
            kept &= (sets.codes[node] != item[:, np.newaxis]).all(axis=1)
        node, item = node[kept], item[kept]
        counts = np.stack([customers, first, then, count])[:, kept]
        histories = self.follows.histories
        gaps = self.follows.kernel("measure_gaps", sets.places)(
            sets.starts,
            sets.places,
            self.follows.firsts,
            self.follows.lasts,
            histories.baskets.offsets,
            histories.baskets.codes,
            histories.instants,
            np.searchsorted(node, np.arange(len(lengths) + 1)),
            item,
            self.follows.n_days,
            len(self.base),
        )
        return SequenceRules(sets.codes[node], item, counts, gaps)

    def _check_limit(self, n_rules: int) -> None:
        if n_rules > self.max_rules:
            raise LimitError(
                f"There are more than max_rules={self.max_rules} rules. Raise "
                "min_support, min_confidence or min_lift, lower max_antecedents, or "
                "raise max_rules if memory allows it."
            )


def _join(parts: list[SequenceRules]) -> SequenceRules:
    longest = max((part.antecedents.shape[1] for part in parts), default=1)
    empty = SequenceRules(
        np.empty((0, longest), np.int32),
        np.empty(0, np.int64),
        np.empty((4, 0), np.int64),
        np.empty((3, 0)),
    )
    padded = [
        np.pad(
            part.antecedents,
            ((0, 0), (0, longest - part.antecedents.shape[1])),
            constant_values=-1,
        )
        for part in parts
    ]
    return SequenceRules(
        np.concatenate([empty.antecedents, *padded]),
        np.concatenate([empty.consequents, *(part.consequents for part in parts)]),
        np.concatenate([empty.counts, *(part.counts for part in parts)], axis=1),
        np.concatenate([empty.gaps, *(part.gaps for part in parts)], axis=1),
    )
