"""Which customers there were at each cutoff: the rows of every feature and label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot.expressions as exp

from crmml._utils._durations import Duration, check_duration
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import _sql as sql
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._ids import narrow_ids
from crmml.tables._instants import check_cutoffs, is_single, to_microseconds
from crmml.tables._roster import check_roster_ids, read_roster
from crmml.tables._windows import customers_with_event, cutoff_rows


@dataclass(frozen=True)
class Spine:
    """Rows of customer and cutoff, in the order that results keep."""

    rows: pa.Table
    """Columns ``position``, ``customer_id`` and ``cutoff`` in microseconds."""
    cutoffs: list[int]
    """The distinct cutoffs, ascending."""
    is_single: bool
    """Whether the caller named one cutoff rather than a list."""

    def to_frame(self, tables: CustomerTables) -> pd.DataFrame:
        """Return the rows as a frame with ids in the user's type."""
        cutoff = self.rows["cutoff"].cast(pa.timestamp("us")).to_pandas()
        if tables.is_aware:
            cutoff = cutoff.dt.tz_localize("UTC")
        ids = tables.restore_ids(self.rows["customer_id"])
        return pd.DataFrame({"customer_id": ids, "cutoff": cutoff})

    def to_index(self, tables: CustomerTables) -> pd.Index:
        """Return customer_id, or (cutoff, customer_id) where several were asked for."""
        frame = self.to_frame(tables)
        if self.is_single:
            return pd.Index(frame["customer_id"], name="customer_id")
        return pd.MultiIndex.from_frame(frame[["cutoff", "customer_id"]])


def make_spine(
    tables: CustomerTables,
    cutoffs: Any,
    *,
    customers: Sequence[Any] | None = None,
    active_within: Duration | None = None,
) -> pd.DataFrame:
    """List the customers there were at each cutoff.

    A customer counts at a cutoff who had joined or bought before it and had not left
    before it: ``min(joined_at, first purchase) < cutoff <= left_at``. Who leaves at the
    very cutoff still counts: the label window begins then.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    cutoffs : str, datetime or list of them
        The instants we pretend it is.
    customers : sequence of ids, optional
        A roster, taken as it stands: each id once per cutoff, in this order, whether
        or not there are events. Default: everyone who counts by the rule above.
    active_within : duration, optional
        Keep only customers with a purchase in ``[cutoff - active_within, cutoff)``.
        Not applied to a roster.

    Returns
    -------
    pandas.DataFrame of shape (n_rows, 2)
        Columns ``customer_id`` and ``cutoff``, ordered by cutoff and id, or as the
        roster is.

    Raises
    ------
    SchemaError
        If cutoffs or roster cannot be read, or the roster repeats an id.
    NotEnoughHistoryError
        If the data do not reach around a cutoff, or nobody counts.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import CustomerTables, Transactions, make_spine
    >>> sales = pd.DataFrame(
    ...     {"id": ["a", "b", "a"], "day": ["2024-01-01", "2024-02-01", "2024-03-01"]}
    ... )
    >>> tables = CustomerTables(
    ...     transactions=Transactions(sales, customer_id="id", timestamp="day")
    ... )
    >>> make_spine(tables, ["2024-01-15", "2024-02-15"])
      customer_id     cutoff
    0           a 2024-01-15
    1           a 2024-02-15
    2           b 2024-02-15
    """
    spine = build_spine(
        tables, cutoffs, customers=customers, active_within=active_within
    )
    return spine.to_frame(tables)


def build_spine(
    tables: CustomerTables,
    cutoffs: Any,
    *,
    customers: Sequence[Any] | None = None,
    active_within: Duration | None = None,
) -> Spine:
    """Build the rows of :func:`make_spine` without turning them into a frame."""
    instants = check_cutoffs(cutoffs, tables)
    if customers is not None:
        rows = _cross(read_roster(customers, tables), instants)
        return Spine(rows, instants, is_single(cutoffs))
    within = (
        None
        if active_within is None
        else check_duration(active_within, "active_within")
    )
    rows = tables.engine.run(spine_query(tables, instants, within))
    if not rows.num_rows:
        raise NotEnoughHistoryError(
            f"No customer had joined or bought, and not left, before the cutoff"
            f"{'' if within is None else f' and was active within {within}'}. "
            "Choose later cutoffs, or look at tables.quality()."
        )
    return Spine(_numbered(rows), instants, is_single(cutoffs))


def read_spine(frame: Any, tables: CustomerTables) -> Spine:
    """Read a spine that the caller has made or changed.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Columns ``customer_id`` and ``cutoff``; each pair once.
    tables : CustomerTables
        The data.

    Returns
    -------
    Spine
        Its rows, in its order.

    Raises
    ------
    SchemaError
        If columns are missing, a pair is repeated or missing, or ids are of another
        type than the tables'.
    """
    seen = nw.from_native(frame, eager_only=True)
    missing = [name for name in ("customer_id", "cutoff") if name not in seen.columns]
    if missing:
        raise SchemaError(
            f"spine needs columns customer_id and cutoff; {missing} missing. "
            "make_spine(tables, cutoffs) makes one."
        )
    # The few distinct cutoffs are read one by one, the many rows all at once.
    encoded = seen["cutoff"].to_arrow()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    encoded = encoded.dictionary_encode()
    distinct = encoded.dictionary.to_pylist() + [None] * bool(encoded.null_count)
    instants = [to_microseconds(one, "cutoff", tables.is_aware) for one in distinct]
    # An empty spine has an empty result, and any cutoff will do to compute it.
    cutoffs = check_cutoffs(distinct, tables) if distinct else [0]
    rows = pa.table(
        {
            "customer_id": check_roster_ids(seen["customer_id"].to_arrow(), tables),
            "cutoff": pa.array(instants, pa.int64()).take(encoded.indices),
        }
    )
    n_pairs = rows.group_by(["customer_id", "cutoff"]).aggregate([]).num_rows
    if n_pairs < rows.num_rows:
        raise SchemaError(
            f"spine repeats {rows.num_rows - n_pairs} pairs of customer_id and cutoff; "
            "keep each once."
        )
    return Spine(_numbered(rows), cutoffs, is_single=False)


def spine_query(
    tables: CustomerTables, cutoffs: list[int], within: pd.Timedelta | None
) -> exp.Select:
    """Select the customers there were at each cutoff, ordered by cutoff and id."""
    customer_id, cutoff = sql.column("customer_id"), sql.column("cutoff")
    since = sql.column("since")
    known = (
        exp.select(customer_id, exp.alias_(exp.Min(this=since), "since", quoted=True))
        .from_(_appearances(tables).subquery("appearances"))
        .group_by(customer_id)
    )
    query = (
        exp.select(customer_id, cutoff)
        .from_(known.subquery("known"))
        .join(sql.table("cutoffs"), on=exp.LT(this=since, expression=cutoff))
        .order_by(cutoff, customer_id)
    )
    if "left_at" in tables.columns.get("customers", {}):
        gone = exp.select(customer_id, sql.column("left_at")).from_(
            sql.table("customers")
        )
        query = query.join(
            gone.subquery("gone"), using=["customer_id"], join_type="left"
        ).where(
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


def _cross(ids: pa.ChunkedArray, cutoffs: list[int]) -> pa.Table:
    parts = [
        pa.table({"customer_id": ids, "cutoff": pa.repeat(cutoff, len(ids))})
        for cutoff in cutoffs
    ]
    return _numbered(pa.concat_tables(parts))


def _numbered(rows: pa.Table) -> pa.Table:
    position = pa.array(np.arange(rows.num_rows))
    cutoff = pc.cast(rows["cutoff"], pa.int64())
    ids = narrow_ids(rows["customer_id"])
    return pa.table({"position": position, "customer_id": ids, "cutoff": cutoff})
