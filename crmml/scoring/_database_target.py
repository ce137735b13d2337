"""A table of a PostgreSQL database that holds the scores of one cutoff or many."""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
_HOLDS = {
    "timestamp": {"timestamp"},
    "timestamptz": {"timestamptz"},
    "text": {"text", "varchar"},
    "bigint": {"int2", "int4", "int8", "numeric"},
    "numeric(20)": {"int8", "numeric"},
    "double precision": {"float4", "float8", "numeric"},
}
"""Types that keep what columns are made for; others would change it silently."""


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
        If the table lacks columns, or its cutoffs are no timestamps.
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
                self._prepare(dict.fromkeys(columns))

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
            self._prepare({field.name: field.type for field in schema})
            connection.execute(
                self._write_at_cutoff("DELETE FROM {} WHERE cutoff = {}")
            )
            copy_in = "COPY {} ({}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')"
            target = self._write(copy_in, names)
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

    def _write_at_cutoff(self, statement: str) -> Any:
        """Put the table and the cutoff into a statement, which then has no parameter.

        Beside parameters, a per cent sign in the table's name would be one too.
        """
        cutoff = self._psycopg.sql.Literal(self._cutoff.to_pydatetime())
        return self._psycopg.sql.SQL(statement).format(self._table, cutoff)

    def _is_there(self) -> bool:
        text = self._table.as_string(self._connection)
        found = self._connection.execute("SELECT to_regclass(%s)", [text]).fetchone()
        return found is not None and found[0] is not None

    def _make_table(self, schema: pa.Schema) -> None:
        if self._is_there():
            return
        sql = self._psycopg.sql
        columns = [sql.SQL(f"cutoff {self._cutoff_type()}")]
        columns += [
            sql.SQL(f"{{}} {_type_of(field.type)}").format(sql.Identifier(field.name))
            for field in schema
        ]
        create = sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (cutoff, customer_id))")
        self._connection.execute(
            create.format(self._table, sql.SQL(", ").join(columns))
        )

    def _cutoff_type(self) -> str:
        return "timestamp" if self._cutoff.tz is None else "timestamptz"

    def _prepare(self, kinds: Mapping[str, pa.DataType | None]) -> None:
        """Keep other writers away until the transaction ends, and look at the table."""
        lock = self._write("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE NOWAIT")
        self._connection.execute(lock)
        self._check_columns(kinds)
        self._refuse_older()

    def _check_columns(self, kinds: Mapping[str, pa.DataType | None]) -> None:
        """Refuse a table that lacks columns, or would change what is put into them."""
        query = self._write("SELECT * FROM {} LIMIT 0")
        described = self._connection.execute(query).description or []
        found = {column.name: column.type_code for column in described}
        missing = sorted({CUTOFF, *kinds} - set(found))
        if missing:
            raise SchemaError(
                f"out: the table {self._name!r} lacks the columns {missing}. Name a "
                "table that is not there yet, and it is made."
            )
        wanted = {name: _type_of(kind) for name, kind in kinds.items() if kind}
        wanted[CUTOFF] = self._cutoff_type()
        types = self._connection.adapters.types
        own = {name: getattr(types.get(found[name]), "name", None) for name in wanted}
        wrong = [
            f"{name} ({own[name]}, not {kind})"
            for name, kind in wanted.items()
            # What psycopg does not know is left to the database.
            if own[name] is not None and own[name] not in _HOLDS[kind]
        ]
        if wrong:
            raise SchemaError(
                f"out: the table {self._name!r} has columns that would change what is "
                f"put into them: {wrong}. Name a table that is not there yet, and it "
                "is made."
            )

    def _refuse_older(self) -> None:
        if self._overwrite:
            return
        query = "SELECT EXISTS (SELECT FROM {} WHERE cutoff = {})"
        found = self._connection.execute(self._write_at_cutoff(query)).fetchone()
        if found[0]:
            raise FileExistsError(
                f"out: the table {self._name!r} holds scores of this cutoff, which are "
                "kept, since overwrite is off."
            )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Say what is wrong without the database's texts, which may quote cells."""
        try:
            yield
        except self._psycopg.Error as error:
            raise self._explain(error) from None

    def _explain(self, error: Any) -> Exception:
        errors = self._psycopg.errors
        kept = "Nothing was written"
        # Two runs that make the table at once repeat a name in the catalogue.
        is_race = isinstance(error, errors.UniqueViolation) and (
            error.diag.schema_name == "pg_catalog"
        )
        if is_race or isinstance(
            error, (errors.LockNotAvailable, errors.DuplicateTable)
        ):
            return TargetBusyError(
                f"Another run is writing the table {self._name!r}. Wait for it."
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return PermissionError(
                f"The database does not let this user write the table {self._name!r}. "
                f"{kept}; grant CREATE on its schema, or INSERT, SELECT and DELETE."
            )
        if isinstance(
            error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)
        ):
            return ConnectionError(
                f"The database went away or could not do it ({type(error).__name__}). "
                f"{kept}; run again when it is back."
            )
        return SchemaError(
            f"The database refused rows for the table {self._name!r} "
            f"({type(error).__name__}). {kept}; check its columns, their types and "
            "what must be unique."
        )


def _type_of(kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return "double precision"
    if pa.types.is_uint64(kind):
        return "numeric(20)"
    return "bigint" if pa.types.is_integer(kind) else "text"
