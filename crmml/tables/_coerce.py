"""Let a bare table stand where customer tables are expected."""

from typing import Any

import narwhals as nw

from crmml._utils._frames import column_names
from crmml.exceptions import SchemaError
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._names import duplicated
from crmml.tables._transactions import Transactions


def as_tables(data: Any) -> CustomerTables:
    """Return customer tables, wrapping a bare table of transactions.

    Parameters
    ----------
    data : CustomerTables, Transactions or frame
        A frame must name its columns by their roles: ``customer_id``, ``timestamp``
        and, as needed, ``amount``, ``order_id``, ``product_id``, ``quantity``.

    Returns
    -------
    CustomerTables
        The tables.

    Raises
    ------
    SchemaError
        If it is something else, or the frame's columns have other names.
    """
    if isinstance(data, CustomerTables):
        return data
    if isinstance(data, Transactions):
        return CustomerTables(transactions=data)
    try:
        columns = nw.from_native(data, eager_only=True).columns
    except nw.exceptions.DuplicateError:
        raise SchemaError(f"transactions: {duplicated(column_names(data))}") from None
    except TypeError:
        raise SchemaError(
            "tables must be CustomerTables, Transactions or a frame, "
            f"got {type(data).__name__}."
        ) from None
    named = {role: role for role in Transactions.kinds if role in columns}
    missing = [role for role in ("customer_id", "timestamp") if role not in named]
    if missing:
        raise SchemaError(
            f"A bare frame must have the columns {missing}. Under other names, say "
            "which is which: Transactions(data, customer_id='...', timestamp='...')."
        )
    return CustomerTables(transactions=Transactions(data, **named))
