"""What customers answered."""

from dataclasses import dataclass
from typing import ClassVar

from crmml.tables._table import Kind, Table


@dataclass(frozen=True, eq=False, kw_only=True)
class Surveys(Table):
    """One row for each answer to a survey.

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
        Column of the instant of the answer.
    score : str, optional
        Column of the score given, such as satisfaction from 1 to 5.
    expectation : str, optional
        Column of the score that the customer had expected.
    recorded_at : str, optional
        Column of the instant at which the row became known.

    Raises
    ------
    SchemaError
        If a named column is missing or the data cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import Surveys
    >>> answers = pd.DataFrame({"id": [1], "at": ["2024-05-01"], "stars": [4]})
    >>> Surveys(answers, customer_id="id", timestamp="at", score="stars").roles
    {'customer_id': 'id', 'timestamp': 'at', 'score': 'stars'}
    """

    name: ClassVar[str] = "surveys"
    kinds: ClassVar[dict[str, Kind]] = {
        "customer_id": "id",
        "timestamp": "instant",
        "score": "number",
        "expectation": "number",
        "recorded_at": "instant",
    }
    nullable: ClassVar[frozenset[str]] = frozenset(
        {"score", "expectation", "recorded_at"}
    )

    customer_id: str
    timestamp: str
    score: str | None = None
    expectation: str | None = None
    recorded_at: str | None = None
