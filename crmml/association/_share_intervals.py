"""How sure a share is that was counted: 95 percent intervals."""

import numpy as np
from numpy.typing import NDArray

from crmml._utils._normal import Z95

Ints = NDArray[np.int64]


def bound_share(hits: Ints, trials: Ints) -> NDArray[np.float64]:
    """Give the lower bound of the 95 % interval of a share, after Wilson (1927).

    Parameters
    ----------
    hits, trials : ndarray of int64
        Of one shape; one trial at least.

    Returns
    -------
    ndarray of float64
        The bounds, 0 to 1.

    Examples
    --------
    >>> bound_share(np.array([8]), np.array([10])).round(3).tolist()
    [0.49]
    """
    share = hits / trials
    spread = np.sqrt(share * (1 - share) / trials + (Z95 / (2 * trials)) ** 2)
    middle = share + Z95**2 / (2 * trials)
    return np.asarray((middle - Z95 * spread) / (1 + Z95**2 / trials))


def estimate_share(hits: Ints, sizes: Ints) -> tuple[float, float, float]:
    """Give hits per trial with its 95 % interval, from baskets of several trials each.

    Parameters
    ----------
    hits, sizes : ndarray of int64 of shape (n_baskets,)
        Hits and trials of each basket.

    Returns
    -------
    share, low, high : float
        Missing without trials, and the interval with those of one basket alone.

    Examples
    --------
    Two baskets that differ say little, however many trials each has.

    >>> hits, sizes = np.array([0, 2]), np.array([2, 2])
    >>> np.round(estimate_share(hits, sizes), 2).tolist()
    [0.5, -0.48, 1.48]
    """
    n_trials, n = int(sizes.sum()), int((sizes > 0).sum())
    if not n_trials:
        return np.nan, np.nan, np.nan
    share = float(hits.sum() / n_trials)
    if n < 2:
        return share, np.nan, np.nan
    # The variance of a ratio of two means over baskets, by linearisation.
    rest = ((hits - share * sizes) ** 2).sum() * n / (n - 1)
    half = Z95 * float(np.sqrt(rest)) / n_trials
    return share, share - half, share + half
