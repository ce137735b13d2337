"""Would the rules have offered what was bought? One item of each basket is hidden."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets
from crmml.association._itemsets import Itemsets
from crmml.association._offers import Offers, find_best
from crmml.association._share_intervals import estimate_share

Ints = NDArray[np.int64]

WAYS = ("rules", "rules, then bestsellers", "bestsellers")
"""Ways to choose what to offer; the last is what the others are compared with."""

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
    owners = shown.basket_of_entry
    before = _count_before(place[shown.codes], owners, shown.offsets)
    hits = np.zeros((len(sizes), len(WAYS)), dtype=np.int64)
    n_offers = np.zeros(len(WAYS), dtype=np.int64)
    n_served = 0
    # A trial shows the rest of a basket and takes offers; a block bounds both.
    ends = np.cumsum(sizes[owners] - 1 + min(n_items, len(place)))
    start = 0
    while start < len(owners):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        some = np.arange(start, stop)
        trials = _hide(shown, owners, some)
        found, offered = _judge(
            offers, trials, shown.codes[some], before[some], place, n_items
        )
        for way, one in enumerate(found):
            hits[:, way] += np.bincount(owners[some[one]], minlength=len(sizes))
        n_offers += offered.sum(axis=1)
        n_served += int((offered[0] > 0).sum())
        start = stop
    n_trials = len(owners)
    table = _summarise(hits, sizes, n_offers)
    return HiddenItems(n_trials, n_served / n_trials if n_trials else np.nan, table)


def _rank_bestsellers(itemsets: Itemsets, n_codes: int) -> Ints:
    """Give each code its place among bestsellers; of those that are none, `n_codes`."""
    single = itemsets.lengths == 1
    frequent, counts = itemsets.codes[single, 0], itemsets.counts[single]
    place = np.full(n_codes, n_codes, dtype=np.int64)
    place[frequent[np.lexsort((frequent, -counts))]] = np.arange(len(frequent))
    return place


def _count_before(own: Ints, owners: Ints, offsets: Ints) -> Ints:
    """Count the items of the same basket that stand before each among bestsellers."""
    order = np.lexsort((own, owners))
    before = np.empty(len(own), dtype=np.int64)
    before[order] = np.arange(len(own)) - offsets[owners]
    return before


def _hide(shown: EncodedBaskets, owners: Ints, entries: Ints) -> EncodedBaskets:
    """Make one basket for each of some entries: its basket without it."""
    begins = shown.offsets[owners[entries]]
    rest = shown.offsets[owners[entries] + 1] - begins - 1
    offsets = np.concatenate([[0], np.cumsum(rest)])
    places = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], rest)
    places += places >= np.repeat(entries, rest)
    return EncodedBaskets(shown.items, shown.codes[places], offsets)


def _judge(
    offers: Offers,
    trials: EncodedBaskets,
    hidden: NDArray[np.int32],
    before: Ints,
    place: Ints,
    n_items: int,
) -> tuple[list[NDArray[np.bool_]], Ints]:
    """Say which trials each way hits, and how many items each offers in each."""
    best = np.concatenate([best for _, best in find_best(offers, trials, n_items)])
    # The last entry stands for no offer: an item that nobody hides and nobody sells.
    offered = np.append(offers.offered, -1)[best]
    by_rules = (offered == hidden[:, np.newaxis]).any(axis=1)
    n_found = (best >= 0).sum(axis=1)
    # Bestsellers before the hidden one that the basket does not show.
    ahead = place[hidden] - before
    by_sales = ahead < n_items
    taken = np.append(place, len(place))[offered] < place[hidden][:, np.newaxis]
    filled = by_rules | (ahead - taken.sum(axis=1) < n_items - n_found)
    # All bestsellers may be in the basket.
    n_sold = int((place < len(place)).sum())
    n_left = np.minimum(n_items, n_sold - np.diff(trials.offsets))
    return [by_rules, filled, by_sales], np.stack([n_found, n_left, n_left])


def _summarise(hits: Ints, sizes: Ints, n_offers: Ints) -> pd.DataFrame:
    n_trials = max(int(sizes.sum()), 1)
    rates = [estimate_share(one, sizes) for one in hits.T]
    gains = [estimate_share(one - hits[:, -1], sizes) for one in hits.T]
    table = {"way": list(WAYS), "n_offers": n_offers / n_trials}
    for name, values in (("hit_rate", rates), ("gain", gains)):
        for part, column in zip(
            ("", "_low", "_high"), zip(*values, strict=True), strict=True
        ):
            table[name + part] = np.array(column)
    return pd.DataFrame(table)
