"""Baskets given as tables: long order lines, or one boolean column for each item."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from crmml.association._basket_lists import check_labels
from crmml.association._baskets import EncodedBaskets, encode_pairs
from crmml.association._order_lines import OrderLines
from crmml.exceptions import SchemaError


def open_lines(
    frame: nw.DataFrame[Any],
    order_column: str | Sequence[str],
    item_column: str,
    value_column: str | None = None,
) -> OrderLines | None:
    """Open a long table of order lines.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table.
    order_column : str or sequence of str
        The column, or columns, that say which lines are one basket.
    item_column : str
        The column of the items.
    value_column : str, default=None
        One more column to read.

    Returns
    -------
    OrderLines or None
        The lines; None if a column of orders or items is missing.

    Raises
    ------
    SchemaError
        If only the one more column is missing, or a column is of several types.
    """
    named = _list_columns(order_column)
    if not {*named, item_column} <= set(frame.columns):
        return None
    wanted = [*named, item_column]
    if value_column is not None:
        wanted.append(value_column)
        if value_column not in frame.columns:
            raise SchemaError(
                f"the table has no column {value_column!r} to take a value of each "
                "basket from."
            )
    columns = {name: _to_arrow(frame, name) for name in dict.fromkeys(wanted)}
    return OrderLines(columns, named, item_column, value_column)


def _list_columns(order_column: str | Sequence[str]) -> list[str]:
    return [order_column] if isinstance(order_column, str) else list(order_column)


def _to_arrow(frame: nw.DataFrame[Any], name: str) -> pa.ChunkedArray:
    try:
        array = frame.get_column(name).to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # The cause quotes a cell, so it must not travel with our error.
        raise SchemaError(
            f"column {name!r} mixes values of several types, such as text and numbers. "
            "Give it one type, for example with .astype(str)."
        ) from None
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def read_one_hot(
    frame: nw.DataFrame[Any], order_column: str | Sequence[str], item_column: str
) -> EncodedBaskets:
    """Encode a table of one boolean column for each item.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table.
    order_column, item_column : str or sequence of str
        What a long table would have, for the message.

    Returns
    -------
    EncodedBaskets
        One basket for each row, in its order.

    Raises
    ------
    SchemaError
        If a column holds anything but true and false, or 0 and 1.
    """
    wanted = [*_list_columns(order_column), item_column]
    missing = [name for name in wanted if name not in frame.columns]
    if not frame.columns:
        raise SchemaError("X has no columns, so there are no items.")
    sparse = _sparse_entries(nw.to_native(frame))
    rows, columns = sparse if sparse is not None else _dense_entries(frame, missing)
    labels = check_labels(frame.columns, "the column names of the one-hot table")
    return encode_pairs(rows, columns, labels, len(frame))


def _dense_entries(
    frame: nw.DataFrame[Any], missing: list[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    found = [_positions_of_ones(series) for series in frame.iter_columns()]
    unfit = [
        name for name, rows in zip(frame.columns, found, strict=True) if rows is None
    ]
    if unfit:
        shown = ", ".join(repr(name) for name in unfit[:10])
        absent = " and no column ".join(repr(name) for name in missing)
        raise SchemaError(
            "X is neither a long table of order lines nor a one-hot table: it has no "
            f"column {absent}, and {len(unfit)} of its {len(frame.columns)} columns "
            f"hold something else than true/false or 0/1 (first: {shown}). Name your "
            "columns with order_column and item_column, or keep only the columns of "
            "items, without missing values."
        )
    filled = [rows for rows in found if rows is not None]
    columns = np.repeat(np.arange(len(filled)), [len(rows) for rows in filled])
    return np.concatenate(filled), columns


def _positions_of_ones(series: nw.Series[Any]) -> NDArray[Any] | None:
    """Give the rows that hold an item; None if any value is not 0 or 1."""
    values = series.to_numpy()
    if values.dtype.kind in "iuf" and bool(np.all((values == 0) | (values == 1))):
        values = values == 1
    return np.flatnonzero(values) if values.dtype.kind == "b" else None


def _sparse_entries(native: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Entries of a pandas table of sparse columns, without making it dense."""
    if not isinstance(native, pd.DataFrame):
        return None
    kinds = native.dtypes
    if not all(
        isinstance(kind, pd.SparseDtype) and kind.fill_value == 0 for kind in kinds
    ):
        return None
    matrix = native.sparse.to_coo()
    if not bool(np.all((matrix.data == 0) | (matrix.data == 1))):
        return None
    ones = matrix.data == 1
    return matrix.row[ones], matrix.col[ones]
