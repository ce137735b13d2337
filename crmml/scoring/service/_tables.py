"""A customer as raw events: which tables and roles the training knew."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crmml.scoring.service._features import is_number, is_text
from crmml.scoring.service._refusal import Place, Problem, name_problem
from crmml.tables._table_classes import TABLE_CLASSES

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_OFFSET = r"(Z|[+-][0-9]{2}:[0-9]{2})"
PATTERNS = {
    False: f"^{_DAY}([T ]{_TIME})?$",
    True: f"^{_DAY}[T ]{_TIME}{_OFFSET}$",
}
"""Of instants, without and with an offset from UTC."""
_YEARS = range(1700, 2200)
_LARGEST = 2**63
"""Of keys that are integers."""


@dataclass(frozen=True)
class Role:
    """What one column of a table holds.

    Attributes
    ----------
    kind : {"instant", "number", "integer", "text", "key"}
        Of its values; a key is an integer or text.
    may_lack : bool
        Whether null is allowed.
    """

    kind: str
    may_lack: bool


@dataclass(frozen=True)
class Spec:
    """The tables of one customer.

    Attributes
    ----------
    tables : dict of str to (dict of str to Role)
        The roles of each table, all of them needed.
    is_aware : bool
        Whether instants have an offset from UTC.
    max_rows : int
        The most rows of all tables together.
    """

    tables: dict[str, dict[str, Role]]
    is_aware: bool
    max_rows: int


def read_spec(manifest: Mapping[str, Any], max_rows: int) -> Spec | None:
    """Take from a manifest what the tables of the training were.

    Other roles, or another way to write them, would make other features than those
    of the training.

    Parameters
    ----------
    manifest : mapping of str to object
        What the model's file says.
    max_rows : int
        The most rows that a customer may have.

    Returns
    -------
    Spec or None
        None if the file does not know of tables.
    """
    known = manifest.get("tables")
    if manifest["kind"] != "ChurnPipeline" or known is None:
        return None
    tables = {
        name: {
            role: _read_role(TABLE_CLASSES[name], role, str(column["type"]))
            for role, column in table["columns"].items()
            if role != "customer_id" and role in TABLE_CLASSES[name].kinds
        }
        for name, table in known["tables"].items()
    }
    return Spec(tables, bool(known["has_time_zone"]), max_rows)


def _read_role(table: Any, role: str, type_name: str) -> Role:
    kind = table.kinds[role]
    if kind == "key":
        name = type_name.upper()
        is_text_type = any(part in name for part in ("CHAR", "TEXT", "STRING"))
        kind = "text" if is_text_type else "integer" if "INT" in name else "key"
    return Role(kind, role in table.nullable)


def check_events(body: Mapping[str, Any], spec: Spec) -> list[Problem]:
    """Look at the tables and the cutoff of one customer.

    Parameters
    ----------
    body : mapping of str to object
        What was sent.
    spec : Spec
        What is needed.

    Returns
    -------
    list of Problem
        What is wrong; nothing of the values.
    """
    found = []
    cutoff = body.get("cutoff")
    if not _is_instant(cutoff, spec) or int(str(cutoff)[:4]) not in _YEARS:
        found.append(name_problem(("body", "cutoff"), "instant", _say_instant(spec)))
    tables = body["tables"]
    if not isinstance(tables, dict) or not tables.keys() <= spec.tables.keys():
        message = f"Send an object of these tables, and no other: {list(spec.tables)}."
        return [*found, name_problem(("body", "tables"), "tables", message)]
    for name, roles in spec.tables.items():
        loc = ("body", "tables", name)
        if not isinstance(tables.get(name), list):
            message = "Send a list of the customer's rows, empty if there are none."
            found.append(name_problem(loc, "list_type", message))
        else:
            found += _check_rows(tables[name], roles, loc, spec)
    if not found and sum(map(len, tables.values())) > spec.max_rows:
        message = f"There are more than {spec.max_rows} rows. Send the latest of them."
        found.append(name_problem(("body", "tables"), "too_long", message))
    return found


def _check_rows(
    rows: Sequence[Any], roles: Mapping[str, Role], loc: Place, spec: Spec
) -> list[Problem]:
    found = []
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or not row.keys() <= roles.keys():
            message = f"Send an object of these roles, and no other: {list(roles)}."
            found.append(name_problem((*loc, at), "roles", message))
            continue
        for role, asked in roles.items():
            if role not in row or not _fits(row[role], asked, spec):
                message = _say_role(asked, spec)
                found.append(name_problem((*loc, at, role), asked.kind, message))
    return found


def _fits(value: Any, role: Role, spec: Spec) -> bool:
    if value is None:
        return role.may_lack
    if role.kind == "instant":
        return _is_instant(value, spec)
    if role.kind == "number":
        return is_number(value)
    is_integer = type(value) is int and -_LARGEST <= value < _LARGEST
    if role.kind == "integer":
        return is_integer
    return is_text(value) or (role.kind == "key" and is_integer)


def _is_instant(value: Any, spec: Spec) -> bool:
    if not isinstance(value, str) or not re.match(PATTERNS[spec.is_aware], value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return not value.endswith("\n")


def _say_instant(spec: Spec) -> str:
    example = "2024-05-01T13:30:00Z" if spec.is_aware else "2024-05-01T13:30:00"
    rule = "with an offset from UTC" if spec.is_aware else "without an offset from UTC"
    return f"Send a date and time in ISO 8601 {rule}, as in training: {example}."


def _say_role(role: Role, spec: Spec) -> str:
    lack = ", or null" if role.may_lack else ""
    if role.kind == "instant":
        return f"{_say_instant(spec)[:-1]}{lack}."
    words = {
        "number": "a number up to 1e300 in size",
        "integer": "an integer of 64 bits, as in training",
        "text": "text in valid Unicode, as in training",
        "key": "text or an integer of 64 bits",
    }
    return f"Send {words[role.kind]}{lack}; every row needs this role."
