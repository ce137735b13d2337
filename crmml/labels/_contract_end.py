"""Left, because the contract ended."""

import sqlglot.expressions as exp

from crmml._utils._durations import Duration
from crmml.labels._label import WindowLabel, microseconds
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql


class ContractEnd(WindowLabel):
    """Churn as the customers table has it: the contract ends in the label window.

    ``churn`` = 1 if ``left_at`` lies in ``[cutoff + gap, cutoff + gap + horizon)``,
    0 if it lies later or the contract runs on, and missing if it lies before the
    window: these customers are gone, and a pipeline does not train on them.

    Parameters
    ----------
    horizon : duration
        Length of the label window, such as ``"90D"``.
    gap : duration, default="0D"
        Time between the cutoff and the start of the label window: how long it takes
        to act on a prediction.

    Raises
    ------
    LeakageError
        If a label window ends after ``tables.observed_until``.
    SchemaError
        If a duration cannot be read, or the customers table has no ``left_at``.

    See Also
    --------
    Inactivity : Where customers leave without a word.

    Notes
    -----
    Customers alone hold no events, so ``observed_until`` must be declared when there
    is no other table.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.labels import ContractEnd
    >>> from crmml.tables import Customers, CustomerTables
    >>> people = pd.DataFrame(
    ...     {
    ...         "id": [1, 2, 3],
    ...         "joined": "2023-05-01",
    ...         "left": ["2024-02-15", None, None],
    ...     }
    ... )
    >>> tables = CustomerTables(
    ...     customers=Customers(
    ...         people, customer_id="id", joined_at="joined", left_at="left"
    ...     ),
    ...     observed_until="2024-06-01",
    ... )
    >>> ContractEnd("28D").transform(tables, cutoffs="2024-02-01").tolist()
    [1, 0, 0]
    """

    def __init__(self, horizon: Duration, *, gap: Duration = "0D") -> None:
        self.horizon = horizon
        self.gap = gap

    def _query(self, tables: CustomerTables, cutoffs: list[int]) -> exp.Select:
        tables.table("customers").column_of("left_at")
        start, end = map(microseconds, self.window)
        left_at, cutoff = sql.column("left_at"), sql.column("cutoff")

        def before(offset: int) -> exp.Expr:
            edge = exp.Add(this=cutoff.copy(), expression=sql.number(offset))
            return exp.LT(this=left_at.copy(), expression=edge)

        churn = (
            exp.case()
            .when(before(start), exp.null())
            .when(before(end), sql.number(1))
            .else_(sql.number(0))
        )
        return (
            exp.select(exp.alias_(exp.cast(churn, "bigint"), "churn", quoted=True))
            .from_(sql.table("spine"))
            .join(sql.table("customers"), using=["customer_id"], join_type="left")
            .order_by(sql.column("position"))
        )
