"""One customer as a dictionary, without a frame on the way."""

import decimal
import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from crmml._utils._frames import join_texts
from crmml.exceptions import SchemaError
from crmml.models._columns import BOOLEAN, EMPTY, NUMBER, TEXT, Columns
from crmml.models._encoder import FrameEncoder

_REAL = (float, int, numbers.Real, decimal.Decimal, np.bool_)


def read_record(record: Mapping[Any, Any], encoder: FrameEncoder) -> Columns:
    """Read one customer's features, as a frame of one row would be read.

    Parameters
    ----------
    record : mapping of str to object
        Values by feature: numbers, booleans, text, None for missing. Further keys are
        ignored.
    encoder : FrameEncoder
        Knows the features.

    Returns
    -------
    Columns
        One row.

    Raises
    ------
    SchemaError
        If features are not there, or are not of the kind they had in training.
    """
    missing = [name for name in encoder.names_ if name not in record]
    if missing:
        shown = join_texts([repr(name) for name in missing])
        raise SchemaError(
            f"{len(missing)} of {len(encoder.names_)} features are not there: {shown}. "
            "Give all; None for what is not known."
        )
    kinds, arrays, wrong = [], [], []
    for name, learned in zip(encoder.names_, encoder.kinds_, strict=True):
        kind, value = _read_value(record[name], learned)
        if kind is None:
            wrong.append(f"{name!r} (learned as {learned})")
        kinds.append(str(kind))
        arrays.append(value)
    if wrong:
        raise SchemaError(
            f"{len(wrong)} features are not of the kind they were learned as, or not "
            f"finite: {join_texts(wrong)}."
        )
    return Columns(kinds=kinds, arrays=arrays, n_rows=1)


def _read_value(value: Any, learned: str) -> tuple[str | None, Any]:
    """Return the kind of a value and the value as a column; None if it does not fit."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return EMPTY, np.array([None if learned == TEXT else math.nan], dtype=object)
    if learned == EMPTY:
        return EMPTY, np.zeros(1)
    if learned == TEXT:
        fits = isinstance(value, str)
        return (TEXT, np.array([value], dtype=object)) if fits else (None, None)
    number = _as_float(value) if isinstance(value, _REAL) else None
    if number is None:
        return None, None
    is_boolean = isinstance(value, (bool, np.bool_))
    return BOOLEAN if is_boolean else NUMBER, np.array([number])


def _as_float(value: Any) -> float | None:
    """Return a finite number, or None where there is none."""
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
