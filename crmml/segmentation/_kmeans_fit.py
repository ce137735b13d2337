"""What k-means learns from a table: preparation, number of segments, centres."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from crmml._utils._sklearn import check_sample_weight
from crmml.exceptions import SchemaError
from crmml.segmentation._choice_of_k import (
    COLUMNS,
    check_k_range,
    choose_k,
    compute_k_selection,
)
from crmml.segmentation._k_measures import Settings
from crmml.segmentation._lloyd import Fit, Labels, find_nearest, fit_centers
from crmml.segmentation._mixed_table import prepare_points, read_mixed
from crmml.segmentation._points import Points, count_distinct
from crmml.segmentation._skew_scaler import SkewScaler

# The least and the largest sum of weights.
TOTALS = (1e-200, 1e200)
# Categories move in jumps, which end in more places that are only nearly the best.
STARTS_IF_MIXED = 10
_NONE_CONSIDERED = pd.DataFrame(columns=list(COLUMNS), dtype=np.float64)


@dataclass(frozen=True)
class Learned:
    """All that a fit brings; centres are ordered by descending size."""

    scaler: SkewScaler
    categories: list[NDArray[np.object_]]
    k_selection: pd.DataFrame
    k_reason: str
    fit: Fit
    labels: Labels
    """The row of the centres for each customer."""


def learn_segments(
    segmenter: Any, X: Any, sample_weight: Any, n_clusters: int | None
) -> Learned:
    """Learn the segments of a table as the parameters of a KMeansSegmenter say.

    Parameters
    ----------
    segmenter : KMeansSegmenter
        Learns the names and number of the columns.
    X : dataframe or array-like of shape (n_samples, n_features)
        One row per customer.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.
    n_clusters : int or None
        Number of segments; None chooses it.

    Returns
    -------
    Learned
        What was learned.
    """
    table = read_mixed(segmenter, X, segmenter.categorical)
    k_range = check_k_range(segmenter.k_range)
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(
            sample_weight, table.matrix, dtype=np.float64, ensure_non_negative=True
        )
        _check_total(weights)
    scaler = SkewScaler(
        cap_quantiles=segmenter.cap_quantiles, skew_threshold=segmenter.skew_threshold
    ).fit_matrix(table.matrix, weights, getattr(segmenter, "feature_names_in_", None))
    points = prepare_points(scaler, table, weights, segmenter.category_weight)
    rng = check_random_state(segmenter.random_state)
    settings = Settings(segmenter.n_init, segmenter.max_iter, segmenter.tol)
    selection = _NONE_CONSIDERED.copy()
    if n_clusters is None:
        seed = rng.randint(np.iinfo(np.int32).max)
        selection = compute_k_selection(points, k_range, settings, seed)
        n_clusters, reason = choose_k(selection)
    else:
        _refuse_too_many(points, n_clusters)
        reason = f"n_clusters={n_clusters} was given."
    if len(points.codes):
        settings = replace(settings, n_init=STARTS_IF_MIXED * settings.n_init)
    fit = _order_by_size(fit_centers(points, n_clusters, rng=rng, **vars(settings)))
    labels = find_nearest(points, fit.centers, fit.modes)[0]
    centers = np.zeros((len(fit.centers), table.matrix.shape[1]), dtype=np.float64)
    centers[:, ~scaler.ignored_] = fit.centers
    fit = replace(fit, centers=centers)
    return Learned(scaler, table.categories, selection, reason, fit, labels)


def _check_total(weights: NDArray[np.float64]) -> None:
    """Refuse weights whose sums of squares would leave the range of numbers."""
    least, most = TOTALS
    with np.errstate(over="ignore"):
        total = float(weights.sum())
    if not least <= total <= most:
        raise SchemaError(
            f"sample_weight adds up to {total:.3g}, but must be between "
            f"{least:g} and {most:g}. Multiply all weights by one number."
        )


def _refuse_too_many(points: Points, n_clusters: int) -> None:
    n_distinct = count_distinct(points, n_clusters)
    if n_clusters > n_distinct:
        raise SchemaError(
            f"n_clusters={n_clusters} is more than the {n_distinct} distinct customers "
            "there are once the columns are prepared. Ask for fewer segments, or give "
            "columns in which customers differ."
        )


def _order_by_size(fit: Fit) -> Fit:
    """Sort centres by descending size; of equals, the larger numbers come first."""
    order = np.lexsort((*-fit.centers.T[::-1], -fit.sizes))
    return replace(
        fit,
        centers=fit.centers[order],
        modes=np.ascontiguousarray(fit.modes[order]),
        sizes=fit.sizes[order],
    )
