"""What looks wrong in the tables: one row a finding, with counts and never a value."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql
from crmml.tables._prepare import LARGEST_NUMBER, MILLIONTHS

if TYPE_CHECKING:
    from crmml.tables._customer_tables import CustomerTables

_LEAST_AMOUNTS = 20
"""Fewest positive amounts whose quartiles say what is usual."""
_LEAST_EVENTS_A_DAY = 10
"""By chance alone, one day in 22,000 has no event where ten a day are the mean."""

_OPEN = frozenset({"resolved_at", "left_at"})
"""Instants that are missing as long as they have not come."""
_MISSING = {
    "recorded_at": "never known at any cutoff",
    "joined_at": "the first purchase counts as the beginning",
    "discount": "counts as none",
}
_ORDER = (
    ("timestamp", "recorded_at", "recorded before it happened"),
    ("timestamp", "resolved_at", "resolved before it happened"),
    ("joined_at", "left_at", "left before joining"),
)
"""An instant, one that cannot come before it, and what is wrong where it does."""
_WEEKDAYS = [
    *("Thursday", "Friday", "Saturday", "Sunday"),
    *("Monday", "Tuesday", "Wednesday"),
]
"""Days since 1970 begin on a Thursday."""


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

    if not extent.n_rows:
        advice = "right if nothing happened; else check the file, and what was filtered"
        yield Finding(name, roles["customer_id"], "table without rows", 0, 1.0, advice)
        return
    yield from found(
        "customer_id",
        "no customer id",
        extent.n_without_id,
        "left out; find out whose they are",
    )
    rules = list(_rules(tables, name))
    seen = _scan(tables, name, rules)
    for i, rule in enumerate(rules):
        yield from found(rule.role, rule.finding, seen[f"rule_{i}"], rule.advice)
    if "amount" in roles:
        yield from found(
            "amount",
            "unusually large amount",
            _count_outliers(tables, name, seen),
            "kept; check unit and currency, or cap",
        )
    yield from found(
        "customer_id",
        "exact duplicate of another row",
        _count_duplicates(tables, name),
        "kept; drop them if a row cannot happen twice",
    )
    yield from _find_silent_days(name, roles.get("timestamp", ""), seen)


def _find_silent_days(
    name: str, column: str, seen: dict[str, Any]
) -> Iterator[Finding]:
    n_silent, n_days = _count_silent_days(seen)
    if n_silent:
        advice = f"counts days, not rows{_describe_closed(seen)}; closed, or a day's "
        advice += "data did not arrive"
        finding = "day without any event"
        yield Finding(name, column, finding, n_silent, n_silent / n_days, advice)


def _scan(tables: "CustomerTables", name: str, rules: list[Rule]) -> dict[str, Any]:
    """Read the table once for all that can be counted at once."""
    asked: dict[str, exp.Expr] = {
        f"rule_{i}": sql.count_if(rule.condition) for i, rule in enumerate(rules)
    }
    if "amount" in tables.columns[name]:
        amount = sql.column("amount")
        positive = exp.case().when(
            exp.GT(this=amount, expression=sql.number(0)), amount.copy()
        )
        asked["n_positive"] = exp.Count(this=positive)
        for i in (1, 3):
            # An actual amount and no mean of two: exact in every engine.
            asked[f"quartile_{i}"] = exp.PercentileDisc(
                this=positive.copy(), expression=exp.Literal.number(f"{i / 4}")
            )
    if "timestamp" in tables.columns[name]:
        day = _day_until(_known_end(tables))
        asked["n_dated"] = exp.Count(this=day)
        asked["n_days"] = exp.Count(this=exp.Distinct(expressions=[day.copy()]))
        asked["first_day"], asked["last_day"] = exp.Min(this=day), exp.Max(this=day)
        for i, weekday in enumerate(_WEEKDAYS):
            asked[weekday] = sql.count_if(_is_weekday(day, i))
    if not asked:
        return {}
    counts = [exp.alias_(one, key, quoted=True) for key, one in asked.items()]
    row: dict[str, Any] = tables.engine.run(
        exp.select(*counts).from_(sql.table(name))
    ).to_pylist()[0]
    return row


def _day_until(end: int) -> exp.Expr:
    """Days since 1970 in UTC, null for events after the end."""
    timestamp, a_day = sql.column("timestamp"), sql.number(DAY // MICROSECOND)
    # The remainder has the sign of the timestamp, and days before 1970 count too.
    rest = exp.Mod(this=timestamp, expression=a_day)
    rest = exp.Mod(
        this=exp.paren(exp.Add(this=rest, expression=a_day.copy())),
        expression=a_day.copy(),
    )
    start = exp.paren(exp.Sub(this=timestamp.copy(), expression=exp.paren(rest)))
    day = exp.IntDiv(this=start, expression=a_day.copy())
    is_past = exp.LTE(this=timestamp.copy(), expression=sql.number(end))
    return exp.case().when(is_past, day)


def _is_weekday(day: exp.Expr, i: int) -> exp.Expr:
    a_week = sql.number(len(_WEEKDAYS))
    rest = exp.Mod(this=exp.paren(day.copy()), expression=a_week)
    # The remainder has the sign of the day.
    rest = exp.Mod(
        this=exp.paren(exp.Add(this=rest, expression=a_week.copy())),
        expression=a_week.copy(),
    )
    return exp.EQ(this=rest, expression=sql.number(i))


def _describe_closed(seen: dict[str, Any]) -> str:
    """Name the weekdays on which there is never an event, and how many they were."""
    week = len(_WEEKDAYS)
    counts = Counter(
        _WEEKDAYS[day % week]
        for day in range(seen["first_day"], seen["last_day"] + 1)
        if not seen[_WEEKDAYS[day % week]]
    )
    named = [f"{n} are {weekday}s" for weekday, n in counts.most_common() if n > 1]
    return f", and {', '.join(named)}, when there is never one" if named else ""


def _count_silent_days(seen: dict[str, Any]) -> tuple[int, int]:
    """Days without an event between the first and the last, where that is unusual."""
    if not seen.get("n_dated"):
        return 0, 0
    n_days = seen["last_day"] - seen["first_day"] + 1
    if seen["n_dated"] < _LEAST_EVENTS_A_DAY * n_days:
        return 0, n_days
    return n_days - seen["n_days"], n_days


def _count_outliers(tables: "CustomerTables", name: str, seen: dict[str, Any]) -> int:
    """Count amounts above Tukey's outer fence on the logarithm, and ten times usual.

    With quartiles Q1 and Q3 of the positive amounts, these are amounts above
    Q3 (Q3 / Q1)^3 and above 10 Q3. Logarithms, for money is skewed.
    """
    if seen["n_positive"] < _LEAST_AMOUNTS:
        return 0
    low, high = seen["quartile_1"], seen["quartile_3"]
    limit = min(high * max((high / low) ** 3, 10.0), LARGEST_NUMBER * MILLIONTHS)
    is_above = exp.GT(this=sql.column("amount"), expression=sql.number(int(limit)))
    query = exp.select(exp.alias_(sql.count_if(is_above), "n", quoted=True))
    found = tables.engine.run(query.from_(sql.table(name)))
    return int(found["n"][0].as_py())


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
        if column.kind == "instant" and role != "left_at":
            yield _future_rule(tables, role)
        if role in tables.table(name).nullable and role not in _OPEN:
            missing, advice = sql.column(role).is_(exp.null()), _MISSING.get(role)
            yield Rule(role, f"{role} missing", missing, advice or "kept")
    for earlier, later, finding in _ORDER:
        if earlier in columns and later in columns:
            is_wrong = exp.LT(this=sql.column(later), expression=sql.column(earlier))
            yield Rule(later, finding, is_wrong, "kept; check both columns")
    if name != "customers" and "customers" in tables:
        known = exp.select(sql.column("customer_id")).from_(sql.table("customers"))
        unknown = exp.In(this=sql.column("customer_id"), query=known.subquery()).not_()
        yield Rule("customer_id", "id not in customers", unknown, "kept as a customer")


def _future_rule(tables: "CustomerTables", role: str) -> Rule:
    """Look for events that no cutoff will reach."""
    declared = tables.is_end_declared
    microseconds = sql.number(_known_end(tables))
    finding = "after observed_until" if declared else "in the future"
    later = exp.GT(this=sql.column(role), expression=microseconds)
    return Rule(role, finding, later, "no cutoff reaches them; check clock and format")


def _known_end(tables: "CustomerTables") -> int:
    """Return the declared end of the data, or else this very moment."""
    now = pd.Timestamp.now("UTC").tz_localize(None)
    end = tables.observed_until if tables.is_end_declared else now
    return int((end - pd.Timestamp(0)) // MICROSECOND)


def _count_duplicates(tables: "CustomerTables", name: str) -> int:
    roles = [sql.column(role) for role in tables.columns[name]]
    distinct = exp.select(*roles).distinct().from_(sql.table(name))
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(
        distinct.subquery("rows")
    )
    n_distinct = tables.engine.run(query).to_pylist()[0]["n"]
    extent = tables.extents[name]
    return int(extent.n_rows - extent.n_without_id - n_distinct)
