"""Numbers given as arguments: one check and one wording."""

from numbers import Integral
from typing import Any

from crmml.exceptions import SchemaError


def check_count(value: Any, name: str, *, least: int = 1) -> int:
    """Read a whole number.

    Parameters
    ----------
    value : int
        What the caller gave; a boolean is no number.
    name : str
        The argument's name, for the message.
    least : int, default=1
        The smallest number allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    SchemaError
        If it is no whole number, or smaller.

    Examples
    --------
    >>> check_count(3, "n_items")
    3
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise SchemaError(
            f"{name} must be a whole number of at least {least}, got {value!r}."
        )
    return int(value)
