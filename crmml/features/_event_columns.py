"""Which columns of an event table compiled loops read, all of them whole numbers."""

from collections.abc import Sequence

import sqlglot.expressions as exp

from crmml.features._declarations import GROUPED_BY, Aggregation
from crmml.features._expressions import coded_value
from crmml.features._known import known_instant
from crmml.features._sweep import MISSING, NEVER
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._stays import known_at

_BY_ORDER = {"order", "gap", "by_order"}


def read_columns(
    name: str, wanted: Sequence[Aggregation], tables: CustomerTables
) -> dict[str, exp.Expr]:
    """Write what is to be read of an event table.

    Parameters
    ----------
    name : str
        The event table.
    wanted : sequence of Aggregation
        What will be asked of it.
    tables : CustomerTables
        The tables.

    Returns
    -------
    dict of str to sqlglot expression
        ``timestamp``, and what :func:`value_key`, :func:`known_key` and
        :func:`group_key` name; MISSING or NEVER where they are null.
    """
    found: dict[str, exp.Expr] = {"timestamp": sql.column("timestamp")}
    for one in wanted:
        value = _value(one)
        if value is not None:
            found.setdefault(value_key(one), _or(value, MISSING))
        known = known_instant(known_at(tables, name), one.visible_from)
        if known is not None:
            found.setdefault(known_key(one, tables), _or(known, NEVER))
        key = group_key(one)
        if key == "order":
            found.setdefault(key, _order_key(tables, name))
        elif key is not None:
            found.setdefault(key, _or(_hashed(sql.column(key)), MISSING))
    return found


def value_key(one: Aggregation) -> str:
    """Name the column of what an aggregation brings together."""
    value = _value(one)
    return "timestamp" if value is None else f"value {value.sql()}"


def known_key(one: Aggregation, tables: CustomerTables) -> str:
    """Name the column of the instants at which its rows became known."""
    if one.visible_from is None and known_at(tables, one.table) is None:
        return "timestamp"
    return f"known {one.visible_from}"


def group_key(one: Aggregation) -> str | None:
    """Name the column of what the rows of its groups have in common, days aside."""
    return "order" if one.grain in _BY_ORDER else GROUPED_BY.get(one.grain)


def _value(one: Aggregation) -> exp.Expr | None:
    """Return what is read of each row; None where any number does, as in a count."""
    if one.grain in {"order", "day", "gap"} or one.value == sql.column("timestamp"):
        return None
    if one.value is None:
        return None if one.how in {"count", "distinct"} else sql.number(1)
    return coded_value(one.value) if one.how == "last" else one.value


def _order_key(tables: CustomerTables, name: str) -> exp.Expr:
    """Give the orders of a customer numbers; without an order id, their instants."""
    if "order_id" not in tables.columns[name]:
        return sql.column("timestamp")
    order_id = sql.column("order_id")
    instant = exp.Sub(this=sql.number(-1), expression=sql.column("timestamp"))
    return (
        exp.case()
        .when(order_id.copy().is_(exp.null()), instant)
        .else_(exp.cast(_hashed(order_id), "bigint"))
    )


def _hashed(key: exp.Expr) -> exp.Expr:
    """Bring a key of any type to a whole number.

    Two keys of one customer fall together with a probability of 2 ** -63 a pair.
    """
    # Hashes are unsigned; halved they fit, and negative numbers are left for instants.
    hashed = exp.IntDiv(this=exp.func("hash", key), expression=sql.number(2))
    return exp.case().when(key.copy().is_(exp.null()).not_(), hashed)


def _or(value: exp.Expr, substitute: int) -> exp.Expr:
    return exp.func(
        "coalesce", exp.cast(value.copy(), "bigint"), sql.number(substitute)
    )
