"""One number of each customer from the transactions in the label window."""

import pandas as pd
import sqlglot.expressions as exp

from crmml.tables import _sql as sql
from crmml.tables._windows import customers_with_event, cutoff_rows


def select_window_value(
    total: exp.Expr,
    label: exp.Expr,
    name: str,
    window: tuple[pd.Timedelta, pd.Timedelta],
    cutoffs: list[int],
) -> exp.Select:
    """Select a label that is made of the transactions in the window.

    Parameters
    ----------
    total : sqlglot expression
        An aggregation over columns of transactions.
    label : sqlglot expression
        What becomes of it, over the columns ``total``, null where the window holds no
        transaction, and ``cutoff``.
    name : str
        Name of the label.
    window : tuple of pandas.Timedelta
        Start and end of the window after the cutoff.
    cutoffs : list of int
        The cutoffs in microseconds.

    Returns
    -------
    sqlglot Select
        One row for each row of the table ``spine``, in its order.
    """
    keys = ("customer_id", "cutoff")
    totals = (
        customers_with_event("transactions", *window, None)
        .distinct(distinct=False)
        .select(exp.alias_(total, "total", quoted=True))
        .group_by(*map(sql.column, keys))
    )
    query = (
        exp.select(exp.alias_(label, name, quoted=True))
        .from_(sql.table("spine"))
        .join(totals.subquery("totals"), using=list(keys), join_type="left")
        .order_by(sql.column("position"))
    )
    return sql.with_part(query, "cutoffs", cutoff_rows(cutoffs))
