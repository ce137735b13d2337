"""How one event table is read: one scan for all builders, windows and cutoffs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.features._buckets import Buckets
from crmml.features._declarations import Aggregation, Grain
from crmml.features._grains import Located, locate_first, locate_moving
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._spine import known_at

_DAY = DAY // MICROSECOND
_LONG_AGO = 1_000_000 * _DAY
"""Added before dividing: engines differ in how they round negative quotients."""


@dataclass(frozen=True)
class Branch:
    """What is grouped by the same key, so that one GROUP BY serves it."""

    grain: Grain
    visible_from: str | None
    phase: int | None
    """For days: the time of day, in microseconds, at which they begin."""


class TablePlan:
    """The common table expressions that bring one event table to its cutoffs.

    1. ``<table>_events`` reads the events before the last cutoff and puts each into
       its bucket of time.
    2. ``<table>_buckets`` aggregates per customer and bucket, once for all windows.
    3. ``<table>_at_cutoff`` combines buckets per cutoff.

    An event has two buckets: where it happened, and when it became known. The first
    decides about windows, the second about cutoffs; they differ only where the table
    declares a second instant.

    Parameters
    ----------
    name : str
        The event table.
    wanted : dict of Aggregation to str
        What is asked of it, and under which column names.
    tables : CustomerTables
        The tables.
    cutoffs : sequence of int
        Microseconds since 1970.
    """

    def __init__(
        self,
        name: str,
        wanted: dict[Aggregation, str],
        tables: CustomerTables,
        cutoffs: Sequence[int],
    ) -> None:
        self.name = name
        self._wanted = wanted
        self._roles = tables.columns[name]
        self._known_at = known_at(tables, name)
        self._cutoffs = cutoffs
        self._phases = sorted({cutoff % _DAY for cutoff in cutoffs})
        self._buckets = Buckets.of(cutoffs, [one.window for one in wanted])
        self._branches: dict[Branch, dict[Aggregation, str]] = {}
        for one, alias in wanted.items():
            phases = self._phases if one.grain == "day" else [None]
            for phase in phases:
                branch = Branch(one.grain, one.visible_from, phase)
                self._branches.setdefault(branch, {})[one] = alias

    def parts(self) -> list[tuple[str, exp.Query]]:
        """Return the common table expressions by name, in order."""
        selects = [
            select
            for branch, own in self._branches.items()
            for select in self._group(branch, own)
        ]
        per_bucket: exp.Query = selects[0]
        for select in selects[1:]:
            per_bucket = exp.union(per_bucket, select, distinct=False, copy=False)
        return [
            (f"{self.name}_events", self._events()),
            (f"{self.name}_buckets", per_bucket),
            (f"{self.name}_cutoffs", self._cutoff_rows()),
            (f"{self.name}_at_cutoff", self._combine()),
        ]

    def _events(self) -> exp.Select:
        columns = dict.fromkeys(["customer_id", "timestamp"])
        for one in self._wanted:
            if one.value is not None:
                found = one.value.find_all(exp.Column)
                columns.update(dict.fromkeys(column.name for column in found))
        if "order_id" in self._roles and self._has_grain("order"):
            columns["order_id"] = None
        timestamp = sql.column("timestamp")
        bucket = self._buckets.expression(timestamp)
        selected: list[exp.Expr] = [
            *map(sql.column, columns),
            exp.alias_(bucket, "bucket", quoted=True, copy=False),
        ]
        for visible_from in sorted(
            {branch.visible_from for branch in self._branches}, key=str
        ):
            known = self._known_instant(visible_from)
            if known is not None:
                never = known.copy().is_(exp.null())
                bucket = (
                    exp.case()
                    .when(never, sql.number(self._buckets.size))
                    .else_(self._buckets.expression(known), copy=False)
                )
                name = self._known_bucket(visible_from).name
                selected.append(exp.alias_(bucket, name, quoted=True, copy=False))
        last = sql.number(self._cutoffs[-1])
        is_before = exp.LT(this=timestamp.copy(), expression=last)
        query = exp.select(*selected).from_(sql.table(self.name), copy=False)
        return query.where(is_before, copy=False)

    def _has_grain(self, grain: Grain) -> bool:
        return any(branch.grain == grain for branch in self._branches)

    def _known_instant(self, visible_from: str | None) -> exp.Expr | None:
        """When a row counts as known, null if never; None if when it happened."""
        if visible_from is None:
            return self._known_at
        second = sql.column(visible_from)
        first: exp.Expr = self._known_at or sql.column("timestamp")
        return (
            exp.case()
            .when(exp.GTE(this=second, expression=first.copy()), second.copy())
            .when(exp.LT(this=second.copy(), expression=first.copy()), first.copy())
        )

    def _known_bucket(self, visible_from: str | None) -> exp.Column:
        if visible_from is not None:
            return sql.column(f"{visible_from}_bucket")
        return sql.column("bucket" if self._known_at is None else "known_bucket")

    def _group(
        self, branch: Branch, own: dict[Aggregation, str]
    ) -> Iterator[exp.Select]:
        """Aggregate the events of one branch per customer and bucket."""
        for part in self._grouped_rows(branch):
            keys = [sql.column("customer_id"), part.bucket, part.known]
            values = {alias: _first_stage(one, part.sign) for one, alias in own.items()}
            names = ["customer_id", "bucket", "known_bucket"]
            columns = dict(zip(names, [key.copy() for key in keys], strict=True))
            for alias in self._wanted.values():
                columns[alias] = values.get(alias, exp.null())
            if len(self._phases) > 1:
                phase = exp.null() if branch.phase is None else sql.number(branch.phase)
                columns["phase"] = phase
            query = _select(columns).from_(part.source, copy=False)
            yield query.group_by(*dict.fromkeys(keys), copy=False)

    def _grouped_rows(self, branch: Branch) -> list[Located]:
        events, known = f"{self.name}_events", self._known_bucket(branch.visible_from)
        if branch.grain == "row":
            return [Located(sql.table(events), sql.column("bucket"), known)]
        keys = [sql.column("customer_id"), *self._grain_keys(branch)]
        # All days of a phase lie within its windows, so any row locates the day.
        if branch.grain == "order" and known.name != "bucket":
            return locate_moving(events, keys, known)
        return [locate_first(events, keys, known, self._buckets.size)]

    def _grain_keys(self, branch: Branch) -> list[exp.Expr]:
        timestamp = sql.column("timestamp")
        if branch.phase is not None:
            shifted = exp.Paren(
                this=exp.Add(
                    this=timestamp, expression=sql.number(_LONG_AGO - branch.phase)
                )
            )
            return [exp.IntDiv(this=shifted, expression=sql.number(_DAY))]
        if "order_id" not in self._roles:
            return [timestamp]
        order_id = sql.column("order_id")
        without = exp.case().when(order_id.is_(exp.null()), timestamp)
        return [order_id.copy(), without]

    def _cutoff_rows(self) -> exp.Query:
        """Each cutoff with its end and the first bucket of each of its windows."""
        windows = sorted({one.window for one in self._wanted if one.window is not None})
        names = ["cutoff", "phase", "last", *[_start(window) for window in windows]]
        rows = [
            [
                cutoff,
                cutoff % _DAY,
                self._buckets.first_at(cutoff),
                *[
                    self._buckets.first_at(cutoff - window // MICROSECOND)
                    for window in windows
                ],
            ]
            for cutoff in self._cutoffs
        ]
        return sql.rows(names, rows)

    def _combine(self) -> exp.Select:
        parts, cutoffs = f"{self.name}_buckets", f"{self.name}_cutoffs"
        keys = [sql.column("customer_id"), sql.column("cutoff")]
        columns: dict[str, exp.Expr] = {key.name: key.copy() for key in keys}
        for one, alias in self._wanted.items():
            conditions: list[exp.Expr] = []
            if one.window is not None:
                start = sql.column(_start(one.window))
                conditions.append(exp.GTE(this=sql.column("bucket"), expression=start))
            if one.grain == "day" and len(self._phases) > 1:
                phase = sql.column("phase", cutoffs)
                same = exp.EQ(this=sql.column("phase", parts), expression=phase)
                conditions.append(same)
            value: exp.Expr = sql.column(alias)
            if conditions:
                value = exp.case().when(exp.and_(*conditions), value)
            columns[alias] = _second_stage(one, value)
        known = exp.LT(this=sql.column("known_bucket"), expression=sql.column("last"))
        query = _select(columns).from_(sql.table(parts), copy=False)
        query = query.join(sql.table(cutoffs), on=known, copy=False)
        return query.group_by(*keys, copy=False)


def _select(columns: dict[str, exp.Expr]) -> exp.Select:
    """Select expressions by name."""
    return exp.select(
        *[
            exp.alias_(value, name, quoted=True, copy=False)
            for name, value in columns.items()
        ]
    )


def _first_stage(one: Aggregation, sign: int) -> exp.Expr:
    value = exp.Star() if one.value is None else one.value.copy()
    stages = {"count": exp.Count, "sum": exp.Sum, "min": exp.Min, "max": exp.Max}
    stage = stages[one.how](this=value)
    return stage if sign > 0 else exp.Neg(this=stage)


def _second_stage(one: Aggregation, value: exp.Expr) -> exp.Expr:
    stages = {"count": exp.Sum, "sum": exp.Sum, "min": exp.Min, "max": exp.Max}
    return stages[one.how](this=value)


def _start(window: object) -> str:
    return f"start_{window}"
