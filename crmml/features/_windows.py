"""Look-back windows as builders take them."""

from collections.abc import Sequence
from typing import TypeAlias

import pandas as pd

from crmml._utils._durations import Duration, check_duration, format_duration
from crmml.exceptions import SchemaError

Windows: TypeAlias = Sequence[Duration | None] | Duration | None


def check_windows(windows: Windows) -> list[pd.Timedelta | None]:
    """Read look-back windows.

    Parameters
    ----------
    windows : duration, None, or sequence of them
        Lengths such as ``"90D"``; None is all of history.

    Returns
    -------
    list of pandas.Timedelta or None
        The lengths, each once.

    Raises
    ------
    SchemaError
        If there is none, one cannot be read, or one is repeated.
    """
    several = isinstance(windows, Sequence) and not isinstance(windows, str)
    listed = list(windows) if several else [windows]  # type: ignore[arg-type]
    if not listed:
        raise SchemaError("windows is empty; give a duration, or None for all history.")
    read = [one if one is None else check_duration(one, "windows") for one in listed]
    if len(set(read)) < len(read):
        raise SchemaError(f"windows repeats a length: {windows!r}.")
    return read


def suffix(window: pd.Timedelta | None) -> str:
    """End of a feature's name: ``"_90d"``, or nothing for all of history."""
    return "" if window is None else f"_{format_duration(window)}"
