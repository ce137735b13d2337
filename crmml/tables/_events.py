"""What else customers did."""

from dataclasses import dataclass
from typing import ClassVar

from crmml.tables._table import Kind, Table


@dataclass(frozen=True, eq=False, kw_only=True)
class Events(Table):
    """One row for each thing that happened: logins, calls, visits, usage.

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
        Column of the instant of the event.
    event_type : str, optional
        Column that says what happened.
    value : str, optional
        Column of a number that goes with the event, such as minutes or megabytes.
    recorded_at : str, optional
        Column of the instant at which the row became known.

    Raises
    ------
    SchemaError
        If a named column is missing or the data cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import Events
    >>> log = pd.DataFrame({"id": [1], "at": ["2024-05-01"], "what": ["login"]})
    >>> Events(log, customer_id="id", timestamp="at", event_type="what").roles
    {'customer_id': 'id', 'timestamp': 'at', 'event_type': 'what'}
    """

    name: ClassVar[str] = "events"
    kinds: ClassVar[dict[str, Kind]] = {
        "customer_id": "id",
        "timestamp": "instant",
        "event_type": "key",
        "value": "number",
        "recorded_at": "instant",
    }
    nullable: ClassVar[frozenset[str]] = frozenset(
        {"event_type", "value", "recorded_at"}
    )

    customer_id: str
    timestamp: str
    event_type: str | None = None
    value: str | None = None
    recorded_at: str | None = None
