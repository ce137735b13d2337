"""What sets a segment apart: each feature against the other customers."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from crmml._utils._arguments import check_count
from crmml.segmentation._columns import Matrix
from crmml.segmentation._profile import list_segments, read_segments


def compute_segment_contrasts(features: Any, labels: Any) -> pd.DataFrame:
    r"""Compare every feature of a segment with that of all other customers.

    The effect size is Cliff's delta: of all pairs of a member and another customer, the
    share in which the member has more, less the share in which the member has less,

    .. math:: \delta = P(x_{member} > x_{other}) - P(x_{member} < x_{other})

    1 or -1 where the two do not overlap, 0 where they look alike. It knows ranks only,
    so that no outlier and no unit matters. By convention 0.147 is small, 0.33 medium,
    0.474 large.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values, which count for
        nothing.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.

    Returns
    -------
    pandas.DataFrame
        One row per segment and feature, the largest segment first and within it the
        largest effect: segment, feature, median (of members), other_median, effect.
        Missing where there is no member or no other customer with a value.

    Raises
    ------
    SchemaError
        If columns hold text, dates or infinite numbers, or if labels are missing or
        their number is wrong.

    See Also
    --------
    suggest_segment_names : Puts the largest effects into words.

    References
    ----------
    .. [1] N. Cliff, "Dominance statistics: ordinal analyses to answer ordinal
       questions", 1993, doi:10.1037/0033-2909.114.3.494.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import compute_segment_contrasts
    >>> features = pd.DataFrame({"n_orders": [9, 8, 1, 1], "age": [30, 50, 40, 40]})
    >>> compute_segment_contrasts(features, ["top", "top", "few", "few"]).head(2)
      segment   feature  median  other_median  effect
    0     few  n_orders     1.0           8.5    -1.0
    1     few       age    40.0          40.0     0.0
    """
    table, segments = read_segments(features, labels)
    members = {name: (segments == name).to_numpy() for name in list_segments(segments)}
    rows = []
    for segment, inside in members.items():
        part = []
        for feature in table.columns:
            values = table[feature].to_numpy()
            part.append((segment, feature, *_contrast(values, inside)))
        # Of equal effects, the earlier column comes first.
        rows += sorted(part, key=lambda row: -np.nan_to_num(abs(row[-1]), nan=-1.0))
    names = ["segment", "feature", "median", "other_median", "effect"]
    return pd.DataFrame(rows, columns=names)


def suggest_segment_names(
    features: Any,
    labels: Any,
    *,
    n_features: int = 2,
    words: tuple[str, str] = ("high", "low"),
) -> dict[Any, str]:
    """Suggest a name for each segment from what sets it apart most.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.
    n_features : int, default=2
        How many features a name has; segments that would be called alike get more.
    words : tuple of two str, default=("high", "low")
        What is said of a feature that members have more, or less of, than others.

    Returns
    -------
    dict of object to str
        A name per segment, to be replaced by a better one; no two are alike.

    Raises
    ------
    SchemaError
        If columns hold text, dates or infinite numbers, if labels are missing or their
        number is wrong, or if `n_features` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import suggest_segment_names
    >>> features = pd.DataFrame({"n_orders": [9, 8, 1, 1], "age": [30, 50, 40, 40]})
    >>> suggest_segment_names(features, [0, 0, 1, 1], n_features=1)
    {0: 'high n_orders', 1: 'low n_orders'}
    """
    n_features = check_count(n_features, "n_features")
    contrasts = compute_segment_contrasts(features, labels)
    parts = {
        segment: [
            f"{words[0] if row.effect > 0 else words[1]} {row.feature}"
            for row in rows.itertuples()
            if row.effect and row.effect == row.effect
        ]
        for segment, rows in contrasts.groupby("segment", sort=False)
    }
    names: dict[Any, str] = {}
    for segment, said in parts.items():
        taken = set(names.values())
        n_said = min(n_features, len(said))
        while n_said < len(said) and ", ".join(said[:n_said]) in taken:
            n_said += 1
        name = ", ".join(said[:n_said]) or "like all others"
        names[segment] = f"{name} ({segment})" if name in taken else name
    return names


def _contrast(values: Matrix, inside: Any) -> tuple[float, float, float]:
    """Return the medians of members and others, and Cliff's delta."""
    known = ~np.isnan(values)
    values, inside = values[known], inside[known]
    n_members, n_others = int(inside.sum()), int((~inside).sum())
    median = float(np.median(values[inside])) if n_members else np.nan
    other = float(np.median(values[~inside])) if n_others else np.nan
    if not n_members or not n_others:
        return median, other, np.nan
    ranks = rankdata(values)[inside].sum() - n_members * (n_members + 1) / 2
    return median, other, round(2 * ranks / (n_members * n_others) - 1, 6) + 0.0
