"""A table of a PostgreSQL database that holds the scores of one cutoff or many."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from crmml._utils._extras import import_extra
from crmml.exceptions import SchemaError, TargetBusyError
from crmml.scoring._targets import Write
from crmml.tables import DatabaseTable
from crmml.tables._database_table import read_table_name

CUTOFF = "cutoff"


class DatabaseTarget:
    """The rows of a cutoff in a table, put there in one transaction.

    Parameters
    ----------
    out : DatabaseTable
        The table and its connection. It is made if it is not there.
    cutoff : pandas.Timestamp
        The cutoff. Older scores of it are replaced; those of others stay.
    columns : sequence of str
        Columns of the scores.
    overwrite : bool
        Whether older scores of the cutoff may be replaced.

    Raises
    ------
    SchemaError
        If the table lacks columns.
    FileExistsError
        If there are scores of the cutoff, and they must stay.
    OSError
        If the database cannot be reached, or does not allow it.
    """

    def __init__(
        self,
        out: DatabaseTable,
        *,
        cutoff: pd.Timestamp,
        columns: Sequence[str],
        overwrite: bool,
    ) -> None:
        self._psycopg = import_extra("psycopg", "postgres")
        self._connection = out.connection
        self._name = out.name
        # Made of identifiers alone, so there is nothing else in the text.
        self._table = self._write(read_table_name(out.name, "postgres").sql("postgres"))
        self._cutoff = cutoff
        self._overwrite = overwrite
        self.spool_folder = Path(tempfile.gettempdir())
        with self._clear_errors(), self._connection.transaction(force_rollback=True):
            if self._is_there():
                self._prepare([CUTOFF, *columns])

    def hold(self) -> AbstractContextManager[None]:
        """Keep nobody away while customers are scored: the table is locked later."""
        return nullcontext()

    @contextmanager
    def open(self, schema: pa.Schema) -> Iterator[Write]:
        """Open the table for rows; they are there when the block has ended well."""
        names = [CUTOFF, *schema.names]
        instant = self._cutoff.isoformat(sep=" ")
        connection = self._connection

        def write(rows: pa.Table) -> None:
            cutoffs = pa.repeat(instant, rows.num_rows)
            buffer = io.BytesIO()
            options = pa.csv.WriteOptions(include_header=False)
            pa.csv.write_csv(rows.add_column(0, CUTOFF, cutoffs), buffer, options)
            copy.write(buffer.getbuffer())

        with self._clear_errors(), connection.transaction():
            self._make_table(schema)
            self._prepare(names)
            delete = self._write("DELETE FROM {} WHERE cutoff = %s")
            connection.execute(delete, [self._cutoff.to_pydatetime()])
            target = self._write("COPY {} ({}) FROM STDIN (FORMAT csv)", names)
            with connection.cursor() as cursor, cursor.copy(target) as copy:
                yield write

    def describe(self, n_rows: int, columns: list[str]) -> dict[str, Any]:
        """Say what was written."""
        return {"table": self._name, "rows": n_rows, "columns": [CUTOFF, *columns]}

    def conclude(self, done: dict[str, Any]) -> None:
        """Leave it at what the caller is told: no file is beside a table."""

    def _write(self, statement: str, names: Sequence[str] = ()) -> Any:
        """Put the table, and names of columns, into a statement."""
        sql = self._psycopg.sql
        if not hasattr(self, "_table"):
            return sql.SQL(statement)
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        return sql.SQL(statement).format(self._table, columns)

    def _is_there(self) -> bool:
        text = self._table.as_string(self._connection)
        found = self._connection.execute("SELECT to_regclass(%s)", [text]).fetchone()
        return found is not None and found[0] is not None

    def _make_table(self, schema: pa.Schema) -> None:
        if self._is_there():
            return
        kind = "timestamptz" if self._cutoff.tz is not None else "timestamp"
        sql = self._psycopg.sql
        columns = [sql.SQL(f"cutoff {kind}")]
        columns += [
            sql.SQL(f"{{}} {_type_of(field.type)}").format(sql.Identifier(field.name))
            for field in schema
        ]
        create = sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (cutoff, customer_id))")
        self._connection.execute(
            create.format(self._table, sql.SQL(", ").join(columns))
        )

    def _prepare(self, names: Sequence[str]) -> None:
        """Keep other writers away until the transaction ends, and look at the table."""
        lock = self._write("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE NOWAIT")
        self._connection.execute(lock)
        self._check_columns(names)
        self._refuse_older()

    def _check_columns(self, names: Sequence[str]) -> None:
        query = self._write("SELECT * FROM {} LIMIT 0")
        found = self._connection.execute(query).description or []
        missing = sorted(set(names) - {column.name for column in found})
        if missing:
            raise SchemaError(
                f"out: the table {self._name!r} lacks the columns {missing}. Name a "
                "table that is not there yet, and it is made."
            )

    def _refuse_older(self) -> None:
        if self._overwrite:
            return
        query = self._write("SELECT EXISTS (SELECT FROM {} WHERE cutoff = %s)")
        at_cutoff = [self._cutoff.to_pydatetime()]
        if self._connection.execute(query, at_cutoff).fetchone()[0]:
            raise FileExistsError(
                f"out: the table {self._name!r} holds scores of this cutoff, which are "
                "kept, since overwrite is off."
            )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Say what is wrong without the database's texts, which may quote cells."""
        errors = self._psycopg.errors
        kept = "Nothing was written"
        try:
            yield
        except (errors.LockNotAvailable, errors.DuplicateTable, errors.UniqueViolation):
            raise TargetBusyError(
                f"Another run is writing the table {self._name!r}. Wait for it."
            ) from None
        except errors.InsufficientPrivilege:
            raise PermissionError(
                f"The database does not let this user write the table {self._name!r}. "
                f"{kept}; grant CREATE on its schema, or INSERT, SELECT and DELETE."
            ) from None
        except (self._psycopg.OperationalError, self._psycopg.InterfaceError) as error:
            raise ConnectionError(
                f"The database went away or could not do it ({type(error).__name__}). "
                f"{kept}; run again when it is back."
            ) from None
        except self._psycopg.Error as error:
            raise SchemaError(
                f"The database refused rows for the table {self._name!r} "
                f"({type(error).__name__}). {kept}; check its columns and their types."
            ) from None


def _type_of(kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return "double precision"
    if pa.types.is_uint64(kind):
        return "numeric(20)"
    return "bigint" if pa.types.is_integer(kind) else "text"
