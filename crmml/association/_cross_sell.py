"""What to offer to whom: rules counted anew in each segment's baskets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._basket_input import encode_baskets, find_lines, require_some
from crmml.association._baskets import EncodedBaskets
from crmml.association._learned_rules import LearnedRules
from crmml.association._messages import warn_left_out
from crmml.association._other_counts import recode
from crmml.association._rule_counts import prepare_counter
from crmml.association._selection import keep_rules
from crmml.association._share_intervals import bound_share
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables, Transactions

Ints = NDArray[np.int64]


def divide_baskets(
    X: Any,
    segments: Any,
    order_column: str | Sequence[str],
    item_column: str,
    basket_by: str,
    until: int | None = None,
) -> tuple[list[EncodedBaskets], list[Any]]:
    """Give the baskets of each segment.

    Parameters
    ----------
    X, order_column, item_column, basket_by, until : object
        As for :func:`encode_baskets`.
    segments : Series, mapping, str or array-like
        By customer, the name of a column, or one for each basket.

    Returns
    -------
    baskets : list of EncodedBaskets
        Those of each segment.
    names : list
        The segments, ascending.

    Raises
    ------
    SchemaError
        If segments do not fit the form of the baskets, or no basket has one.
    """
    form = order_column, item_column, basket_by
    is_table = isinstance(X, (CustomerTables, Transactions))
    column = "customer_id" if is_table else segments
    lines = None
    if isinstance(column, str):
        lines = find_lines(X, *form, value_column=column, until=until)
        if lines is None:
            raise SchemaError(
                "segments names a column, but the baskets are no order lines. Give one "
                "segment for each basket."
            )
        baskets = require_some(lines.encode())
        codes, labels = lines.read_values()
        if is_table:
            labels = _look_up(labels, segments)
        known = np.empty(len(labels) + 1, dtype=object)
        known[:] = [*labels, None]
        values = known[codes]
    else:
        if find_lines(X, *form) is not None:
            raise SchemaError(
                "segments must name a column here: the baskets of order lines have no "
                "order in which segments could be given."
            )
        baskets = encode_baskets(X, *form)
        values = _read_segments(segments, baskets.n_baskets)
    groups, names = pd.factorize(values)
    if not len(names):
        raise SchemaError(
            f"segments: none of the {len(groups)} baskets belongs to one, so that "
            "there is nobody to rank offers for. Give a segment to those to compare."
        )
    if n_missing := int((groups < 0).sum()):
        warn_left_out(n_missing, len(groups), "baskets belong to no segment")
    order = _sort_names(list(names))
    kept = [baskets.keep_baskets(groups == place) for place in order]
    return kept, [names[place] for place in order]


def _look_up(customers: Sequence[Any], segments: Any) -> list[Any]:
    if isinstance(segments, pd.Series):
        if not segments.index.is_unique:
            n_repeated = int(segments.index.duplicated().sum())
            raise SchemaError(
                f"segments repeats {n_repeated} customers in its index; give each one "
                "segment."
            )
        segments = segments.to_dict()
    if not isinstance(segments, Mapping):
        raise SchemaError(
            "segments must be a Series or mapping by customer id for customer tables, "
            f"got {type(segments).__name__}."
        )
    found = [segments.get(customer) for customer in customers]
    if customers and all(one is None for one in found):
        raise SchemaError(
            f"segments knows none of the {len(customers)} customers who bought. Its "
            "index must hold their ids, of the same type."
        )
    return found


def _read_segments(segments: Any, n_baskets: int) -> NDArray[np.object_]:
    is_listed = isinstance(segments, (pd.Series, np.ndarray, Sequence)) or hasattr(
        segments, "to_list"
    )
    values = list(segments) if is_listed else []
    if len(values) != n_baskets:
        found = f"{len(values)}" if is_listed else type(segments).__name__
        raise SchemaError(
            f"segments must be one label for each of the {n_baskets} baskets, got "
            f"{found}."
        )
    listed = np.empty(n_baskets, dtype=object)
    listed[:] = values
    return listed


def _sort_names(names: list[Any]) -> list[int]:
    try:
        return sorted(range(len(names)), key=names.__getitem__)
    except TypeError:
        return sorted(range(len(names)), key=lambda place: str(names[place]))


def rank_offers(
    learned: LearnedRules,
    baskets: Sequence[EncodedBaskets],
    names: Sequence[Any],
    *,
    n_offers: int,
    min_count: int,
) -> pd.DataFrame:
    """Rank the items to offer in each segment.

    Parameters
    ----------
    learned : LearnedRules
        The rules.
    baskets : sequence of EncodedBaskets
        The baskets of each segment.
    names : sequence
        The segments.
    n_offers : int
        The most items for a segment.
    min_count : int
        The fewest baskets with the antecedents.

    Returns
    -------
    pandas.DataFrame
        One row for each offer.
    """
    itemsets, offers = learned.mined.itemsets, learned.offers
    # One rule after the other as they stand in the table, so that ties are settled.
    positions = np.sort(offers.positions)
    one = np.zeros(len(learned.rules.counts), dtype=bool)
    one[positions] = True
    rules = keep_rules(learned.rules, one)
    count = prepare_counter(rules, itemsets)
    items = itemsets.codes[rules.consequents, 0]
    parts = []
    for name, own in zip(names, baskets, strict=True):
        first, then, both = count(recode(own, offers.codes))
        best, score = _choose(
            first, then, both, own.n_baskets, items, n_offers, min_count
        )
        first, then, both = first[best], then[best], both[best]
        parts.append(
            {
                "segment": [name] * len(best),
                "n_baskets": np.full(len(best), own.n_baskets),
                "rank": np.arange(1, len(best) + 1),
                "item": offers.labels[items[best]],
                "antecedents": learned.mined.labelled[rules.antecedents[best]],
                "antecedent_count": first,
                "count": both,
                "confidence": _measures.confidence(both, first),
                "lift": _measures.lift(both, first, then, own.n_baskets),
                "score": score,
                "overall_lift": learned.table["lift"].to_numpy()[positions[best]],
                "n_open": first - both,
            }
        )
    return _stack(parts)


def _choose(
    first: Ints,
    then: Ints,
    both: Ints,
    n: int,
    items: NDArray[np.int32],
    n_offers: int,
    min_count: int,
) -> tuple[Ints, NDArray[np.float64]]:
    """Give the places of the best rule of each of the best items, and their scores."""
    fit = np.flatnonzero((first >= min_count) & (both * n > first * then))
    scores = bound_share(both[fit], first[fit])
    order = np.lexsort((fit, -both[fit], -scores))
    # The first rule of an item is its best.
    firsts = np.sort(np.unique(items[fit[order]], return_index=True)[1])[:n_offers]
    return fit[order[firsts]], scores[order[firsts]]


def _stack(parts: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {
        name: np.concatenate([part[name] for part in parts])
        for name in (parts[0] if parts else ())
        if name not in ("segment", "item", "antecedents")
    }
    listed = {
        name: pd.Series([value for part in parts for value in part[name]], dtype=object)
        for name in ("segment", "item", "antecedents")
    }
    order = parts[0] if parts else listed
    return pd.DataFrame({name: {**columns, **listed}[name] for name in order})
