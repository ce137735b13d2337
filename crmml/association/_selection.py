"""Which rules are worth showing: no gain over a shorter rule, or pure chance."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crmml.association._itemsets import Itemsets
from crmml.association._measures import fisher_p_value
from crmml.association._rules import Rules
from crmml.association._subset_index import SubsetIndex

CORRECTIONS = ("bonferroni", "holm", "fdr_bh")
"""How p-values are adjusted for the number of rules tested."""

# Subsets looked at in one go.
_CHUNK = 500_000


def keep_rules(rules: Rules, kept: NDArray[np.bool_]) -> Rules:
    """Give the rules marked true, in their order."""
    return replace(
        rules,
        antecedents=rules.antecedents[kept],
        consequents=rules.consequents[kept],
        counts=rules.counts[kept],
    )


def find_redundant(
    rules: Rules, itemsets: Itemsets, n_baskets: int
) -> NDArray[np.bool_]:
    """Mark rules that predict no better than a rule with fewer antecedents.

    A -> B is redundant if some A' inside A, the empty set included, has
    ``P(B | A') >= P(B | A)`` (Bayardo, Agrawal and Gunopulos 2000, Constraint-based
    rule mining in large, dense databases, doi:10.1023/A:1009895914772: no improvement).
    Shares are compared as integers.

    Parameters
    ----------
    rules : Rules
        The rules.
    itemsets : Itemsets
        All frequent itemsets.
    n_baskets : int
        Number of baskets.

    Returns
    -------
    ndarray of bool of shape (n_rules,)
        True for those without gain.
    """
    counts = itemsets.counts
    index = SubsetIndex(itemsets.codes)
    first, then = counts[rules.antecedents], counts[rules.consequents]
    redundant = then * first >= rules.counts * n_baskets
    lengths = itemsets.lengths[rules.antecedents]
    for length in range(2, int(lengths.max(initial=1)) + 1):
        places = np.flatnonzero((lengths == length) & ~redundant)
        step = max(1, _CHUNK >> length)
        for start in range(0, len(places), step):
            some = places[start : start + step]
            keys = _subset_keys(itemsets, index, rules.antecedents[some], length)
            less = counts[index.find(keys.ravel())].reshape(keys.shape)
            keys += index.keys[rules.consequents[some]][:, np.newaxis]
            both = counts[index.find(keys.ravel())].reshape(keys.shape)
            # both / less >= count / first, without division.
            gain = both * first[some][:, np.newaxis]
            redundant[some] = (gain >= less * rules.counts[some][:, np.newaxis]).any(1)
    return redundant


def _subset_keys(
    itemsets: Itemsets, index: SubsetIndex, places: NDArray[np.int64], length: int
) -> NDArray[np.uint64]:
    """Keys of all subsets but the empty one and the whole."""
    keys = np.zeros((len(places), 1), dtype=np.uint64)
    for column in itemsets.codes[places, :length].T:
        more = keys + index.item_keys[column][:, np.newaxis]
        keys = np.concatenate([keys, more], axis=1)
    return keys[:, 1:-1].copy()


def weigh_evidence(
    rules: Rules, itemsets: Itemsets, n_baskets: int, correction: str
) -> NDArray[np.float64]:
    """Give Fisher p-values, adjusted for the number of rules tested.

    Parameters
    ----------
    rules : Rules
        The rules.
    itemsets : Itemsets
        The itemsets they were made from.
    n_baskets : int
        Number of baskets.
    correction : {"bonferroni", "holm", "fdr_bh"}
        How to adjust.

    Returns
    -------
    ndarray of float64 of shape (n_rules,)
        The adjusted p-values.
    """
    first = itemsets.counts[rules.antecedents]
    then = itemsets.counts[rules.consequents]
    plain = fisher_p_value(rules.counts, first, then, n_baskets)
    return adjust_p_values(plain, rules.n_tested, correction)


def adjust_p_values(
    p_values: NDArray[np.float64], n_tested: int, correction: str
) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests.

    Tests whose p-values are not given count as if theirs were the largest, which errs
    on the safe side.

    Parameters
    ----------
    p_values : ndarray of float64 of shape (n,)
        The p-values.
    n_tested : int
        Number of tests, n at least.
    correction : {"bonferroni", "holm", "fdr_bh"}
        Bonferroni and Holm (1979) bound the chance of any false rule, Benjamini and
        Hochberg (1995, doi:10.1111/j.2517-6161.1995.tb02031.x) the share of false ones.

    Returns
    -------
    ndarray of float64 of shape (n,)
        The adjusted p-values, 1 at most.

    Examples
    --------
    >>> p_values = np.array([0.01, 0.02, 0.04])
    >>> adjust_p_values(p_values, 4, "holm").tolist()
    [0.04, 0.06, 0.08]
    >>> adjust_p_values(p_values, 4, "fdr_bh").round(6).tolist()
    [0.04, 0.04, 0.053333]
    """
    order = np.argsort(p_values)
    ranks = np.arange(1, len(p_values) + 1)
    ascending = p_values[order]
    if correction == "bonferroni":
        adjusted = ascending * n_tested
    elif correction == "holm":
        adjusted = np.maximum.accumulate(ascending * (n_tested - ranks + 1))
    else:
        adjusted = ascending * n_tested / ranks
        adjusted = np.minimum.accumulate(adjusted[::-1])[::-1]
    result = np.empty(len(p_values))
    result[order] = np.minimum(adjusted, 1.0)
    return result
