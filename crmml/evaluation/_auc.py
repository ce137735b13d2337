"""Area under the ROC curve with what each customer contributes to its error."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from crmml.evaluation._validation import Bools, Floats


def compute_auc_influence(
    churned: Bools, scores: Floats
) -> tuple[float, NDArray[np.float64]]:
    """Return the area and the influence of each row on it.

    The sum of squared influences is the variance of the area, and sums of products of
    two models' influences are their covariances (DeLong, DeLong and Clarke-Pearson
    1988, https://doi.org/10.2307/2531595); influences of rows that belong together may
    be added first.

    Parameters
    ----------
    churned : ndarray of bool of shape (n_samples,)
        Who left; both outcomes must be there.
    scores : ndarray of float of shape (n_samples,)
        Their scores.

    Returns
    -------
    auc : float
        Chance that a leaver is ranked above a stayer, ties counting one half.
    influence : ndarray of float of shape (n_samples,)
        Adds up to zero.
    """
    n_left = int(churned.sum())
    n_stayed = len(churned) - n_left
    ranks = rankdata(scores)
    share = np.empty(len(churned))
    # Stayers below each leaver, and leavers above each stayer.
    share[churned] = (ranks[churned] - rankdata(scores[churned])) / n_stayed
    share[~churned] = 1.0 - (ranks[~churned] - rankdata(scores[~churned])) / n_left
    auc = float(share[churned].mean())
    n_own = np.where(churned, n_left, n_stayed)
    # Divided by n - 1 rather than n, as a variance is; one row alone says nothing.
    influence = (share - auc) / np.sqrt(n_own * np.maximum(n_own - 1, 1))
    return auc, influence
