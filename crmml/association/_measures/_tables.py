"""The two-by-two table of a rule, and division where the divisor may be nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]
Values = NDArray[np.float64]


def cells(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> tuple[Values, Values, Values, Values]:
    """Count the baskets with both sides, only A, only B, and neither, as floats.

    Examples
    --------
    >>> [
    ...     float(cell[0])
    ...     for cell in cells(np.array([3]), np.array([4]), np.array([3]), 5)
    ... ]
    [3.0, 1.0, 0.0, 1.0]
    """
    both = count.astype(np.float64)
    only_a = antecedent_count - both
    only_b = consequent_count - both
    return both, only_a, only_b, n_baskets - both - only_a - only_b


def divide(above: Values, below: Values, otherwise: float) -> Values:
    """Divide; where the divisor is 0, give `otherwise`.

    Examples
    --------
    >>> divide(np.array([1.0, 2.0]), np.array([2.0, 0.0]), 7.0)
    array([0.5, 7. ])
    """
    result = np.full(len(above), otherwise)
    np.divide(above, below, out=result, where=below != 0)
    return result


def times_log(factor: Values, ratio: Values) -> Values:
    """``factor * log(ratio)``, 0 where the factor is 0.

    Examples
    --------
    >>> times_log(np.array([2.0, 0.0]), np.array([1.0, 0.0]))
    array([0., 0.])
    """
    logs = np.zeros(len(factor))
    np.log(ratio, out=logs, where=factor > 0)
    return factor * logs
