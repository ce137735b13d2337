"""Durations and instants: one reading of both, in whole microseconds."""

from datetime import timedelta
from numbers import Number
from typing import Any, TypeAlias

import pandas as pd

from crmml.exceptions import SchemaError

MICROSECOND = pd.Timedelta(1, "us")
DAY = pd.Timedelta(1, "D")
YEAR = pd.Timedelta(365, "D")
"""What rates per year are about."""

Duration: TypeAlias = str | timedelta | pd.Timedelta


def check_duration(value: Any, name: str, *, allow_zero: bool = False) -> pd.Timedelta:
    """Read a duration such as ``"28D"``.

    Parameters
    ----------
    value : str or timedelta
        Anything :class:`pandas.Timedelta` takes. A bare number is refused because
        pandas would read it as nanoseconds.
    name : str
        The argument's name, for the message.
    allow_zero : bool, default=False
        Whether a duration of zero is allowed.

    Returns
    -------
    pandas.Timedelta
        The duration, a whole number of microseconds.

    Raises
    ------
    SchemaError
        If it cannot be read, is negative, or is finer than a microsecond.
    """
    hint = f"{name} must be a duration such as '28D' or '12h', got {value!r}"
    is_number = isinstance(value, Number) or (
        isinstance(value, str) and not any(map(str.isalpha, value))
    )
    # Times of day such as 12:30:00 have no letters, and need none.
    if is_number and ":" not in str(value):
        raise SchemaError(f"{hint}: a bare number has no unit.")
    try:
        duration = pd.Timedelta(value)
    except (ValueError, TypeError) as error:
        raise SchemaError(f"{hint}.") from error
    if pd.isna(duration):
        raise SchemaError(f"{hint}.")
    if duration < pd.Timedelta(0) or (duration == pd.Timedelta(0) and not allow_zero):
        raise SchemaError(f"{hint}: it must be {'>= 0' if allow_zero else '> 0'}.")
    if duration % MICROSECOND != pd.Timedelta(0):
        raise SchemaError(f"{hint}: the finest unit is the microsecond.")
    return duration


def say_duration(duration: pd.Timedelta) -> str:
    """Spell a duration for a reader, in its largest whole unit.

    Parameters
    ----------
    duration : pandas.Timedelta
        As :func:`check_duration` returns it.

    Returns
    -------
    str
        A number and days, hours, minutes, seconds or microseconds.

    Examples
    --------
    >>> say_duration(pd.Timedelta("28D")), say_duration(pd.Timedelta("1D 12h"))
    ('28 days', '36 hours')
    """
    names = {"D": "day", "h": "hour", "min": "minute", "s": "second"}
    for unit, name in names.items():
        n, rest = divmod(duration, pd.Timedelta(1, unit))
        if rest == pd.Timedelta(0):
            return f"{n:,} {name}{'s' if n != 1 else ''}"
    return f"{duration // MICROSECOND:,} microseconds"


def format_duration(duration: pd.Timedelta) -> str:
    """Spell a duration for a feature name, in its largest whole unit: ``"90d"``."""
    for unit, size in (("d", DAY), ("h", pd.Timedelta(1, "h"))):
        if duration % size == pd.Timedelta(0):
            return f"{duration // size}{unit}"
    return f"{duration // MICROSECOND}us"
