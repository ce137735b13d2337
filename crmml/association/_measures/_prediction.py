"""What knowing A says about B: rules as predictions.

Arguments are as in :mod:`crmml.association._measures`; the example is the one given
there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.association._measures._tables import cells, divide

Counts = NDArray[Any]
Values = NDArray[np.float64]


def added_value(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Confidence beyond the share of B: P(B | A) - P(B).

    Range -1 to 1, 0 at independence. Source: Sahar and Mansour (1999),
    doi:10.1117/12.339975; Tan, Kumar and Srivastava (2004).

    Examples
    --------
    >>> added_value(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.15])
    """
    return np.asarray(count / antecedent_count - consequent_count / n_baskets)


def certainty_factor(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Give the added value as a share of the largest possible.

    ``(P(B | A) - P(B)) / P(not B)`` where A favours B, ``/ P(B)`` where not. Range -1
    to 1, 0 at independence. Source: Shortliffe and Buchanan (1975),
    doi:10.1016/0025-5564(75)90047-4; Berzal et al. (2002), Measuring the accuracy and
    interest of association rules.

    Examples
    --------
    >>> certainty_factor(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.375])
    """
    gain = added_value(count, antecedent_count, consequent_count, n_baskets)
    share = consequent_count / n_baskets
    # Counts say exactly which case it is, also next to independence.
    more = count * float(n_baskets) > antecedent_count * consequent_count.astype(float)
    return np.where(more, divide(gain, 1 - share, 0.0), divide(gain, share, 0.0))


def laplace(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Confidence drawn towards one half where A is rare: (c + 1) / (a + 2).

    With the counts c of both and a of A. Range 0 to 1. Source: Clark and Boswell
    (1991), Rule induction with CN2, doi:10.1007/BFb0017011.

    Examples
    --------
    >>> laplace(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.6667])
    """
    return np.asarray((count + 1) / (antecedent_count + 2))


def relative_risk(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Share of B with A over share of B without A.

    Range 0 to infinity, 1 at independence and where A is in every basket; infinite
    where B never comes without A. Source: Ali, Manganaris and Srikant (1997), Partial
    classification using association rules, KDD.

    Examples
    --------
    >>> relative_risk(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([inf])
    """
    both, only_a, only_b, neither = cells(
        count, antecedent_count, consequent_count, n_baskets
    )
    without = only_b + neither
    result = divide(both * without, (both + only_a) * only_b, np.inf)
    result[without == 0] = 1.0
    return result


def counterexample_rate(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Examples less counterexamples, per example: (c - (a - c)) / c.

    With the counts c of both and a of A. Range below 1, 1 without counterexample, 0 at
    confidence one half. Source: Vaillant, Lenca and Lallich (2004),
    doi:10.1007/978-3-540-30214-8_23.

    Examples
    --------
    >>> counterexample_rate(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.6667])
    """
    counter = antecedent_count - count
    return np.asarray((count - counter) / count)


def least_contradiction(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Examples less counterexamples, per basket with B: (c - (a - c)) / b.

    With the counts c of both, a of A and b of B. Range below 1. Source: Aze and
    Kodratoff (2002), Evaluation de la resistance au bruit de quelques mesures, EGC.

    Examples
    --------
    >>> least_contradiction(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.6667])
    """
    counter = antecedent_count - count
    return np.asarray((count - counter) / consequent_count)
