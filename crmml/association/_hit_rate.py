"""Would the rules have offered what was bought? One item of each basket is hidden."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets
from crmml.association._itemsets import Itemsets
from crmml.association._offers import Offers, find_best

Ints = NDArray[np.int64]

WAYS = ("rules", "rules, then bestsellers", "bestsellers")
"""Ways to choose what to offer; the last is what the others are compared with."""

# Two-sided, 95 percent.
_Z95 = 1.959963984540054
# Items of baskets with one hidden that are made in one go.
_BLOCK = 2_000_000


@dataclass(frozen=True)
class HiddenItems:
    """How often each way found the hidden item.

    Parameters
    ----------
    n_trials : int
        Number of items that were hidden, one at a time.
    offered_share : float
        Share of the trials in which some rule applied.
    table : pandas.DataFrame of shape (3, 8)
        One row for each way; columns way, n_offers (mean number of items offered),
        hit_rate, hit_rate_low, hit_rate_high, gain (over bestsellers), gain_low and
        gain_high. Missing without trials.
    """

    n_trials: int
    offered_share: float
    table: pd.DataFrame


def find_hidden(
    offers: Offers, itemsets: Itemsets, baskets: EncodedBaskets, n_items: int
) -> HiddenItems:
    """Hide each item of each basket in turn and offer items for the rest.

    Only items that were frequent when the rules were learned are hidden, in baskets
    with two or more of the items known then. Bestsellers are the items of the largest
    count in the baskets that rules were learned from, ties in order of labels, without
    those that the rest of the basket holds.

    Parameters
    ----------
    offers : Offers
        The rules.
    itemsets : Itemsets
        The itemsets they were made from.
    baskets : EncodedBaskets
        Other baskets, in the codes of the offers.
    n_items : int
        The number of items offered.

    Returns
    -------
    HiddenItems
        Rates, with 95 percent intervals that take baskets, not trials, as independent.
    """
    place = _rank_bestsellers(itemsets, len(offers.items))
    baskets = baskets.keep_baskets(np.diff(baskets.offsets) > 1)
    shown = baskets.keep_items(place < len(place))
    sizes = np.diff(shown.offsets)
    hits = np.zeros((len(sizes), len(WAYS)), dtype=np.int64)
    n_offers = n_full = n_served = 0
    ends = np.cumsum(sizes * sizes)
    start = 0
    while start < len(sizes):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        some = shown.codes[shown.offsets[start] : shown.offsets[stop]]
        trials = _hide_each(some, sizes[start:stop], offers)
        found, n_found, n_left = _judge(
            offers, trials, some, sizes[start:stop], place, n_items
        )
        owners = np.repeat(np.arange(start, stop), sizes[start:stop])
        for way, one in enumerate(found):
            hits[:, way] += np.bincount(owners[one], minlength=len(sizes))
        n_offers += int(n_found.sum())
        n_full += int(n_left.sum())
        n_served += int((n_found > 0).sum())
        start = stop
    n_trials = int(sizes.sum())
    table = _summarise(hits, sizes, [n_offers, n_full, n_full])
    return HiddenItems(n_trials, n_served / n_trials if n_trials else np.nan, table)


def _rank_bestsellers(itemsets: Itemsets, n_codes: int) -> Ints:
    """Give each code its place among bestsellers; of those that are none, `n_codes`."""
    single = itemsets.lengths == 1
    frequent, counts = itemsets.codes[single, 0], itemsets.counts[single]
    place = np.full(n_codes, n_codes, dtype=np.int64)
    place[frequent[np.lexsort((frequent, -counts))]] = np.arange(len(frequent))
    return place


def _hide_each(codes: NDArray[np.int32], sizes: Ints, offers: Offers) -> EncodedBaskets:
    """Make one basket for each entry: its basket without it."""
    k = np.repeat(sizes, sizes)
    begins = np.repeat(np.cumsum(sizes) - sizes, sizes)
    offsets = np.concatenate([[0], np.cumsum(k - 1)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], k - 1)
    places += places >= np.repeat(np.arange(len(codes)) - begins, k - 1)
    return EncodedBaskets(
        offers.items, codes[np.repeat(begins, k - 1) + places], offsets
    )


def _judge(
    offers: Offers,
    trials: EncodedBaskets,
    hidden: NDArray[np.int32],
    sizes: Ints,
    place: Ints,
    n_items: int,
) -> tuple[list[NDArray[np.bool_]], Ints, Ints]:
    """Say which trials each way hits, and how many items rules, and all, offer."""
    parts = [best for _, best in find_best(offers, trials, n_items)]
    best = np.concatenate([*parts, np.empty((0, parts[0].shape[1]), dtype=np.int64)])
    # The last entry stands for no offer: an item that nobody hides and nobody sells.
    offered = np.append(offers.offered, -1)[best]
    by_rules = (offered == hidden[:, np.newaxis]).any(axis=1)
    n_found = (best >= 0).sum(axis=1)
    own = place[hidden]
    # Bestsellers before the hidden one that the basket shows.
    owners = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((own, owners))
    before = np.empty(len(own), dtype=np.int64)
    before[order] = np.arange(len(own)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    by_sales = own - before < n_items
    taken = (np.append(place, len(place))[offered] < own[:, np.newaxis]).sum(axis=1)
    filled = by_rules | (own - before - taken < n_items - n_found)
    # All bestsellers may be in the basket.
    n_sold = int((place < len(place)).sum())
    n_left = np.minimum(n_items, n_sold - np.repeat(sizes, sizes) + 1)
    return [by_rules, filled, by_sales], n_found, n_left


def _summarise(hits: Ints, sizes: Ints, n_offers: list[int]) -> pd.DataFrame:
    n_trials = max(int(sizes.sum()), 1)
    rates = [_estimate_share(one, sizes) for one in hits.T]
    gains = [_estimate_share(one - hits[:, -1], sizes) for one in hits.T]
    table = {"way": list(WAYS), "n_offers": np.array(n_offers) / n_trials}
    for name, values in (("hit_rate", rates), ("gain", gains)):
        for part, column in zip(
            ("", "_low", "_high"), zip(*values, strict=True), strict=True
        ):
            table[name + part] = np.array(column)
    return pd.DataFrame(table)


def _estimate_share(hits: Ints, sizes: Ints) -> tuple[float, float, float]:
    """Hits per trial with its interval, from baskets of several trials each."""
    n_trials, n = int(sizes.sum()), int((sizes > 0).sum())
    if not n_trials:
        return np.nan, np.nan, np.nan
    share = float(hits.sum() / n_trials)
    if n < 2:
        return share, np.nan, np.nan
    # The variance of a ratio of two means over baskets, by linearisation.
    rest = ((hits - share * sizes) ** 2).sum() * n / (n - 1)
    half = _Z95 * float(np.sqrt(rest)) / n_trials
    return share, share - half, share + half
