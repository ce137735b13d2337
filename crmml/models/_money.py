"""What turns purchases into money today."""

from collections.abc import Callable
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import SchemaError

Floats: TypeAlias = NDArray[np.float64]

_N_NODES = 16
"""Gauss-Legendre nodes; at 16, expectations over a decade are exact to 1e-8."""


def read_money(
    spend: Any, n_customers: int, margin: float, discount_rate: float
) -> Floats:
    """Check what turns purchases into money.

    Raises
    ------
    SchemaError
        If spend is negative, missing, infinite or of another length, margin is not in
        (0, 1] or the discount rate not in [0, 1), or no number.
    """
    try:
        money = np.asarray(spend, dtype=np.float64)
    except (TypeError, ValueError):
        # numpy names the value, which may be a customer's.
        raise SchemaError("spend must be numbers, got something else.") from None
    if money.shape not in ((), (n_customers,)):
        raise SchemaError(
            f"spend must be one number, or one for each of {n_customers} customers, "
            f"got an array of shape {money.shape}."
        )
    n_bad = int((~np.isfinite(money) | (money < 0)).sum())
    if n_bad:
        raise SchemaError(
            f"spend must be finite and not negative; {n_bad} of {money.size} are not."
        )
    for name, rate in {"margin": margin, "discount_rate": discount_rate}.items():
        if not isinstance(rate, Real) or isinstance(rate, bool):
            raise SchemaError(f"{name} must be one number, got {type(rate).__name__}.")
    if not 0 < margin <= 1:
        raise SchemaError(f"margin must be a fraction in (0, 1], got {margin!r}.")
    if not 0 <= discount_rate < 1:
        raise SchemaError(
            "discount_rate must be a fraction per year in [0, 1), 0.1 for 10 %, got "
            f"{discount_rate!r}."
        )
    return money


def integrate_discounted(
    expect: Callable[[float], Floats], length: float, force: float
) -> Floats:
    """Integrate ``exp(-force u) dE(u)`` from 0 to `length`.

    Parameters
    ----------
    expect : callable
        E: what is expected until a time, of shape (n_customers,).
    length : float
        Until when.
    force : float
        Rate of continuous discounting per unit of time.

    Returns
    -------
    ndarray of shape (n_customers,)
        What is expected, each the less worth the later it comes.
    """
    # By parts; the nodes lie closer where expectations bend most, at the start.
    nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
    bend = length / 20
    reach = np.log1p(length / bend)
    at = bend * np.expm1((nodes + 1) / 2 * reach)
    until = expect(length) * np.exp(-force * length)
    if force > 0:
        for u, weight in zip(at, weights * (at + bend) * reach / 2, strict=True):
            until += force * weight * np.exp(-force * u) * expect(u)
    discounted: Floats = until
    return discounted
