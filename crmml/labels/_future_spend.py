"""What a customer spends in the label window."""

from typing import ClassVar

import sqlglot.expressions as exp

from crmml._utils._durations import Duration
from crmml.labels._label import WindowLabel
from crmml.labels._window_value import select_window_value
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS


class FutureSpend(WindowLabel):
    """Money to come: the sum of amounts in the label window.

    ``future_spend`` = sum of the amounts of the customer's transactions in
    ``[cutoff + gap, cutoff + gap + horizon)``, in the currency of the table; 0 where
    there is none. Returns (negative amounts) are netted, so that it may be negative.

    Parameters
    ----------
    horizon : duration
        Length of the label window, such as ``"90D"``.
    gap : duration, default="0D"
        Time between the cutoff and the start of the label window.

    Raises
    ------
    LeakageError
        If a label window ends after ``tables.observed_until``.
    SchemaError
        If a duration cannot be read, or the transactions have no ``amount``.

    See Also
    --------
    NextPurchase : When the customer comes back, rather than for how much.
    Inactivity : Whether the customer comes back at all.

    Notes
    -----
    Amounts are summed exactly, in millionths of their unit. This is a number to be
    predicted by a regressor: a churn pipeline refuses it.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.labels import FutureSpend
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b", "a", "a", "b"],
    ...         "timestamp": [
    ...             "2024-01-01",
    ...             "2024-01-10",
    ...             "2024-02-05",
    ...             "2024-02-06",
    ...             "2024-03-20",
    ...         ],
    ...         "amount": [5.0, 7.0, 20.0, -2.5, 9.0],
    ...     }
    ... )
    >>> FutureSpend("28D").transform(sales, cutoffs="2024-02-01")
    customer_id
    a    17.5
    b     0.0
    Name: future_spend, dtype: float64
    """

    name: ClassVar[str] = "future_spend"

    def __init__(self, horizon: Duration, *, gap: Duration = "0D") -> None:
        self.horizon = horizon
        self.gap = gap

    def _query(self, tables: CustomerTables, cutoffs: list[int]) -> exp.Select:
        tables.table("transactions").column_of("amount")
        total = exp.Sum(this=sql.column("amount"))
        millionths = exp.func("coalesce", sql.column("total"), sql.number(0))
        spend = sql.ratio(millionths, sql.number(MILLIONTHS))
        return select_window_value(total, spend, self.name, self.window, cutoffs)
