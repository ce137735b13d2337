"""How value is spread over customers: the curve, Gini, and who brings how much."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, read_table


def compute_concentration_curve(value: Any, *, n_points: int = 101) -> pd.DataFrame:
    r"""Cumulate value over customers, the most valuable first.

    The curve is the mirrored Lorenz curve: of :math:`n` customers with values
    :math:`v_{(1)} \ge \dots \ge v_{(n)}` the best :math:`k` bring

    .. math:: L(k / n) = \sum_{i \le k} v_{(i)} \Big/ \sum_{i \le n} v_{(i)}

    and between two customers the line is straight. Where some customers cost more than
    they bring, the curve rises above 1 before it falls back.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        What each customer brings, in currency: spend or profit, which may be negative.
        Missing counts as 0.
    n_points : int, default=101
        Number of evenly spaced shares of customers at which the curve is read; 101
        gives every percent.

    Returns
    -------
    pandas.DataFrame
        One row per point: customer_share and value_share, fractions; from (0, 0) to
        (1, 1). ``attrs`` holds ``gini``, ``n_customers`` and ``total``.

    Raises
    ------
    SchemaError
        If values are no finite numbers, there are none, or their sum is not above 0.

    See Also
    --------
    compute_value_shares : A few points of this curve, in words too.
    gini_coefficient : The curve in one number.

    Examples
    --------
    Two of four customers bring 90 of 100:

    >>> from crmml.segmentation import compute_concentration_curve
    >>> compute_concentration_curve([60, 5, 30, 5], n_points=5)
       customer_share  value_share
    0            0.00         0.00
    1            0.25         0.60
    2            0.50         0.90
    3            0.75         0.95
    4            1.00         1.00
    """
    n_points = check_count(n_points, "n_points", least=2)
    values = read_values(value)
    shares = np.linspace(0.0, 1.0, n_points)
    result = pd.DataFrame(
        {"customer_share": shares, "value_share": _read_curve(values, shares)}
    )
    result.attrs["gini"] = gini_coefficient(values)
    result.attrs["n_customers"] = len(values)
    result.attrs["total"] = float(values.sum())
    return result


def compute_value_shares(
    value: Any, *, customer_shares: Sequence[float] = (0.01, 0.05, 0.1, 0.2, 0.5)
) -> pd.DataFrame:
    """Say which share of value the best customers bring.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        What each customer brings, in currency. Missing counts as 0.
    customer_shares : sequence of float, default=(0.01, 0.05, 0.1, 0.2, 0.5)
        Shares of customers, above 0 and at most 1.

    Returns
    -------
    pandas.DataFrame
        One row per share: customer_share, n_customers (rounded up to whole ones),
        value_share (of the straight line between customers) and statement, a sentence.

    Raises
    ------
    SchemaError
        If values are no finite numbers, there are none, their sum is not above 0, or a
        share is not above 0 and at most 1.

    See Also
    --------
    compute_concentration_curve : The whole curve.

    Examples
    --------
    >>> from crmml.segmentation import compute_value_shares
    >>> shares = compute_value_shares([60, 5, 30, 5], customer_shares=[0.25, 0.5])
    >>> for sentence in shares["statement"]:
    ...     print(sentence)
    25 % of customers bring 60 % of value.
    50 % of customers bring 90 % of value.
    """
    shares = np.asarray(customer_shares, dtype=np.float64)
    if not ((shares > 0) & (shares <= 1)).all():
        raise SchemaError(
            "customer_shares must be above 0 and at most 1, got "
            f"{list(customer_shares)!r}."
        )
    values = read_values(value)
    found = _read_curve(values, shares)
    return pd.DataFrame(
        {
            "customer_share": shares,
            # The tolerance keeps 0.1 x 30 customers at three.
            "n_customers": np.ceil(shares * len(values) - 1e-9).astype(np.int64),
            "value_share": found,
            "statement": [
                f"{100 * share:.3g} % of customers bring {100 * part:.3g} % of value."
                for share, part in zip(shares, found, strict=True)
            ],
        }
    )


def gini_coefficient(value: Any) -> float:
    r"""Measure how unequally value is spread, as one number.

    .. math:: G = \frac{\sum_i \sum_j |v_i - v_j|}{2 n \sum_i v_i}

    0 where all bring the same, 1 - 1/n where one customer brings everything. Losses may
    carry it above 1.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        What each customer brings, in currency. Missing counts as 0.

    Returns
    -------
    float
        The coefficient.

    Raises
    ------
    SchemaError
        If values are no finite numbers, there are none, or their sum is not above 0.

    Examples
    --------
    >>> from crmml.segmentation import gini_coefficient
    >>> gini_coefficient([1, 1, 1, 1])
    0.0
    >>> gini_coefficient([100, 0, 0, 0])
    0.75
    """
    values = read_values(value)[::-1]
    # The smallest value stands below n - 1 others and above none.
    weights = 2.0 * np.arange(1, len(values) + 1) - len(values) - 1
    return float(weights @ values / (len(values) * values.sum()))


def read_values(value: Any) -> Matrix:
    """Read one number per customer, in descending order; missing becomes 0."""
    column = np.asarray(value)
    if column.ndim != 1:
        raise SchemaError(
            f"value must be one number per customer, found {column.ndim} dimensions."
        )
    values = np.nan_to_num(read_table(column.reshape(-1, 1)).to_numpy()[:, 0], nan=0.0)
    # Sorted first, so that the order of the rows changes no bit of the sums.
    values = np.sort(values)[::-1]
    if not len(values) or values.sum() <= 0:
        raise SchemaError(
            f"value must sum to more than 0, found {len(values)} customers that do "
            "not. Shares of nothing, or of a loss, have no meaning."
        )
    return values


def _read_curve(values: Matrix, shares: NDArray[np.float64]) -> Matrix:
    cumulative = np.r_[0.0, np.cumsum(values)]
    known = np.arange(len(values) + 1) / len(values)
    curve: Matrix = np.interp(shares, known, cumulative / cumulative[-1])
    return curve
