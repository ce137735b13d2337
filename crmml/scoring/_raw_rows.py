"""Rows of one customer, as a service gets them, as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from crmml.exceptions import SchemaError
from crmml.tables._table_classes import TABLE_CLASSES

_DTYPES = {
    "id": "int64",
    "instant": "datetime64[us]",
    "number": "float64",
    "double": "float64",
    "boolean": "bool",
}


def open_rows(tables: Any) -> dict[str, Any]:
    """Open the rows of one customer, whose id is 0.

    Parameters
    ----------
    tables : mapping of str to sequence of mappings
        The rows by table, without the customer's id.

    Returns
    -------
    dict of str to Table
        What :class:`crmml.tables.CustomerTables` takes.

    Raises
    ------
    SchemaError
        If a table or role is none, or a role that every row needs is not there.
    """
    if not isinstance(tables, Mapping):
        raise SchemaError(
            "tables must be a dictionary of rows by table, such as "
            f"{{'transactions': [...]}}, got {type(tables).__name__}."
        )
    return {name: _open_table(name, rows) for name, rows in tables.items()}


def _open_table(name: str, rows: Any) -> Any:
    if name not in TABLE_CLASSES:
        known = sorted(TABLE_CLASSES)
        raise SchemaError(f"There is no table {name!r}; there are {known}.")
    is_listed = isinstance(rows, Sequence) and not isinstance(rows, (str, bytes))
    if not is_listed or not all(isinstance(row, Mapping) for row in rows):
        raise SchemaError(
            f"{name} must be a list of dictionaries, one for each row, with values by "
            "role; an empty list where there is no row."
        )
    cls: Any = TABLE_CLASSES[name]
    frame = pd.DataFrame(list(rows)).assign(customer_id=0)
    for role in frame.columns.intersection(_find_keys(cls)):
        # Integers beside missing ones would become floats, which are no ids.
        frame[role] = pd.Series([row.get(role) for row in rows], dtype=object)
    if not rows:
        # Nothing happened: a table of every role, and no row.
        dtypes = {role: _DTYPES.get(kind, "object") for role, kind in cls.kinds.items()}
        frame = pd.DataFrame({role: [] for role in dtypes}).astype(dtypes)
    # Other columns of customers are attributes.
    unknown = sorted(map(str, set(frame.columns) - set(cls.kinds)))
    if unknown and name != "customers":
        raise SchemaError(
            f"{name} has no roles {unknown}; there are {list(cls.kinds)}."
        )
    roles = {role: role for role in cls.kinds if role in frame.columns}
    # What has no default must be given.
    missing = [
        role for role in cls.kinds if role not in roles and not hasattr(cls, role)
    ]
    if missing:
        raise SchemaError(
            f"{name}: none of the {len(rows)} rows has {missing}. Every row needs it."
        )
    return cls(frame, **roles)


def _find_keys(cls: Any) -> list[str]:
    return [role for role, kind in cls.kinds.items() if kind == "key"]
