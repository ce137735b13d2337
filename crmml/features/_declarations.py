"""What builders declare: aggregations of events, and features derived from them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import DAY
from crmml.exceptions import SchemaError
from crmml.features._condition import ValueType, column_type
from crmml.features._expressions import code_latest, read_latest
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._attributes import Attribute, AttributeKind, open_attributes

How = Literal[
    "count",
    "sum",
    "min",
    "max",
    "last",
    "distinct",
    "largest",
    "log_sum",
    "first",
    "taken_back",
]
Grain = Literal[
    "row", "order", "day", "gap", "by_order", "by_day", "by_product_id", "by_category"
]
FeatureKind = Literal["number", "integer", "text", "boolean"]

GAP = "gap"
"""Stands in values of grain "gap" for the microseconds since the order before."""
GROUPED_BY = {"by_product_id": "product_id", "by_category": "category"}
"""Roles that rows are grouped by; rows without a value are in no group."""
_GROUP_HOWS = ("distinct", "largest", "log_sum", "first", "taken_back")
_HOWS: dict[str, tuple[str, ...]] = {
    "row": ("count", "sum", "min", "max", "last"),
    "order": ("count",),
    "day": ("count",),
    "gap": ("count", "sum", "min", "max"),
}


@dataclass(frozen=True)
class Aggregation:
    """One number per customer and cutoff, from the events in a look-back window."""

    table: str
    how: How
    value: exp.Expr | None = None
    """What is aggregated, over the table's columns; None counts rows."""
    window: pd.Timedelta | None = None
    """The window is [cutoff - window, cutoff); None is all of history."""
    grain: Grain = "row"
    """What is aggregated: rows; orders, each where its first line lies; days, the
    24-hour periods counted back from the cutoff; gaps between an order and the next,
    each where it ends; or the rows of an order, day, product or category, brought
    together as of the cutoff."""
    visible_from: str | None = None
    """A second instant that must lie before the cutoff too, such as resolved_at."""


@dataclass(frozen=True)
class Feature:
    """One column of the result."""

    name: str
    expression: exp.Expr
    kind: FeatureKind = "number"
    dtype: Any = None
    """The pandas dtype of a text, None where any will do."""


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
        self.columns: dict[str, Attribute] = {}
        self.as_of_today: set[str] = set()

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

        Counts and sums are 0 where there is no event, all else is null.

        Parameters
        ----------
        table : str
            Name of an event table.
        how : str
            How events are brought together. Of rows: "count" (rows where the value is
            not null), "sum", "min", "max", or the "last" in time that is not null (of
            several at one instant, the largest). Of orders and days: "count". Of gaps:
            "count", "sum", "min", "max". Of groups of rows, where x is the sum of a
            group: "distinct" (number of groups with one), "largest" (of x), "log_sum"
            (of x ln x in millionths, each rounded, where x > 0), "first" (x of the
            group that began first; of several, the smallest), or "taken_back" (number
            of groups with x <= 0 and a negative row).
        value : str or sqlglot expression, optional
            A role, or an integer expression over roles; not needed to count.
        window : pandas.Timedelta, optional
            Look-back length; default all of history.
        grain : str, default="row"
            What is aggregated; see :class:`Aggregation`.
        visible_from : str, optional
            Role of a second instant that must lie before the cutoff too; for rows.

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
        roles = column_names(column) - ({GAP} if grain == "gap" else set())
        roles |= {visible_from} if visible_from else set()
        roles |= {GROUPED_BY[grain]} if grain in GROUPED_BY else set()
        for name in sorted(roles):
            source.column_of(name)
        if how == "last" and column is not None:
            column = code_latest(sql.column("timestamp"), column)
        wanted = Aggregation(table, how, column, window, grain, visible_from)
        name = self.aggregations.setdefault(wanted, f"a{len(self.aggregations)}")
        if how == "last":
            return read_latest(sql.column(name))
        if how in {"distinct", "taken_back"}:
            return exp.func("coalesce", sql.column(name), sql.number(0))
        return sql.column(name)

    def attribute(self, role: str) -> exp.Expr:
        """Ask for an instant of the customers table, null unless before the cutoff."""
        self._tables.table("customers").column_of(role)
        if role not in self.attributes:
            self.attributes.append(role)
        known = exp.LT(this=sql.column(role), expression=self.cutoff)
        return exp.case().when(known, sql.column(role))

    def columns_of_customers(
        self,
        wanted: Mapping[str, AttributeKind],
        *,
        fixed: Collection[str] = (),
    ) -> dict[str, Attribute]:
        """Ask for columns of the customers table that play no role.

        Parameters
        ----------
        wanted : mapping of str to str
            The user's columns, and what to read each as.
        fixed : collection of str
            Those that are the same at every cutoff from the sign-up on. All others are
            as of today, and the test for leaks counts them as not known.

        Returns
        -------
        dict of str to Attribute
            The columns, to be read by their ``alias``.

        Raises
        ------
        SchemaError
            If one is missing, plays a role, or holds something else.
        """
        found = open_attributes(self._tables, wanted)
        for name, attribute in found.items():
            self.columns.setdefault(name, attribute)
        self.as_of_today |= found.keys() - set(fixed)
        return found

    def has(self, table: str, role: str | None = None) -> bool:
        """Tell whether a table, and a role of it, was declared."""
        if table not in self._tables:
            return False
        return role is None or role in self._tables.table(table).roles

    def kinds(self, table: str) -> dict[str, str]:
        """Say what the declared roles of a table are for, but for the customer's id."""
        source = self._tables.table(table)
        return {
            role: source.kinds[role] for role in source.roles if role != "customer_id"
        }

    def types(self, table: str) -> dict[str, ValueType]:
        """Say what these roles hold."""
        kinds = self.kinds(table)
        columns = self._tables.columns[table]
        return {role: column_type(kinds[role], columns[role].type) for role in kinds}


def column_names(value: exp.Expr | None) -> set[str]:
    """Names of the columns that an expression reads."""
    return set() if value is None else {c.name for c in value.find_all(exp.Column)}


def _check_grain(how: How, window: pd.Timedelta | None, grain: Grain) -> None:
    if how not in _HOWS.get(grain, _GROUP_HOWS):
        raise SchemaError(f"{grain}s can be counted, not aggregated by {how!r}.")
    if how == "first" and window is not None:
        raise SchemaError(f"The first is that of all history, got a window {window}.")
    if (
        grain in {"day", "by_day"}
        and window is not None
        and window % DAY != pd.Timedelta(0)
    ):
        raise SchemaError(
            f"Days are counted in windows of whole days, got a window of {window}."
        )
