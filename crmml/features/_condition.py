"""Conditions on rows as users write them, checked before an engine sees them."""

import math
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

import sqlglot
import sqlglot.errors
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.features._expressions import units
from crmml.tables import _sql as sql
from crmml.tables._prepare import NO_TYPE

ValueType: TypeAlias = Literal[
    "number", "text", "instant", "truth", "nothing", "unknown"
]
"""A NULL in a condition is nothing; a column without a single value is unknown."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)


def column_type(kind: str, engine_type: str) -> ValueType:
    """Say what a column holds, by the kind of its role and the engine's type."""
    if kind == "instant":
        return "instant"
    if kind == "number":
        return "number"
    if engine_type == NO_TYPE:
        return "unknown"
    return "text" if engine_type == "VARCHAR" else "number"


def parse_condition(
    text: str, types: Mapping[str, ValueType], scaled: Collection[str]
) -> exp.Expr:
    """Read a condition such as ``"amount > 100 AND category = 'tea'"``.

    Columns are compared with literals and with each other by =, <>, <, <=, >, >=,
    BETWEEN, IN, LIKE and IS NULL; numbers may be added, subtracted and multiplied;
    AND, OR, NOT and parentheses join conditions. Nothing else is let through.

    Parameters
    ----------
    text : str
        The condition. Numbers are in the unit of the user's table.
    types : mapping of str to str
        What each role holds.
    scaled : collection of str
        Roles that the engine keeps in millionths.

    Returns
    -------
    sqlglot expression
        The condition over canonical columns.

    Raises
    ------
    SchemaError
        If it cannot be read, names what was not declared, compares values of different
        types, or holds anything else.
    """
    try:
        parsed = sqlglot.parse(text)
    except (sqlglot.errors.SqlglotError, AttributeError, TypeError) as error:
        raise _refusal(text, "it cannot be read") from error
    if len(parsed) != 1 or parsed[0] is None:
        raise _refusal(text, "it must be one condition")
    tree = parsed[0]
    if _type_of(tree, text, types) != "truth":
        raise _refusal(text, "it must be true or false of a row")
    return tree.transform(_to_canonical, scaled)


def _to_canonical(node: exp.Expr, scaled: Collection[str]) -> exp.Expr:
    # A comment would travel into the statement.
    node.comments = None
    if isinstance(node, exp.Column):
        column = sql.column(node.name)
        return exp.paren(units(column)) if node.name in scaled else column
    if isinstance(node, exp.Literal) and not (node.is_string or node.is_int):
        # Decimal literals are of another type than the doubles they are compared with.
        return exp.cast(node, "double")
    return node


def _type_of(node: exp.Expr, text: str, types: Mapping[str, ValueType]) -> ValueType:
    """Find what an expression holds, or refuse it."""
    if isinstance(node, exp.Column):
        if node.name not in types or node.table:
            raise _refusal(
                text, f"there is no {node.sql()!r}; declared are {sorted(types)}"
            )
        return types[node.name]
    if isinstance(node, exp.Literal):
        if not node.is_string and not math.isfinite(float(node.this)):
            raise _refusal(text, "a number is too large")
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Null):
        return "nothing"
    if isinstance(node, exp.Boolean):
        return "truth"
    inner = _parts(node)
    if inner is None:
        raise _refusal(text, f"{node.key.upper()} is not among what it may hold")
    found = {_type_of(one, text, types) for one in inner}
    return _result(node, found, text)


def _parts(node: exp.Expr) -> list[exp.Expr] | None:
    """Return the parts of a node that may stand in a condition."""
    if isinstance(node, (exp.Paren, exp.Not, exp.Neg)):
        return [node.this]
    two = (exp.And, exp.Or, exp.Is, exp.Like, *_COMPARISONS, *_ARITHMETIC)
    if isinstance(node, two):
        return [node.this, node.expression]
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        return [node.this, node.args["low"], node.args["high"]]
    if isinstance(node, exp.In) and node.expressions:
        return [node.this, *node.expressions]
    return None


def _result(node: exp.Expr, found: set[ValueType], text: str) -> ValueType:
    """Say what a node holds whose parts hold the types found."""
    if isinstance(node, exp.Paren):
        return found.pop()
    if isinstance(node, exp.Is):
        if not isinstance(node.expression, exp.Null):
            raise _refusal(text, "IS compares with NULL alone")
        return "truth"
    # A column without values fits everywhere.
    found = found - {"unknown"}
    if isinstance(node, (exp.And, exp.Or, exp.Not)):
        wanted: set[ValueType] = {"truth"}
    elif isinstance(node, (exp.Neg, *_ARITHMETIC)):
        wanted = {"number"}
    elif isinstance(node, exp.Like):
        wanted = {"text"}
    else:
        wanted = {"number", "text", "instant"}
    if len(found) > 1 or not found <= wanted:
        raise _refusal(
            text,
            f"{node.key.upper()} is between {' and '.join(sorted(found))}, and takes "
            f"{' or '.join(sorted(wanted))}",
        )
    return "number" if wanted == {"number"} else "truth"


def _refusal(text: str, reason: str) -> SchemaError:
    return SchemaError(
        f"where={text!r} cannot be used: {reason}. Write a condition on the roles of "
        "the table, such as \"amount > 100 AND category = 'tea'\"."
    )
