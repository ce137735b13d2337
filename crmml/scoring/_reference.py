"""The customers a model was fitted to, as counts that later ones are compared with."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_BINS = 10
OWN_BIN = 0.01
"""Share of the customers from which on a category is named and counted by itself."""
SMALLEST_NAMED = 5
"""And never for fewer customers than these."""


def count_columns(
    X: pd.DataFrame, probability: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Count the customers of training by bins of each feature, and of the score.

    The bins are those of :func:`crmml.evaluation.drift_report`: tenths for numbers,
    or each value where there are at most ten, and each category that one customer in
    a hundred has. No row is kept, and no category of fewer than five customers.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_customers, n_features)
        The training snapshots.
    probability : ndarray of shape (n_customers,)
        What the fitted model says of them.

    Returns
    -------
    list of dict
        One for each feature, and the last for the ``score``: ``feature``, ``kind``
        (number, category or score), ``n``, ``n_missing`` and, of numbers, ``edges``,
        ``is_few`` and ``counts``; of categories ``levels``, ``counts`` and
        ``n_other``.

    Notes
    -----
    A number x is in bin ``searchsorted(edges, x, "right")``; where ``is_few``, in bin
    ``searchsorted(edges, x, "right") + searchsorted(edges, x, "left")``, which is odd
    for the edges themselves and even between them.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n": [1.0, 1.0, 2.0, None]})
    >>> count_columns(X, np.full(4, 0.5))[0]["counts"]
    [0, 2, 0, 1, 0]
    """
    found = [{"feature": str(name), **_count(X[name])} for name in X.columns]
    score = _count(pd.Series(probability))
    return [*found, {"feature": "score", **score, "kind": "score"}]


def read_column(column: pd.Series) -> tuple[str, Any]:
    """Read a column of features as numbers, or as texts.

    Parameters
    ----------
    column : pandas.Series
        Numbers, durations, booleans, categories or text.

    Returns
    -------
    kind : {"number", "category"}
        What it holds; booleans are categories.
    values : ndarray of float or pandas.Series
        Numbers, durations as days, NaN where missing; or texts, missing as they were.
    """
    is_boolean = pd.api.types.is_bool_dtype(column.dtype)
    is_number = pd.api.types.is_numeric_dtype(column.dtype) and not is_boolean
    if not is_number and not pd.api.types.is_timedelta64_dtype(column.dtype):
        return "category", column.astype(object).map(str, na_action="ignore")
    if not is_number:
        column = column / pd.Timedelta(1, "D")
    return "number", column.to_numpy(dtype=np.float64, na_value=np.nan)


def count_bins(
    values: NDArray[np.float64], edges: NDArray[np.float64], *, is_few: bool
) -> NDArray[np.int64]:
    """Count known numbers between edges and, where these are few, on them.

    Parameters
    ----------
    values : ndarray of float of shape (n_values,)
        Numbers, none missing.
    edges : ndarray of float of shape (n_edges,)
        Ascending.
    is_few : bool
        Whether each edge is a bin of its own.

    Returns
    -------
    ndarray of shape (n_bins,)
        See the notes of :func:`count_columns`.
    """
    bins = np.searchsorted(edges, values, "right")
    if is_few:
        bins = bins + np.searchsorted(edges, values, "left")
    n_bins = 2 * len(edges) + 1 if is_few else len(edges) + 1
    return np.bincount(bins, minlength=n_bins)


def _count(column: pd.Series) -> dict[str, Any]:
    kind, values = read_column(column)
    return _count_numbers(values) if kind == "number" else _count_levels(values)


def _count_numbers(values: NDArray[np.float64]) -> dict[str, Any]:
    ranked = np.sort(values[np.isfinite(values)])
    edges = np.unique(ranked)
    is_few = len(edges) <= N_BINS
    if not is_few:
        edges = np.unique(ranked[np.arange(1, N_BINS) * len(ranked) // N_BINS])
    known = values[~np.isnan(values)]
    return {
        "kind": "number",
        "n": len(values),
        "n_missing": len(values) - len(known),
        "edges": edges.tolist(),
        "is_few": is_few,
        "counts": count_bins(known, edges, is_few=is_few).tolist(),
    }


def _count_levels(column: pd.Series) -> dict[str, Any]:
    texts = column.dropna()
    sizes = texts.value_counts().sort_index()
    named = sizes[sizes >= max(SMALLEST_NAMED, OWN_BIN * len(column))]
    return {
        "kind": "category",
        "n": len(column),
        "n_missing": int(column.isna().sum()),
        "levels": [str(level) for level in named.index],
        "counts": [int(size) for size in named],
        "n_other": int(len(texts) - named.sum()),
    }
