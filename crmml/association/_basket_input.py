"""The door for baskets: one function that takes every form they come in."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import narwhals as nw

from crmml.association._basket_frames import read_frame, read_order_lines
from crmml.association._basket_lists import read_lists
from crmml.association._baskets import EncodedBaskets
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables, Transactions


def encode_baskets(X: Any, order_column: str, item_column: str) -> EncodedBaskets:
    """Encode baskets in whichever form they come.

    The form is recognised by these rules, in this order:

    1. customer tables, or their transactions: the columns declared there;
    2. a pandas, Polars or pyarrow table with both named columns: long order lines;
    3. any other such table, if every column is boolean or 0/1: one-hot;
    4. any other sequence: one basket for each element.

    Parameters
    ----------
    X : table, CustomerTables or sequence of collections
        The baskets. It is not changed.
    order_column, item_column : str
        Names of the columns of a long table.

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
        return _require_some(_read_transactions(X))
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


def _read_transactions(transactions: Transactions) -> EncodedBaskets:
    roles = ["order_id", "product_id"]
    lines = transactions.to_arrow(roles)
    names = [transactions.roles[role] for role in roles]
    return read_order_lines(*(lines[role] for role in roles), *names)


def _require_some(baskets: EncodedBaskets) -> EncodedBaskets:
    if baskets.n_baskets == 0:
        raise NotEnoughHistoryError("X holds no basket; at least one is needed.")
    return baskets
