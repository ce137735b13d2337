"""Reading what turns purchases into money."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import SchemaError

Floats: TypeAlias = NDArray[np.float64]


def read_money(spend: Any, margin: float, discount_rate: float) -> Floats:
    """Check what turns purchases into money.

    Raises
    ------
    SchemaError
        If spend is negative, missing or infinite, margin is not in (0, 1] or the
        discount rate is negative.
    """
    money = np.asarray(spend, dtype=np.float64)
    n_bad = int((~np.isfinite(money) | (money < 0)).sum())
    if n_bad:
        raise SchemaError(
            f"spend must be finite and not negative; {n_bad} of {money.size} are not."
        )
    if not 0 < margin <= 1:
        raise SchemaError(f"margin must be a fraction in (0, 1], got {margin!r}.")
    if not 0 <= discount_rate < np.inf:
        raise SchemaError(
            f"discount_rate must be a fraction per year, >= 0, got {discount_rate!r}."
        )
    return money
