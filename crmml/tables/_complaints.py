"""What customers complained about."""

from dataclasses import dataclass
from typing import ClassVar

from crmml.tables._table import Kind, Table


@dataclass(frozen=True, eq=False, kw_only=True)
class Complaints(Table):
    """One row for each complaint.

    Parameters
    ----------
    data : frame, str, path, DuckDB relation, Spark DataFrame or DatabaseTable
        The rows as a pandas, Polars or pyarrow table; the path or glob of Parquet or
        CSV files; or where they lie. Spark and PostgreSQL compute by themselves what
        is asked of tables that lie there.
    encoding : str, default="utf-8"
        Encoding of CSV files, such as ``"gbk"``.
    customer_id : str
        Column of customer ids.
    timestamp : str
        Column of the instant of the complaint.
    resolved_at : str, optional
        Column of the instant of its resolution; missing while it is open.
    severity : str, optional
        Column of a number that is higher for graver complaints.
    recorded_at : str, optional
        Column of the instant at which the row became known.

    Raises
    ------
    SchemaError
        If a named column is missing or the data cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import Complaints
    >>> calls = pd.DataFrame({"id": [1], "at": ["2024-05-01"], "done": [None]})
    >>> Complaints(calls, customer_id="id", timestamp="at", resolved_at="done")
    Complaints(customer_id='id', timestamp='at', resolved_at='done', severity=None,
    recorded_at=None)
    """

    name: ClassVar[str] = "complaints"
    kinds: ClassVar[dict[str, Kind]] = {
        "customer_id": "id",
        "timestamp": "instant",
        "resolved_at": "instant",
        "severity": "number",
        "recorded_at": "instant",
    }
    nullable: ClassVar[frozenset[str]] = frozenset(
        {"resolved_at", "severity", "recorded_at"}
    )

    customer_id: str
    timestamp: str
    resolved_at: str | None = None
    severity: str | None = None
    recorded_at: str | None = None
