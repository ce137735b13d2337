"""Scores of recency, frequency and money: the columns, cut points, what falls where."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._frames import is_frame
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, read_features

Scores = NDArray[np.int64]

OUTPUT_COLUMNS = ("r_score", "f_score", "m_score", "rfm_score")


def read_rfm(
    estimator: Any, X: Any, names: Sequence[str], *, reset: bool
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return recency, frequency and money, and which customers have bought."""
    matrix = read_features(
        estimator, X, reset=reset, select=names, min_samples=1 if reset else 0
    )
    if matrix.shape[1] != len(names):
        raise SchemaError(
            f"An array needs 3 columns (recency, frequency, money), found "
            f"{matrix.shape[1]} feature(s). Pass a frame with named columns."
        )
    bought = ~np.isnan(matrix[:, 0]) & (matrix[:, 1] > 0)
    n_unknown = int(np.isnan(matrix[bought, 2]).sum())
    if n_unknown:
        raise SchemaError(
            f"{names[2]!r} is missing for {n_unknown} of {int(bought.sum())} "
            "customers who have bought. Fill it in, or leave these rows out."
        )
    return matrix, bought


def compute_cut_points(values: Matrix, n_bins: int) -> Matrix:
    """Values below which 1/n, 2/n ... of the customers lie or end; each one occurs.

    Cut point s is the smallest value that at least s/n of the customers do not exceed.
    """
    ordered = np.sort(values)
    steps = np.arange(1, n_bins)
    # Whole numbers: the rank of a cut point must not hang on a rounded product.
    ranks = (len(ordered) * steps + n_bins - 1) // n_bins
    return ordered[ranks - 1]


def check_cut_points(
    cut_points: Any, names: Sequence[str], n_bins: int
) -> dict[str, Matrix]:
    """Return the cut points that the caller gives, by column."""
    if cut_points is None:
        return {}
    if not isinstance(cut_points, Mapping):
        raise SchemaError(
            "cut_points must map columns to increasing numbers, got "
            f"{type(cut_points).__name__}."
        )
    unknown = [str(name) for name in cut_points if name not in set(names)]
    if unknown:
        raise SchemaError(
            f"cut_points names {', '.join(unknown)}, which is none of the columns "
            f"{', '.join(names)}."
        )
    return {
        name: _check_increasing(name, given, n_bins)
        for name, given in cut_points.items()
    }


def _check_increasing(name: str, given: Any, n_bins: int) -> Matrix:
    try:
        cuts = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        cuts = np.empty(0)
    if cuts.shape != (n_bins - 1,) or not np.isfinite(cuts).all():
        raise SchemaError(
            f"cut_points[{name!r}] must hold n_bins - 1 = {n_bins - 1} finite numbers, "
            f"found {np.size(given)}."
        )
    if (np.diff(cuts) <= 0).any():
        raise SchemaError(f"cut_points[{name!r}] must increase from each to the next.")
    return cuts


def describe_scores(
    cut_points: Mapping[str, Matrix], scores: Scores, n_bins: int
) -> pd.DataFrame:
    """List what each score of each column means and how many customers have it.

    The first column is recency, whose highest score has the smallest values.
    """
    parts = []
    for j, (name, cuts) in enumerate(cut_points.items()):
        above, up_to = np.r_[-np.inf, cuts], np.r_[cuts, np.inf]
        if j == 0:
            above, up_to = above[::-1], up_to[::-1]
        counts = np.bincount(scores[:, j], minlength=n_bins + 1)[1:]
        part = {"column": name, "score": np.arange(1, n_bins + 1), "above": above}
        parts.append(pd.DataFrame({**part, "up_to": up_to, "n_customers": counts}))
    return pd.concat(parts, ignore_index=True)


def compute_scores(values: Matrix, cut_points: Matrix) -> Scores:
    """Return 1 plus the number of cut points strictly below each value."""
    scores: Scores = np.searchsorted(cut_points, values, side="left").astype(np.int64)
    return scores + 1


def wrap_scores(scores: Scores, X: Any) -> Any:
    """Give scores the form of the table they come from."""
    if not is_frame(X):
        return scores
    columns = dict(zip(OUTPUT_COLUMNS, scores.T, strict=True))
    if isinstance(X, pd.DataFrame):
        return pd.DataFrame(columns, index=X.index)
    library = nw.get_native_namespace(nw.from_native(X))
    return nw.from_dict(columns, backend=library).to_native()
