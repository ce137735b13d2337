"""Baskets given as tables: long order lines, or one boolean column for each item."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from crmml.association._basket_lists import check_labels
from crmml.association._baskets import EncodedBaskets, encode_pairs
from crmml.association._messages import warn_left_out
from crmml.exceptions import SchemaError


def read_frame(
    frame: nw.DataFrame[Any], order_column: str, item_column: str
) -> EncodedBaskets:
    """Encode a table, long or one-hot.

    A table with both named columns is long. Any other is one-hot if every column is
    boolean or holds only 0 and 1.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table.
    order_column, item_column : str
        The columns that make a table long.

    Returns
    -------
    EncodedBaskets
        Of a long table one basket for each order in it; of a one-hot table one basket
        for each row, in its order.

    Raises
    ------
    SchemaError
        If the table is neither long nor one-hot, or if ids have an unfit type.
    """
    missing = [
        name for name in (order_column, item_column) if name not in frame.columns
    ]
    if missing:
        return _read_one_hot(frame, missing)
    orders, items = (_to_arrow(frame, name) for name in (order_column, item_column))
    return read_order_lines(orders, items, order_column, item_column)


def read_order_lines(
    orders: pa.ChunkedArray, items: pa.ChunkedArray, order_name: str, item_name: str
) -> EncodedBaskets:
    """Encode order lines, one pair of order and item for each line.

    Parameters
    ----------
    orders, items : pyarrow.ChunkedArray
        Order ids and item labels, of one length. Lines without an order are left out
        and counted in a warning, and so are missing items.
    order_name, item_name : str
        The columns' names, for messages.

    Returns
    -------
    EncodedBaskets
        One basket for each order, also if none of its lines has an item.

    Raises
    ------
    SchemaError
        If items are neither text nor whole numbers, or orders are no ids.
    """
    orders = _check_ids(orders, order_name)
    items = _check_ids(items, item_name)
    kind = items.type
    if not (pa.types.is_integer(kind) or _is_text(kind) or pa.types.is_null(kind)):
        raise SchemaError(
            f"column {item_name!r}: items must be text or whole numbers, got {kind}. "
            "Convert the column, for example with .astype(str)."
        )
    n_lines = len(orders)
    if orders.null_count:
        warn_left_out(orders.null_count, n_lines, f"order lines have no {order_name!r}")
        items, orders = items.filter(orders.is_valid()), orders.drop_null()
    if items.null_count:
        warn_left_out(items.null_count, n_lines, f"order lines have no {item_name!r}")
    # An order that names no item is a basket all the same, so it is coded first.
    coded_orders = orders.combine_chunks().dictionary_encode()
    coded_items = items.drop_null().combine_chunks().dictionary_encode()
    with_item = items.is_valid().to_numpy().astype(bool)
    return encode_pairs(
        coded_orders.indices.to_numpy(zero_copy_only=False)[with_item],
        coded_items.indices.to_numpy(zero_copy_only=False),
        coded_items.dictionary.to_pylist(),
        len(coded_orders.dictionary),
    )


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


def _check_ids(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind):
        raise SchemaError(
            f"column {name!r} holds floats, which cannot tell large ids apart. If they "
            "are whole numbers with missing ones between, use .astype('Int64')."
        )
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind):
        raise SchemaError(f"column {name!r}: ids cannot be of type {kind}.")
    # The 32-bit offsets of plain strings end at 2 GB of text.
    return column.cast(pa.large_string()) if _is_text(kind) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _read_one_hot(frame: nw.DataFrame[Any], missing: list[str]) -> EncodedBaskets:
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
