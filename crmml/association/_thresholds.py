"""Thresholds as exact fractions: a value that lies on the limit is never lost."""

import math
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import CrmmlError

# Floats further than this from the limit cannot change sides: a quotient of two
# integers below 2**63 is off by at most a few units in the last place (1e-16).
_CLOSE = 1e-9


def as_fraction(value: float | Fraction) -> Fraction:
    """Read a number the way it is written.

    Parameters
    ----------
    value : number
        A float, an integer or a :class:`fractions.Fraction`.

    Returns
    -------
    fractions.Fraction
        The decimal the user typed, not the binary float next to it.

    Examples
    --------
    >>> as_fraction(0.28)
    Fraction(7, 25)
    """
    return Fraction(str(value))


def minimum_count(min_support: Any, n_baskets: int) -> int:
    """Turn a minimum support into the smallest count of baskets that reaches it.

    Parameters
    ----------
    min_support : int or float
        An integer is the count itself; any other number is a share of the baskets.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    int
        The smallest count ``c >= 1`` with ``c / n_baskets >= min_support``, exactly.

    Raises
    ------
    CrmmlError
        If `min_support` is a truth value, which is no count.

    Examples
    --------
    >>> minimum_count(0.28, 25), minimum_count(0.07, 100), minimum_count(7, 25)
    (7, 7, 7)
    """
    if isinstance(min_support, (bool, np.bool_)):
        raise CrmmlError(
            "min_support must be a share of the baskets such as 0.01 or a count such "
            f"as 50, got {min_support!r}."
        )
    if isinstance(min_support, Integral):
        return int(min_support)
    return max(1, math.ceil(as_fraction(min_support) * n_baskets))


def reaches(
    numerators: NDArray[Any], denominators: NDArray[Any], limit: Fraction
) -> NDArray[np.bool_]:
    """Say which quotients of integers are at least the limit, without rounding.

    Floats decide the clear cases; the few quotients close to the limit are compared
    as integers of any size.

    Parameters
    ----------
    numerators, denominators : ndarray of int of shape (n,)
        Non-negative and positive integers.
    limit : fractions.Fraction
        The limit, not negative.

    Returns
    -------
    ndarray of bool of shape (n,)
        ``numerators / denominators >= limit``.

    Examples
    --------
    >>> reaches(np.array([16, 15]), np.array([20, 20]), Fraction("0.8"))
    array([ True, False])
    """
    quotients = numerators / denominators
    target = float(limit)
    result = np.asarray(quotients >= target)
    close = np.flatnonzero(np.abs(quotients - target) <= _CLOSE * max(target, 1e-300))
    result[close] = [
        int(top) * limit.denominator >= limit.numerator * int(bottom)
        for top, bottom in zip(numerators[close], denominators[close], strict=True)
    ]
    return result
