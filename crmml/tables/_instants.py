"""Cutoffs and other instants that the caller names."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables._iso_text import ISO_8601

if TYPE_CHECKING:
    from crmml.tables._customer_tables import CustomerTables


def to_microseconds(value: Any, name: str, is_aware: bool | None) -> int:
    """Read an instant as microseconds since 1970 in UTC.

    Parameters
    ----------
    value : str or datetime
        The instant.
    name : str
        The argument's name, for messages.
    is_aware : bool or None
        Whether the data's instants have a time zone, None if there are none.

    Returns
    -------
    int
        Microseconds since 1970-01-01 in UTC.

    Raises
    ------
    SchemaError
        If it cannot be read, is finer than a microsecond, or has a time zone where the
        data have none, or the other way round.
    """
    try:
        if isinstance(value, Number):
            raise TypeError("a number has no calendar")
        if isinstance(value, str) and not re.fullmatch(ISO_8601, value):
            raise ValueError("read differently from country to country")
        instant = pd.Timestamp(value)
    except (TypeError, ValueError):
        raise SchemaError(
            f"{name} must be a date, a timestamp, or ISO 8601 text such as "
            f"'2024-05-01' or '2024-05-01T13:30', got {value!r}."
        ) from None
    if pd.isna(instant):
        raise SchemaError(f"{name} must be a date or timestamp, got a missing value.")
    if is_aware is not None and (instant.tz is not None) != is_aware:
        has, lacks = ("the data", name) if is_aware else (name, "the data")
        raise SchemaError(
            f"Time zones differ: {has} with one, {lacks} without ({name}={value!r}). "
            f"Write {name} {'with' if is_aware else 'without'} one"
            f"{', such as 2024-05-01T00:00Z' if is_aware else ''}."
        )
    if instant.tz is not None:
        instant = instant.tz_convert("UTC").tz_localize(None)
    if instant.nanosecond:
        raise SchemaError(f"{name}={value!r} is finer than a microsecond.")
    # Not by a difference, which pandas may take in nanoseconds: those end in 2262.
    return int(instant.as_unit("us").asm8.astype(np.int64))


def check_cutoffs(cutoffs: Any, tables: "CustomerTables") -> list[int]:
    """Read cutoffs and check that the data reach around them.

    Parameters
    ----------
    cutoffs : str, datetime or iterable of them
        One cutoff or several.
    tables : CustomerTables
        The data.

    Returns
    -------
    list of int
        Microseconds since 1970 in UTC, ascending.

    Raises
    ------
    SchemaError
        If there is none, one is repeated, or one cannot be read; or if they come
        from an iterator, which could be read only once.
    NotEnoughHistoryError
        If no event lies before a cutoff, or the data end before it.
    """
    if isinstance(cutoffs, Iterator):
        raise SchemaError("cutoffs can be read only once; give them as a list.")
    listed = [cutoffs] if is_single(cutoffs) else list(cutoffs)
    if not listed:
        raise SchemaError("cutoffs is empty; give at least one instant.")
    instants = [to_microseconds(one, "cutoff", tables.is_aware) for one in listed]
    if len(set(instants)) < len(instants):
        raise SchemaError(
            f"cutoffs repeats {len(instants) - len(set(instants))} of its "
            f"{len(instants)} instants; name each once."
        )
    _check_reach(min(instants), max(instants), tables)
    return sorted(instants)


def is_single(cutoffs: Any) -> bool:
    """Tell one instant from a collection of them."""
    return isinstance(cutoffs, (str, bytes, date, np.datetime64)) or not isinstance(
        cutoffs, Iterable
    )


def _check_reach(first: int, last: int, tables: "CustomerTables") -> None:
    begins = [extent.first for extent in tables.extents.values() if extent.first]
    begin, end = min(begins, default=None), tables.observed_until
    earliest, latest = pd.Timestamp(first, unit="us"), pd.Timestamp(last, unit="us")
    if begin is None and end is None:
        return
    if begin is not None and earliest <= begin:
        raise NotEnoughHistoryError(
            f"cutoff {earliest} has no event before it; the first event is at {begin}. "
            "Choose a later cutoff."
        )
    if end is not None and latest > end:
        raise NotEnoughHistoryError(
            f"cutoff {latest} lies after the data, which are known until {end}. Choose "
            "an earlier cutoff, or, if nothing happened since, say so: "
            "CustomerTables(..., observed_until=...)."
        )
