"""Reading what turns purchases into money."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import SchemaError

Floats: TypeAlias = NDArray[np.float64]


def read_money(
    spend: Any, n_customers: int, margin: float, discount_rate: float
) -> Floats:
    """Check what turns purchases into money.

    Raises
    ------
    SchemaError
        If spend is negative, missing, infinite or of another length, margin is not in
        (0, 1] or the discount rate not in [0, 1).
    """
    money = np.asarray(spend, dtype=np.float64)
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
    if not 0 < margin <= 1:
        raise SchemaError(f"margin must be a fraction in (0, 1], got {margin!r}.")
    if not 0 <= discount_rate < 1:
        raise SchemaError(
            "discount_rate must be a fraction per year in [0, 1), 0.1 for 10 %, got "
            f"{discount_rate!r}."
        )
    return money
