"""What builders declare: aggregations of events, and features derived from them."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import DAY
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql

How = Literal["count", "sum", "min", "max"]
Grain = Literal["row", "order", "day"]


@dataclass(frozen=True)
class Aggregation:
    """One number per customer and cutoff, from the events in a look-back window."""

    table: str
    how: How
    value: exp.Expr | None = None
    """What is aggregated, over the table's columns; None counts."""
    window: pd.Timedelta | None = None
    """The window is [cutoff - window, cutoff); None is all of history."""
    grain: Grain = "row"
    """What is counted: rows; orders, each where its first line lies; or days, the
    24-hour periods counted back from the cutoff."""
    visible_from: str | None = None
    """A second instant that must lie before the cutoff too, such as resolved_at."""


@dataclass(frozen=True)
class Feature:
    """One column of the result."""

    name: str
    expression: exp.Expr
    is_integer: bool = False


class Declarations:
    """Collects what builders ask for, each aggregation once.

    Parameters
    ----------
    tables : CustomerTables
        The tables that will be asked; a missing table or role is refused at once.
    """

    def __init__(self, tables: CustomerTables) -> None:
        self._tables = tables
        self.aggregations: dict[Aggregation, str] = {}
        self.attributes: list[str] = []

    @property
    def cutoff(self) -> exp.Column:
        """The cutoff in microseconds."""
        return sql.column("cutoff")

    def aggregate(
        self,
        table: str,
        how: How,
        value: str | exp.Expr | None = None,
        *,
        window: pd.Timedelta | None = None,
        grain: Grain = "row",
        visible_from: str | None = None,
    ) -> exp.Expr:
        """Ask for an aggregation and return the expression that reads it.

        Counts and sums are 0 where there is no event, minima and maxima are null.

        Parameters
        ----------
        table : str
            Name of an event table.
        how : {"count", "sum", "min", "max"}
            How events are brought together.
        value : str or sqlglot expression, optional
            A role, or an expression over roles; not needed to count.
        window : pandas.Timedelta, optional
            Look-back length; default all of history.
        grain : {"row", "order", "day"}, default="row"
            What is counted.
        visible_from : str, optional
            Role of a second instant that must lie before the cutoff too.

        Returns
        -------
        sqlglot expression
            An integer: a count, millionths of a number, or microseconds.

        Raises
        ------
        SchemaError
            If the table or a role was not declared.
        """
        _check_grain(how, window, grain)
        source = self._tables.table(table)
        column = sql.column(value) if isinstance(value, str) else value
        for name in _column_names(column) | ({visible_from} if visible_from else set()):
            source.column_of(name)
        wanted = Aggregation(table, how, column, window, grain, visible_from)
        name = self.aggregations.setdefault(wanted, f"a{len(self.aggregations)}")
        return sql.column(name)

    def attribute(self, role: str) -> exp.Expr:
        """Ask for an instant of the customers table, null unless before the cutoff."""
        self._tables.table("customers").column_of(role)
        if role not in self.attributes:
            self.attributes.append(role)
        known = exp.LT(this=sql.column(role), expression=self.cutoff)
        return exp.case().when(known, sql.column(role))

    def has(self, table: str, role: str | None = None) -> bool:
        """Tell whether a table, and a role of it, was declared."""
        if table not in self._tables:
            return False
        return role is None or role in self._tables.table(table).roles


def _column_names(value: exp.Expr | None) -> set[str]:
    return set() if value is None else {c.name for c in value.find_all(exp.Column)}


def _check_grain(how: How, window: pd.Timedelta | None, grain: Grain) -> None:
    if grain != "row" and how != "count":
        raise SchemaError(f"{grain}s can be counted, not aggregated by {how!r}.")
    if grain == "day" and window is not None and window % DAY != pd.Timedelta(0):
        raise SchemaError(
            f"Days are counted in windows of whole days, got a window of {window}."
        )
