"""How alike the baskets with A and those with B are, whatever else is bought.

These measures do not change when baskets without A and B are added (they are called
null-invariant: Wu, Chen and Han 2010, doi:10.1007/s10618-009-0161-2). Arguments are as
in :mod:`crmml.association._measures`; the example is the one given there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]
Values = NDArray[np.float64]


def cosine(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Geometric mean of both confidences: P(A and B) / sqrt(P(A) P(B)).

    Range 0 to 1, symmetric. Source: Tan, Kumar and Srivastava (2004), Selecting the
    right objective measure for association analysis, doi:10.1016/S0306-4379(03)00072-3.

    Examples
    --------
    >>> cosine(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.866])
    """
    return np.asarray(
        count / np.sqrt(antecedent_count.astype(np.float64) * consequent_count)
    )


def kulczynski(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Mean of both confidences: (P(B | A) + P(A | B)) / 2.

    Range 0 to 1, symmetric. Source: Wu, Chen and Han (2010), Re-examination of
    interestingness measures in pattern mining, doi:10.1007/s10618-009-0161-2.

    Examples
    --------
    >>> kulczynski(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.875])
    """
    return np.asarray((count / antecedent_count + count / consequent_count) / 2)


def all_confidence(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Take the smaller of both confidences: P(A and B) / max(P(A), P(B)).

    Range 0 to 1, symmetric. Source: Omiecinski (2003), Alternative interest measures
    for mining associations in databases, doi:10.1109/TKDE.2003.1161582.

    Examples
    --------
    >>> all_confidence(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.75])
    """
    return np.asarray(count / np.maximum(antecedent_count, consequent_count))


def max_confidence(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Take the larger of both confidences: P(A and B) / min(P(A), P(B)).

    Range 0 to 1, symmetric. Source: Wu, Chen and Han (2010),
    doi:10.1007/s10618-009-0161-2.

    Examples
    --------
    >>> max_confidence(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([1.])
    """
    return np.asarray(count / np.minimum(antecedent_count, consequent_count))


def dice(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Harmonic mean of both confidences: 2 P(A and B) / (P(A) + P(B)).

    Range 0 to 1, symmetric. Source: Dice (1945), Measures of the amount of ecologic
    association between species, doi:10.2307/1932409.

    Examples
    --------
    >>> dice(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.8571])
    """
    return np.asarray(2 * count / (antecedent_count + consequent_count))


def imbalance_ratio(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """How unequal both sides are: |P(A) - P(B)| / P(A or B).

    Range 0 (equally frequent) to 1, symmetric. Source: Wu, Chen and Han (2010),
    doi:10.1007/s10618-009-0161-2.

    Examples
    --------
    >>> imbalance_ratio(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.25])
    """
    apart = np.abs(antecedent_count - consequent_count)
    return np.asarray(apart / (antecedent_count + consequent_count - count))
