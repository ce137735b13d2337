"""Reliability: whether customers given 30 percent leave in 30 cases of a hundred."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml._utils._normal import Z95
from crmml.evaluation._validation import Floats, check_labels_and_scores


def _compute_wilson_interval(rate: Floats, n: Floats) -> tuple[Floats, Floats]:
    """95 percent score interval of a proportion; stays inside [0, 1]."""
    shrink = 1 + Z95**2 / n
    centre = (rate + Z95**2 / (2 * n)) / shrink
    half = Z95 * np.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n**2)) / shrink
    # At a rate of 0 or 1 the limit is the rate itself, but for the last bit.
    return np.clip(centre - half, 0, rate), np.clip(centre + half, rate, 1)


def compute_reliability_table(
    y_true: Any, y_proba: Any, *, n_bins: int = 10, pos_label: Any = None
) -> pd.DataFrame:
    """Mean predicted probability beside the observed churn rate, by quantile bin.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_proba : array-like of shape (n_samples,)
        Predicted probabilities of leaving, in [0, 1].
    n_bins : int, default=10
        Number of bins, cut at the quantiles of `y_proba`. Equal probabilities stay in
        one bin, so that fewer bins may come back.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.DataFrame
        One row per non-empty bin, lowest probabilities first, and the columns

        - ``bin``: 1, 2, ...;
        - ``n``: customers in the bin;
        - ``mean_predicted``: mean of their probabilities;
        - ``observed``: share of them who left;
        - ``observed_low``, ``observed_high``: 95 percent Wilson score interval of the
          latter, which takes the customers as independent.

    Raises
    ------
    SchemaError
        If `n_bins` is no whole number of at least 1, a probability lies outside
        [0, 1], labels have more than two classes, lengths differ, or a value is
        missing.
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    sklearn.calibration.calibration_curve : The same bins with strategy="quantile",
        without counts and intervals.

    References
    ----------
    Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22(158).
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    Of the five customers given 0.2 one left, of the five given 0.8 four left.

    >>> from crmml.evaluation import compute_reliability_table
    >>> left = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    >>> table = compute_reliability_table(left, [0.2] * 5 + [0.8] * 5, n_bins=2)
    >>> table[["bin", "n", "mean_predicted", "observed"]].round(3)
       bin  n  mean_predicted  observed
    0    1  5             0.2       0.2
    1    2  5             0.8       0.8
    """
    n_bins = check_count(n_bins, "n_bins")
    churned, proba = check_labels_and_scores(
        y_true, y_proba, pos_label=pos_label, is_probability=True, score_name="y_proba"
    )
    # Sorted, so that sums and with them the last bits do not hang on the row order.
    order = np.lexsort([churned, proba])
    churned, proba = churned[order], proba[order]
    edges = np.quantile(proba, np.linspace(0, 1, n_bins + 1)[1:-1])
    raw = np.searchsorted(edges, proba)
    counts = np.bincount(raw, minlength=n_bins)
    kept = counts > 0
    n = counts[kept].astype(np.float64)
    observed = np.bincount(raw, weights=churned, minlength=n_bins)[kept] / n
    low, high = _compute_wilson_interval(observed, n)
    return pd.DataFrame(
        {
            "bin": np.arange(1, len(n) + 1),
            "n": counts[kept],
            "mean_predicted": np.bincount(raw, weights=proba, minlength=n_bins)[kept]
            / n,
            "observed": observed,
            "observed_low": low,
            "observed_high": high,
        }
    )
