"""The warning about rows left out, worded once for all forms of input."""

import warnings

from crmml.exceptions import DataQualityWarning


def warn_left_out(count: int, total: int, what: str) -> None:
    """Warn that rows or items were left out.

    Parameters
    ----------
    count, total : int
        How many were left out, of how many.
    what : str
        What is wrong with them.
    """
    warnings.warn(
        f"{count} of {total} {what}; they are left out.",
        DataQualityWarning,
        stacklevel=2,
    )
