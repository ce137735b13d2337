"""What each customer bought and when: purchases in order of time, items as codes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml._utils._durations import MICROSECOND
from crmml.association._baskets import EncodedBaskets, Item, encode_pairs
from crmml.association._line_codes import code_column
from crmml.association._messages import warn_left_out
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables, Transactions
from crmml.tables import _sql as sql
from crmml.tables._ids import narrow_ids
from crmml.tables._instants import check_cutoffs
from crmml.tables._stays import known_at

Instants = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """Purchases, by customer and then by time.

    Parameters
    ----------
    baskets : EncodedBaskets
        One basket for each purchase: the items of a customer at one instant.
    owners : ndarray of int32 of shape (n_purchases,)
        Number of the customer, ascending.
    instants : ndarray of int64 of shape (n_purchases,)
        Microseconds since 1970, ascending for each customer.
    customers : pandas.Series of shape (n_customers,)
        The id of each customer, ascending, in the user's type.
    end : int
        The last instant that the data cover, in microseconds since 1970.
    is_aware : bool
        Whether instants came with a time zone.
    """

    baskets: EncodedBaskets
    owners: NDArray[np.int32]
    instants: Instants
    customers: pd.Series
    end: int
    is_aware: bool

    def windows(
        self, min_gap: pd.Timedelta, max_gap: pd.Timedelta
    ) -> tuple[Instants, Instants]:
        """Find the purchases that follow each purchase within some time.

        Parameters
        ----------
        min_gap, max_gap : pandas.Timedelta
            The shortest and the longest time between, both included; never 0.

        Returns
        -------
        firsts, lasts : ndarray of int64 of shape (n_purchases,)
            Those of purchase ``p`` are ``firsts[p]`` to ``lasts[p] - 1``.
        """
        # Searched for in the customer's own purchases, which end where another begins.
        ends = np.searchsorted(self.owners, self.owners, side="right")
        soonest = self.instants + max(min_gap // MICROSECOND, 1)
        latest = self.instants + max_gap // MICROSECOND + 1
        return self._search(soonest, ends), self._search(latest, ends)

    def _search(self, targets: Instants, ends: Instants) -> Instants:
        """Find the first purchase of the same customer at or after an instant."""
        low, high = np.arange(len(targets)), ends.astype(np.int64)
        while (open_ := low < high).any():
            middle = (low + high) // 2
            before = open_ & (self.instants[np.where(open_, middle, 0)] < targets)
            low = np.where(before, middle + 1, low)
            high = np.where(open_ & ~before, middle, high)
        return low


def open_tables(
    X: Any, customer_column: str, time_column: str, item_column: str
) -> CustomerTables:
    """Open histories in whichever form they come.

    Parameters
    ----------
    X : CustomerTables, Transactions, table or path
        The histories.
    customer_column, time_column, item_column : str
        Columns of a bare table.

    Returns
    -------
    CustomerTables
        Tables with transactions that name items.

    Raises
    ------
    SchemaError
        If it is nothing of that, or its columns are unfit.
    """
    if isinstance(X, (list, tuple, set, dict)):
        raise SchemaError(
            "histories need customers and times, so that lists of baskets are not "
            "enough. Give a long table with one row for each thing bought, or "
            "CustomerTables."
        )
    if isinstance(X, CustomerTables):
        tables = X
    elif isinstance(X, Transactions):
        tables = CustomerTables(transactions=X)
    else:
        lines = Transactions(
            str(X) if isinstance(X, Path) else X,
            customer_id=customer_column,
            timestamp=time_column,
            product_id=item_column,
        )
        tables = CustomerTables(transactions=lines)
    tables.table("transactions").column_of("product_id")
    return tables


def check_kind(items: tuple[Item, ...], known: tuple[Item, ...]) -> None:
    """Refuse text where rules know numbers, and the reverse.

    Parameters
    ----------
    items : tuple of str or of int
        Items that were bought.
    known : tuple of str or of int
        Items that rules were learned from.

    Raises
    ------
    SchemaError
        If the ones are text and the others numbers.
    """
    if items and known and type(items[0]) is not type(known[0]):
        names = {str: "text", int: "whole numbers"}
        raise SchemaError(
            f"the items bought are {names[type(items[0])]}, but the rules were learned "
            f"from {names[type(known[0])]}, so nothing can match. Convert the column "
            "of items."
        )


def read_histories(tables: CustomerTables, cutoff: Any = None) -> Histories:
    """Read the purchases that are known.

    Parameters
    ----------
    tables : CustomerTables
        Tables with transactions.
    cutoff : str or datetime, optional
        The instant we pretend it is: nothing that happened, or became known, at or
        after it is read. Default: all until ``tables.observed_until``.

    Returns
    -------
    Histories
        One purchase at least.

    Raises
    ------
    NotEnoughHistoryError
        If there is none.
    """
    if tables.observed_until is None:
        raise NotEnoughHistoryError("transactions: there are none.")
    timestamp = sql.column("timestamp")
    if cutoff is None:
        end = (tables.observed_until - pd.Timestamp(0)) // MICROSECOND
        known: exp.Expr = exp.LTE(this=timestamp, expression=sql.number(end))
    else:
        (instant,) = check_cutoffs([cutoff], tables)
        end = instant - 1
        seen = known_at(tables, "transactions") or timestamp
        known = exp.LT(this=seen, expression=sql.number(instant))
    names = ("customer_id", "timestamp", "product_id")
    query = exp.select(*map(sql.column, names)).from_(sql.table("transactions"))
    lines = tables.engine.run(query.where(known))
    if not lines.num_rows:
        raise NotEnoughHistoryError(
            "No transaction is known at that time. Choose a later cutoff."
        )
    return _encode(lines, tables, int(end))


def _encode(lines: pa.Table, tables: CustomerTables, end: int) -> Histories:
    customers, ids = _code_ascending(narrow_ids(lines["customer_id"]))
    instants = lines["timestamp"].to_numpy()
    order = np.lexsort((instants, customers))
    customers, instants = customers[order], instants[order]
    is_new = np.append(True, (np.diff(customers) != 0) | (np.diff(instants) != 0))
    purchases = (np.cumsum(is_new) - 1).astype(np.int32)
    items, labels = code_column(_plain_text(lines["product_id"]))
    items = items[order]
    if not (named := items >= 0).all():
        missing = len(items) - int(named.sum())
        shown = tables.table("transactions").column_of("product_id")
        warn_left_out(missing, len(items), f"order lines have no {shown!r}")
    baskets = encode_pairs(
        purchases[named], items[named], labels, int(purchases[-1]) + 1
    )
    return Histories(
        baskets=baskets,
        owners=customers[is_new],
        instants=instants[is_new],
        customers=tables.restore_ids(ids),
        end=end,
        is_aware=bool(tables.is_aware),
    )


def _code_ascending(
    ids: pa.ChunkedArray,
) -> tuple[NDArray[np.int32], pa.ChunkedArray]:
    """Code values in their own order, whatever the order of the rows."""
    distinct = ids.unique()
    ordered = distinct.take(pc.sort_indices(distinct))
    codes = pc.index_in(ids, value_set=ordered).to_numpy()
    return codes.astype(np.int32), pa.chunked_array([ordered])


def _plain_text(items: pa.ChunkedArray) -> pa.ChunkedArray:
    # Of one type, so that labels of all sources are coded alike.
    if pa.types.is_string(items.type) or pa.types.is_string_view(items.type):
        return items.cast(pa.large_string())
    return narrow_ids(items)
