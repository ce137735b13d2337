"""Features that stay where the tables are: as a statement, or as a relation."""

from collections.abc import Mapping
from typing import Any

from crmml.features._declarations import Declarations, Feature
from crmml.features._statement import build_statement, write_statement
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables


class OutsideMixin:
    """What fitted builders can do without bringing rows into this process."""

    def _declare_fitted(
        self, tables: CustomerTables
    ) -> tuple[list[Feature], Declarations]:
        """Declare the features of ``fit`` over some tables."""
        raise NotImplementedError

    def to_sql(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        dialect: str,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """Write one SQL statement that makes the features out of the user's tables.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data, or a sample: they say which columns play which roles, and of what
            type they are; columns of instants without values, and learned categories,
            are taken from here as well.
        cutoffs : str, datetime or list of them
            The instants we pretend it is; rows are those of
            :func:`crmml.tables.make_spine`.
        dialect : {"duckdb", "spark", "postgres", "snowflake", "bigquery", "redshift", \
"clickhouse"}
            The SQL to write.
        names : mapping of str to str, optional
            What the tables are called where the statement will run, such as
            ``{"transactions": "shop.sales"}``, written as in that SQL. Default: the
            name of a :class:`crmml.tables.DatabaseTable`; else ``transactions``,
            ``customers`` and so on.

        Returns
        -------
        str
            The statement. Its columns are ``customer_id``, ``cutoff`` (a timestamp) and
            the features, ordered by cutoff and customer, with the values that
            ``transform`` gives.

        Raises
        ------
        SchemaError
            If the dialect is not known, a name is none of a table, or the tables lack
            what a fitted feature needs.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.

        Notes
        -----
        Columns are named exactly as in `tables`, in quotes: Snowflake's unquoted names
        are in capitals. PostgreSQL cuts names of features after 63 bytes. In
        BigQuery, TIMESTAMP columns are instants and DATETIME columns have no zone; in
        ClickHouse every DateTime is an instant.

        Examples
        --------
        >>> import pandas as pd
        >>> from crmml.features import Tenure
        >>> days = ["2024-01-01", "2024-01-08"]
        >>> sales = pd.DataFrame({"customer_id": [1, 2], "timestamp": days})
        >>> builder = Tenure().fit(sales, "2024-01-08")
        >>> statement = builder.to_sql(
        ...     sales,
        ...     "2024-01-08",
        ...     dialect="snowflake",
        ...     names={"transactions": "shop.sales"},
        ... )
        >>> print(statement[:62])
        WITH "crmml_transactions" AS (
          SELECT
            CAST("customer_id"
        """
        tables = as_tables(tables)
        features, asked = self._declare_fitted(tables)
        query = build_statement(features, asked, tables, cutoffs)
        return write_statement(query, tables, dialect, names)

    def to_relation(self, tables: Any, cutoffs: Any) -> Any:
        """Compute the features where the tables are, and leave them there.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The instants we pretend it is; rows are those of
            :func:`crmml.tables.make_spine`.

        Returns
        -------
        duckdb.DuckDBPyRelation or pyspark.sql.DataFrame
            A table that is computed when it is read or written. Its columns are
            ``customer_id``, ``cutoff`` (a timestamp) and the features, ordered by
            cutoff and customer, with the values that ``transform`` gives. A DuckDB
            relation, for tables in this process, is read by one thread at a time, and
            before `tables` are asked something else.

        Raises
        ------
        SchemaError
            If the tables lack what a fitted feature needs, or lie in PostgreSQL, which
            has no such thing.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.

        Examples
        --------
        >>> import pandas as pd
        >>> from crmml.features import Tenure
        >>> days = ["2024-01-01", "2024-01-08"]
        >>> sales = pd.DataFrame({"customer_id": [1, 2], "timestamp": days})
        >>> builder = Tenure().fit(sales, "2024-01-08")
        >>> relation = builder.to_relation(sales, "2024-01-08")
        >>> relation.columns
        ['customer_id', 'cutoff', 'tenure_days']
        >>> relation.fetchall()
        [(1, datetime.datetime(2024, 1, 8, 0, 0), 7.0)]
        """
        tables = as_tables(tables)
        features, asked = self._declare_fitted(tables)
        query = build_statement(features, asked, tables, cutoffs)
        return tables.engine.relation(query)
