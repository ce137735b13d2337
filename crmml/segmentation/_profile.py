"""What segments are like: size, share of value, typical values, typical members."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, read_table
from crmml.segmentation._skew_scaler import prepare


def read_segments(features: Any, labels: Any) -> tuple[pd.DataFrame, pd.Series]:
    """Read features and the segment of each row, which must be known for all."""
    table = read_table(features)
    segments = pd.Series(np.asarray(labels)).reset_index(drop=True)
    if len(segments) != len(table):
        raise SchemaError(
            f"labels must have one entry per row of features: found {len(segments)} "
            f"labels for {len(table)} rows."
        )
    n_missing = int(segments.isna().sum())
    if n_missing:
        raise SchemaError(
            f"labels are missing for {n_missing} of {len(segments)} customers. Leave "
            "these rows out of both features and labels."
        )
    return table, segments


def list_segments(segments: pd.Series) -> list[Any]:
    """Segments by descending number of customers; of equals, the smaller label."""
    sizes = segments.value_counts()
    return sorted(sizes.index, key=lambda segment: (-sizes[segment], segment))


def compute_segment_profile(
    features: Any, labels: Any, value: Any = None
) -> pd.DataFrame:
    """Describe segments: how many customers, what share of value, what is typical.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.
    value : str or array-like of shape (n_customers,), default=None
        What customers are worth, in currency: a column of `features`, or one number per
        row. Missing counts as 0.

    Returns
    -------
    pandas.DataFrame
        One row per segment, the largest first: segment, n_customers, customer_share (a
        fraction), value_share if `value` is given (a fraction of the sum; missing when
        the sum is not above 0), and the median of every feature without its missing
        values.

    Raises
    ------
    SchemaError
        If columns hold text, dates or infinite numbers, if labels are missing or their
        number is wrong, or if a feature is called like a column of the result.

    See Also
    --------
    compute_typical_members : Real customers that stand for a segment.

    Examples
    --------
    One customer in four brings 90 of 120, three quarters of the money:

    >>> import pandas as pd
    >>> from crmml.segmentation import compute_segment_profile
    >>> features = pd.DataFrame(
    ...     {"n_orders": [1, 2, 9, 1], "total_spend": [5.0, 15.0, 90.0, 10.0]}
    ... )
    >>> compute_segment_profile(features, [0, 0, 1, 0], value="total_spend")
       segment  n_customers  customer_share  value_share  n_orders  total_spend
    0        0            3            0.75         0.25       1.0         10.0
    1        1            1            0.25         0.75       9.0         90.0
    """
    table, segments = read_segments(features, labels)
    order = list_segments(segments)
    sizes = segments.value_counts().reindex(order)
    result = pd.DataFrame(
        {
            "segment": order,
            "n_customers": sizes.to_numpy(dtype=np.int64),
            "customer_share": sizes.to_numpy(dtype=np.float64) / max(len(table), 1),
        }
    )
    if value is not None:
        result["value_share"] = _compute_value_shares(table, segments, order, value)
    taken = [str(name) for name in table.columns if name in set(result.columns)]
    if taken:
        raise SchemaError(
            f"Columns of features are called like columns of the profile: "
            f"{', '.join(taken)}. Rename or drop them."
        )
    medians = table.groupby(segments.to_numpy(), sort=False).median().reindex(order)
    return pd.concat([result, medians.reset_index(drop=True)], axis=1)


def compute_typical_members(
    features: Any, labels: Any, *, n_members: int = 1
) -> pd.DataFrame:
    """Find the customers who are most like their segment.

    These are the medoids: of all members, those whose squared distances to the other
    members, on the columns as :class:`SkewScaler` prepares them, have the smallest sum.
    They are the members nearest to the mean of the segment.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.
    n_members : int, default=1
        How many members of each segment; all, where a segment has fewer.

    Returns
    -------
    pandas.DataFrame
        The chosen rows, the largest segment first and its most typical member first:
        segment, rank (from 1) and the features. The index is that of `features`, or
        the position of the row where it has none. Of equally typical customers the
        smaller index label comes first.

    Raises
    ------
    SchemaError
        If `n_members` is below 1, columns hold text, dates or infinite numbers, labels
        are missing or their number is wrong, or a feature is called segment or rank.

    See Also
    --------
    compute_segment_profile : Medians instead of customers.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import compute_typical_members
    >>> features = pd.DataFrame(
    ...     {"n_orders": [1, 2, 3, 8, 9]}, index=["a", "b", "c", "d", "e"]
    ... )
    >>> compute_typical_members(features, ["low", "low", "low", "high", "high"])
      segment  rank  n_orders
    b     low     1       2.0
    d    high     1       8.0
    """
    n_members = check_count(n_members, "n_members")
    table, segments = read_segments(features, labels)
    taken = [name for name in ("segment", "rank") if name in table.columns]
    if taken:
        raise SchemaError(
            f"Columns of features are called like columns of the result: "
            f"{', '.join(taken)}. Rename or drop them."
        )
    prepared = prepare(table.to_numpy())
    parts = []
    for segment in list_segments(segments):
        rows = np.flatnonzero((segments == segment).to_numpy())
        chosen = rows[
            _rank_by_typicality(prepared[rows], table.index[rows])[:n_members]
        ]
        part = table.iloc[chosen].copy()
        part.insert(0, "segment", segment)
        part.insert(1, "rank", np.arange(1, len(chosen) + 1))
        parts.append(part)
    if not parts:
        empty = table.copy()
        empty.insert(0, "segment", segments.to_numpy())
        empty.insert(1, "rank", np.arange(0))
        return empty
    return pd.concat(parts)


def _rank_by_typicality(rows: Matrix, index: pd.Index) -> NDArray[np.int64]:
    distances = np.square(rows - rows.mean(axis=0)).sum(axis=1).round(8)
    try:
        by_label = index.argsort()
    except TypeError:  # Labels of several types have no order; their texts have one.
        by_label = index.map(str).argsort()
    order = np.empty(len(rows), dtype=np.int64)
    order[by_label] = np.arange(len(rows))
    return np.lexsort((order, distances))


def _compute_value_shares(
    table: pd.DataFrame, segments: pd.Series, order: list[Any], value: Any
) -> NDArray[np.float64]:
    if isinstance(value, str):
        if value not in table.columns:
            raise SchemaError(
                f"value={value!r} is no column of features, which has "
                f"{table.shape[1]} columns. Give one of them, or one number per row."
            )
        amounts = table[value].to_numpy()
    else:
        amounts = read_table(np.asarray(value).reshape(-1, 1)).to_numpy()[:, 0]
    if len(amounts) != len(table):
        raise SchemaError(
            f"value must have one number per row of features: found {len(amounts)} "
            f"for {len(table)} rows."
        )
    amounts = pd.Series(amounts).fillna(0.0)
    sums = amounts.groupby(segments.to_numpy()).sum().reindex(order).to_numpy()
    total = sums.sum()
    shares: NDArray[np.float64] = sums / (total if total > 0 else np.nan)
    return shares
