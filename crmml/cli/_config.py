"""The configuration file: which tables, which model, in TOML."""

import atexit
import functools
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmml._utils._extras import import_extra
from crmml.cli._parts import check_keys, make_object
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables, DatabaseTable
from crmml.tables._table_classes import TABLE_CLASSES

DATABASE_URL = "CRMML_DATABASE_URL"
"""Environment variable with the address and password of the database."""
_POSTGRES = "postgresql:"


class Config:
    """What a configuration file says, read piece by piece.

    Parameters
    ----------
    path : str
        The file. Paths in it are relative to its folder.

    Raises
    ------
    SchemaError
        If it is not TOML, or has a section that is none.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self._folder = Path(path).parent
        try:
            self._found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SchemaError(f"{path} is not TOML in UTF-8: {error}.") from error
        check_keys(
            self._found, {"tables", "churn", "segments", "rules", "value"}, "the file"
        )

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a section."""
        return name in self._found

    def section(self, name: str, known: set[str]) -> dict[str, Any]:
        """Return a section, all of whose keys are known.

        Raises
        ------
        SchemaError
            If it is missing, or has a key that is none.
        """
        if name not in self._found:
            raise SchemaError(f"The configuration has no section [{name}]. Add it.")
        found = self._found[name]
        if not isinstance(found, dict):
            raise SchemaError(f"{name} must be a section: [{name}].")
        found = dict(found)
        check_keys(found, known, f"[{name}]")
        return found

    def open_tables(self, paths: Mapping[str, str | None]) -> CustomerTables:
        """Open the tables, with other data for some of them.

        Parameters
        ----------
        paths : mapping of str to str or None
            Data to read instead, by table.

        Raises
        ------
        SchemaError
            If a table cannot be opened, or is not declared.
        """
        section = self.section("tables", {"observed_until", *TABLE_CLASSES})
        until = section.pop("observed_until", None)
        for name, path in paths.items():
            if path is not None:
                if name not in section:
                    raise SchemaError(
                        f"--{name}: there is no [tables.{name}] that names columns."
                    )
                if not path.startswith(_POSTGRES):
                    path = str(Path(path).absolute())
                section[name] = {**section[name], "data": path}
        opened = {
            name: open_table(name, self._locate(name, declared))
            for name, declared in section.items()
        }
        return CustomerTables(**opened, observed_until=until)

    def _locate(self, name: str, given: Any) -> dict[str, Any]:
        declared = dict(given) if isinstance(given, dict) else {}
        data = declared.get("data")
        if not isinstance(data, str):
            raise SchemaError(
                f"[tables.{name}] needs data: a path, or postgresql:SCHEMA.TABLE."
            )
        if not data.startswith(_POSTGRES):
            declared["data"] = str(self._folder / data)
        return declared


def open_table(name: str, declared: Mapping[str, Any]) -> Any:
    """Open one table.

    Parameters
    ----------
    name : str
        Which of the five.
    declared : mapping of str to str
        ``data``, ``encoding`` and the columns by role.

    Raises
    ------
    SchemaError
        If it cannot be opened.
    """
    cls = TABLE_CLASSES[name]
    check_keys(declared, {"data", "encoding", *cls.kinds}, f"[tables.{name}]")
    data = open_database_table(declared["data"]) or declared["data"]
    return make_object(cls, {**declared, "data": data}, f"[tables.{name}]")


def open_database_table(name: str) -> DatabaseTable | None:
    """Open a table of the database that the environment names.

    Parameters
    ----------
    name : str
        Such as ``postgresql:shop.orders``.

    Returns
    -------
    DatabaseTable or None
        The table; None if the name is a path.

    Raises
    ------
    SchemaError
        If no database is named.
    ConnectionError
        If it cannot be reached.
    """
    if not name.startswith(_POSTGRES):
        return None
    url = os.environ.get(DATABASE_URL)
    if url is None:
        raise SchemaError(
            f"Tables in PostgreSQL need the environment variable {DATABASE_URL}, such "
            "as postgresql://user@host/database; a password has no place in a file."
        )
    return DatabaseTable(_connect(url), name.removeprefix(_POSTGRES))


@functools.cache
def _connect(url: str) -> Any:
    """Connect once for all tables, for queries run behind one connection."""
    psycopg = import_extra("psycopg", "postgres")
    try:
        connection = psycopg.connect(url)
    except psycopg.Error as error:
        # Its own message repeats the address.
        raise ConnectionError(
            f"The database of {DATABASE_URL} cannot be reached "
            f"({type(error).__name__}). Check the address, and that it runs."
        ) from None
    atexit.register(connection.close)
    return connection
