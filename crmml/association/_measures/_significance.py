"""How surprising a rule would be if A and B were independent.

Arguments are as in :mod:`crmml.association._measures`; the example is the one given
there.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, gammaln

from crmml.association._measures._contingency import chi_squared
from crmml.association._measures._tables import divide

Counts = NDArray[Any]
Values = NDArray[np.float64]

# Up to so many baskets log-factorials are looked up: 8 MB.
_LONGEST_TABLE = 1_000_000


def lerman(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Baskets beyond independence in roots of those expected.

    ``(c - e) / sqrt(e)`` with e = a b / n baskets expected: about standard normal at
    independence for rare sides. Source: Lerman, Gras and Rostam (1981), Elaboration et
    evaluation d'un indice d'implication, Mathematiques et sciences humaines 74.

    Examples
    --------
    >>> lerman(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.3873])
    """
    expected = antecedent_count.astype(np.float64) * consequent_count / n_baskets
    return np.asarray((count - expected) / np.sqrt(expected))


def implication_index(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Counterexamples beyond independence in roots of those expected.

    ``(x - e) / sqrt(e)`` with x = a - c counterexamples and e = a (n - b) / n: the more
    negative, the stronger the rule; 0 where B is in every basket. Source: Gras (1996),
    L'implication statistique.

    Examples
    --------
    >>> implication_index(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([-0.4743])
    """
    expected = antecedent_count * (n_baskets - consequent_count.astype(np.float64))
    expected /= n_baskets
    return divide(antecedent_count - count - expected, np.sqrt(expected), 0.0)


def chi_squared_p_value(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Probability of at least this chi-squared at independence.

    Two-sided, good for expected counts from 5; else see :func:`fisher_p_value`. Source:
    Pearson (1900), doi:10.1080/14786440009463897.

    Examples
    --------
    >>> chi_squared_p_value(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.1709])
    """
    statistic = chi_squared(count, antecedent_count, consequent_count, n_baskets)
    # The tail of a squared normal variable.
    return np.asarray(erfc(np.sqrt(statistic / 2)))


def fisher_p_value(
    count: Counts, antecedent_count: Counts, consequent_count: Counts, n_baskets: int
) -> Values:
    """Probability of at least so many baskets with both at independence.

    Fisher's exact test, one-sided: the upper tail of the hypergeometric distribution
    with the counts of A, of B and of all baskets. Source: Fisher (1922),
    doi:10.2307/2340521; for rules Hahsler and Hornik (2007),
    doi:10.3233/IDA-2007-11502.

    Examples
    --------
    >>> fisher_p_value(np.array([3]), np.array([4]), np.array([3]), 5).round(4)
    array([0.4])
    """
    a, b = antecedent_count.astype(np.float64), consequent_count.astype(np.float64)
    k = count.astype(np.float64)
    above = k * n_baskets >= a * b
    result = np.empty(len(k))
    result[above] = _tail(k[above], a[above], b[above], n_baskets, 1)
    below = ~above
    # Far below the mean the lower tail is the short one, and it ends before k.
    result[below] = 1 - _tail(k[below] - 1, a[below], b[below], n_baskets, -1)
    return np.clip(result, 0.0, 1.0)


def _tail(k: Values, a: Values, b: Values, n: int, step: int) -> Values:
    """Add up the hypergeometric distribution from k on, upwards or downwards."""
    d = n - a - b
    result = np.zeros(len(k))
    # Beyond these the probability is 0.
    at = np.flatnonzero((k >= np.maximum(0, -d)) & (k <= np.minimum(a, b)))
    k, a, b, d = k[at], a[at], b[at], d[at]
    result[at] = np.exp(_log_probability(k, a, b, n))
    term, total, x = np.ones((3, len(at)))
    x[:] = k
    while len(at):
        if step > 0:
            term *= (a - x) * (b - x) / ((x + 1) * (d + x + 1))
        else:
            term *= x * (d + x) / ((a - x + 1) * (b - x + 1))
        total += term
        x += step
        # What is left is a geometric series with a smaller ratio.
        alive = term > 1e-17 * total
        if 2 * np.count_nonzero(alive) <= len(at):
            result[at[~alive]] *= total[~alive]
            at, a, b, d = at[alive], a[alive], b[alive], d[alive]
            term, total, x = term[alive], total[alive], x[alive]
    return result


def _log_probability(k: Values, a: Values, b: Values, n: int) -> Values:
    """Log of the chance that k of a draws hit b of n."""
    logs = _log_factorials
    chosen = logs(a, n) + logs(b, n) + logs(n - a, n) + logs(n - b, n)
    inside = logs(k, n) + logs(a - k, n) + logs(b - k, n) + logs(n - a - b + k, n)
    return np.asarray(chosen - inside - gammaln(n + 1.0))


def _log_factorials(numbers: Values, n: int) -> Values:
    """Log of the factorials of whole numbers up to n."""
    if n > _LONGEST_TABLE:
        return np.asarray(gammaln(numbers + 1))
    return _table_of_log_factorials(n)[numbers.astype(np.intp)]


@lru_cache(maxsize=1)
def _table_of_log_factorials(n: int) -> Values:
    return np.asarray(gammaln(np.arange(1.0, n + 2)))
