"""A table or view of a database, given by its connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlglot
import sqlglot.expressions as exp

from crmml._utils._extras import import_extra
from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql


@dataclass(frozen=True, eq=False)
class DatabaseTable:
    """A table or view of a PostgreSQL database, read where it lies.

    Give it as the data of :class:`Transactions` and its siblings. Queries run in the
    database, over the caller's connection, in a transaction or savepoint of their own
    that is rolled back: nothing of the caller's is changed, and a transaction that is
    open stays open. While a query runs it may use temporary tables.

    Parameters
    ----------
    connection : psycopg.Connection
        An open connection of psycopg 3 to PostgreSQL 14 or later. It needs the right
        to read the table and, where rows from this process take part (such as the
        customers asked for), to make temporary tables. One thread may use it at a
        time.
    name : str
        The table's name, with its schema if need be: ``"sales"``, ``"shop.sales"``;
        names that are not plain lower-case words stand in double quotes, as in SQL:
        ``'shop."订单"'``.

    Raises
    ------
    SchemaError
        If the name cannot be read.

    See Also
    --------
    Transactions : What customers bought.

    Examples
    --------
    >>> from crmml.tables import DatabaseTable
    >>> sales = DatabaseTable(None, 'shop."Sales"')  # instead of None, a connection
    >>> sales.name
    'shop."Sales"'
    """

    connection: Any = field(repr=False)
    name: str

    def __post_init__(self) -> None:
        """Check that the name is one."""
        read_table_name(self.name, "postgres")


def read_table_name(name: Any, dialect: str) -> exp.Table:
    """Read the name of a table, as SQL of a dialect writes it.

    Raises
    ------
    SchemaError
        If it is none.
    """
    try:
        tree = sqlglot.parse_one(name, into=exp.Table, dialect=dialect)
    except (sqlglot.errors.SqlglotError, AttributeError, TypeError):
        tree = None
    is_table = isinstance(tree, exp.Table) and bool(tree.parts)
    if (
        tree is None
        or not is_table
        or not all(isinstance(part, exp.Identifier) for part in tree.parts)
    ):
        raise SchemaError(
            f"{name!r} is not the name of a table. Write it as in SQL, such as "
            "'shop.sales'."
        )
    return exp.Table(**{key: tree.args.get(key) for key in ("this", "db", "catalog")})


class DatabaseSource:
    """A table of a database, read by the database itself.

    Parameters
    ----------
    data : DatabaseTable
        The table and its connection.
    table : str
        The table's name here, for messages.
    """

    is_text = False
    place = "PostgreSQL"

    def __init__(self, data: DatabaseTable, table: str) -> None:
        self._tree = read_table_name(data.name, "postgres")
        self.home = data.connection
        self.pandas_dtypes: dict[str, Any] = {}
        self.columns = self._read_columns(data, table)

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Put a query of the columns among the queries `target`, as `view`."""
        named = [
            exp.alias_(sql.column(column), name, quoted=True)
            for name, column in columns.items()
        ]
        target[view] = exp.select(*named).from_(self._tree.copy())

    def find_damage(self) -> str | None:
        """Say which file is damaged; the database watches over its own."""
        return None

    def _read_columns(self, data: DatabaseTable, table: str) -> list[str]:
        """Names of the columns; also whether the table is there."""
        psycopg = import_extra("psycopg", "postgres")
        if not isinstance(self.home, psycopg.Connection):
            raise SchemaError(
                f"{table}: connection must be one of psycopg 3, "
                f"got {type(self.home).__name__}."
            )
        query = exp.select(exp.Star()).from_(self._tree.copy()).limit(0)
        try:
            with self.home.transaction(force_rollback=True):
                found = self.home.execute(query.sql("postgres")).description
        except psycopg.ProgrammingError as error:
            raise SchemaError(
                f"{table}: the database cannot read {data.name!r} "
                f"({type(error).__name__}). Check the name, its schema and your rights."
            ) from error
        return [column.name for column in found or []]
