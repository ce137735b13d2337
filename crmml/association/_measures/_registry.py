"""All measures by name, with one signature."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._measures import (
    _classic,
    _contingency,
    _information,
    _prediction,
    _significance,
    _similarity,
)
from crmml.exceptions import SchemaError

DEFAULT = (
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "zhang",
    "jaccard",
)
"""What a table of rules shows when nothing else is asked for."""

MEASURES: dict[str, Callable[..., Any]] = {
    "support": lambda c, a, b, n: _classic.support(c, n),
    "confidence": lambda c, a, b, n: _classic.confidence(c, a),
    "lift": _classic.lift,
    "leverage": _classic.leverage,
    "conviction": _classic.conviction,
    "zhang": _classic.zhang,
    "jaccard": lambda c, a, b, n: _classic.jaccard(c, a, b),
    "all_confidence": _similarity.all_confidence,
    "cosine": _similarity.cosine,
    "dice": _similarity.dice,
    "imbalance_ratio": _similarity.imbalance_ratio,
    "kulczynski": _similarity.kulczynski,
    "max_confidence": _similarity.max_confidence,
    "chi_squared": _contingency.chi_squared,
    "collective_strength": _contingency.collective_strength,
    "kappa": _contingency.kappa,
    "odds_ratio": _contingency.odds_ratio,
    "phi": _contingency.phi,
    "yules_q": _contingency.yules_q,
    "yules_y": _contingency.yules_y,
    "added_value": _prediction.added_value,
    "certainty_factor": _prediction.certainty_factor,
    "counterexample_rate": _prediction.counterexample_rate,
    "laplace": _prediction.laplace,
    "least_contradiction": _prediction.least_contradiction,
    "relative_risk": _prediction.relative_risk,
    "gini_index": _information.gini_index,
    "j_measure": _information.j_measure,
    "mutual_information": _information.mutual_information,
    "chi_squared_p_value": _significance.chi_squared_p_value,
    "fisher_p_value": _significance.fisher_p_value,
    "implication_index": _significance.implication_index,
    "lerman": _significance.lerman,
}
"""Functions of count, antecedent_count, consequent_count, n_baskets, by name."""

# Rules measured in one go, so that what is computed between stays in the cache.
_STEP = 16_384


def measure_rules(
    count: NDArray[Any],
    antecedent_count: NDArray[Any],
    consequent_count: NDArray[Any],
    n_baskets: int,
    measures: Iterable[str],
) -> pd.DataFrame:
    """Do what :func:`compute_measures` does, without a check.

    Parameters
    ----------
    count, antecedent_count, consequent_count : ndarray of int of shape (n_rules,)
        Number of baskets with A and B, with A, and with B.
    n_baskets : int
        Number of all baskets.
    measures : iterable of str
        Which measures.

    Returns
    -------
    pandas.DataFrame of shape (n_rules, n_measures)
        One column for each measure.
    """
    names = list(measures)
    values = np.empty((len(names), len(count)))
    for start in range(0, len(count), _STEP):
        some = slice(start, start + _STEP)
        # Exact as floats, and converted once.
        counts = [
            one[some].astype(np.float64)
            for one in (count, antecedent_count, consequent_count)
        ]
        for row, name in zip(values, names, strict=True):
            row[some] = MEASURES[name](*counts, n_baskets)
    return pd.DataFrame(values.T, columns=pd.Index(names, dtype=object), copy=False)


def compute_measures(
    count: Any,
    antecedent_count: Any,
    consequent_count: Any,
    n_baskets: int,
    measures: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Measure how interesting rules A -> B are, from counts of baskets alone.

    Parameters
    ----------
    count, antecedent_count, consequent_count : array-like of int of shape (n_rules,)
        Number of baskets with A and B, with A, and with B; 1 at least.
    n_baskets : int
        Number of all baskets.
    measures : sequence of str, default=None
        Which measures; None: all.

    Returns
    -------
    pandas.DataFrame of shape (n_rules, n_measures)
        One column for each measure.

    Raises
    ------
    SchemaError
        If a name is none of the measures, or counts cannot be those of rules.

    Notes
    -----
    With a, b, c the counts of A, of B and of both, n of all baskets, x = a - c, y = b -
    c, z = n - a - b + c, and p(.) a share of the baskets. Papers are named beside each
    function in ``crmml.association._measures``.

    - support c/n, confidence c/a, lift c n / (a b), leverage c/n - a b / n^2,
      conviction a (n - b) / (n x), jaccard c / (a + b - c),
      zhang (c n - a b) / max(c (n - a), a (b - c))
    - cosine c / sqrt(a b), dice 2 c / (a + b), all_confidence c / max(a, b),
      max_confidence c / min(a, b), kulczynski (c/a + c/b) / 2,
      imbalance_ratio abs(a - b) / (a + b - c)
    - phi (c z - x y) / sqrt(a b (n - a) (n - b)), chi_squared n phi^2,
      odds_ratio c z / (x y), yules_q (c z - x y) / (c z + x y), yules_y the same with
      roots, kappa (G - E) / (1 - E) and collective_strength G (1 - E) / (E (1 - G))
      with G = (c + z) / n and E = p(A) p(B) + p(not A) p(not B)
    - added_value c/a - b/n, certainty_factor (added value) / p(not B), or / p(B) where
      it is negative, laplace (c + 1) / (a + 2), relative_risk (c/a) / (y / (n - a)),
      counterexample_rate (c - x) / c, least_contradiction (c - x) / b
    - mutual_information, j_measure (in nats) and gini_index of B given A
    - lerman (c - e) / sqrt(e) with e = a b / n, implication_index (x - f) / sqrt(f),
      f = a (n - b) / n, chi_squared_p_value, fisher_p_value (one-sided)

    Examples
    --------
    >>> compute_measures([3], [4], [3], 5, ["confidence", "lift", "kulczynski"])
       confidence  lift  kulczynski
    0        0.75  1.25       0.875
    """
    counts = [np.asarray(one) for one in (count, antecedent_count, consequent_count)]
    check_names(MEASURES if measures is None else measures)
    both, first, then = counts
    fit = all(one.ndim == 1 and one.dtype.kind in "iu" for one in counts)
    fit = fit and len(both) == len(first) == len(then)
    if not fit or not bool(
        (
            (both >= 1)
            & (both <= np.minimum(first, then))
            & (np.maximum(first, then) <= n_baskets)
            & (first + then - both <= n_baskets)
        ).all()
    ):
        raise SchemaError(
            "counts must be whole numbers of one length with 1 <= count, count at most "
            "antecedent_count and consequent_count, and no more baskets with either "
            f"than n_baskets={n_baskets}."
        )
    named = MEASURES if measures is None else measures
    return measure_rules(both, first, then, n_baskets, named)


def check_names(measures: Iterable[str]) -> None:
    """Refuse names that are no measures."""
    known = not isinstance(measures, str) and set(measures) <= set(MEASURES)
    if not known:
        raise SchemaError(
            f"measures={measures!r}: there are {', '.join(sorted(MEASURES))}. Give a "
            "list of these."
        )
