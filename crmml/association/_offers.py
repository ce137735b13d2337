"""What to offer next: the strongest rules that a basket fulfils."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from crmml.association import _measures
from crmml.association._baskets import EncodedBaskets, Item
from crmml.association._itemsets import Itemsets
from crmml.association._rules import Rules
from crmml.exceptions import SchemaError

# Cells of the table baskets x rules that are looked at in one go.
_CELLS = 5_000_000


@dataclass(frozen=True)
class Offers:
    """Rules that offer one item, the strongest first.

    Parameters
    ----------
    columns : dict of item to int
        The column of each frequent item.
    antecedents : csr_matrix of int32 of shape (n_offers, n_columns)
        Ones for the items that a basket must hold.
    offered : ndarray of int64 of shape (n_offers,)
        Column of the item offered.
    scores : ndarray of float64 of shape (n_offers,)
        Confidence of the rule.
    reasons : ndarray of frozenset of shape (n_offers,)
        The antecedents with the user's labels.
    """

    columns: dict[Item, int]
    antecedents: csr_matrix
    offered: NDArray[np.int64]
    scores: NDArray[np.float64]
    reasons: NDArray[np.object_]


def prepare_offers(
    rules: Rules,
    itemsets: Itemsets,
    labelled: NDArray[np.object_],
    items: tuple[Item, ...],
    n_baskets: int,
) -> Offers:
    """Order the rules with one consequent by what they promise.

    Highest confidence first, then highest lift, then highest support, then the offered
    item's label; for one item the shorter antecedents, then their labels.

    Parameters
    ----------
    rules : Rules
        All rules.
    itemsets : Itemsets
        The itemsets they were made from.
    labelled : ndarray of frozenset of shape (n_itemsets,)
        The same itemsets with the user's labels.
    items : tuple of str or of int
        The label of each code.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    Offers
        The ordered offers.
    """
    lengths = itemsets.lengths
    one = lengths[rules.consequents] == 1
    first, then, together = (
        rules.antecedents[one],
        rules.consequents[one],
        rules.counts[one],
    )
    offered = itemsets.codes[then, 0].astype(np.int64)
    scores = _measures.confidence(together, itemsets.counts[first])
    lifts = _measures.lift(
        together, itemsets.counts[first], itemsets.counts[then], n_baskets
    )
    # Rules of one item and length come in order of labels if all else is equal.
    keys = (*itemsets.codes[first].T[::-1], lengths[first], offered)
    order = np.lexsort((*keys, -together, -lifts, -scores))
    rows = itemsets.codes[first[order]]
    inside = rows >= 0
    ends = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    ones = np.ones(int(ends[-1]), dtype=np.int32)
    frequent = np.unique(itemsets.codes[lengths == 1, 0])
    return Offers(
        columns={items[code]: code for code in frequent.tolist()},
        antecedents=csr_matrix((ones, rows[inside], ends), (len(rows), len(items))),
        offered=offered[order],
        scores=scores[order],
        reasons=labelled[first[order]],
    )


def recommend(offers: Offers, baskets: EncodedBaskets, n_items: int) -> pd.DataFrame:
    """Offer each basket the items it lacks, by the best rule that it fulfils.

    Parameters
    ----------
    offers : Offers
        The ordered offers.
    baskets : EncodedBaskets
        The baskets.
    n_items : int
        The largest number of items for a basket.

    Returns
    -------
    pandas.DataFrame
        Columns basket (int64), rank (int64), item, score (float64), antecedents.

    Raises
    ------
    SchemaError
        If the items are numbers where the rules know text, or the reverse.
    """
    _check_kind(offers, baskets)
    held = _to_matrix(offers, baskets)
    step = max(1, _CELLS // max(len(offers.scores), 1))
    parts = [np.empty((3, 0), dtype=np.int64)]
    for start in range(0, held.shape[0], step):
        rows, ranks, best = _best_offers(offers, held[start : start + step], n_items)
        parts.append(np.stack([rows + start, ranks, best]))
    rows, ranks, best = np.concatenate(parts, axis=1)
    labels = {column: item for item, column in offers.columns.items()}
    items = [labels[column] for column in offers.offered[best].tolist()]
    return pd.DataFrame(
        {
            "basket": rows,
            "rank": ranks,
            "item": pd.Series(items, dtype=object),
            "score": offers.scores[best],
            "antecedents": pd.Series(offers.reasons[best], dtype=object),
        }
    )


def _best_offers(
    offers: Offers, held: csr_matrix, n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give rows, ranks from 1 and positions in `offers`, in order of row and rank."""
    matched = (held @ offers.antecedents.T).tocoo()
    needed = np.diff(offers.antecedents.indptr)
    fulfilled = matched.data == needed[matched.col]
    rows = matched.row[fulfilled].astype(np.int64)
    best = matched.col[fulfilled].astype(np.int64)
    width = held.shape[1]
    keys = rows * width + offers.offered[best]
    owned = held.tocoo()
    lacking = ~np.isin(keys, owned.row.astype(np.int64) * width + owned.col)
    rows, best, keys = rows[lacking], best[lacking], keys[lacking]
    order = np.lexsort((best, rows))
    # The first of several rules that offer a basket the same item is the strongest.
    firsts = order[np.sort(np.unique(keys[order], return_index=True)[1])]
    rows, best = rows[firsts], best[firsts]
    starts = np.searchsorted(rows, rows)
    ranks = np.arange(len(rows)) - starts + 1
    kept = ranks <= n_items
    return rows[kept], ranks[kept], best[kept]


def _to_matrix(offers: Offers, baskets: EncodedBaskets) -> csr_matrix:
    """Baskets x columns; items that no itemset holds cannot matter and are dropped."""
    columns = np.array(
        [offers.columns.get(item, -1) for item in baskets.items], dtype=np.int64
    )
    entries = columns[baskets.codes]
    known = entries >= 0
    ones = np.ones(int(known.sum()), dtype=np.int32)
    return csr_matrix(
        (ones, (baskets.basket_of_entry[known], entries[known])),
        shape=(baskets.n_baskets, offers.antecedents.shape[1]),
    )


def _check_kind(offers: Offers, baskets: EncodedBaskets) -> None:
    if not offers.columns or not baskets.items:
        return
    given, known = type(baskets.items[0]), type(next(iter(offers.columns)))
    if given is not known:
        names = {str: "text", int: "whole numbers"}
        raise SchemaError(
            f"the baskets hold {names[given]}, but the rules were learned from "
            f"{names[known]}, so nothing can match. Convert the items with "
            f"{known.__name__}()."
        )
