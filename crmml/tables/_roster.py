"""Customer ids that the caller names."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from crmml.exceptions import SchemaError
from crmml.tables._customer_tables import CustomerTables


def read_roster(customers: Sequence[Any], tables: CustomerTables) -> pa.ChunkedArray:
    """Read a roster of ids.

    Raises
    ------
    SchemaError
        If ids are of several types, of another type than the tables', missing or
        repeated.
    """
    try:
        ids = pa.chunked_array([pa.array(customers)])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise SchemaError(
            "customers mixes ids of several types; give all as text or all as integers."
        ) from None
    ids = check_roster_ids(ids, tables)
    n_repeated = len(ids) - len(ids.unique())
    if n_repeated:
        raise SchemaError(f"customers repeats {n_repeated} ids; name each once.")
    return ids


def check_roster_ids(ids: pa.ChunkedArray, tables: CustomerTables) -> pa.ChunkedArray:
    """Check that ids can be compared with those of the tables, and none is missing."""
    kind = ids.type.value_type if pa.types.is_dictionary(ids.type) else ids.type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    found = "text" if is_text else "integer" if pa.types.is_integer(kind) else str(kind)
    if len(ids) and found != tables.id_kind:
        raise SchemaError(
            f"The roster's customer ids are {found}, the tables' are {tables.id_kind}. "
            "Give them in the same type."
        )
    if ids.null_count:
        raise SchemaError(f"The roster misses {ids.null_count} customer ids.")
    return ids.cast(kind)
