"""How far probabilities are from what happened, and how far chance would take them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml._utils._normal import Z95
from crmml.evaluation._reliability import compute_reliability_table
from crmml.evaluation._validation import check_labels_and_scores

_N_DRAWS = 2000


def compute_calibration_summary(
    y_true: Any,
    y_proba: Any,
    *,
    n_bins: int = 10,
    random_state: int = 0,
    pos_label: Any = None,
) -> pd.Series:
    r"""Calibration in the large and expected calibration error, with intervals.

    The expected calibration error is the distance between predicted and observed rates,
    averaged over customers,

    .. math:: \text{ECE} = \sum_b \frac{n_b}{n} \, | \bar p_b - \bar y_b |

    with the bins b of :func:`compute_reliability_table`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_proba : array-like of shape (n_samples,)
        Predicted probabilities of leaving, in [0, 1].
    n_bins : int, default=10
        Number of bins, cut at the quantiles of `y_proba`.
    random_state : int, default=0
        Seed of the draws behind the intervals of the error.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.Series of float
        Indexed by

        - ``n``: customers; ``mean_predicted`` and ``observed``: mean probability and
          share that left;
        - ``difference``: observed - mean_predicted, with ``difference_low`` and
          ``difference_high``, its 95 percent interval;
        - ``ece``, with ``ece_low`` and ``ece_high``, its 95 percent interval;
        - ``ece_by_chance``: what the error stays below in 95 of 100 samples of this
          size, if every probability is true.

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
    compute_reliability_table : The same, bin by bin.
    adjust_base_rate : What to do where only the base rate differs.

    Notes
    -----
    The error is never negative, so that chance alone makes it positive: compare it with
    ``ece_by_chance`` before you blame a model. The interval is the bootstrap's,
    reflected about the error, which takes off that bias; it reaches up to the error at
    least, and down to 0 where the error is not above ``ece_by_chance``. Leavers are
    drawn bin by bin from binomial distributions, bins and predictions held fixed. All
    of it takes customers as independent.

    References
    ----------
    Naeini, M. P., Cooper, G. F. and Hauskrecht, M. (2015), "Obtaining well calibrated
    probabilities using Bayesian binning", AAAI 29.
    https://doi.org/10.1609/aaai.v29i1.9602

    Examples
    --------
    Of a hundred customers given 0.2 thirty left, of a hundred given 0.8 eighty.

    >>> import numpy as np
    >>> from crmml.evaluation import compute_calibration_summary
    >>> left = np.repeat([1, 0, 1, 0], [30, 70, 80, 20])
    >>> found = compute_calibration_summary(left, np.repeat([0.2, 0.8], 100), n_bins=2)
    >>> found[["mean_predicted", "observed", "difference", "ece"]].round(3).tolist()
    [0.5, 0.55, 0.05, 0.05]
    """
    churned, proba = check_labels_and_scores(
        y_true, y_proba, pos_label=pos_label, is_probability=True, score_name="y_proba"
    )
    seed = check_count(random_state, "random_state", least=0)
    table = compute_reliability_table(churned, proba, n_bins=n_bins)
    sizes = table["n"].to_numpy()
    predicted, observed = (
        table[name].to_numpy() for name in ("mean_predicted", "observed")
    )

    def measure(rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Errors of one or many sets of observed rates."""
        return np.asarray(np.abs(rates - predicted) @ sizes / len(churned))

    rng = np.random.default_rng(seed)
    shape = (_N_DRAWS, len(sizes))
    error = float(measure(observed))
    drawn = measure(rng.binomial(sizes, observed, shape) / sizes)
    # Means of a bin may leave [0, 1] by the last bit.
    by_chance = measure(rng.binomial(sizes, predicted.clip(0, 1), shape) / sizes)
    chance = float(np.quantile(by_chance, 0.95))
    low, high = 2 * error - np.quantile(drawn, [0.975, 0.025])
    residual = np.sort(churned - proba)
    half = Z95 * residual.std() / np.sqrt(len(churned))
    difference = residual.mean()
    return pd.Series(
        {
            "n": float(len(churned)),
            "mean_predicted": np.sort(proba).mean(),
            "observed": churned.mean(),
            "difference": difference,
            "difference_low": difference - half,
            "difference_high": difference + half,
            "ece": error,
            "ece_low": 0.0 if error <= chance else max(0.0, low),
            "ece_high": max(error, high),
            "ece_by_chance": chance,
        }
    )
