"""How much A tells about B, in nats and in impurity.

Arguments are as in :mod:`crmml.association._measures`; the example is the one given
there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._measures._tables import cells, divide, times_log

Counts = NDArray[Any]
Values = NDArray[np.float64]


def mutual_information(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Information that A and B share, in nats.

    Sum over the four cells of ``P(cell) log(P(cell) / (P(row) P(column)))``. Range 0 to
    log 2, 0 at independence, symmetric. Source: Shannon (1948),
    doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> mutual_information(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.2231])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    a, b = both + only_a, both + only_b
    total = np.zeros(len(both))
    for cell, row, column in (
        (both, a, b),
        (only_a, a, n_baskets - b),
        (only_b, n_baskets - a, b),
        (neither, n_baskets - a, n_baskets - b),
    ):
        total += times_log(cell, divide(cell * n_baskets, row * column, 1.0))
    return total / n_baskets


def j_measure(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Information that A gives about B, in nats, weighed by the share of A.

    ``P(A and B) log(P(B | A) / P(B)) + P(only A) log(P(not B | A) / P(not B))``. Range
    from 0. Source: Smyth and Goodman (1992), An information theoretic approach to rule
    induction from databases, doi:10.1109/69.149926.

    Examples
    --------
    >>> j_measure(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.0399])
    """
    both, only_a, only_b, _ = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    a, b = both + only_a, both + only_b
    holds = times_log(both, both * n_baskets / (a * b))
    fails = times_log(only_a, divide(only_a * n_baskets, a * (n_baskets - b), 1.0))
    return (holds + fails) / n_baskets


def gini_index(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Gini impurity of B that knowing A removes.

    ``P(A) (P(B | A)^2 + P(not B | A)^2) + P(not A) (P(B | not A)^2 + P(not B | not
    A)^2) - P(B)^2 - P(not B)^2``. Range 0 to 0.5. Source: Tan, Kumar and Srivastava
    (2004), doi:10.1016/S0306-4379(03)00072-3.

    Examples
    --------
    >>> gini_index(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.18])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    with_a, without_a = both + only_a, only_b + neither
    known = (both**2 + only_a**2) / with_a
    known += divide(only_b**2 + neither**2, without_a, 0.0)
    share = consequent_count / n_baskets
    return known / n_baskets - share**2 - (1 - share) ** 2
