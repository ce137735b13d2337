"""A map of the customers: two dimensions in which segments can be drawn."""

from typing import Any

import numpy as np
import pandas as pd

from crmml.segmentation._columns import Matrix
from crmml.segmentation._profile import read_segments
from crmml.segmentation._skew_scaler import prepare


def compute_segment_map(features: Any, labels: Any) -> pd.DataFrame:
    """Place customers in the plane that shows most of how they differ.

    The two axes are the first principal components of the columns as
    :class:`SkewScaler` prepares them. Each points to where its weightiest column grows.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.

    Returns
    -------
    pandas.DataFrame
        Columns x, y (in standard deviations of the prepared columns, rounded to 8
        decimals) and segment, one row per customer with the index of `features`.
        ``attrs`` holds ``explained_variance``, the fractions of the variance that x and
        y show, and ``loadings``, for either axis the weight (-1 to 1) of each column.

    Raises
    ------
    SchemaError
        If columns hold text, dates or infinite numbers, or if labels are missing or
        their number is wrong.

    Examples
    --------
    Two columns that say the same leave nothing for the second axis:

    >>> import pandas as pd
    >>> from crmml.segmentation import compute_segment_map
    >>> features = pd.DataFrame({"n_orders": [1, 2, 3], "n_visits": [2, 4, 6]})
    >>> plane = compute_segment_map(features, ["a", "a", "b"])
    >>> plane.round(2)
          x    y segment
    0 -1.73  0.0       a
    1  0.00  0.0       a
    2  1.73  0.0       b
    >>> [round(share, 2) for share in plane.attrs["explained_variance"]]
    [1.0, 0.0]
    """
    table, segments = read_segments(features, labels)
    prepared = prepare(table.to_numpy())
    axes, shares = _find_axes(prepared)
    mean = prepared.mean(axis=0) if len(prepared) else 0.0
    # Rounded, because the last bits of sums differ between machines; + 0 drops -0.
    points = np.round((prepared - mean) @ axes, 8) + 0.0
    result = pd.DataFrame(
        {"x": points[:, 0], "y": points[:, 1], "segment": segments.to_numpy()},
        index=table.index,
    )
    names = [str(name) for name in table.columns]
    result.attrs["explained_variance"] = shares
    result.attrs["loadings"] = {
        axis: dict(zip(names, np.round(axes[:, j], 8).tolist(), strict=True))
        for j, axis in enumerate(("x", "y"))
    }
    return result


def _find_axes(prepared: Matrix) -> tuple[Matrix, tuple[float, float]]:
    """Return the axes, of shape (n_features, 2), and their shares of the variance."""
    n_features = prepared.shape[1]
    axes = np.zeros((n_features, 2), dtype=np.float64)
    if len(prepared) < 2:
        return axes, (0.0, 0.0)
    centered = prepared - prepared.mean(axis=0)
    variances, vectors = np.linalg.eigh(centered.T @ centered)
    order = np.argsort(-variances, kind="stable")[:2]
    found = vectors[:, order]
    # Rounding first makes columns of equal weight tie, so that the first one decides.
    heaviest = np.abs(found).round(8).argmax(axis=0)
    signs = np.sign(found[heaviest, np.arange(found.shape[1])])
    axes[:, : found.shape[1]] = found * np.where(signs == 0, 1.0, signs)
    total = float(np.clip(variances, 0.0, None).sum())
    shares = [0.0, 0.0]
    for j, value in enumerate(variances[order]):
        shares[j] = round(max(float(value), 0.0) / total, 8) if total > 0 else 0.0
    return axes, (shares[0], shares[1])
