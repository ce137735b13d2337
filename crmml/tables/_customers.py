"""Who the customers are."""

from dataclasses import dataclass
from typing import ClassVar

from crmml.tables._table import Kind, Table


@dataclass(frozen=True, eq=False, kw_only=True)
class Customers(Table):
    """One row for each customer.

    Parameters
    ----------
    data : frame, str, path, DuckDB relation, Spark DataFrame or DatabaseTable
        The rows as a pandas, Polars or pyarrow table; the path or glob of Parquet or
        CSV files; or where they lie. Spark and PostgreSQL compute by themselves what
        is asked of tables that lie there.
    encoding : str, default="utf-8"
        Encoding of CSV files, such as ``"gbk"``.
    customer_id : str
        Column of customer ids: text or integers, each once.
    joined_at : str, optional
        Column of the instant at which the customer signed up; may be missing.
    left_at : str, optional
        Column of the instant at which the contract ended; missing while it runs.

    Raises
    ------
    SchemaError
        If a named column is missing or the data cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import Customers
    >>> people = pd.DataFrame({"id": [1, 2], "since": ["2023-01-01", "2023-02-01"]})
    >>> Customers(people, customer_id="id", joined_at="since").roles
    {'customer_id': 'id', 'joined_at': 'since'}
    """

    name: ClassVar[str] = "customers"
    kinds: ClassVar[dict[str, Kind]] = {
        "customer_id": "id",
        "joined_at": "instant",
        "left_at": "instant",
    }
    nullable: ClassVar[frozenset[str]] = frozenset({"joined_at", "left_at"})

    customer_id: str
    joined_at: str | None = None
    left_at: str | None = None
