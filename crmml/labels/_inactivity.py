"""Left, because nothing was bought any more: churn without a contract."""

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import Duration, check_duration
from crmml.labels._label import WindowLabel
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._windows import customers_with_event, cutoff_rows


class Inactivity(WindowLabel):
    """Churn as silence: no transaction in the label window.

    ``churn`` = 1 if no transaction of the customer lies in
    ``[cutoff + gap, cutoff + gap + horizon)``, else 0.

    Parameters
    ----------
    horizon : duration
        Length of the label window, such as ``"28D"``.
    gap : duration, default="0D"
        Time between the cutoff and the start of the label window: how long it takes
        to act on a prediction.
    active_within : duration, default=None
        Only customers with a purchase in ``[cutoff - active_within, cutoff)`` can
        still leave, and a pipeline trains on and scores these alone. None is the
        horizon: whoever was silent for that long has left already, by the same
        measure.

    Raises
    ------
    LeakageError
        If a label window ends after ``tables.observed_until``.
    SchemaError
        If a duration cannot be read, or there are no transactions.

    See Also
    --------
    ContractEnd : Where customers say that they leave.

    Notes
    -----
    A return is a transaction too: who only returns something in the label window still
    counts as there.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.labels import Inactivity
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b", "a", "b"],
    ...         "timestamp": ["2024-01-01", "2024-01-10", "2024-02-05", "2024-03-20"],
    ...     }
    ... )
    >>> Inactivity("28D").transform(sales, cutoffs="2024-02-01")
    customer_id
    a    0
    b    1
    Name: churn, dtype: int64
    """

    def __init__(
        self,
        horizon: Duration,
        *,
        gap: Duration = "0D",
        active_within: Duration | None = None,
    ) -> None:
        self.horizon = horizon
        self.gap = gap
        self.active_within = active_within

    @property
    def active_horizon(self) -> pd.Timedelta:
        """How recently a customer must have bought to be one who can still leave."""
        if self.active_within is None:
            return check_duration(self.horizon, "horizon")
        return check_duration(self.active_within, "active_within")

    def _query(self, tables: CustomerTables, cutoffs: list[int]) -> exp.Select:
        tables.table("transactions")
        start, end = self.window
        active = customers_with_event("transactions", start, end, None)
        same = [
            exp.EQ(this=sql.column(key, "spine"), expression=sql.column(key, "active"))
            for key in ("customer_id", "cutoff")
        ]
        silent = sql.column("customer_id", "active").is_(exp.null())
        churn = exp.case().when(silent, sql.number(1)).else_(sql.number(0))
        query = (
            exp.select(exp.alias_(exp.cast(churn, "bigint"), "churn", quoted=True))
            .from_(sql.table("spine"))
            .join(active.subquery("active"), on=exp.and_(*same), join_type="left")
            .order_by(sql.column("position", "spine"))
        )
        return sql.with_part(query, "cutoffs", cutoff_rows(cutoffs))
