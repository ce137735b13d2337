"""What each customer will probably buy next, and when: rules that still run."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from crmml._utils._durations import DAY, MICROSECOND
from crmml.association import _measures
from crmml.association._sequential_input import Histories
from crmml.association._sequential_sets import Array
from crmml.association._sequential_table import LearnedSequences

# Matches of purchases and rules that are looked at in one go.
_CELLS = 5_000_000


@dataclass(frozen=True)
class NextOffers:
    """Rules in the order in which they offer, the strongest first.

    Parameters
    ----------
    order : ndarray of int64 of shape (n_rules,)
        Position of each among the rules as they are shown.
    sets : csr_matrix of int32 of shape (n_sets, n_items)
        Ones for the items of each distinct set of antecedents.
    starts, offers : ndarray of int64
        The rules of set ``s`` are ``offers[starts[s]:starts[s + 1]]``, as positions
        in `order`.
    items : ndarray of int64 of shape (n_rules,)
        What each rule in `order` offers.
    """

    order: Array
    sets: csr_matrix
    starts: Array
    offers: Array
    items: Array


def prepare_offers(learned: LearnedSequences) -> NextOffers:
    """Order rules by what they promise.

    Highest confidence first, then highest lift, then most customers, then the offered
    item's label; for one item the fewer antecedents, then their labels.

    Parameters
    ----------
    learned : LearnedSequences
        The rules.

    Returns
    -------
    NextOffers
        The ordered rules.
    """
    rules = learned.rules
    customers, first, then, count = rules.counts
    lift = _measures.lift(count, first, then, learned.n_watched)
    lengths = (rules.antecedents >= 0).sum(axis=1)
    keys = (*rules.antecedents.T[::-1], lengths, rules.consequents)
    strength = (-customers, -lift, -_measures.confidence(count, first))
    order = np.lexsort((*keys, *strength))
    sets, owners = np.unique(rules.antecedents[order], axis=0, return_inverse=True)
    inside = sets >= 0
    ends = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    owners = owners.ravel()
    ones = np.ones(int(ends[-1]), dtype=np.int32)
    return NextOffers(
        order=order,
        sets=csr_matrix((ones, sets[inside], ends), (len(sets), len(learned.items))),
        starts=np.searchsorted(np.sort(owners), np.arange(len(sets) + 1)),
        offers=np.argsort(owners, kind="stable"),
        items=rules.consequents[order],
    )


def recommend_next(
    learned: LearnedSequences,
    histories: Histories,
    min_gap: pd.Timedelta,
    max_gap: pd.Timedelta,
    repeats: bool,
    n_items: int,
) -> pd.DataFrame:
    """Offer each customer what follows from their latest purchases.

    Parameters
    ----------
    learned : LearnedSequences
        The rules.
    histories : Histories
        What the customers bought.
    min_gap, max_gap : pandas.Timedelta
        Beginning and end of the window after a purchase.
    repeats : bool
        Whether to offer what was bought with the antecedents, or after them but before
        the window.
    n_items : int
        The largest number of items for a customer.

    Returns
    -------
    pandas.DataFrame
        One row for each customer and item.
    """
    codes, offers = _translate(learned, histories), prepare_offers(learned)
    running = histories.instants + max_gap // MICROSECOND > histories.end
    purchases = np.flatnonzero(running)
    baskets = histories.baskets
    entries = codes[baskets.codes]
    known = entries >= 0
    lasts = _LastTimes(
        histories.owners[baskets.basket_of_entry[known]],
        entries[known],
        histories.instants[baskets.basket_of_entry[known]],
        len(learned.items),
    )
    held = csr_matrix(
        (
            np.ones(int(known.sum()), dtype=np.int32),
            entries[known],
            np.concatenate([[0], np.cumsum(known)])[baskets.offsets],
        ),
        shape=(baskets.n_baskets, len(learned.items)),
    )[purchases]
    best = np.empty((3, 0), dtype=np.int64)
    soonest = max(min_gap // MICROSECOND, 1) if repeats else 0
    for rows, offer in _match(offers, held):
        places, item = purchases[rows], offers.items[offer]
        owner = histories.owners[places].astype(np.int64)
        # What has been bought since has followed already, or is no news.
        due = lasts.find(owner, item) < histories.instants[places] + soonest
        some = np.stack([owner[due], offer[due], places[due]])
        best = _keep_best(np.concatenate([best, some], axis=1), offers.items)
    owner, offer, places = best[:, np.lexsort((best[1], best[0]))]
    ranks = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    kept = ranks <= n_items
    return _make_table(
        learned,
        histories,
        owner[kept],
        ranks[kept],
        offers.order[offer[kept]],
        places[kept],
    )


class _LastTimes:
    """When each customer bought each item last."""

    def __init__(self, owners: Array, items: Array, instants: Array, width: int):
        keys = owners.astype(np.int64) * width + items
        # Instants rise for each customer, so that the last one comes first in reverse.
        self._keys, at = np.unique(keys[::-1], return_index=True)
        self._instants = instants[::-1][at]
        self._width = width

    def find(self, owners: Array, items: Array) -> NDArray[np.int64]:
        """Look up instants in microseconds; the earliest there is for never."""
        result = np.full(len(owners), np.iinfo(np.int64).min)
        keys = owners * self._width + items
        at = np.searchsorted(self._keys, keys)
        inside = at < len(self._keys)
        inside[inside] = self._keys[at[inside]] == keys[inside]
        result[inside] = self._instants[at[inside]]
        return result


def _match(offers: NextOffers, held: csr_matrix) -> Iterator[tuple[Array, Array]]:
    """Yield purchases and the rules whose antecedents they hold, some at a time."""
    needed = np.diff(offers.sets.indptr)
    sizes = np.diff(offers.starts)
    # At most: each rule of each set of which a purchase holds an item.
    most = held @ (offers.sets.T @ (sizes + 1))
    work = np.concatenate([[0], np.cumsum(most)])
    low = 0
    while low < held.shape[0]:
        high = int(np.searchsorted(work, work[low] + _CELLS, side="right")) - 1
        high = max(high, low + 1)
        matched = (held[low:high] @ offers.sets.T).tocoo()
        whole = matched.data == needed[matched.col]
        rows, sets = matched.row[whole].astype(np.int64), matched.col[whole]
        times = sizes[sets]
        first = np.repeat(offers.starts[sets] - np.cumsum(times) + times, times)
        yield np.repeat(rows + low, times), offers.offers[first + np.arange(len(first))]
        low = high


def _keep_best(rows: Array, items: Array) -> Array:
    """Keep the strongest rule of each customer and item, for the latest purchase."""
    owner, offer, places = rows
    # Numbers packed two by two are sorted in half the time.
    asked = owner * (int(items.max(initial=0)) + 1) + items[offer]
    latest = int(places.max(initial=0))
    order = np.lexsort((offer * (latest + 1) + latest - places, asked))
    rows, asked = rows[:, order], asked[order]
    is_first = np.ones(len(asked), dtype=bool)
    is_first[1:] = np.diff(asked) != 0
    return rows[:, is_first]


def _make_table(
    learned: LearnedSequences,
    histories: Histories,
    owner: Array,
    ranks: Array,
    rules: Array,
    places: Array,
) -> pd.DataFrame:
    chosen = learned.rules[rules]
    median = chosen.gaps[1]
    bought = histories.instants[places]
    expected = bought + np.rint(median * (DAY // MICROSECOND)).astype(np.int64)
    times = [pd.Series(one.astype("datetime64[us]")) for one in (bought, expected)]
    if histories.is_aware:
        times = [one.dt.tz_localize("UTC") for one in times]
    items = [learned.items[code] for code in chosen.consequents.tolist()]
    return pd.DataFrame(
        {
            "customer_id": histories.customers.take(owner).reset_index(drop=True),
            "rank": ranks,
            "item": pd.Series(items, dtype=object),
            "score": _measures.confidence(chosen.counts[3], chosen.counts[1]),
            "antecedents": pd.Series(learned.labelled[rules], dtype=object),
            "bought_at": times[0],
            "gap_days": median,
            "expected_at": times[1],
        }
    )


def _translate(learned: LearnedSequences, histories: Histories) -> NDArray[np.int64]:
    """Look up the codes of the rules for the items of histories, -1 for others."""
    places = {item: code for code, item in enumerate(learned.items)}
    codes = [places.get(item, -1) for item in histories.baskets.items]
    return np.array(codes, dtype=np.int64)
