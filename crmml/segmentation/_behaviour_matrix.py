"""Two measures crossed: value now by value to come, satisfaction by loyalty."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, read_table

QUADRANTS = ("low / low", "low / high", "high / low", "high / high")


def compute_behaviour_matrix(
    x: Any,
    y: Any,
    *,
    cuts: tuple[float | None, float | None] = (None, None),
    names: tuple[str, str, str, str] = QUADRANTS,
) -> pd.DataFrame:
    """Cross two measures into four quadrants.

    Parameters
    ----------
    x, y : array-like of shape (n_customers,)
        Two measures of the same customers, such as value now and value to come, or
        satisfaction and loyalty, in any units. A customer lacking either is left out.
    cuts : tuple of two float, default=(None, None)
        Above which value x and y are high. None takes the median.
    names : tuple of four str, default=QUADRANTS
        The quadrants in the order low / low, low / high, high / low and high / high,
        which are their names by default; x comes first.

    Returns
    -------
    pandas.DataFrame
        One row per quadrant: quadrant, n_customers, customer_share, x_mean, y_mean,
        x_share and y_share (of the sums; missing where a sum is not above 0).
        ``attrs`` holds ``cuts`` and ``n_left_out``.

    Raises
    ------
    SchemaError
        If a measure is no list of finite numbers, their lengths differ, nobody has
        both, or names are not four different ones.

    See Also
    --------
    assign_quadrants : The quadrant of each customer.
    crmml.plotting.plot_behaviour_matrix : A picture.

    Examples
    --------
    >>> from crmml.segmentation import compute_behaviour_matrix
    >>> matrix = compute_behaviour_matrix([10, 90, 20, 80], [1, 9, 8, 2])
    >>> matrix[["quadrant", "n_customers", "x_mean", "y_mean"]]
          quadrant  n_customers  x_mean  y_mean
    0    low / low            1    10.0     1.0
    1   low / high            1    20.0     8.0
    2   high / low            1    80.0     2.0
    3  high / high            1    90.0     9.0
    """
    one, other = _read_measures(x, y)
    limits = _find_cuts(one, other, cuts)
    codes = _find_quadrants(one, other, limits, names)
    known = codes >= 0
    one, other, codes = one[known], other[known], codes[known]
    counts = np.bincount(codes, minlength=4)
    sums = [np.bincount(codes, weights=v, minlength=4) for v in (one, other)]
    result = pd.DataFrame(
        {
            "quadrant": list(names),
            "n_customers": counts,
            "customer_share": counts / len(codes),
        }
    )
    for name, total in zip("xy", sums, strict=True):
        result[f"{name}_mean"] = total / np.where(counts > 0, counts, np.nan)
    for name, total in zip("xy", sums, strict=True):
        result[f"{name}_share"] = total / (total.sum() if total.sum() > 0 else np.nan)
    result.attrs["cuts"] = limits
    result.attrs["n_left_out"] = int((~known).sum())
    return result


def assign_quadrants(
    x: Any,
    y: Any,
    *,
    cuts: tuple[float | None, float | None] = (None, None),
    names: tuple[str, str, str, str] = QUADRANTS,
) -> NDArray[np.object_]:
    """Name the quadrant of each customer.

    Parameters
    ----------
    x, y : array-like of shape (n_customers,)
        Two measures of the same customers.
    cuts : tuple of two float, default=(None, None)
        Above which value x and y are high. None takes the median.
    names : tuple of four str, default=QUADRANTS
        The quadrants in the order low / low, low / high, high / low and high / high,
        which are their names by default; x comes first.

    Returns
    -------
    ndarray of shape (n_customers,)
        Names; None for customers who lack a measure.

    Raises
    ------
    SchemaError
        As for :func:`compute_behaviour_matrix`.

    Examples
    --------
    Satisfied customers who do not come back are at the lower right:

    >>> from crmml.segmentation import assign_quadrants
    >>> names = ("lost", "captive", "satisfied leaver", "loyal")
    >>> assign_quadrants([9, 9, 2], [0, 5, 4], cuts=(5, 2), names=names).tolist()
    ['satisfied leaver', 'loyal', 'captive']
    """
    one, other = _read_measures(x, y)
    codes = _find_quadrants(one, other, _find_cuts(one, other, cuts), names)
    found: NDArray[np.object_] = np.array([*names, None], dtype=object)[codes]
    return found


def _read_measures(x: Any, y: Any) -> tuple[Matrix, Matrix]:
    one, other = (
        read_table(np.asarray(values).reshape(-1, 1)).to_numpy()[:, 0]
        for values in (x, y)
    )
    if len(one) != len(other):
        raise SchemaError(
            f"x and y must be of the same customers: found {len(one)} and {len(other)} "
            "values."
        )
    if not (~np.isnan(one) & ~np.isnan(other)).any():
        raise SchemaError(f"None of {len(one)} customers has both x and y.")
    return one, other


def _find_cuts(
    one: Matrix, other: Matrix, cuts: tuple[float | None, float | None]
) -> tuple[float, float]:
    known = ~np.isnan(one) & ~np.isnan(other)
    first, second = (
        float(np.median(values[known])) if cut is None else float(cut)
        for values, cut in zip((one, other), cuts, strict=True)
    )
    return first, second


def _find_quadrants(
    one: Matrix,
    other: Matrix,
    cuts: tuple[float, float],
    names: tuple[str, str, str, str],
) -> NDArray[np.int64]:
    """Return 0 to 3 in the order of the names, -1 where a measure is missing."""
    if len(names) != 4 or len(set(names)) != 4:
        raise SchemaError(f"names must be four different names, got {names!r}.")
    codes = 2 * (one > cuts[0]).astype(np.int64) + (other > cuts[1])
    return np.where(np.isnan(one) | np.isnan(other), -1, codes)
