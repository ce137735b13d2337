"""Customer ids that the caller names."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._ids import id_kind, narrow_ids


def read_roster(customers: Sequence[Any], tables: CustomerTables) -> pa.ChunkedArray:
    """Read a roster of ids; without any it is empty.

    Raises
    ------
    SchemaError
        If it is no sequence, ids are of several types, of another type than the
        tables', missing or repeated.
    """
    if isinstance(customers, (str, bytes)):
        raise SchemaError("customers must be a list of ids, got one piece of text.")
    try:
        ids = pa.chunked_array([pa.array(customers)])
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        raise SchemaError(
            "customers mixes ids of several types; give all as text or all as integers."
        ) from None
    except (TypeError, pa.ArrowNotImplementedError):
        raise SchemaError(
            f"customers must be a list of ids, got {type(customers).__name__}."
        ) from None
    ids = check_roster_ids(ids, tables)
    n_repeated = len(ids) - len(ids.unique())
    if n_repeated:
        raise SchemaError(f"customers repeats {n_repeated} ids; name each once.")
    return ids


def check_roster_ids(ids: pa.ChunkedArray, tables: CustomerTables) -> pa.ChunkedArray:
    """Check that ids can be compared with those of the tables, and none is missing."""
    kind = ids.type.value_type if pa.types.is_dictionary(ids.type) else ids.type
    if not len(ids):
        return _no_ids(tables)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    found = "text" if is_text else "integer" if pa.types.is_integer(kind) else str(kind)
    wanted = found if tables.id_type is None else id_kind(tables.id_type)
    if ids.null_count:
        raise SchemaError(
            f"The roster misses {ids.null_count} of {len(ids)} customer ids. Drop them."
        )
    if found != wanted or found not in {"text", "integer"}:
        raise SchemaError(
            f"The roster's customer ids are {found}, the tables' are {wanted}. "
            "Give them in the same type."
        )
    return ids.cast(kind)


def _no_ids(tables: CustomerTables) -> pa.ChunkedArray:
    """Return an empty array of the type that the tables' ids have."""
    name = next(iter(tables.columns))
    query = exp.select(sql.column("customer_id")).from_(sql.table(name)).limit(0)
    return narrow_ids(tables.engine.run(query)["customer_id"])
