"""Scores by rank: cut points that occur in the data, and where values fall."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._frames import is_frame
from crmml.segmentation._columns import Matrix

Scores = NDArray[np.int64]

OUTPUT_COLUMNS = ("r_score", "f_score", "m_score", "rfm_score")


def compute_cut_points(values: Matrix, n_bins: int) -> Matrix:
    """Values below which 1/n, 2/n ... of the customers lie or end; each one occurs.

    Cut point s is the smallest value that at least s/n of the customers do not exceed.
    """
    ordered = np.sort(values)
    steps = np.arange(1, n_bins)
    # Whole numbers: the rank of a cut point must not hang on a rounded product.
    ranks = (len(ordered) * steps + n_bins - 1) // n_bins
    return ordered[ranks - 1]


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
