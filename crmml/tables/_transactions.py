"""What customers bought."""

from dataclasses import dataclass
from typing import ClassVar

from crmml.tables._table import Kind, Table


@dataclass(frozen=True, eq=False, kw_only=True)
class Transactions(Table):
    """Order lines, or whole orders: one row for each thing bought.

    Parameters
    ----------
    data : frame, str, path, DuckDB relation, Spark DataFrame or DatabaseTable
        The rows as a pandas, Polars or pyarrow table; the path or glob of Parquet or
        CSV files; or where they lie. Spark and PostgreSQL compute by themselves what
        is asked of tables that lie there.
    encoding : str, default="utf-8"
        Encoding of CSV files, such as ``"gbk"``.
    customer_id : str
        Column of customer ids: text or integers. They keep their type and spelling.
    timestamp : str
        Column of the instant of purchase: dates, timestamps, or ISO 8601 text.
    amount : str, optional
        Column of money paid, in one currency; returns are negative. Read to a
        millionth of the unit, so that sums are exact.
    order_id : str, optional
        Column that joins lines to orders. Without it, or where it is missing, the
        lines of a customer at one instant are one order.
    product_id : str, optional
        Column of what was bought.
    category : str, optional
        Column of the kind of thing bought, such as its department.
    quantity : str, optional
        Column of the number of pieces.
    discount : str, optional
        Column of the money taken off, positive, in the currency of the amount, which
        is what was paid after it. Missing counts as none.
    recorded_at : str, optional
        Column of the instant at which the row became known. A row recorded at or
        after a cutoff, or with none, is unknown at that cutoff.

    Raises
    ------
    SchemaError
        If a named column is missing or the data cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import Transactions
    >>> sales = pd.DataFrame({"客户": ["007"], "日期": ["2024-05-01"], "金额": [9.5]})
    >>> Transactions(sales, customer_id="客户", timestamp="日期", amount="金额").roles
    {'customer_id': '客户', 'timestamp': '日期', 'amount': '金额'}
    """

    name: ClassVar[str] = "transactions"
    kinds: ClassVar[dict[str, Kind]] = {
        "customer_id": "id",
        "timestamp": "instant",
        "amount": "number",
        "order_id": "key",
        "product_id": "key",
        "category": "key",
        "quantity": "number",
        "discount": "number",
        "recorded_at": "instant",
    }
    nullable: ClassVar[frozenset[str]] = frozenset(
        {"order_id", "product_id", "category", "quantity", "discount", "recorded_at"}
    )

    customer_id: str
    timestamp: str
    amount: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    category: str | None = None
    quantity: str | None = None
    discount: str | None = None
    recorded_at: str | None = None
