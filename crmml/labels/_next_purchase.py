"""How long until a customer buys again."""

from typing import ClassVar

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, Duration
from crmml.labels._label import WindowLabel, microseconds
from crmml.labels._window_value import select_window_value
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql


class NextPurchase(WindowLabel):
    """Time to the next purchase, as far as the label window sees.

    ``days_to_next_purchase`` = days from the cutoff to the customer's first
    transaction in ``[cutoff + gap, cutoff + gap + horizon)``; missing where there is
    none, which says that it is later than the window's end, not when.

    Parameters
    ----------
    horizon : duration
        Length of the label window, such as ``"90D"``.
    gap : duration, default="0D"
        Time between the cutoff and the start of the label window. What is bought in
        the gap does not count.

    Raises
    ------
    LeakageError
        If a label window ends after ``tables.observed_until``.
    SchemaError
        If a duration cannot be read, or there are no transactions.

    See Also
    --------
    Inactivity : The same window; churn = 1 where this label is missing.
    FutureSpend : For how much, rather than when.

    Notes
    -----
    This is a number to be predicted by a regressor, better by one that knows what
    censoring is: a churn pipeline refuses it.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.labels import NextPurchase
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b", "a", "b"],
    ...         "timestamp": [
    ...             "2024-01-01",
    ...             "2024-01-10",
    ...             "2024-02-05T12:00",
    ...             "2024-03-20",
    ...         ],
    ...     }
    ... )
    >>> NextPurchase("28D").transform(sales, cutoffs="2024-02-01")
    customer_id
    a    4.5
    b    NaN
    Name: days_to_next_purchase, dtype: float64
    """

    name: ClassVar[str] = "days_to_next_purchase"

    def __init__(self, horizon: Duration, *, gap: Duration = "0D") -> None:
        self.horizon = horizon
        self.gap = gap

    def _query(self, tables: CustomerTables, cutoffs: list[int]) -> exp.Select:
        tables.table("transactions")
        first = exp.Min(this=sql.column("timestamp"))
        wait = exp.Sub(this=sql.column("total"), expression=sql.column("cutoff"))
        days = sql.ratio(exp.paren(wait), sql.number(microseconds(DAY)))
        return select_window_value(first, days, self.name, self.window, cutoffs)
