"""The configuration file: which tables, which model, in TOML."""

import atexit
import functools
import inspect
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from crmml import features, labels, models, segmentation
from crmml._utils._extras import import_extra
from crmml.exceptions import SchemaError
from crmml.features import FeatureSet
from crmml.tables import CustomerTables, DatabaseTable
from crmml.tables._table_classes import TABLE_CLASSES

DATABASE_URL = "CRMML_DATABASE_URL"
"""Environment variable with the address and password of the database."""
_POSTGRES = "postgresql:"
_PARTS = {
    "features": features,
    "labels": labels,
    "models": models,
    "segmentation": segmentation,
}


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


def check_keys(found: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse keys that nothing reads, which are mostly misspelt.

    Raises
    ------
    SchemaError
        If there are such keys.
    """
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise SchemaError(
            f"{where} has unknown keys {unknown}; there are {sorted(known)}."
        )


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
    return _call(cls, {**declared, "data": data}, f"[tables.{name}]")


def _call(cls: Any, parameters: dict[str, Any], where: str) -> Any:
    """Make an object, and say which parameters it lacks.

    Raises
    ------
    SchemaError
        If some are not given.
    """
    signature = inspect.signature(cls)
    missing = [
        name
        for name, one in signature.parameters.items()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
        if name not in parameters
    ]
    if missing:
        raise SchemaError(f"{where} needs {', '.join(missing)}.")
    return cls(**parameters)


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


def make_part(given: Any, where: str, home: str) -> Any:
    """Make an object of a subpackage by its public name.

    Parameters
    ----------
    given : str or mapping
        A name such as ``"RFM"``, or a mapping with ``kind`` and parameters.
    where : str
        The key, for messages.
    home : {"features", "labels", "models", "segmentation"}
        Where the name is looked up; nothing else can be made.

    Raises
    ------
    SchemaError
        If there is no such name, or it has no such parameter.
    """
    if not isinstance(given, (str, dict)):
        raise SchemaError(f"{where} must be a name, or {{ kind = ..., ... }}.")
    parameters = {"kind": given} if isinstance(given, str) else dict(given)
    kind = str(parameters.pop("kind", None))
    module = _PARTS[home]
    classes = {
        name: getattr(module, name)
        for name in module.__all__
        if inspect.isclass(getattr(module, name))
    }
    if kind not in classes:
        raise SchemaError(f"{where}: no {kind!r}; there are {', '.join(classes)}.")
    known = inspect.signature(classes[kind]).parameters
    check_keys(parameters, known, f"{where}, {kind}")
    return _call(classes[kind], parameters, f"{where}, {kind}")


def make_features(given: Any, where: str) -> FeatureSet:
    """Make a set of feature builders of a list of names and mappings.

    Raises
    ------
    SchemaError
        If one cannot be made.
    """
    if not isinstance(given, list) or not given:
        raise SchemaError(f"{where} must list builders, such as ['RFM', 'Tenure'].")
    return FeatureSet([make_part(one, where, "features") for one in given])
