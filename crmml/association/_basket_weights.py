"""What each basket counts."""

from dataclasses import replace
from typing import Any

import numpy as np

from crmml.association._baskets import EncodedBaskets
from crmml.association._order_lines import OrderLines
from crmml.exceptions import SchemaError

_LARGEST = 2**53


def weigh_baskets(baskets: EncodedBaskets, weights: Any) -> EncodedBaskets:
    """Give each basket a weight.

    A basket of weight w counts like w equal baskets, so weights are whole numbers, and
    counts and thresholds stay exact.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    weights : array-like of shape (n_baskets,)
        Whole numbers from 1, as integers or floats.

    Returns
    -------
    EncodedBaskets
        The same baskets with weights.

    Raises
    ------
    SchemaError
        If there is not one whole number from 1 for each basket, or their sum leaves
        the exact numbers.

    Examples
    --------
    >>> baskets = EncodedBaskets(("a",), np.array([0]), np.array([0, 1, 1]))
    >>> weigh_baskets(baskets, [3.0, 2.0]).total
    5
    """
    array = np.asarray(weights)
    if array.dtype.kind not in "iuf" or array.shape != (baskets.n_baskets,):
        raise SchemaError(
            f"sample_weight must be {baskets.n_baskets} whole numbers from 1, one for "
            f"each basket, got {array.dtype} of shape {array.shape}."
        )
    # NaN is not at least 1 either, and what is infinite has no whole part.
    unfit = int((~((array >= 1) & (array < np.inf) & (np.floor(array) == array))).sum())
    if unfit:
        raise SchemaError(
            f"sample_weight: {unfit} of {baskets.n_baskets} weights are missing, below "
            "1 or no whole numbers. A basket of weight 3 counts like three baskets: "
            "give money in cents, and leave out baskets that shall not count."
        )
    if float(array.sum(dtype=np.float64)) > _LARGEST:
        raise SchemaError("sample_weight adds up to more than 2**53; use larger units.")
    return replace(baskets, weights=array.astype(np.int64))


def read_weights(
    baskets: EncodedBaskets, lines: OrderLines | None, weights: Any
) -> EncodedBaskets:
    """Give each basket its weight, from a column of order lines or one by one.

    Parameters
    ----------
    baskets : EncodedBaskets
        The baskets.
    lines : OrderLines or None
        The lines they were made from; None if they came in an order of their own.
    weights : str, array-like of shape (n_baskets,) or None
        The name of the column, the weights, or None: each basket counts one.

    Returns
    -------
    EncodedBaskets
        The weighted baskets.

    Raises
    ------
    SchemaError
        If weights are not as above, or given in a form that the baskets' does not fit.
    """
    if weights is None:
        return baskets
    if isinstance(weights, str):
        if lines is None or lines.value_name is None:
            raise SchemaError(
                "sample_weight names a column, but only long tables of order lines "
                "have such columns. Give one weight for each basket."
            )
        codes, labels = lines.read_values()
        if not all(isinstance(label, (int, float)) for label in labels):
            raise SchemaError(f"sample_weight: column {weights!r} must be numeric.")
        known = np.append(np.array(labels, dtype=np.float64), np.nan)
        return weigh_baskets(baskets, known[codes])
    if lines is not None:
        raise SchemaError(
            "sample_weight must name a column here: the baskets of order lines have no "
            "order in which weights could be given."
        )
    return weigh_baskets(baskets, weights)
