"""What looks wrong in the tables: one row a finding, with counts and never a value."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.tables import _sql as sql

if TYPE_CHECKING:
    from crmml.tables._customer_tables import CustomerTables


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong."""

    table: str
    column: str
    finding: str
    n_rows: int
    share: float
    advice: str


@dataclass(frozen=True)
class Rule:
    """A condition on rows that should not hold, and what to do where it does."""

    role: str
    finding: str
    condition: exp.Expr
    advice: str


def compute_quality(tables: "CustomerTables") -> pd.DataFrame:
    """Check every table; see :meth:`CustomerTables.quality`."""
    findings = [
        finding for name in tables.columns for finding in _check_table(tables, name)
    ]
    names = list(Finding.__dataclass_fields__)
    frame = pd.DataFrame([astuple(finding) for finding in findings], columns=names)
    return frame.astype({"n_rows": "int64", "share": "float64"})


def _check_table(tables: "CustomerTables", name: str) -> Iterator[Finding]:
    extent, roles = tables.extents[name], tables.table(name).roles

    def found(role: str, finding: str, n_rows: int, advice: str) -> Iterator[Finding]:
        if n_rows:
            share = n_rows / extent.n_rows
            yield Finding(name, roles[role], finding, n_rows, share, advice)

    yield from found(
        "customer_id",
        "no customer id",
        extent.n_without_id,
        "left out; find out whose they are",
    )
    rules = list(_rules(tables, name))
    counts = [
        exp.alias_(sql.count_if(rule.condition), f"rule_{i}", quoted=True)
        for i, rule in enumerate(rules)
    ]
    if counts:
        row = tables.engine.run(exp.select(*counts).from_(sql.table(name)))
        for rule, count in zip(rules, row.to_pylist()[0].values(), strict=True):
            yield from found(rule.role, rule.finding, count, rule.advice)
    yield from found(
        "customer_id",
        "exact duplicate of another row",
        _count_duplicates(tables, name),
        "kept; drop them if a row cannot happen twice",
    )


def _rules(tables: "CustomerTables", name: str) -> Iterator[Rule]:
    columns = tables.columns[name]
    zero = sql.number(0)
    if "amount" in columns:
        amount = sql.column("amount")
        yield Rule(
            "amount",
            "negative amount",
            exp.LT(this=amount, expression=zero),
            "netted in sums; right if these are returns",
        )
        yield Rule(
            "amount",
            "amount of zero",
            exp.EQ(this=amount, expression=zero),
            "counted as orders; drop them if nothing was bought",
        )
    for role, column in columns.items():
        if column.kind == "instant" and role in {"timestamp", "joined_at"}:
            yield _future_rule(tables, role)
        if role in {"order_id", "product_id", "recorded_at"}:
            yield Rule(
                role,
                f"{role} missing",
                sql.column(role).is_(exp.null()),
                "never known at any cutoff" if role == "recorded_at" else "kept",
            )
    if name != "customers" and "customers" in tables:
        known = exp.select(sql.column("customer_id")).from_(sql.table("customers"))
        unknown = exp.In(this=sql.column("customer_id"), query=known.subquery()).not_()
        yield Rule("customer_id", "id not in customers", unknown, "kept as a customer")


def _future_rule(tables: "CustomerTables", role: str) -> Rule:
    """After the declared end of the data, or else after this very moment."""
    declared = tables.is_end_declared
    now = pd.Timestamp.now("UTC").tz_localize(None)
    end = tables.observed_until if declared else now
    microseconds = sql.number((end - pd.Timestamp(0)) // MICROSECOND)
    finding = "after observed_until" if declared else "in the future"
    later = exp.GT(this=sql.column(role), expression=microseconds)
    return Rule(role, finding, later, "no cutoff reaches them; check clock and format")


def _count_duplicates(tables: "CustomerTables", name: str) -> int:
    roles = [sql.column(role) for role in tables.columns[name]]
    distinct = exp.select(*roles).distinct().from_(sql.table(name))
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(
        distinct.subquery("rows")
    )
    n_distinct = tables.engine.run(query).to_pylist()[0]["n"]
    extent = tables.extents[name]
    return int(extent.n_rows - extent.n_without_id - n_distinct)
