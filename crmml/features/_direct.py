"""Features that are one number in other units: arithmetic on columns, without SQL."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml.features._declarations import Feature, column_names

_TYPES = {"number": pa.float64(), "integer": pa.int64()}


def compute_directly(
    feature: Feature, columns: Mapping[str, pa.Array]
) -> pa.Array | None:
    """Compute a feature that is a column, a difference, or either in a larger unit.

    These are most features, and to send them through an engine takes longer than to
    compute them. The result is the same to the last bit.

    Parameters
    ----------
    feature : Feature
        The feature.
    columns : mapping of str to pyarrow.Array
        Columns of 64-bit integers by name.

    Returns
    -------
    pyarrow.Array or None
        Its values; None where SQL must compute it.
    """
    names = column_names(feature.expression)
    if feature.kind not in _TYPES or not names <= columns.keys():
        return None
    present = [columns[name].buffers()[0] for name in names if columns[name].null_count]
    if len(present) > 1:
        return None
    numbers = {name: _to_numpy(columns[name]) for name in names}
    value, wanted = _value(feature.expression, numbers), _TYPES[feature.kind]
    if not isinstance(value, np.ndarray) or pa.from_numpy_dtype(value.dtype) != wanted:
        return None
    buffers = (
        [*present, pa.py_buffer(value)] if present else [None, pa.py_buffer(value)]
    )
    return pa.Array.from_buffers(wanted, len(value), buffers)


def _to_numpy(column: pa.Array) -> NDArray[np.int64]:
    """Look at the numbers of a column; where it is null, at any number."""
    return np.frombuffer(column.buffers()[1], np.int64, len(column))


def _value(expression: exp.Expr, columns: Mapping[str, NDArray[np.int64]]) -> Any:
    """Evaluate an expression; None where it, or a part of it, is not known here."""
    if isinstance(expression, exp.Column):
        return columns[expression.name]
    if isinstance(expression, exp.Literal) and expression.is_int:
        return int(expression.this)
    if isinstance(expression, exp.Paren):
        return _value(expression.this, columns)
    if not isinstance(expression, (exp.Sub, exp.Div)):
        return None
    parts = [expression.this, expression.expression]
    if isinstance(expression, exp.Div):
        parts = [_undoubled(part) for part in parts]
    left, right = (_value(part, columns) for part in parts)
    if left is None or right is None:
        return None
    if isinstance(expression, exp.Sub):
        return left - right
    # Division turns both into doubles first.
    return left / right if isinstance(right, int) and right else None


def _undoubled(expression: exp.Expr) -> exp.Expr:
    """Return what is turned into a double."""
    inner = expression.unnest()
    is_double = isinstance(inner, exp.Cast) and inner.to.is_type("double")
    return inner.this if is_double else inner
