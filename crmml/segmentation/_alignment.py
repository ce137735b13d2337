"""Which new segment is which old one: the pairing that keeps most customers."""

from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Codes = NDArray[np.int64]


def pair_segments(old: Codes, new: Codes, n_old: int, n_new: int) -> dict[int, int]:
    """Pair new segments with old ones, one to one, so that most customers stay.

    Parameters
    ----------
    old, new : ndarray of shape (n_customers,)
        Segments of the same customers, numbered from 0.
    n_old, n_new : int
        Numbers of segments.

    Returns
    -------
    dict of int to int
        The old segment of each new one that has one; pairs without a common customer
        are left out.
    """
    shared = np.bincount(old * n_new + new, minlength=n_old * n_new)
    shared = shared.reshape(n_old, n_new)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if shared[row, column]
    }


def number_like(old: NDArray[Any], new: Codes, n_new: int) -> Codes:
    """Give new segments the numbers of the old ones they continue.

    Parameters
    ----------
    old : ndarray of shape (n_customers,)
        The numbers of the old segments, of the same customers.
    new : ndarray of shape (n_customers,)
        New segments, numbered from 0.
    n_new : int
        Their number.

    Returns
    -------
    ndarray of shape (n_new,)
        The number of each new segment. One that continues no old segment gets a number
        above all old ones.
    """
    known, codes = np.unique(old, return_inverse=True)
    pairs = pair_segments(codes, new, len(known), n_new)
    following = count(int(known.max(initial=-1)) + 1)
    return np.array(
        [known[pairs[k]] if k in pairs else next(following) for k in range(n_new)],
        dtype=np.int64,
    )
