"""What will be read and computed, shown before it is."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import format_duration
from crmml._utils._shown import cut
from crmml.features._compile import compile_features
from crmml.features._compute import MANY_ROWS, uses_loops
from crmml.features._declarations import Aggregation, Declarations, Feature
from crmml.features._table_plan import TablePlan
from crmml.tables import CustomerTables
from crmml.tables._dialects import render
from crmml.tables._spine import Spine

BUCKETS, EACH_CUTOFF = "combined from buckets", "found at each cutoff"

# A screen; the tables hold the rest.
_MOST_LINES = 24


@dataclass(frozen=True, repr=False)
class FeaturePlan:
    """How features will be computed; printing it shows all but the SQL.

    Attributes
    ----------
    features : list of str
        Names of the features.
    cutoffs : list of pandas.Timestamp
        The cutoffs, in UTC and without a time zone, ascending.
    n_rows : int
        Rows of the result: customers at each cutoff.
    method : {"compiled loops", "SQL"}
        What will aggregate the events here; both give the same.
    reason : str
        Why.
    scans : pandas.DataFrame
        One row for each table that is read, once: ``table``; ``columns``, those that
        are read, as you named them; ``n_aggregations``; ``n_each_cutoff``, how many of
        these are found cutoff by cutoff; ``n_buckets`` of time, 0 for customers.
    aggregations : pandas.DataFrame
        One row for each aggregation: ``table``; ``how``; ``value``, what is
        aggregated; ``grain``; ``window``, missing for all of history; ``path``,
        "combined from buckets" or "found at each cutoff"; ``reason`` for the latter.
    edges : dict of str to pandas.DatetimeIndex
        By event table, the instants at which its buckets meet: the cutoffs and the
        starts of all windows.
    dialect : str
        The SQL dialect of the engine that holds the data.
    sql : str
        The one statement, over the tables' canonical columns (microseconds since 1970,
        millionths of a unit) and a table ``spine`` of the rows wanted.
    """

    features: list[str]
    cutoffs: list[pd.Timestamp]
    n_rows: int
    method: str
    reason: str
    scans: pd.DataFrame
    aggregations: pd.DataFrame
    edges: dict[str, pd.DatetimeIndex]
    dialect: str
    sql: str

    def __repr__(self) -> str:
        """Show the plan in words; the SQL is long."""
        lines = list(self._lines())
        if len(lines) > _MOST_LINES:
            n_left_out = len(lines) - _MOST_LINES
            lines[_MOST_LINES - 1 : -1] = [
                f"… {n_left_out + 1} more lines: see .scans and .aggregations"
            ]
        return "\n".join(cut(line) for line in lines)

    def _repr_html_(self) -> str:
        text, sql = html.escape(repr(self)), html.escape(self.sql)
        below = f"<details><summary>SQL</summary><pre>{sql}</pre></details>"
        return f"<pre>{text}</pre>{below}"

    def _lines(self) -> Iterator[str]:
        n_cutoffs = len(self.cutoffs)
        yield (
            f"FeaturePlan: {len(self.features)} features, {self.n_rows:,} rows of "
            f"customers at {n_cutoffs} cutoff{'s' * (n_cutoffs > 1)}"
        )
        yield f"aggregated by {self.method}: {self.reason}"
        for scan in self.scans.itertuples():
            yield f"{scan.table}, read once: {', '.join(scan.columns)}"
            if scan.n_buckets:
                first, last = self.edges[scan.table][[0, -1]]
                yield f"  {scan.n_buckets} buckets, edges from {first} to {last}"
            own = self.aggregations[self.aggregations["table"] == scan.table]
            for (path, reason), group in own.groupby(["path", "reason"], sort=False):
                yield f"  {path}{reason and f': {reason}'}"
                yield from (f"    {_line(one)}" for one in group.itertuples())
        yield f"in SQL ({self.dialect}): see .sql"


def _line(one: Any) -> str:
    if pd.isna(one.window):
        return f"{one.how} of {one.value}"
    return f"{one.how} of {one.value}, last {format_duration(one.window)}"


def explain_features(
    features: Sequence[Feature],
    asked: Declarations,
    tables: CustomerTables,
    spine: Spine,
) -> FeaturePlan:
    """Describe what computing features would do.

    Parameters
    ----------
    features : sequence of Feature
        The columns wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables.
    spine : Spine
        The rows.

    Returns
    -------
    FeaturePlan
        The plan.
    """
    by_table: dict[str, dict[Aggregation, str]] = {}
    for one, alias in asked.aggregations.items():
        by_table.setdefault(one.table, {})[one] = alias
    plans = {
        name: TablePlan(name, wanted, tables, spine.cutoffs)
        for name, wanted in by_table.items()
    }
    aggregations = pd.DataFrame(
        [_describe(one, plans[one.table]) for one in asked.aggregations],
        columns=["table", "how", "value", "grain", "window", "path", "reason"],
    )
    n_rows = spine.rows.num_rows
    has_loops = uses_loops(n_rows, tables)
    dialect = tables.engine.dialect
    reason = f"fewer than {MANY_ROWS:,} rows"
    if has_loops:
        reason = f"{MANY_ROWS:,} rows or more; the same as by the statement below"
    query = compile_features(features, asked, tables, spine.cutoffs)
    return FeaturePlan(
        features=[feature.name for feature in features],
        cutoffs=[pd.Timestamp(cutoff, unit="us") for cutoff in spine.cutoffs],
        n_rows=n_rows,
        method="compiled loops" if has_loops else "SQL",
        reason=reason if dialect == "duckdb" else "the tables lie outside this process",
        scans=_scans(asked, tables, plans, aggregations),
        aggregations=aggregations.astype({"window": "timedelta64[us]"}),
        edges={
            name: pd.to_datetime(list(plan.buckets.edges), unit="us")
            for name, plan in plans.items()
        },
        dialect=dialect,
        sql=render(query, dialect, pretty=True),
    )


def _describe(one: Aggregation, plan: TablePlan) -> tuple[object, ...]:
    reason, value = plan.why_each_cutoff(one), _in_words(one)
    if one.visible_from is not None:
        value += f", known from {one.visible_from} on"
    path = BUCKETS if reason is None else EACH_CUTOFF
    return one.table, one.how, value, one.grain, one.window, path, reason or ""


def _in_words(one: Aggregation) -> str:
    """Write what is aggregated; of the last in time, without the code for that."""
    kind = "groups" if one.grain.startswith("by_") else f"{one.grain}s"
    by = one.grain.replace("_", " ") if kind == "groups" else ""
    if one.value is None:
        return f"{kind} {by}".strip()
    value = one.value.sql().replace('"', "")
    if one.how == "last":
        names = {column.name for column in one.value.find_all(exp.Column)}
        value = ", ".join(sorted(names - {"timestamp"}))
    return f"{value} {by}".strip()


def _scans(
    asked: Declarations,
    tables: CustomerTables,
    plans: dict[str, TablePlan],
    aggregations: pd.DataFrame,
) -> pd.DataFrame:
    rows = []
    for name, plan in plans.items():
        own = aggregations[aggregations["table"] == name]
        n_each = int((own["path"] == EACH_CUTOFF).sum())
        columns = [tables.table(name).roles[role] for role in plan.columns_read()]
        rows.append((name, columns, len(own), n_each, plan.buckets.size))
    if asked.attributes or asked.columns:
        roles = tables.table("customers").roles
        columns = [roles[role] for role in ("customer_id", *asked.attributes)]
        rows.append(("customers", [*columns, *asked.columns], 0, 0, 0))
    return pd.DataFrame(
        rows,
        columns=["table", "columns", "n_aggregations", "n_each_cutoff", "n_buckets"],
    )
