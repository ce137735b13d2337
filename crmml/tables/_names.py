"""Names of columns, in messages that stay short."""

from collections.abc import Sequence
from typing import Any

_LONGEST = 600
"""Characters; a message must stay readable however wide the table."""


def column_names(native: Any) -> list[str]:
    """Names of the columns of a frame, those that stand twice too."""
    # A pyarrow table keeps its values, not its names, under ``columns``.
    return list(getattr(native, "column_names", native.columns))


def list_names(names: Sequence[object]) -> str:
    """Write names one after the other, as many as fit."""
    shown: list[str] = []
    for name in names:
        if sum(map(len, shown)) + len(repr(name)) > _LONGEST:
            break
        shown.append(repr(name))
    n_more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {n_more} more" if n_more else "")


def duplicated(columns: Sequence[str]) -> str:
    """Say which column names stand more than once."""
    twice = sorted({str(name) for name in columns if list(columns).count(name) > 1})
    return f"columns [{list_names(twice)}] appear more than once. Rename or drop them."
