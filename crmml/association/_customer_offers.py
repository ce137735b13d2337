"""Offers for customers as of a cutoff: their purchases before it are one basket."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crmml._utils._durations import MICROSECOND, check_duration
from crmml.association._basket_tables import (
    check_learned,
    read_cutoff,
    read_lines,
)
from crmml.association._baskets import EncodedBaskets
from crmml.association._offers import Offers, recommend
from crmml.association._order_lines import OrderLines
from crmml.association._other_counts import recode
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables
from crmml.tables._spine import build_spine

Lines = dict[str, pa.ChunkedArray]


def offer_customers(
    offers: Offers,
    tables: CustomerTables,
    cutoff: Any,
    window: Any,
    n_items: int,
    learned_until: int | None,
) -> pd.DataFrame:
    """Offer each customer what a basket of earlier purchases suggests.

    Nothing is offered that the customer bought before the cutoff, however long ago.

    Parameters
    ----------
    offers : Offers
        The ordered offers.
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        Only lines before it, and known before it, count.
    window : duration or None
        How far back purchases suggest anything. None: all do.
    n_items : int
        The most items for a customer.
    learned_until : int or None
        All lines that the rules were learned from lie before it, in microseconds.

    Returns
    -------
    pandas.DataFrame
        Columns customer_id, rank, item, score, antecedents.

    Raises
    ------
    LeakageError
        If rules know what came after the cutoff.
    """
    if not isinstance(tables, CustomerTables):
        raise SchemaError(
            f"tables must be CustomerTables, got {type(tables).__name__}. For baskets "
            "of your own use predict."
        )
    until = read_cutoff(cutoff, tables)
    if until is None:
        raise SchemaError("cutoff must be an instant, got None.")
    check_learned(learned_until, until)
    since = None
    if window is not None:
        since = until - check_duration(window, "window") // MICROSECOND
    spine = build_spine(tables, cutoff)
    shown, held, customers = _read_purchases(tables, since, until)
    asked = recode(shown, offers.codes)
    barred = asked if held is shown else recode(held, offers.codes)
    found = recommend(offers, asked, n_items, barred)
    # Those who had left are not on the spine, which is in the order of ids.
    places = _find_places(spine.rows["customer_id"].to_pylist(), customers)
    owners = places[found["basket"]]
    order = np.argsort(owners, kind="stable")
    order = order[owners[order] >= 0]
    found = found.drop(columns="basket").iloc[order].reset_index(drop=True)
    found.insert(0, "customer_id", spine.to_index(tables)[owners[order]])
    return found


def _read_purchases(
    tables: CustomerTables, since: int | None, until: int
) -> tuple[EncodedBaskets, EncodedBaskets, list[Any]]:
    """Give what each customer bought in the window, and ever, and the customers."""
    roles = ["customer_id", "product_id"]
    if since is not None:
        roles.append("timestamp")
    lines = read_lines(tables, roles, until=until)
    lines = _filter(lines, lines["customer_id"].is_valid())
    held, customers = _group(lines)
    if since is None:
        return held, held, customers
    # Lines without an item were counted in a warning by now.
    recent = pc.and_(
        pc.greater_equal(lines["timestamp"].cast(pa.int64()), since),
        lines["product_id"].is_valid(),
    )
    shown, active = _group(_filter(lines, recent))
    return shown, held.take_baskets(_find_places(customers, active)), active


def _filter(lines: Lines, kept: pa.ChunkedArray) -> Lines:
    return {role: column.filter(kept) for role, column in lines.items()}


def _group(lines: Lines) -> tuple[EncodedBaskets, list[Any]]:
    """Make one basket of all lines of a customer."""
    orders = OrderLines(lines, ["customer_id"], "product_id", "customer_id")
    codes, labels = orders.read_values()
    return orders.encode(), [labels[code] for code in codes.tolist()]


def _find_places(among: Sequence[Any], wanted: Sequence[Any]) -> NDArray[np.int64]:
    """Give the place of each among others, -1 where it is missing."""
    place_of = {one: at for at, one in enumerate(among)}
    return np.array([place_of.get(one, -1) for one in wanted], dtype=np.int64)
