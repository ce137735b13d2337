"""Baskets given as tables: long order lines, or one boolean column for each item."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from crmml.association._basket_lists import check_labels
from crmml.association._baskets import EncodedBaskets, encode_pairs
from crmml.association._line_codes import code_column, combine_codes
from crmml.association._messages import warn_left_out
from crmml.exceptions import SchemaError


def read_frame(
    frame: nw.DataFrame[Any], order_column: str | Sequence[str], item_column: str
) -> EncodedBaskets:
    """Encode a table, long or one-hot.

    A table with all named columns is long. Any other is one-hot if every column is
    boolean or holds only 0 and 1.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table.
    order_column : str or sequence of str
        The column, or columns, that say which lines are one basket.
    item_column : str
        The column of the items.

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
    named = [order_column] if isinstance(order_column, str) else list(order_column)
    missing = [name for name in (*named, item_column) if name not in frame.columns]
    if missing:
        return _read_one_hot(frame, missing)
    columns = {name: _to_arrow(frame, name) for name in (*named, item_column)}
    return read_order_lines(columns, named, item_column)


def read_order_lines(
    columns: Mapping[str, pa.ChunkedArray], order_names: list[str], item_name: str
) -> EncodedBaskets:
    """Encode order lines, one pair of order and item for each line.

    Parameters
    ----------
    columns : mapping of str to pyarrow.ChunkedArray
        The columns, of one length. Lines without an order are left out and counted in
        a warning, and so are missing items.
    order_names : list of str
        The column of order ids; or several, and each distinct combination is a basket.
        Of a column of timestamps the day counts.
    item_name : str
        The column of item labels.

    Returns
    -------
    EncodedBaskets
        One basket for each order, also if none of its lines has an item.

    Raises
    ------
    SchemaError
        If items are neither text nor whole numbers, or orders are no ids.
    """
    owners = _code_orders(columns, order_names)
    items = _check_ids(columns[item_name], item_name)
    kind = items.type
    if not (pa.types.is_integer(kind) or _is_text(kind) or pa.types.is_null(kind)):
        raise SchemaError(
            f"column {item_name!r}: items must be text or whole numbers, got {kind}. "
            "Convert the column, for example with .astype(str)."
        )
    n_orders, n_lines = int(owners.max(initial=-1)) + 1, len(owners)
    if (owned := owners >= 0).sum() < n_lines:
        shown = " or ".join(map(repr, order_names))
        missing = n_lines - int(owned.sum())
        warn_left_out(missing, n_lines, f"order lines have no {shown}")
        owners, items = owners[owned], items.filter(pa.array(owned))
    # An order that names no item is a basket all the same, so it was coded first.
    codes, labels = code_column(items)
    if (named := codes >= 0).sum() < len(codes):
        missing = len(codes) - int(named.sum())
        warn_left_out(missing, n_lines, f"order lines have no {item_name!r}")
        owners, codes = owners[named], codes[named]
    return encode_pairs(owners, codes, labels, n_orders)


def _code_orders(
    columns: Mapping[str, pa.ChunkedArray], names: list[str]
) -> NDArray[np.int32]:
    coded = []
    for name in names:
        column = columns[name]
        if len(names) > 1 and pa.types.is_timestamp(column.type):
            # Without its zone a timestamp is read as UTC.
            column = column.cast(pa.timestamp(column.type.unit))
            column = column.cast(pa.date32(), safe=False)
        coded.append(code_column(_check_ids(column, name), in_runs=True)[0])
    return reduce(combine_codes, coded)


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
    # Views and short offsets are no different from plain text for what follows.
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
