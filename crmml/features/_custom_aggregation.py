"""An aggregation of the user's own."""

from typing import Literal

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._condition import ValueType, parse_condition
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus, ratio_or_null, times, units, when
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS

How = Literal["count", "sum", "mean", "min", "max", "last"]

_TABLES = ("transactions", "complaints", "surveys", "events")
_HOWS = ("count", "sum", "mean", "min", "max", "last")
_POSSIBLE = {
    "number": _HOWS,
    "instant": ("count", "min", "max", "last"),
    "key": ("count",),
}


class CustomAggregation(PointInTimeBuilder):
    """One aggregation of the user's own: of a column, over rows of the user's choice.

    For each window w, over the rows of a table with a timestamp in
    [cutoff - w, cutoff) that meet the condition, the feature `name` is

    - "count": the number of rows, or of those where `value` is not missing;
    - "sum", "mean", "min", "max" of `value`, in the unit of the column;
    - "last": the last `value` in time; of several at one instant, the largest.

    Of an instant, "min", "max" and "last" are given as days before the cutoff. Counts
    and sums are 0 where there is no row, the others missing.

    Parameters
    ----------
    name : str
        Name of the feature; a window adds its own: ``"n_large_lines_90d"``.
    table : str, default="transactions"
        A table of events: "transactions", "complaints", "surveys" or "events".
    how : {"count", "sum", "mean", "min", "max", "last"}, default="count"
        How rows are brought together.
    value : str, optional
        The role of the column, such as ``"quantity"``; not needed to count.
    where : str, optional
        Condition on the roles of a row, as in SQL: comparisons by =, <>, <, <=, >, >=,
        BETWEEN, IN, LIKE, IS NULL, sums, differences and products of numbers, AND, OR,
        NOT. Numbers are in the unit of the column. Default: all rows.
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If the table or a role was not declared, the value cannot be aggregated like
        this, or the condition cannot be used.

    See Also
    --------
    RFM : The aggregations that everyone uses.

    Notes
    -----
    Rows from the cutoff on are never read. But a column that is filled in after the
    event, such as ``resolved_at``, is read as it stands today: a condition on it, or
    its minimum, knows the future. :class:`ComplaintRate` reads it as of the cutoff.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import CustomAggregation
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": ["a", "a", "b", "b"],
    ...         "timestamp": pd.date_range("2024-01-01", periods=4),
    ...         "amount": [30.0, 120.0, 250.0, 999.0],
    ...         "quantity": [3, 2, 5, 1],
    ...     }
    ... )
    >>> CustomAggregation(
    ...     "pieces_in_large_lines", how="sum", value="quantity", where="amount > 100"
    ... ).fit_transform(sales, cutoffs="2024-01-04")
                 pieces_in_large_lines
    customer_id
    a                              2.0
    b                              5.0
    """

    def __init__(
        self,
        name: str,
        *,
        table: str = "transactions",
        how: How = "count",
        value: str | None = None,
        where: str | None = None,
        windows: Windows = None,
    ) -> None:
        self.name = name
        self.table = table
        self.how = how
        self.value = value
        self.where = where
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        types = self._check(ask)
        condition = None
        if self.where is not None:
            kinds = ask.kinds(self.table)
            scaled = {role for role, kind in kinds.items() if kind == "number"}
            condition = parse_condition(self.where, types, scaled)
        return [
            Feature(
                f"{self.name}{suffix(window)}",
                self._aggregate(ask, window, condition),
                kind="integer" if self.how == "count" else "number",
            )
            for window in check_windows(self.windows)
        ]

    def _check(self, ask: Declarations) -> dict[str, ValueType]:
        """Check the arguments and say what the columns of the table hold."""
        if not isinstance(self.name, str) or not self.name:
            raise SchemaError(f"name must be a text, got {self.name!r}.")
        if self.table not in _TABLES:
            raise SchemaError(f"table must be one of {_TABLES}, got {self.table!r}.")
        if self.how not in _HOWS:
            raise SchemaError(f"how must be one of {_HOWS}, got {self.how!r}.")
        types = ask.types(self.table)
        if self.value is None:
            if self.how != "count":
                raise SchemaError(f"how={self.how!r} needs a value, such as 'amount'.")
            return types
        if self.value not in types:
            raise SchemaError(
                f"{self.table}: there is no value={self.value!r}; declared are "
                f"{sorted(types)}."
            )
        kind = ask.kinds(self.table)[self.value]
        if self.how not in _POSSIBLE[kind]:
            raise SchemaError(
                f"{self.table}: {self.value} cannot be aggregated by {self.how!r}; "
                f"possible are {_POSSIBLE[kind]}."
            )
        return types

    def _aggregate(
        self,
        ask: Declarations,
        window: pd.Timedelta | None,
        condition: exp.Expr | None,
    ) -> exp.Expr:
        value: exp.Expr | None = None
        if self.value is not None:
            value = sql.column(self.value)
        if condition is not None:
            value = when(condition, value or sql.number(1))
        if self.how == "mean":
            summed = ask.aggregate(self.table, "sum", value, window=window)
            n = ask.aggregate(self.table, "count", value, window=window)
            return ratio_or_null(summed, times(n, sql.number(MILLIONTHS)))
        found = ask.aggregate(self.table, self.how, value, window=window)
        if self.how == "count":
            return found
        if ask.kinds(self.table).get(self.value or "") == "instant":
            return days(minus(ask.cutoff, found))
        return units(found)
