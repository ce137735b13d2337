"""The door for baskets: one function that takes every form they come in."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import narwhals as nw
from pyarrow.dataset import dataset

from crmml.association._basket_frames import read_frame, read_order_lines
from crmml.association._basket_lists import read_lists
from crmml.association._baskets import EncodedBaskets
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables, Transactions


def encode_baskets(
    X: Any,
    order_column: str | Sequence[str],
    item_column: str,
    basket_by: str = "order",
) -> EncodedBaskets:
    """Encode baskets in whichever form they come.

    The form is recognised by these rules, in this order:

    1. customer tables, or their transactions: the columns declared there;
    2. the path of a Parquet file, or of a folder of such: long order lines;
    3. a pandas, Polars or pyarrow table with all named columns: long order lines;
    4. any other such table, if every column is boolean or 0/1: one-hot;
    5. any other sequence: one basket for each element.

    Parameters
    ----------
    X : table, CustomerTables or sequence of collections
        The baskets. It is not changed.
    order_column : str or sequence of str
        In a long table, the column, or columns, that say which lines are one basket.
    item_column : str
        In a long table, the column of the items.
    basket_by : {"order", "customer_day"}, default="order"
        In customer tables, whether an order is a basket, or what a customer buys on
        one day.

    Returns
    -------
    EncodedBaskets
        At least one basket.

    Raises
    ------
    SchemaError
        If the form is none of these, or its columns or items are unfit.
    NotEnoughHistoryError
        If there is no basket at all.

    Examples
    --------
    >>> encode_baskets([["milk", "beer"], []], "order_id", "product_id").n_baskets
    2
    """
    if isinstance(X, CustomerTables):
        X = X.table("transactions")
    if isinstance(X, Transactions):
        return _require_some(_read_transactions(X, basket_by))
    if isinstance(X, (str, Path)):
        return _require_some(_read_parquet(X, order_column, item_column))
    try:
        frame = nw.from_native(X, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise SchemaError(
            "X has columns that appear more than once. Rename or drop them."
        ) from None
    except TypeError:
        baskets = read_lists(check_sequence(X))
    else:
        baskets = read_frame(frame, order_column, item_column)
    return _require_some(baskets)


def check_sequence(X: Any) -> Iterable[Any]:
    """Refuse what is no ordered sequence of baskets.

    Parameters
    ----------
    X : iterable of collections
        The baskets, in an order that has a meaning.

    Returns
    -------
    iterable of collections
        `X` itself.

    Raises
    ------
    SchemaError
        If it is a text, a mapping, a set, a matrix, or not iterable.
    """
    refused = (str, bytes, Mapping, Set)
    is_table = getattr(X, "ndim", 1) != 1 or nw.dependencies.is_into_dataframe(X)
    if isinstance(X, refused) or is_table or not isinstance(X, Iterable):
        raise SchemaError(
            "baskets must be a long table of order lines, a one-hot table with one "
            "named column for each item (pandas, Polars or pyarrow), or a list of "
            f"baskets, got {type(X).__name__}."
        )
    return X


def _read_transactions(transactions: Transactions, basket_by: str) -> EncodedBaskets:
    owners = ["order_id"] if basket_by == "order" else ["customer_id", "timestamp"]
    lines = transactions.to_arrow([*owners, "product_id"])
    names = transactions.roles
    columns = {names[role]: lines[role] for role in (*owners, "product_id")}
    return read_order_lines(
        columns, [names[role] for role in owners], names["product_id"]
    )


def _read_parquet(
    path: str | Path, order_column: str | Sequence[str], item_column: str
) -> EncodedBaskets:
    try:
        data = dataset(path, format="parquet")
    except FileNotFoundError:
        raise SchemaError(
            "X is text, but no file or folder of that name is there. Baskets come as a "
            "table, a list of baskets, or the path of a Parquet file."
        ) from None
    named = [order_column] if isinstance(order_column, str) else list(order_column)
    missing = [name for name in (*named, item_column) if name not in data.schema.names]
    if missing:
        raise SchemaError(
            f"the Parquet file has no column {missing[0]!r}, only "
            f"{', '.join(map(repr, data.schema.names[:20]))}. Name its columns with "
            "order_column and item_column."
        )
    lines = data.to_table(columns=[*named, item_column])
    return read_order_lines(
        {name: lines[name] for name in lines.column_names}, named, item_column
    )


def _require_some(baskets: EncodedBaskets) -> EncodedBaskets:
    if baskets.n_baskets == 0:
        raise NotEnoughHistoryError("X holds no basket; at least one is needed.")
    return baskets
