"""Lift and cumulative gain: how many leavers are among the customers ranked highest."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.evaluation._validation import (
    Bools,
    Floats,
    check_both_classes,
    check_labels_and_scores,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def _count_top(n_samples: int, fraction: float) -> int:
    """Whole number of customers in a fraction, half rounded up, at least one.

    The slack keeps a half that floating point put just below (0.29 * 50) a half.
    """
    return max(1, math.floor(fraction * n_samples + 0.5 + 1e-9))


def count_captured(
    churned: Bools, scores: Floats, sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Count expected leavers among the highest scores, ties broken at random.

    A block of b equal scores with c leavers, of which a size takes m, gives c * m / b:
    that is the straight line between the block's ends.

    Parameters
    ----------
    churned : ndarray of bool of shape (n_samples,)
        Who left.
    scores : ndarray of float of shape (n_samples,)
        Their scores.
    sizes : ndarray of int of shape (n_sizes,)
        Lengths of the lists.

    Returns
    -------
    ndarray of float of shape (n_sizes,)
        Leavers on each list.
    """
    distinct, block = np.unique(-scores, return_inverse=True)
    block_sizes = np.bincount(block, minlength=len(distinct))
    block_churners = np.bincount(block[churned], minlength=len(distinct))
    return np.interp(
        sizes,
        np.concatenate([[0], block_sizes.cumsum()]),
        np.concatenate([[0], block_churners.cumsum()]).astype(np.float64),
    )


def lift_score(
    y_true: Any, y_score: Any, *, fraction: float = 0.1, pos_label: Any = None
) -> float:
    r"""Lift among the customers ranked highest; top-decile lift by default.

    Calling the k customers with the highest scores, how many times more leavers are
    met than by calling k customers at random:

    .. math:: \frac{\text{leavers among the top } k \,/\, k}{\text{leavers} \,/\, n}

    where k is ``fraction * n`` rounded to a whole number (a half up, at least 1).

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    fraction : float, default=0.1
        Share of customers called, in (0, 1]. At 1 the lift is 1.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    float
        From 0 to min(n / leavers, n / k); 1 is what chance gives.

    Raises
    ------
    SchemaError
        If `fraction` lies outside (0, 1], labels have more than two classes, lengths
        differ, or a value is missing or infinite.
    NotEnoughHistoryError
        If there is no row, or no leaver.

    See Also
    --------
    compute_gain_table : The same for every tenth of the customers.

    Notes
    -----
    Ties: of a block of equal scores that the limit cuts through, the block's leavers
    count by the share of the block that is called. That is the expected value under
    random tie breaking, so the order of rows changes nothing.

    References
    ----------
    Neslin, S. A. et al. (2006), "Defection detection: measuring and understanding the
    predictive accuracy of customer churn models", Journal of Marketing Research 43(2).
    https://doi.org/10.1509/jmkr.43.2.204

    Examples
    --------
    Ten customers, two left; the one ranked highest is one of them. Its leaver rate, 1,
    is five times the overall rate of 0.2.

    >>> from crmml.evaluation import lift_score
    >>> left = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    >>> lift_score(left, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    5.0
    """
    # Written so that NaN is refused as well.
    if not 0 < fraction <= 1:
        raise SchemaError(f"fraction must be in (0, 1], got {fraction!r}.")
    churned, scores = check_labels_and_scores(y_true, y_score, pos_label=pos_label)
    check_both_classes(churned, "lift_score")
    n_top = _count_top(len(churned), fraction)
    captured = count_captured(churned, scores, np.array([n_top]))[0]
    return float(captured / n_top / churned.mean())


def compute_gain_table(
    y_true: Any, y_score: Any, *, n_bins: int = 10, pos_label: Any = None
) -> pd.DataFrame:
    """Lift and cumulative gain by tenths of the customers, highest scores first.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    n_bins : int, default=10
        Number of bins of equal size, from 1 to n_samples; 10 gives deciles. Where
        n_samples is no multiple of it, bin sizes differ by one.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.DataFrame
        One row per bin and the columns

        - ``bin``: 1 holds the highest scores;
        - ``n``: customers in the bin;
        - ``churners``: leavers in the bin, a fraction where a tie was shared;
        - ``churn_rate``: churners / n;
        - ``lift``: churn_rate divided by the overall churn rate;
        - ``cumulative_share``: share of all customers in this and earlier bins;
        - ``cumulative_gain``: share of all leavers in this and earlier bins;
        - ``cumulative_lift``: cumulative_gain / cumulative_share.

    Raises
    ------
    SchemaError
        If `n_bins` is no whole number of at least 1, labels have more than two
        classes, lengths differ, or a value is missing or infinite.
    NotEnoughHistoryError
        If there is no leaver, or there are fewer rows than bins.

    See Also
    --------
    lift_score : One number: the lift of the top fraction.

    Notes
    -----
    Ties are shared as in :func:`lift_score`: the expected value under random tie
    breaking, so the order of rows changes nothing. The lift of the first of ten bins
    is ``lift_score(y_true, y_score, fraction=0.1)``.

    Examples
    --------
    Four customers in two halves; the upper half holds both who left.

    >>> from crmml.evaluation import compute_gain_table
    >>> table = compute_gain_table([1, 0, 1, 0], [0.9, 0.2, 0.6, 0.1], n_bins=2)
    >>> table[["bin", "n", "churners", "lift", "cumulative_gain"]]
       bin  n  churners  lift  cumulative_gain
    0    1  2       2.0   2.0              1.0
    1    2  2       0.0   0.0              1.0
    """
    n_bins = check_count(n_bins, "n_bins")
    churned, scores = check_labels_and_scores(y_true, y_score, pos_label=pos_label)
    check_both_classes(churned, "compute_gain_table")
    n_samples, n_churners = len(churned), int(churned.sum())
    if n_samples < n_bins:
        raise NotEnoughHistoryError(
            f"n_bins={n_bins} needs at least {n_bins} rows, got {n_samples}; lower "
            "n_bins."
        )
    limits = np.array([_count_top(n_samples, b / n_bins) for b in range(1, n_bins + 1)])
    captured = count_captured(churned, scores, limits)
    sizes = np.diff(limits, prepend=0)
    churners = np.diff(captured, prepend=0.0)
    share, gain = limits / n_samples, captured / n_churners
    return pd.DataFrame(
        {
            "bin": np.arange(1, n_bins + 1),
            "n": sizes,
            "churners": churners,
            "churn_rate": churners / sizes,
            "lift": churners / sizes / (n_churners / n_samples),
            "cumulative_share": share,
            "cumulative_gain": gain,
            "cumulative_lift": gain / share,
        }
    )
