"""Customer ids: one type in all tables, and back in the type in which they came."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmml.exceptions import SchemaError
from crmml.tables._prepare import Column

_WIDE = "HUGEINT"


def common_id_type(columns: Mapping[str, Column]) -> str | None:
    """Find the engine's type that holds the ids of all tables.

    Parameters
    ----------
    columns : dict of str to Column
        The column of ids of each table that has rows.

    Returns
    -------
    str or None
        The type; None if no table has rows.

    Raises
    ------
    SchemaError
        If some are text and others integers.
    """
    kinds = {name: id_kind(column.type) for name, column in columns.items()}
    if len(set(kinds.values())) > 1:
        found = ", ".join(
            f"{name}.{columns[name].name} is {kind}" for name, kind in kinds.items()
        )
        raise SchemaError(
            f"Customer ids must be of one type in all tables, but {found}. "
            "Convert them to text on both sides, minding leading zeros."
        )
    types = {column.type for column in columns.values()}
    if len(types) < 2:
        return next(iter(types), None)
    return _WIDE if "UBIGINT" in types else "BIGINT"


def id_kind(type_: str) -> str:
    """Tell text from integers by the engine's type."""
    return "text" if type_ == "VARCHAR" else "integer"


def narrow_ids(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bring integers that the engine had to widen back to 64 bits."""
    if not pa.types.is_decimal(ids.type):
        return ids
    for kind in (pa.int64(), pa.uint64()):
        try:
            return ids.cast(kind)
        except pa.ArrowInvalid:
            continue
    raise SchemaError(
        "Customer ids reach from below zero to beyond 2**63, which no integer type "
        "holds. Convert them to text in all tables."
    )


def restore_ids(ids: pa.ChunkedArray, given: Sequence[Any]) -> pd.Series:
    """Turn ids from the engine into the dtype in which pandas users gave them.

    Parameters
    ----------
    ids : pyarrow.ChunkedArray
        The ids.
    given : sequence of dtype or None
        The dtypes of ids in the tables, None for those that are not of pandas.

    Returns
    -------
    pandas.Series
        In the widest of these dtypes, the first among equals; as the engine gives them
        where there is none, or it does not hold them all.
    """
    series = ids.to_pandas()
    known = [
        dtype
        for dtype in given
        if dtype is not None and not isinstance(dtype, pd.CategoricalDtype)
    ]
    if not known:
        return series
    is_integer = pa.types.is_integer(ids.type)
    wanted = max(known, key=_width) if is_integer else known[0]
    if is_integer and not _holds(wanted, ids):
        return series
    return series.astype(wanted)


def _width(dtype: Any) -> int:
    return int(getattr(dtype, "itemsize", 0))


def _holds(dtype: Any, ids: pa.ChunkedArray) -> bool:
    """Whether an integer dtype can hold all ids; a cast would wrap around."""
    if not pd.api.types.is_integer_dtype(dtype):
        return bool(pd.api.types.is_object_dtype(dtype))
    if not len(ids):
        return True
    bits, is_signed = 8 * _width(dtype), pd.api.types.is_signed_integer_dtype(dtype)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if is_signed else (0, 2**bits)
    least, greatest = (bound.as_py() for bound in pc.min_max(ids).values())
    return bool(low <= least and greatest < high)
