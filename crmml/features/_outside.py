"""Features that stay outside: as a statement, as a relation, or as a file."""

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from crmml.exceptions import SchemaError
from crmml.features._declarations import Declarations, Feature
from crmml.features._statement import build_statement, write_statement
from crmml.features._write_features import (
    compute_in_blocks,
    split_tables,
    write_parts,
)
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables


class OutsideMixin:
    """What fitted builders can do without bringing all rows into memory."""

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

    def write_parquet(
        self, tables: Any, cutoffs: Any, path: str | PathLike[str]
    ) -> int:
        """Compute the features and write them to a Parquet file, in bounded memory.

        For results that do not fit in memory. The tables are read once, and laid down
        by blocks of customers in temporary files where they are large; the blocks are
        computed one after another. Memory does not grow with the number of customers
        or events; the largest tables need about as much space as the columns read.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The instants we pretend it is; rows are those of
            :func:`crmml.tables.make_spine`.
        path : str or path
            The file. It appears when it is whole, in the place of an older one.

        Returns
        -------
        int
            How many rows were written.

        Raises
        ------
        SchemaError
            If the tables lack what a fitted feature needs, or there is no folder for
            the file.
        NotEnoughHistoryError
            If the data do not reach around a cutoff, or nobody counts.

        Notes
        -----
        The columns are ``customer_id``, ``cutoff`` and the features, with the values
        that :meth:`transform` gives. Rows are ordered by cutoff and customer within
        each block; customers come to blocks by a hash of their ids. Small tables are
        one block, and so are tables outside this process.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import pandas as pd
        >>> from crmml.features import Tenure
        >>> days = ["2024-01-01", "2024-01-09", "2024-01-15"]
        >>> sales = pd.DataFrame({"customer_id": [1, 2, 1], "timestamp": days})
        >>> cutoffs = ["2024-01-08", "2024-01-15"]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "features.parquet"
        ...     Tenure().fit(sales, cutoffs).write_parquet(sales, cutoffs, path)
        ...     pd.read_parquet(path)
        3
           customer_id     cutoff  tenure_days
        0            1 2024-01-08          7.0
        1            1 2024-01-15         14.0
        2            2 2024-01-15          6.0
        """
        target = Path(path)
        if not target.parent.is_dir():
            raise SchemaError(f"path={str(path)!r}: there is no such folder. Make it.")
        if target.is_dir():
            raise SchemaError(f"path={str(path)!r} is a folder; name a file.")
        tables = as_tables(tables)
        features, asked = self._declare_fitted(tables)
        return write_parts(compute_in_blocks(features, asked, tables, cutoffs), target)

    def split(self, tables: Any, cutoffs: Any) -> Iterator[CustomerTables]:
        """Split tables by customers, so that features of each part fit in memory.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The instants we pretend it is.

        Yields
        ------
        CustomerTables
            The columns that the features need, of a block of customers, who come to
            blocks by a hash of their ids. It can be asked until the next is. Small
            tables are one block, and so are tables outside this process.

        Raises
        ------
        SchemaError
            If the tables lack what a fitted feature needs.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.

        Examples
        --------
        >>> import pandas as pd
        >>> from crmml.features import Tenure
        >>> days = ["2024-01-01", "2024-01-08"]
        >>> sales = pd.DataFrame({"customer_id": [1, 2], "timestamp": days})
        >>> builder = Tenure().fit(sales, "2024-01-08")
        >>> len(list(builder.split(sales, "2024-01-08")))
        1
        """
        tables = as_tables(tables)
        features, asked = self._declare_fitted(tables)
        yield from split_tables(len(features), asked, tables, cutoffs)
