"""Baskets given as lists: which items they may hold, and their codes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from crmml.association._baskets import EncodedBaskets, Item, encode_pairs
from crmml.association._messages import warn_left_out
from crmml.exceptions import SchemaError

_MISSING = object()


def read_lists(X: Iterable[Any]) -> EncodedBaskets:
    """Encode baskets given one by one.

    Parameters
    ----------
    X : iterable of collections
        Each basket is a list, a tuple, a set or a one-dimensional array of items. Items
        are all text or all whole numbers; missing ones are left out and counted.

    Returns
    -------
    EncodedBaskets
        One basket for each element, in their order; empty ones are kept.

    Raises
    ------
    SchemaError
        If an element is no collection (a text is none), or if items are of several
        kinds or of a kind that does not name a product.
    """
    baskets = list(X)
    refused = Counter(type(one).__name__ for one in baskets if not _is_basket(one))
    if refused:
        raise SchemaError(
            f"{sum(refused.values())} of {len(baskets)} baskets are not collections of "
            f"items ({', '.join(sorted(refused))}). Give each basket as a list, tuple "
            "or set, also a basket of one item: [['milk']]."
        )
    rows = [list(basket) for basket in baskets]
    sizes = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    positions = np.repeat(np.arange(len(rows)), sizes)
    flat = _clean(list(chain.from_iterable(rows)))
    known = np.fromiter((item is not _MISSING for item in flat), bool, len(flat))
    if not known.all():
        warn_left_out(
            int((~known).sum()), len(flat), "items in the baskets are missing"
        )
        positions = positions[known]
        flat = [item for item in flat if item is not _MISSING]
    codes = {item: code for code, item in enumerate(dict.fromkeys(flat))}
    entries = np.fromiter(map(codes.__getitem__, flat), np.int64, len(flat))
    return encode_pairs(positions, entries, list(codes), len(rows))


def check_labels(labels: Iterable[Any], where: str) -> list[Item]:
    """Check that labels are all text or all whole numbers.

    Parameters
    ----------
    labels : iterable
        Item labels.
    where : str
        What they are, for the message, such as ``"the column names"``.

    Returns
    -------
    list of str or of int
        The labels as plain Python text or numbers.

    Raises
    ------
    SchemaError
        If they are of several kinds, or of another kind.
    """
    cleaned = [_plain(label) for label in labels]
    kinds = Counter(type(label) for label in cleaned)
    others = sorted(kind.__name__ for kind in kinds if kind not in (str, int))
    if others:
        count = sum(n for kind, n in kinds.items() if kind not in (str, int))
        raise SchemaError(
            f"{where}: {count} of {len(cleaned)} items are neither text nor whole "
            f"numbers ({', '.join(others)}). Convert them, for example with str()."
        )
    if len(kinds) > 1:
        raise SchemaError(
            f"{where}: {kinds[str]} items are text and {kinds[int]} are numbers; '7' "
            "and 7 would be two products. Give all items one type, for example with "
            "str()."
        )
    return cleaned


def _is_basket(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def _clean(flat: list[Any]) -> list[Any]:
    if {type(item) for item in flat} in ({str}, {int}):
        return flat
    marked = [_MISSING if _is_missing(item) else item for item in flat]
    kept = iter(
        check_labels((item for item in marked if item is not _MISSING), "the baskets")
    )
    return [_MISSING if item is _MISSING else next(kept) for item in marked]


def _is_missing(item: Any) -> bool:
    # NaN and NaT are the values that differ from themselves.
    return item is None or item is pd.NA or item is pd.NaT or _is_nan(item)


def _is_nan(item: Any) -> bool:
    return isinstance(item, (float, np.floating)) and bool(np.isnan(item))


def _plain(label: Any) -> Any:
    if isinstance(label, str):
        return str(label)
    if isinstance(label, (int, np.integer)) and not isinstance(label, bool):
        return int(label)
    return label
