"""Names of columns, in the messages of tables."""

from collections.abc import Iterable, Sequence

from crmml._utils._frames import find_repeated, join_texts


def list_names(names: Sequence[object]) -> str:
    """Write names one after the other, as many as fit."""
    return join_texts([repr(name) for name in names])


def duplicated(columns: Iterable[object]) -> str:
    """Say which column names stand more than once."""
    twice = list_names([str(name) for name in find_repeated(columns)])
    return f"columns [{twice}] appear more than once. Rename or drop them."
