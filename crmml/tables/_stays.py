"""What SQL says about which customers there were: since when, and until when."""

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._windows import customers_with_event, cutoff_rows


def known_at(tables: CustomerTables, table: str) -> exp.Expr | None:
    """When a row was known: the later of its timestamp and recorded_at.

    None when the table declares no recording time; the expression is null, hence
    before no cutoff, where the recording time is missing.
    """
    if "recorded_at" not in tables.columns[table]:
        return None
    timestamp, recorded = sql.column("timestamp"), sql.column("recorded_at")
    return (
        exp.case()
        .when(exp.GT(this=recorded, expression=timestamp), recorded)
        .when(exp.LTE(this=recorded, expression=timestamp), timestamp)
    )


def records_purchases(tables: CustomerTables) -> bool:
    """Tell whether the transactions say when each row became known."""
    return "recorded_at" in tables.columns.get("transactions", {})


def leave_out_unknown(
    query: exp.Query, tables: CustomerTables, instant: int
) -> exp.Query:
    """Let a query read only those transactions that were known before an instant.

    Parameters
    ----------
    query : sqlglot query
        One over transactions that declare ``recorded_at``.
    tables : CustomerTables
        The data.
    instant : int
        In microseconds.

    Returns
    -------
    sqlglot query
        The same query over fewer rows.
    """
    known = exp.LT(
        this=known_at(tables, "transactions"), expression=sql.number(instant)
    )
    columns = [sql.column(name) for name in tables.columns["transactions"]]
    rows = exp.select(*columns).from_(sql.table("transactions")).where(known)

    def narrow(node: exp.Expr) -> exp.Expr:
        is_read = isinstance(node, exp.Table) and node.name == "transactions"
        return rows.subquery("transactions") if is_read else node

    # A subquery put in is not walked into again.
    narrowed: exp.Query = query.transform(narrow)  # type: ignore[assignment]
    return narrowed


def spine_query(
    tables: CustomerTables, cutoffs: list[int], within: pd.Timedelta | None
) -> exp.Select:
    """Select the customers there were at each cutoff, ordered by cutoff and id."""
    customer_id, cutoff = sql.column("customer_id"), sql.column("cutoff")
    query = (
        _with_left_at(exp.select(customer_id, cutoff), tables)
        .join(
            sql.table("cutoffs"),
            on=exp.LT(this=sql.column("since"), expression=cutoff),
        )
        .order_by(cutoff, customer_id)
    )
    if has_left_at(tables):
        query = query.where(
            exp.or_(
                sql.column("left_at").is_(exp.null()),
                exp.GTE(this=sql.column("left_at"), expression=cutoff),
            )
        )
    if within is not None:
        active = customers_with_event(
            "transactions", -within, pd.Timedelta(0), known_at(tables, "transactions")
        )
        # Each pair is there once, so that the join multiplies no row.
        query = query.join(active.subquery("active"), using=["customer_id", "cutoff"])
    return sql.with_part(query, "cutoffs", cutoff_rows(cutoffs))


def stays_query(tables: CustomerTables) -> exp.Select:
    """Select since when each customer is known and, if declared, when they left.

    Parameters
    ----------
    tables : CustomerTables
        The data.

    Returns
    -------
    sqlglot Select
        ``customer_id``, ``since`` and, where the tables have it, ``left_at``. An
        instant is null where it is not known.
    """
    columns = [sql.column("customer_id"), sql.column("since")]
    if has_left_at(tables):
        columns.append(sql.column("left_at"))
    return _with_left_at(exp.select(*columns), tables)


def has_left_at(tables: CustomerTables) -> bool:
    """Tell whether the tables say when customers left."""
    return "left_at" in tables.columns.get("customers", {})


def _with_left_at(query: exp.Select, tables: CustomerTables) -> exp.Select:
    """Select from customers, since when they are known and when they left."""
    customer_id, since = sql.column("customer_id"), sql.column("since")
    known = (
        exp.select(customer_id, exp.alias_(exp.Min(this=since), "since", quoted=True))
        .from_(_appearances(tables).subquery("appearances"))
        .group_by(customer_id)
    )
    query = query.from_(known.subquery("known"))
    if not has_left_at(tables):
        return query
    gone = exp.select(customer_id, sql.column("left_at")).from_(sql.table("customers"))
    return query.join(gone.subquery("gone"), using=["customer_id"], join_type="left")


def _appearances(tables: CustomerTables) -> exp.Query:
    """Every instant at which a customer is known to have joined or bought."""
    parts: list[exp.Query] = []
    if "transactions" in tables:
        seen = known_at(tables, "transactions") or sql.column("timestamp")
        parts.append(_since("transactions", seen))
    if "joined_at" in tables.columns.get("customers", {}):
        parts.append(_since("customers", sql.column("joined_at")))
    if not parts:
        raise SchemaError(
            "A spine needs to know when customers came: give transactions, or "
            "customers=Customers(..., joined_at=...)."
        )
    query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False)
    return query


def _since(table: str, instant: exp.Expr) -> exp.Select:
    return exp.select(
        sql.column("customer_id"), exp.alias_(instant, "since", quoted=True)
    ).from_(sql.table(table))
