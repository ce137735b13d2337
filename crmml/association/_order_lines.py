"""Order lines: which lines are one basket, and what a whole basket has one of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets, encode_pairs
from crmml.association._line_codes import code_column, code_orders, combine_codes
from crmml.association._messages import warn_left_out
from crmml.exceptions import SchemaError


@dataclass(frozen=True)
class OrderLines:
    """Columns of a long table, one pair of order and item in each line.

    Parameters
    ----------
    columns : mapping of str to pyarrow.ChunkedArray
        The columns, of one length.
    order_names : list of str
        The column of order ids; or several, and each distinct combination is a basket.
        Of a column of timestamps the day counts.
    item_name : str
        The column of item labels.
    value_name : str, default=None
        A column of which each basket has one value.
    """

    columns: Mapping[str, pa.ChunkedArray]
    order_names: list[str]
    item_name: str
    value_name: str | None = None

    def encode(self) -> EncodedBaskets:
        """Give one basket for each order, also if none of its lines has an item.

        Returns
        -------
        EncodedBaskets
            The baskets. Lines without an order are left out and counted in a warning,
            and so are missing items.

        Raises
        ------
        SchemaError
            If items are neither text nor whole numbers, or orders are no ids.
        """
        owners = self._owners
        items = _check_ids(self.columns[self.item_name], self.item_name)
        kind = items.type
        if not (pa.types.is_integer(kind) or _is_text(kind) or pa.types.is_null(kind)):
            raise SchemaError(
                f"column {self.item_name!r}: items must be text or whole numbers, got "
                f"{kind}. Convert the column, for example with .astype(str)."
            )
        n_orders, n_lines = int(owners.max(initial=-1)) + 1, len(owners)
        if owners.min(initial=0) < 0:
            owned = owners >= 0
            shown = " or ".join(map(repr, self.order_names))
            missing = n_lines - int(owned.sum())
            warn_left_out(missing, n_lines, f"order lines have no {shown}")
            owners, items = owners[owned], items.filter(pa.array(owned))
        # An order that names no item is a basket all the same, so it was coded first.
        codes, labels = code_column(items)
        if codes.min(initial=0) < 0:
            named = codes >= 0
            missing = len(codes) - int(named.sum())
            warn_left_out(missing, n_lines, f"order lines have no {self.item_name!r}")
            owners, codes = owners[named], codes[named]
        return encode_pairs(owners, codes, labels, n_orders)

    def read_values(self) -> tuple[NDArray[np.int32], Sequence[Any]]:
        """Read what each basket has one value of.

        Returns
        -------
        codes : ndarray of int32 of shape (n_baskets,)
            Places in `labels`, in the order of the encoded baskets; -1 if missing.
        labels : sequence
            The distinct values.

        Raises
        ------
        SchemaError
            If a basket has several.
        """
        name = str(self.value_name)
        owners = self._owners
        codes, labels = code_column(self.columns[name])
        owned = owners >= 0
        owners, codes = owners[owned], codes[owned]
        values = np.full(int(owners.max(initial=-1)) + 1, -1, dtype=np.int32)
        values[owners] = codes
        mixed = np.unique(owners[values[owners] != codes])
        if len(mixed):
            raise SchemaError(
                f"column {name!r} has several values in {len(mixed)} of {len(values)} "
                "baskets, and one for each basket is needed. Are the ids of orders "
                "unique?"
            )
        return values, labels

    @cached_property
    def _owners(self) -> NDArray[np.int32]:
        """The basket of each line, -1 where it is missing."""
        return _code_orders(self.columns, self.order_names)


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
        coded.append(code_orders(_check_ids(column, name)))
    return reduce(combine_codes, coded)


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
