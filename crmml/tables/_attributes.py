"""Columns of the customers table that play no role, opened when a feature wants them.

Like everything else they are read under names of ours: engines confuse names that
differ only in case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from crmml.exceptions import SchemaError
from crmml.tables._check import check_readable
from crmml.tables._names import list_names
from crmml.tables._prepare import prepare
from crmml.tables._sources import Source
from crmml.tables._table import Kind

if TYPE_CHECKING:
    from crmml.tables._customer_tables import CustomerTables

AttributeKind = Literal["text", "number", "boolean", "date"]

_KINDS: dict[AttributeKind, Kind] = {
    "text": "text",
    "number": "double",
    "boolean": "boolean",
    "date": "instant",
}
_views = count()


@dataclass(frozen=True)
class Attribute:
    """One such column, and where the engine has it."""

    name: str
    kind: AttributeKind
    view: str
    """A view with ``customer_id`` and the column."""
    alias: str
    """The column's name in the view: the same one whoever asks for the column."""
    dtype: Any
    """The pandas dtype of text in the user's frame, None where any will do."""


@dataclass(frozen=True)
class _Wanted:
    """The columns as a table of their own."""

    name: str
    view: str
    source: Source
    roles: dict[str, str]
    kinds: dict[str, Kind]


def open_attributes(
    tables: "CustomerTables", wanted: Mapping[str, AttributeKind | None]
) -> dict[str, Attribute]:
    """Open columns of the customers table that were not declared as roles.

    Parameters
    ----------
    tables : CustomerTables
        The tables.
    wanted : mapping of str to str or None
        What each of these columns shall be read as; None: what it holds.

    Returns
    -------
    dict of str to Attribute
        The columns, by the user's name.

    Raises
    ------
    SchemaError
        If there is no such column, it plays a role, holds something else, or has
        instants that cannot be compared with those of the tables.
    """
    if not wanted:
        return {}
    key = tuple(wanted.items())
    if key not in tables.attributes:
        found = _open(tables, wanted)
        # Asked for by what was found, they need not be opened again.
        known = tuple((name, one.kind) for name, one in found.items())
        tables.attributes |= {key: found, known: found}
    return tables.attributes[key]


def _open(
    tables: "CustomerTables", wanted: Mapping[str, AttributeKind | None]
) -> dict[str, Attribute]:
    table = tables.table("customers")
    source = table.source
    _check_names(list(wanted), source, table.roles)
    aliases = {name: f"attribute_{source.columns.index(name)}" for name in wanted}
    dtypes = {name: source.pandas_dtypes.get(name) for name in wanted}
    kinds: dict[str, Kind] = {"customer_id": "id"}
    for name, kind in wanted.items():
        kind = kind or ("text" if _is_coded(dtypes[name]) else None)
        kinds[aliases[name]] = "any" if kind is None else _KINDS[kind]
    roles = {"customer_id": table.roles["customer_id"]}
    roles |= {alias: name for name, alias in aliases.items()}
    view = f"customers_attributes_{next(_views)}"
    own = _Wanted(table.name, view, source, roles, kinds)
    reader = tables.readers[own.name]
    columns = prepare(own, reader)
    check_readable(own, columns, reader)
    for column in columns.values():
        if None not in (column.is_aware, tables.is_aware):
            _check_zone(column.name, bool(column.is_aware), bool(tables.is_aware))
    tables.views.open(own, columns)
    named = {kind: name for name, kind in _KINDS.items()}
    return {
        name: Attribute(
            name, named[columns[alias].kind], view, alias, _text_dtype(dtypes[name])
        )
        for name, alias in aliases.items()
    }


def _check_names(names: list[str], source: Source, roles: dict[str, str]) -> None:
    missing = [name for name in names if name not in source.columns]
    if missing:
        raise SchemaError(
            f"customers: no such column [{list_names(missing)}]. The table has "
            f"{list_names(source.columns)}."
        )
    playing = {column: role for role, column in roles.items()}
    for name in names:
        if name in playing:
            raise SchemaError(
                f"customers: column {name!r} is declared as {playing[name]} and is no "
                "attribute beside that. Leave it out."
            )


def _check_zone(name: str, is_aware: bool, others_are: bool) -> None:
    if is_aware == others_are:
        return
    own, others = ("with", "without") if is_aware else ("without", "with")
    change = ".dt.tz_convert(None)" if is_aware else ".dt.tz_localize('UTC')"
    raise SchemaError(
        f"customers: column {name!r} holds instants {own} a time zone, and all others "
        f"are {others} one. Convert it, for example with {change}."
    )


def _is_coded(dtype: Any) -> bool:
    """Whether a pandas column holds categories that are numbers."""
    is_category = isinstance(dtype, pd.CategoricalDtype)
    return is_category and pd.api.types.is_integer_dtype(dtype.categories.dtype)


def _text_dtype(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.CategoricalDtype(dtype.categories.astype(str), dtype.ordered)
    return dtype if isinstance(dtype, pd.StringDtype) else None
