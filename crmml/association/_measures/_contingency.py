"""Association in the two-by-two table of A and B, both presence and absence.

Arguments are as in :mod:`crmml.association._measures`; the example is the one given
there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._measures._tables import cells, divide

Counts = NDArray[Any]
Values = NDArray[np.float64]


def phi(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Correlation of A and B as 0/1 variables.

    ``(P(A and B) - P(A) P(B)) / sqrt(P(A) P(B) P(not A) P(not B))``. Range -1 to 1, 0
    at independence and where A or B is in every basket. Source: Yule (1912), On the
    methods of measuring association between two attributes, doi:10.2307/2340126.

    Examples
    --------
    >>> phi(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.6124])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    a, b = both + only_a, both + only_b
    spread = np.sqrt(a * b) * np.sqrt((n_baskets - a) * (n_baskets - b))
    return divide(both * neither - only_a * only_b, spread, 0.0)


def chi_squared(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Pearson's statistic of independence, one degree of freedom: n phi^2.

    Range 0 to n; above 3.84 in one of twenty independent pairs. Source: Pearson (1900),
    doi:10.1080/14786440009463897; for rules Silverstein, Brin and Motwani (1998),
    doi:10.1023/A:1009713703947.

    Examples
    --------
    >>> chi_squared(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([1.875])
    """
    return n_baskets * phi(count, antecedent_count, consequent_count, n_baskets) ** 2


def odds_ratio(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Odds of B with A over odds of B without A.

    ``P(A and B) P(neither) / (P(only A) P(only B))``. Range 0 to infinity, 1 at
    independence and where both products are 0. Source: Tan, Kumar and Srivastava
    (2004), doi:10.1016/S0306-4379(03)00072-3.

    Examples
    --------
    >>> odds_ratio(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([inf])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    same, other = both * neither, only_a * only_b
    result = divide(same, other, np.inf)
    result[(same == 0) & (other == 0)] = 1.0
    return result


def yules_q(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Odds ratio brought to -1 to 1: (odds - 1) / (odds + 1).

    0 at independence. Source: Yule (1900), On the association of attributes in
    statistics, doi:10.1098/rsta.1900.0019.

    Examples
    --------
    >>> yules_q(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([1.])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    same, other = both * neither, only_a * only_b
    return divide(same - other, same + other, 0.0)


def yules_y(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Do the same with the root of the odds ratio: colligation.

    Range -1 to 1, 0 at independence. Source: Yule (1912), doi:10.2307/2340126.

    Examples
    --------
    >>> yules_y(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([1.])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    same, other = np.sqrt(both * neither), np.sqrt(only_a * only_b)
    return divide(same - other, same + other, 0.0)


def kappa(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Agreement of A and B beyond chance.

    ``(P(A and B) + P(neither) - E) / (1 - E)`` with E the same sum at independence.
    Range -1 to 1; 0 where chance alone agrees always. Source: Cohen (1960), A
    coefficient of agreement for nominal scales, doi:10.1177/001316446002000104.

    Examples
    --------
    >>> kappa(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.5455])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    a, b = (both + only_a) / n_baskets, (both + only_b) / n_baskets
    chance = a * b + (1 - a) * (1 - b)
    return divide((both + neither) / n_baskets - chance, 1 - chance, 0.0)


def collective_strength(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Agreement over disagreement, both relative to chance.

    ``(G / E) ((1 - E) / (1 - G))`` with G = P(A and B) + P(neither) and E the same at
    independence. Range 0 to infinity, 1 at independence. Source: Aggarwal and Yu
    (1998), A new framework for itemset generation, doi:10.1145/275487.275490.

    Examples
    --------
    >>> collective_strength(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([3.1429])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    a, b = (both + only_a) / n_baskets, (both + only_b) / n_baskets
    chance = a * b + (1 - a) * (1 - b)
    apart = (only_a + only_b) / n_baskets
    result = divide((both + neither) / n_baskets * (1 - chance), chance * apart, np.inf)
    result[(chance == 1) | (chance == 0)] = 1.0
    return result
