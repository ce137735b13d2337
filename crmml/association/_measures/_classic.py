"""Interest measures of a rule A -> B, each from four counts, with formula and source.

Every function takes the number of baskets with A and B together (`count`), with A
(`antecedent_count`), with B (`consequent_count`) and in all (`n_baskets`), as integer
arrays of shape (n_rules,), and returns floats of that shape. P(.) below is a share of
the baskets. One rule serves as the example throughout: of five baskets four hold
diapers, three hold beer, three hold both.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._measures._tables import divide

Counts = NDArray[Any]
Values = NDArray[np.float64]


def support(count: Counts, n_baskets: int) -> Values:
    """Share of the baskets that hold A and B: P(A and B).

    Range 0 to 1. Source: Agrawal, Imielinski and Swami (1993), Mining association
    rules between sets of items in large databases, doi:10.1145/170035.170072.

    Examples
    --------
    >>> support(np.array([3]), 5)
    array([0.6])
    """
    return np.asarray(count / n_baskets, dtype=np.float64)


def confidence(count: Counts, antecedent_count: Counts) -> Values:
    """Share of the baskets with A that hold B too: P(B | A).

    Range 0 to 1. Source: Agrawal, Imielinski and Swami (1993),
    doi:10.1145/170035.170072.

    Examples
    --------
    >>> confidence(np.array([3]), np.array([4]))
    array([0.75])
    """
    return np.asarray(count / antecedent_count, dtype=np.float64)


def lift(
    count: Counts,
    antecedent_count: Counts,
    consequent_count: Counts,
    n_baskets: int,
) -> Values:
    """How many times more often together than if independent: P(A and B) / P(A) P(B).

    Range 0 to infinity, 1 at independence, symmetric in A and B. Source: Brin, Motwani,
    Ullman and Tsur (1997), Dynamic itemset counting and implication rules for market
    basket data (there: interest), doi:10.1145/253260.253325.

    Examples
    --------
    >>> lift(np.array([3]), np.array([4]), np.array([3]), 5)
    array([1.25])
    """
    together = count.astype(np.float64) * n_baskets
    return np.asarray(together / _product(antecedent_count, consequent_count))


def leverage(
    count: Counts,
    antecedent_count: Counts,
    consequent_count: Counts,
    n_baskets: int,
) -> Values:
    """Share of the baskets beyond what independence gives: P(A and B) - P(A) P(B).

    Range -0.25 to 0.25, 0 at independence. Source: Piatetsky-Shapiro (1991), Discovery,
    analysis, and presentation of strong rules, in Knowledge Discovery in Databases,
    AAAI/MIT Press, pages 229-248.

    Examples
    --------
    >>> leverage(np.array([3]), np.array([4]), np.array([3]), 5).round(6)
    array([0.12])
    """
    together = count.astype(np.float64) * n_baskets
    expected = _product(antecedent_count, consequent_count)
    return np.asarray((together - expected) / float(n_baskets) ** 2)


def conviction(
    count: Counts,
    antecedent_count: Counts,
    consequent_count: Counts,
    n_baskets: int,
) -> Values:
    """Compare A without B to independence: P(A) P(not B) / P(A and not B).

    Range 0 to infinity, 1 at independence; infinite when A never comes without B
    (confidence 1), also where B is in every basket. Source: Brin, Motwani, Ullman and
    Tsur (1997), doi:10.1145/253260.253325.

    Examples
    --------
    >>> conviction(np.array([3, 3]), np.array([4, 3]), np.array([3, 4]), 5)
    array([1.6, inf])
    """
    without = antecedent_count - count
    expected = _product(antecedent_count, n_baskets - consequent_count)
    return divide(expected, without * float(n_baskets), np.inf)


def zhang(
    count: Counts,
    antecedent_count: Counts,
    consequent_count: Counts,
    n_baskets: int,
) -> Values:
    """Zhang's measure: leverage over the largest leverage of its sign.

    ``(P(A and B) - P(A) P(B)) / max(P(A and B) P(not A), P(A) (P(B) - P(A and B)))``.
    Range -1 (never together) to 1 (B only ever with A), 0 at independence, and 0 where
    it is not defined (A in every basket). Source: Zhang (2000), Association rules,
    PAKDD, doi:10.1007/3-540-45571-X_31.

    Examples
    --------
    >>> zhang(np.array([3]), np.array([4]), np.array([3]), 5)
    array([1.])
    """
    together = count.astype(np.float64) * n_baskets
    expected = _product(antecedent_count, consequent_count)
    largest = np.maximum(
        _product(count, n_baskets - antecedent_count),
        _product(antecedent_count, consequent_count - count),
    )
    return divide(together - expected, largest, 0.0)


def jaccard(
    count: Counts, antecedent_count: Counts, consequent_count: Counts
) -> Values:
    """Share of the baskets with A or B that hold both: P(A and B) / P(A or B).

    Range 0 to 1, symmetric in A and B. Source: Tan, Kumar and Srivastava (2004),
    Selecting the right objective measure for association analysis,
    doi:10.1016/S0306-4379(03)00072-3.

    Examples
    --------
    >>> jaccard(np.array([3]), np.array([4]), np.array([3]))
    array([0.75])
    """
    return np.asarray(
        count / (antecedent_count + consequent_count - count), dtype=np.float64
    )


def _product(left: Counts, right: Counts) -> Values:
    # As floats: the product of two counts may leave 64 bits.
    return np.asarray(left.astype(np.float64) * right)
