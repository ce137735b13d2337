"""The order of rows by several keys."""

import numpy as np
from numpy.typing import NDArray


def order_by(*keys: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the order of rows by several keys, the first one first.

    As many bits of the keys as fit go into one number together with the place of the
    row, and whole numbers are sorted many times sooner than by :func:`numpy.lexsort`.
    Rows that still tie are sorted by the next bits.

    Parameters
    ----------
    *keys : ndarray of int32 or int64 of shape (n,)
        The keys, not negative.

    Returns
    -------
    ndarray of int64 of shape (n,)
        Positions, smallest keys first. Rows alike in all keys keep their order.

    Examples
    --------
    >>> order_by(np.array([5, 2, 5]), np.array([1, 0, 0])).tolist()
    [1, 2, 0]
    """
    waiting = [(key, int(key.max(initial=0)).bit_length()) for key in keys]
    order = np.arange(len(keys[0]))
    tied = order.copy()
    # Where a row is known to differ from the one before.
    differs = tied == 0
    while waiting and len(tied):
        rows = order[tied]
        word = np.cumsum(differs)[tied] - 1
        spare = len(tied).bit_length()
        room = 63 - spare - int(word[-1]).bit_length()
        while waiting and room:
            key, left = waiting.pop(0)
            taken = min(left, room)
            room -= taken
            left -= taken
            word = word << taken | (key[rows] >> left & ((1 << taken) - 1))
            if left:
                waiting.insert(0, (key, left))
        word = np.sort(word << spare | np.arange(len(tied)))
        order[tied] = rows[word & ((1 << spare) - 1)]
        word >>= spare
        differs[tied[1:]] |= word[1:] != word[:-1]
        tied = np.flatnonzero(~(differs & np.append(differs[1:], True)))
    return order
