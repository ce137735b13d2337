"""Columns that know too well who leaves."""

from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from crmml.evaluation._columns import open_frame, to_numbers
from crmml.evaluation._validation import (
    Bools,
    Floats,
    check_both_classes,
    check_labels_and_scores,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError

Codes = NDArray[np.int64]

_N_BINS = 20
_LEAST = 10
"""Fewest rows of a bin or level of its own: with fewer, chance looks like a leak."""


def find_leaks(
    X: Any, y: Any, *, threshold: float = 0.98, pos_label: Any = None
) -> pd.DataFrame:
    """Rank columns by how well each alone tells who leaves.

    A column that alone separates leavers from the others is more often written after
    the fact (end of contract, reason for leaving, last bill) than a discovery.

    Parameters
    ----------
    X : dataframe or array of shape (n_samples, n_features)
        The features (pandas, Polars, pyarrow or numpy): numbers, text, categories,
        booleans, dates, missing values.
    y : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    threshold : float, default=0.98
        Area under the curve, above 0.5 and at most 1, above which a column is
        suspicious.
    pos_label : object, default=None
        The label of a customer who left, where `y` holds other labels.

    Returns
    -------
    pandas.DataFrame of shape (n_features, 5)
        One row for each column, the best first: ``column``; ``auc``, at least 0.5;
        ``by``, how that was reached; ``n_missing``; ``is_suspicious``, whether the
        area exceeds `threshold`. The area is the largest of

        - ``"order"``: of a number or date, upwards or downwards, missing values below
          or above all others;
        - ``"bins"``: of a number or date cut into up to 20 equally large bins, ranked
          by their share of leavers, missing values in a bin of their own;
        - ``"levels"``: of a text, category or boolean, ranked likewise by level. Levels
          of fewer than 10 rows count as one, so that a column of ids tells nothing.

    Raises
    ------
    SchemaError
        If X is no table, its length differs from that of y, column names are repeated,
        or labels or `threshold` are not as above.
    NotEnoughHistoryError
        If not both outcomes are there.

    See Also
    --------
    crmml.pipeline.assert_no_leakage : Proves a leak, where there are tables.

    Notes
    -----
    A hint and no proof: an honest column may be that good, and a leak may hide below
    the threshold or need two columns. The areas are measured on the rows they were
    ranked on; with fewer than some hundred rows they flatter.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.evaluation import find_leaks
    >>> X = pd.DataFrame({"age": [30, 41, 52, 28], "last_bill": [None, 9.5, None, 7.0]})
    >>> find_leaks(X, [0, 1, 0, 1])[["column", "auc", "by", "is_suspicious"]]
          column   auc     by  is_suspicious
    0  last_bill  1.00  order           True
    1        age  0.75  order          False
    """
    if not isinstance(threshold, Real) or not 0.5 < float(threshold) <= 1:
        raise SchemaError(f"threshold must lie in (0.5, 1], got {threshold!r}.")
    frame = open_frame(X, "X")
    churned, _ = check_labels_and_scores(
        y, np.zeros(len(frame)), pos_label=pos_label, score_name="X"
    )
    check_both_classes(churned, "find_leaks")
    if churned.all():
        raise NotEnoughHistoryError(
            f"find_leaks needs customers who stayed; all {len(churned)} left."
        )
    rows = []
    # By position, for pandas' names need not be text.
    for name, column in zip(frame.columns, frame.iter_columns(), strict=True):
        auc, by, n_missing = _measure(column, churned)
        rows.append((name, auc, by, n_missing, auc > threshold))
    found = pd.DataFrame(
        rows, columns=["column", "auc", "by", "n_missing", "is_suspicious"]
    )
    # Stable: equals stay in the order of X.
    return found.sort_values("auc", ascending=False, kind="stable", ignore_index=True)


def _measure(column: nw.Series[Any], churned: Bools) -> tuple[float, str, int]:
    """Return the best area, how it was reached, and how many values are missing."""
    values = to_numbers(column)
    if values is None:
        levels = column.to_pandas().astype("object")
        try:
            codes, _ = pd.factorize(levels)
        except TypeError:
            raise SchemaError(
                f"X: column {column.name!r} holds lists or other containers. Make "
                "columns of what is in them."
            ) from None
        n_missing = int((codes < 0).sum())
        return _area_of_groups(_pool_rare(codes), churned), "levels", n_missing
    missing = np.isnan(values)
    by_order = _area_of_order(values, missing, churned)
    by_bins = _area_of_groups(_cut(values, missing), churned)
    # Chance favours bins a little, so that ties go to the order.
    best = (by_order, "order") if by_order >= by_bins else (by_bins, "bins")
    return (*best, int(missing.sum()))


def _area_of_order(values: Floats, missing: Bools, churned: Bools) -> float:
    ranks = pd.Series(values).rank(method="dense").to_numpy()
    last = len(values) + 1.0
    areas = [
        float(roc_auc_score(churned, np.where(missing, place, ranks)))
        for place in ({0.0, last} if missing.any() else {0.0})
    ]
    return max(max(area, 1.0 - area) for area in areas)


def _area_of_groups(codes: Codes, churned: Bools) -> float:
    """Area of groups ranked by their share of leavers."""
    _, groups = np.unique(codes, return_inverse=True)
    rates = np.bincount(groups, weights=churned) / np.bincount(groups)
    return float(roc_auc_score(churned, rates[groups]))


def _cut(values: Floats, missing: Bools) -> Codes:
    """Bins of about equal size; -1 where missing."""
    codes = np.full(len(values), -1, dtype=np.int64)
    present = values[~missing]
    n_bins = min(_N_BINS, len(present) // _LEAST)
    if n_bins < 2:
        codes[~missing] = 0
        return codes
    ranked = np.sort(present)
    # Cuts are values themselves, so that infinite ones do no harm.
    edges = np.unique(ranked[np.arange(1, n_bins) * len(ranked) // n_bins])
    codes[~missing] = np.searchsorted(edges, present, side="right")
    return codes


def _pool_rare(codes: Codes) -> Codes:
    """Give rare levels one code together; missing values, -1, keep theirs."""
    counts = np.bincount(codes + 1, minlength=1)
    is_rare = (counts[codes + 1] < _LEAST) & (codes >= 0)
    return np.where(is_rare, -2, codes)
