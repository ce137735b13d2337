"""Buckets of time: the spans between all edges of all windows of all cutoffs."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.tables import _sql as sql


@dataclass(frozen=True)
class Buckets:
    """Half-open spans between ascending edges; bucket i holds instants from edge i - 1.

    Every window of every cutoff is a run of whole buckets, so events aggregated once
    per bucket serve all of them.
    """

    edges: tuple[int, ...]

    @classmethod
    def of(
        cls, cutoffs: Sequence[int], windows: Iterable[pd.Timedelta | None]
    ) -> "Buckets":
        """Cut time at each cutoff and at the start of each of its windows."""
        lengths = {0} | {window // MICROSECOND for window in windows if window}
        edges = {cutoff - length for cutoff in cutoffs for length in lengths}
        return cls(tuple(sorted(edges)))

    @property
    def size(self) -> int:
        """How many buckets there are, the ones before and after all edges included."""
        return len(self.edges) + 1

    def first_at(self, edge: int) -> int:
        """Return the first bucket that starts at or after an edge."""
        return bisect_right(self.edges, edge)

    def expression(self, instant: exp.Expr) -> exp.Expr:
        """Write the bucket of an instant as a binary search."""
        return self._search(instant, 0, len(self.edges))

    def _search(self, instant: exp.Expr, low: int, high: int) -> exp.Expr:
        """Find how many of the edges [low, high) lie at or before the instant."""
        if low == high:
            return sql.number(low)
        middle = (low + high) // 2
        before = exp.LT(this=instant.copy(), expression=sql.number(self.edges[middle]))
        return (
            exp.case()
            .when(before, self._search(instant, low, middle), copy=False)
            .else_(self._search(instant, middle + 1, high), copy=False)
        )


def start_column(window: pd.Timedelta) -> str:
    """Name the column, of the table of cutoffs, of a window's first bucket."""
    return f"start_{window}"


def in_window(
    window: pd.Timedelta | None, value: exp.Expr, *conditions: exp.Expr
) -> exp.Expr:
    """Return the value of a bucket that lies in a look-back window, null elsewhere."""
    needed = list(conditions)
    if window is not None:
        start = sql.column(start_column(window))
        needed.append(exp.GTE(this=sql.column("bucket"), expression=start))
    return exp.case().when(exp.and_(*needed), value) if needed else value
