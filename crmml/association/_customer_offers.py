"""Offers for customers as of a cutoff: their purchases before it are one basket."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._durations import MICROSECOND, check_duration
from crmml.association._basket_tables import (
    check_learned,
    read_cutoff,
    read_lines,
)
from crmml.association._offers import Offers, recommend
from crmml.association._order_lines import OrderLines
from crmml.association._other_counts import recode
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables
from crmml.tables._spine import build_spine


def offer_customers(
    offers: Offers,
    tables: CustomerTables,
    cutoff: Any,
    window: Any,
    n_items: int,
    learned_until: int | None,
) -> pd.DataFrame:
    """Offer each customer what a basket of all earlier purchases suggests.

    Parameters
    ----------
    offers : Offers
        The ordered offers.
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        Only lines before it count.
    window : duration or None
        How far back they count.
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
    lines = read_lines(tables, ["customer_id", "product_id"], since, until)
    known = lines["customer_id"].is_valid()
    lines = {role: column.filter(known) for role, column in lines.items()}
    orders = OrderLines(lines, ["customer_id"], "product_id", "customer_id")
    codes, labels = orders.read_values()
    found = recommend(offers, recode(orders.encode(), offers.codes), n_items)
    # Those who had left are not on the spine, which is in the order of ids.
    place_of = {one: at for at, one in enumerate(spine.rows["customer_id"].to_pylist())}
    places = np.array([place_of.get(label, -1) for label in labels], dtype=np.int64)
    owners = places[codes[found["basket"]]]
    order = np.argsort(owners, kind="stable")
    order = order[owners[order] >= 0]
    found = found.drop(columns="basket").iloc[order].reset_index(drop=True)
    found.insert(0, "customer_id", spine.to_index(tables)[owners[order]])
    return found
