"""Customers as dictionaries, without a frame on the way."""

import datetime
import decimal
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._frames import join_texts
from crmml.exceptions import SchemaError
from crmml.models._columns import EMPTY, TEXT, Columns, to_days
from crmml.models._encoder import FrameEncoder

_REAL = (float, int, numbers.Real, decimal.Decimal)
_WRONG = object()


def read_records(
    records: Sequence[Mapping[Any, Any]], encoder: FrameEncoder
) -> tuple[list[list[Any]], Columns]:
    """Read the features of customers, as those of a frame would be read.

    Parameters
    ----------
    records : sequence of mappings of str to object
        Values by feature: numbers, booleans, durations, text, None for missing. Further
        keys are ignored.
    encoder : FrameEncoder
        Knows the features.

    Returns
    -------
    values : list of list
        One list a feature, of its values as plain Python objects, None if missing.
    columns : Columns
        The same as columns.

    Raises
    ------
    SchemaError
        If features are not there, or are not of the kind they had in training.
    """
    _refuse_missing(records, encoder.names_)
    values = [
        [_read_value(record[name], learned) for record in records]
        for name, learned in zip(encoder.names_, encoder.kinds_, strict=True)
    ]
    _refuse_wrong(values, encoder)
    arrays = [
        np.array(found, dtype=object if learned == TEXT else np.float64)
        for found, learned in zip(values, encoder.kinds_, strict=True)
    ]
    return values, Columns(list(encoder.kinds_), arrays, len(records))


def _read_value(value: Any, learned: str) -> Any:
    """Return a plain value, None if it is missing; ``_WRONG`` if it does not fit."""
    if value is None or learned == EMPTY:
        return None
    if learned == TEXT:
        if isinstance(value, str):
            return value
    elif isinstance(value, (bool, np.bool_)):
        return bool(value)
    elif isinstance(value, (datetime.timedelta, np.timedelta64)):
        days = float(to_days(pd.Timedelta(value).to_timedelta64()))
        return None if math.isnan(days) else days
    elif isinstance(value, _REAL):
        return _as_number(value)
    return None if _is_missing(value) else _WRONG


def _as_number(value: Any) -> Any:
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return _WRONG
    if math.isfinite(number):
        return number
    return None if math.isnan(number) else _WRONG


def _is_missing(value: Any) -> bool:
    """Tell what pandas writes where there is nothing."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return is_nan or value is pd.NaT or value is pd.NA


def _refuse_missing(records: Sequence[Mapping[Any, Any]], names: list[Any]) -> None:
    counts: dict[str, int] = {}
    for record in records:
        if not isinstance(record, Mapping):
            raise SchemaError(
                "A customer must be a dictionary of values by feature, got "
                f"{type(record).__name__}."
            )
        for name in names:
            if name not in record:
                counts[repr(name)] = counts.get(repr(name), 0) + 1
    if counts:
        raise SchemaError(
            f"{len(counts)} of {len(names)} features are not there: "
            f"{_listed(counts, len(records))}. Give all; None for what is not known."
        )


def _refuse_wrong(values: list[list[Any]], encoder: FrameEncoder) -> None:
    counts = {
        f"{name!r} (learned as {learned})": sum(value is _WRONG for value in found)
        for name, learned, found in zip(
            encoder.names_, encoder.kinds_, values, strict=True
        )
        if _WRONG in found
    }
    if counts:
        raise SchemaError(
            f"{len(counts)} features are not of the kind they were learned as, or not "
            f"finite: {_listed(counts, len(values[0]))}."
        )


def _listed(counts: dict[str, int], n_records: int) -> str:
    """List features, and of several records in how many."""
    if n_records == 1:
        return join_texts(list(counts))
    return join_texts(
        [f"{name} in {count} of {n_records}" for name, count in counts.items()]
    )
