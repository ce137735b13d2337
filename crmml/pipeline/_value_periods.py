"""Purchases by period: opportunities that were taken, and how many came when."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml._utils._durations import DAY, MICROSECOND
from crmml.features._grains import LONG_AGO, grain_keys
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._instants import check_cutoffs
from crmml.tables._prepare import MILLIONTHS
from crmml.tables._spine import build_spine
from crmml.tables._stays import known_at

Counts = NDArray[np.int64]


def summarise_opportunities(
    tables: CustomerTables, cutoff: Any, unit: pd.Timedelta
) -> pd.DataFrame:
    """Say of each customer which opportunities to buy were taken.

    Opportunities are the periods of one unit, counted back from the cutoff. With the
    first purchase in period s of them and x later ones with purchases, ``frequency``
    is x, ``recency`` the number of periods from s to the last one with a purchase, and
    ``T`` the number of periods after s: 0 for who came in the last one.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        Only what was known before it is read.
    unit : pandas.Timedelta
        Length of a period.

    Returns
    -------
    pandas.DataFrame
        As of :class:`crmml.features.BTYDSummary`, and ``total_spend``; indexed by
        customer_id.
    """
    spine = build_spine(tables, cutoff)
    taken = _read_periods(tables, unit, spine.cutoffs[0])
    by_customer = taken.groupby("customer_id")
    first, last = by_customer["period"].min(), by_customer["period"].max()
    summary = pd.DataFrame(
        {
            "frequency": by_customer.size() - 1.0,
            "recency": (last - first).astype(np.float64),
            "T": -1.0 - first,
        }
    )
    if "spend" in taken:
        is_first = taken["period"] == taken["customer_id"].map(first)
        total = by_customer["spend"].sum()
        at_first = taken[is_first].set_index("customer_id")["spend"]
        repeats = summary["frequency"].where(summary["frequency"] > 0)
        summary["monetary_value"] = (total - at_first) / repeats / MILLIONTHS
        summary["total_spend"] = total / MILLIONTHS
    summary = summary.reindex(spine.to_index(tables))
    empty = ["frequency", "total_spend"] if "spend" in taken else ["frequency"]
    summary[empty] = summary[empty].fillna(0.0)
    return summary.assign(unit_days=unit / DAY, grain_days=unit / DAY)


def sum_log_gaps(
    tables: CustomerTables, cutoff: Any, unit: pd.Timedelta
) -> "pd.Series[float]":
    """Add up the logarithms of the times between days with a purchase, by customer.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        Only what was known before it is read.
    unit : pandas.Timedelta
        What times are measured in.

    Returns
    -------
    pandas.Series
        Of those who have bought, by customer_id; 0 for one day with purchases.
    """
    days = _read_periods(tables, DAY, check_cutoffs(cutoff, tables)[0])
    days = days.sort_values(["customer_id", "period"])
    gaps = days.groupby("customer_id")["period"].diff() * (DAY / unit)
    return np.log(gaps).groupby(days["customer_id"]).sum()


def count_taken(
    tables: CustomerTables, end: int, length: pd.Timedelta, unit: pd.Timedelta
) -> "pd.Series[float]":
    """Count the periods with a purchase in ``[end - length, end)`` by customer."""
    taken = _read_periods(tables, unit, end)
    within = taken[taken["period"] >= -(length // unit)]
    return within.groupby("customer_id").size().astype(np.float64)


def count_purchases(
    tables: CustomerTables, grain: str, period: pd.Timedelta, cutoff: int, end: int
) -> tuple[int, Counts, Counts]:
    """Count first and later purchases by period, of who first bought before a cutoff.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    grain : str
        "order", or anything else for all that was bought in one period.
    period : pandas.Timedelta
        Length of a period; the cutoff is where one begins.
    cutoff, end : int
        In microseconds; purchases before `end` are counted.

    Returns
    -------
    earliest : int
        Number of the first period with a purchase; that which begins at the cutoff
        is 0.
    firsts, repeats : ndarray of int of shape (n_periods,)
        Purchases from that period to the last before `end`.
    """
    number, n_before = _number(sql.column("timestamp"), period, cutoff)
    roles = tables.columns["transactions"] if grain == "order" else None
    query = _count_query(_purchases(number, end, roles), n_before)
    found = tables.engine.run(query)
    since, at, n_customers, n = (
        found[name].cast(pa.int64()).to_numpy() for name in query.named_selects
    )
    earliest = int(at.min(initial=n_before))
    size = int(at.max(initial=earliest)) - earliest + 1
    firsts, repeats = np.zeros(size, np.int64), np.zeros(size, np.int64)
    # Of several orders in a customer's first period, one is the first.
    own = np.where(at == since, n_customers, 0)
    np.add.at(firsts, at - earliest, own)
    np.add.at(repeats, at - earliest, n - own)
    return earliest - n_before, firsts, repeats


def _purchases(number: exp.Expr, end: int, roles: Any) -> exp.Select:
    """Select customer and period of each purchase; roles are given for orders."""
    customer, timestamp = sql.column("customer_id"), sql.column("timestamp")
    if roles is not None:
        keys = grain_keys("order", None, roles)
        number = exp.Min(this=number)
    columns = [customer, exp.alias_(number, "period", quoted=True)]
    bought = exp.select(*columns).from_(sql.table("transactions"))
    bought = bought.where(_before(timestamp, end))
    return bought.distinct() if roles is None else bought.group_by(customer, *keys)


def _count_query(purchases: exp.Select, n_before: int) -> exp.Select:
    """Count customers and purchases by the periods of the first and of their own."""
    customer, period = sql.column("customer_id"), sql.column("period")
    every = exp.Count(this=exp.Star())
    by_period = (
        exp.select(customer, period, exp.alias_(every, "n", quoted=True))
        .from_(purchases.subquery("purchases"))
        .group_by(customer, period)
    )
    first = exp.Window(this=exp.Min(this=period.copy()), partition_by=[customer.copy()])
    since = sql.column("since")
    dated = exp.select(
        exp.alias_(first, "since", quoted=True), period.copy(), sql.column("n")
    ).from_(by_period.subquery("by_period"))
    return (
        exp.select(
            since,
            period.copy(),
            exp.alias_(every.copy(), "n_customers", quoted=True),
            exp.alias_(exp.Sum(this=sql.column("n")), "n", quoted=True),
        )
        .from_(dated.subquery("dated"))
        .where(_before(since, n_before))
        .group_by(since.copy(), period.copy())
    )


def _read_periods(
    tables: CustomerTables, unit: pd.Timedelta, cutoff: int
) -> pd.DataFrame:
    """Read which customers bought in which periods before a cutoff, and for how much.

    The period that ends at the cutoff is number -1. Money is in millionths.
    """
    tables.table("transactions")
    known = known_at(tables, "transactions") or sql.column("timestamp")
    number, n_before = _number(sql.column("timestamp"), unit, cutoff)
    columns = [sql.column("customer_id"), exp.alias_(number, "period", quoted=True)]
    if "amount" in tables.columns["transactions"]:
        total = exp.func("coalesce", exp.Sum(this=sql.column("amount")), sql.number(0))
        columns.append(exp.alias_(sql.as_double(total), "spend", quoted=True))
    query = (
        exp.select(*columns)
        .from_(sql.table("transactions"))
        .where(_before(known, cutoff))
        .group_by(exp.Literal.number(1), exp.Literal.number(2))
    )
    found = tables.engine.run(query)
    frame = pd.DataFrame({"customer_id": tables.restore_ids(found["customer_id"])})
    frame["period"] = found["period"].cast(pa.int64()).to_numpy() - n_before
    if "spend" in query.named_selects:
        frame["spend"] = found["spend"].to_numpy()
    return frame


def _number(
    instant: exp.Expr, period: pd.Timedelta, cutoff: int
) -> tuple[exp.Expr, int]:
    """Give each period a number; also return that of the one after the cutoff."""
    length = period // MICROSECOND
    n_before = LONG_AGO // length
    shift = sql.number(n_before * length - cutoff)
    shifted = exp.Paren(this=exp.Add(this=instant.copy(), expression=shift))
    return exp.IntDiv(this=shifted, expression=sql.number(length)), n_before


def _before(instant: exp.Expr, end: int) -> exp.Expr:
    return exp.LT(this=instant.copy(), expression=sql.number(end))
