"""The door for baskets: one function that takes every form they come in."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import narwhals as nw
from pyarrow.dataset import dataset

from crmml.association._basket_frames import open_lines, read_one_hot
from crmml.association._basket_lists import read_lists
from crmml.association._basket_tables import read_lines
from crmml.association._basket_weights import read_weights
from crmml.association._baskets import EncodedBaskets
from crmml.association._order_lines import OrderLines
from crmml.association._spark_baskets import read_spark
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables, Transactions


def encode_baskets(
    X: Any,
    order_column: str | Sequence[str],
    item_column: str,
    basket_by: str = "order",
    *,
    since: int | None = None,
    until: int | None = None,
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
    since, until : int, default=None
        In customer tables, only lines from the first instant on and before the second,
        in microseconds since 1970 in UTC.

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
    lines = find_lines(
        X, order_column, item_column, basket_by, since=since, until=until
    )
    if lines is not None:
        return require_some(lines.encode())
    frame = _open_frame(X)
    if frame is not None:
        return require_some(read_one_hot(frame, order_column, item_column))
    return require_some(read_lists(check_sequence(X)))


def encode_weighted(
    X: Any,
    order_column: str | Sequence[str],
    item_column: str,
    basket_by: str = "order",
    *,
    weights: Any = None,
    until: int | None = None,
) -> EncodedBaskets:
    """Encode baskets that may have weights, or look at those that lie in Spark.

    Parameters
    ----------
    X, order_column, item_column, basket_by, until : object
        As for :func:`encode_baskets`.
    weights : str, array-like of shape (n_baskets,) or None
        A column of order lines, or one weight for each basket. None: one each.

    Returns
    -------
    EncodedBaskets
        At least one basket.

    Raises
    ------
    SchemaError
        If weights are unfit, or given in another way than the form of baskets asks for.
    """
    if nw.dependencies.is_pyspark_dataframe(X):
        return require_some(read_spark(X, order_column, item_column, weights))
    form = order_column, item_column, basket_by
    column = weights if isinstance(weights, str) else None
    is_table = isinstance(X, (CustomerTables, Transactions))
    if weights is None or (is_table and column is not None):
        lines, baskets = None, encode_baskets(X, *form, until=until)
    else:
        lines = find_lines(X, *form, value_column=column, until=until)
        baskets = encode_baskets(X, *form) if lines is None else lines.encode()
    return read_weights(require_some(baskets), lines, weights)


def find_lines(
    X: Any,
    order_column: str | Sequence[str],
    item_column: str,
    basket_by: str = "order",
    *,
    value_column: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> OrderLines | None:
    """Open baskets that come as order lines.

    Parameters
    ----------
    X, order_column, item_column, basket_by, since, until : object
        As for :func:`encode_baskets`.
    value_column : str, default=None
        One more column to read, of which each basket has one value; of customer tables
        a role, such as ``"customer_id"``.

    Returns
    -------
    OrderLines or None
        The lines; None where the baskets come in another form.

    Raises
    ------
    SchemaError
        If columns are missing or unfit.
    """
    if isinstance(X, (CustomerTables, Transactions)):
        return _read_transactions(X, basket_by, value_column, since, until)
    if isinstance(X, (str, Path)):
        return _read_parquet(X, order_column, item_column, value_column)
    frame = _open_frame(X)
    if frame is None:
        return None
    return open_lines(frame, order_column, item_column, value_column)


def _open_frame(X: Any) -> nw.DataFrame[Any] | None:
    try:
        frame: nw.DataFrame[Any] = nw.from_native(X, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise SchemaError(
            "X has columns that appear more than once. Rename or drop them."
        ) from None
    except TypeError:
        return None
    return frame


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


def _read_transactions(
    source: CustomerTables | Transactions,
    basket_by: str,
    value: str | None,
    since: int | None,
    until: int | None,
) -> OrderLines:
    if isinstance(source, CustomerTables):
        names = source.table("transactions").roles
    else:
        names = source.roles
    owners = ["order_id"] if basket_by == "order" else ["customer_id", "timestamp"]
    roles = list(dict.fromkeys([*owners, "product_id", *([value] if value else [])]))
    lines = read_lines(source, roles, since, until)
    # Messages name the user's columns; the value is asked for by its role.
    columns = {names[role]: lines[role] for role in roles}
    return OrderLines(
        columns,
        [names[role] for role in owners],
        names["product_id"],
        None if value is None else names[value],
    )


def _read_parquet(
    path: str | Path,
    order_column: str | Sequence[str],
    item_column: str,
    value_column: str | None,
) -> OrderLines:
    try:
        data = dataset(path, format="parquet")
    except FileNotFoundError:
        raise SchemaError(
            "X is text, but no file or folder of that name is there. Baskets come as a "
            "table, a list of baskets, or the path of a Parquet file."
        ) from None
    named = [order_column] if isinstance(order_column, str) else list(order_column)
    wanted = list(dict.fromkeys([*named, item_column]))
    if value_column is not None and value_column not in wanted:
        wanted.append(value_column)
    missing = [name for name in wanted if name not in data.schema.names]
    if missing:
        raise SchemaError(
            f"the Parquet file has no column {missing[0]!r}, only "
            f"{', '.join(map(repr, data.schema.names[:20]))}. Name its columns with "
            "order_column and item_column."
        )
    lines = data.to_table(columns=wanted)
    columns = {name: lines[name] for name in lines.column_names}
    return OrderLines(columns, named, item_column, value_column)


def require_some(baskets: EncodedBaskets) -> EncodedBaskets:
    """Refuse to go on without any basket."""
    if baskets.n_baskets == 0:
        raise NotEnoughHistoryError("X holds no basket; at least one is needed.")
    return baskets
