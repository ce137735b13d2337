"""How one event table is read: one scan for all builders, windows and cutoffs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.features._buckets import Buckets, in_window, start_column
from crmml.features._declarations import (
    GAP,
    GROUPED_BY,
    Aggregation,
    Grain,
    column_names,
)
from crmml.features._gaps import combine_gaps, locate_gaps
from crmml.features._grains import (
    DAY_LENGTH,
    Located,
    grain_keys,
    locate_first,
    locate_moving,
)
from crmml.features._groups import combine_groups
from crmml.features._known import known_instant
from crmml.features._stages import first_stage, second_stage
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._stays import known_at

_DAILY = ("day", "by_day")
_WHY_GAPS = "an order that becomes known late splits the gaps of earlier cutoffs"
_WHY_GROUPS = "the same {} may lie in several buckets, so groups are formed anew"


@dataclass(frozen=True)
class Branch:
    """What is grouped by the same key, so that one statement serves it."""

    grain: Grain
    visible_from: str | None
    phase: int | None
    """For days: the time of day, in microseconds, at which they begin."""


class TablePlan:
    """The common table expressions that bring one event table to its cutoffs.

    1. ``<table>_events`` reads the events before the last cutoff and puts each into
       its bucket of time.
    2. ``<table>_buckets`` aggregates per customer and bucket, once for all windows.
    3. ``<table>_combined`` combines buckets per cutoff.
    4. What buckets cannot be combined to, such as distinct categories, is found per
       cutoff in ``<table>_<grain>``.
    5. ``<table>_at_cutoff`` lays these side by side.

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
        self._phases = sorted({cutoff % DAY_LENGTH for cutoff in cutoffs})
        self.buckets = Buckets.of(cutoffs, [one.window for one in wanted])
        # What buckets can be combined to, and what is found cutoff by cutoff.
        self._branches: dict[Branch, dict[Aggregation, str]] = {}
        self._singles: dict[Branch, dict[Aggregation, str]] = {}
        for one, alias in wanted.items():
            phases = self._phases if one.grain in _DAILY else [None]
            for phase in phases:
                branch = Branch(one.grain, one.visible_from, phase)
                is_single = self.why_each_cutoff(one) is not None
                group = self._singles if is_single else self._branches
                group.setdefault(branch, {})[one] = alias

    def why_each_cutoff(self, one: Aggregation) -> str | None:
        """Say why buckets cannot be combined to this; None where they can."""
        if one.grain == "gap" and self._known_at is not None:
            return _WHY_GAPS
        if one.grain.startswith("by_"):
            return _WHY_GROUPS.format(GROUPED_BY.get(one.grain, one.grain[3:]))
        return None

    def columns_read(self) -> list[str]:
        """Columns, by role, that the one scan reads."""
        read = {column.name for column in self._events().find_all(exp.Column)}
        return [role for role in self._roles if role in read]

    def parts(self) -> list[tuple[str, exp.Query]]:
        """Return the common table expressions by name, in order."""
        parts: list[tuple[str, exp.Query]] = [
            (f"{self.name}_events", self._events()),
            (f"{self.name}_cutoffs", self._cutoff_rows()),
        ]
        found: list[tuple[str, exp.Query]] = []
        if self._branches:
            selects = [
                select
                for branch, own in self._branches.items()
                for select in self._group(branch, own)
            ]
            parts.append((f"{self.name}_buckets", _union(selects)))
            found.append((f"{self.name}_combined", self._combine()))
        for grain in dict.fromkeys(branch.grain for branch in self._singles):
            singles = [
                self._single(branch, own)
                for branch, own in self._singles.items()
                if branch.grain == grain
            ]
            found.append((f"{self.name}_{grain}", _union(singles)))
        at_cutoff = f"{self.name}_at_cutoff"
        if len(found) == 1:
            return [*parts, (at_cutoff, found[0][1])]
        return [*parts, *found, (at_cutoff, self._beside([name for name, _ in found]))]

    def _beside(self, names: Sequence[str]) -> exp.Select:
        """Lay what was found in several parts side by side."""
        keys = ["customer_id", "cutoff"]
        columns = map(sql.column, [*keys, *self._wanted.values()])
        query = exp.select(*columns).from_(sql.table("spine"), copy=False)
        for name in names:
            query = query.join(
                sql.table(name),
                using=[sql.column(key) for key in keys],
                join_type="left",
                copy=False,
            )
        return query

    def _single(self, branch: Branch, own: dict[Aggregation, str]) -> exp.Select:
        """Find at each cutoff what earlier cutoffs are no help for."""
        events, cutoffs = f"{self.name}_events", f"{self.name}_cutoffs"
        keys = grain_keys(branch.grain, branch.phase, self._roles)
        known = self._known_bucket(branch.visible_from)
        if branch.grain == "gap":
            return combine_gaps(own, events, cutoffs, keys, known)
        condition = None
        if branch.phase is not None and len(self._phases) > 1:
            phase = sql.column("phase", cutoffs)
            condition = exp.EQ(this=phase, expression=sql.number(branch.phase))
        return combine_groups(own, events, cutoffs, keys, known, condition)

    def _events(self) -> exp.Select:
        columns = dict.fromkeys(["customer_id", "timestamp"])
        branches = [*self._branches, *self._singles]
        for one in self._wanted:
            columns |= dict.fromkeys(sorted(column_names(one.value) - {GAP}))
        for branch in branches:
            if branch.grain != "row":
                for key in grain_keys(branch.grain, branch.phase, self._roles):
                    columns |= dict.fromkeys(sorted(column_names(key)))
        timestamp = sql.column("timestamp")
        bucket = self.buckets.expression(timestamp)
        selected: list[exp.Expr] = [
            *map(sql.column, columns),
            exp.alias_(bucket, "bucket", quoted=True, copy=False),
        ]
        for visible_from in sorted({one.visible_from for one in branches}, key=str):
            known = known_instant(self._known_at, visible_from)
            if known is not None:
                never = known.copy().is_(exp.null())
                bucket = (
                    exp.case()
                    .when(never, sql.number(self.buckets.size))
                    .else_(self.buckets.expression(known), copy=False)
                )
                name = self._known_bucket(visible_from).name
                selected.append(exp.alias_(bucket, name, quoted=True, copy=False))
        last = sql.number(self._cutoffs[-1])
        is_before = exp.LT(this=timestamp.copy(), expression=last)
        query = exp.select(*selected).from_(sql.table(self.name), copy=False)
        return query.where(is_before, copy=False)

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
            values = {alias: first_stage(one) for one, alias in own.items()}
            if part.sign < 0:
                values = {alias: exp.Neg(this=one) for alias, one in values.items()}
            names = ["customer_id", "bucket", "known_bucket"]
            columns = dict(zip(names, [key.copy() for key in keys], strict=True))
            for alias in self._aliases():
                columns[alias] = values.get(alias, exp.null())
            if len(self._phases) > 1:
                phase = exp.null() if branch.phase is None else sql.number(branch.phase)
                columns["phase"] = phase
            query = _select(columns).from_(part.source, copy=False)
            yield query.group_by(*dict.fromkeys(keys), copy=False)

    def _aliases(self) -> list[str]:
        """Names of what buckets are combined to."""
        own = [alias for found in self._branches.values() for alias in found.values()]
        return list(dict.fromkeys(own))

    def _grouped_rows(self, branch: Branch) -> list[Located]:
        events, known = f"{self.name}_events", self._known_bucket(branch.visible_from)
        if branch.grain == "row":
            return [Located(sql.table(events), sql.column("bucket"), known)]
        own = grain_keys(branch.grain, branch.phase, self._roles)
        if branch.grain == "gap":
            return [locate_gaps(events, own)]
        keys = [sql.column("customer_id"), *own]
        # All days of a phase lie within its windows, so any row locates the day.
        if branch.grain == "order" and known.name != "bucket":
            return locate_moving(events, keys, known)
        return [locate_first(events, keys, known, self.buckets.size)]

    def _cutoff_rows(self) -> exp.Query:
        """Each cutoff with its end and the first bucket of each of its windows."""
        windows = sorted({one.window for one in self._wanted if one.window is not None})
        names = ["cutoff", "phase", "last", *map(start_column, windows)]
        rows = [
            [
                cutoff,
                cutoff % DAY_LENGTH,
                self.buckets.first_at(cutoff),
                *[
                    self.buckets.first_at(cutoff - window // MICROSECOND)
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
        combined = set(self._aliases())
        for one, alias in self._wanted.items():
            if alias not in combined:
                continue
            same: list[exp.Expr] = []
            if one.grain == "day" and len(self._phases) > 1:
                phase = sql.column("phase", cutoffs)
                same.append(exp.EQ(this=sql.column("phase", parts), expression=phase))
            value = in_window(one.window, sql.column(alias), *same)
            columns[alias] = second_stage(one, value)
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


def _union(selects: Sequence[exp.Query]) -> exp.Query:
    query = selects[0]
    for select in selects[1:]:
        query = exp.union(query, select, distinct=False, copy=False)
    return query
