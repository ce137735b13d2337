"""How many segments: separation weighed with stability, in words too."""

from collections import Counter
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmml.exceptions import SchemaError
from crmml.segmentation._k_measures import (
    Settings,
    compute_calinski_harabasz,
    compute_silhouette,
    compute_simplified_silhouette,
    compute_stability,
    draw_halves,
    measure_clouds,
)
from crmml.segmentation._lloyd import find_nearest, fit_centers
from crmml.segmentation._points import Points, draw_samples, find_distinct

# The silhouette of 10,000 customers is within about 0.001 of that of all.
MAX_ROWS = 10_000
# Fewer customers per segment than this, on average, show nothing that would last.
MEAN_SIZE = 10
# Gains in silhouette over one cloud: below the first, there are no groups at all;
# below the second, groups run into each other.
NO_GAIN = 0.02
WEAK_GAIN = 0.1
NEAR_BEST = 0.95

COLUMNS = (
    "n_clusters",
    "silhouette",
    "reference",
    "stability",
    "score",
    "simplified_silhouette",
    "calinski_harabasz",
    "gap",
    "gap_error",
    "smallest_share",
    "inertia",
)


def check_k_range(k_range: Any) -> tuple[int, int]:
    """Return the smallest and largest number of segments to try."""
    whole = len(k_range) == 2 and all(isinstance(k, Integral) for k in k_range)
    if not whole or not 2 <= k_range[0] <= k_range[1]:
        raise SchemaError(
            "k_range must be two whole numbers, the smallest (at least 2) and the "
            f"largest number of segments, got {k_range!r}."
        )
    return int(k_range[0]), int(k_range[1])


def draw_sample(points: Points) -> Points:
    """Draw rows in proportion to their weight, as distinct rows with counts.

    A table no larger than the sample is taken as it is.
    """
    if not points.weights.size and len(points) <= MAX_ROWS:
        return find_distinct(points)
    n_used = np.count_nonzero(points.weights) if points.weights.size else len(points)
    n_rows = int(np.clip(round(points.total_weight), min(n_used, MAX_ROWS), MAX_ROWS))
    return draw_samples(points, [n_rows])[0]


def compute_k_selection(
    points: Points, k_range: tuple[int, int], settings: Settings, seed: int
) -> pd.DataFrame:
    """Judge every number of segments in a range.

    Parameters
    ----------
    points : Points
        Prepared rows.
    k_range : tuple of two int
        Smallest and largest number of segments.
    settings : Settings
        How each k-means is run.
    seed : int
        Seed of all draws.

    Returns
    -------
    pandas.DataFrame
        One row per number of segments that the sample allows, with the columns that
        the attribute ``k_selection_`` of :class:`KMeansSegmenter` documents.
    """
    rng = np.random.RandomState(seed)
    rows = draw_sample(points)
    n_rows = float(rows.weights.sum())
    most = min(k_range[1], max(k_range[0], int(n_rows) // MEAN_SIZE), len(rows))
    k_values = range(k_range[0], most + 1)
    if not k_values:
        return pd.DataFrame(columns=list(COLUMNS), dtype=np.float64)
    clouds = measure_clouds(rows, k_values, settings, rng)
    halves = draw_halves(rows, rng)
    of_one = fit_centers(rows, 1, rng=rng, **vars(settings)).inertia
    table = []
    for j, k in enumerate(k_values):
        fit = fit_centers(rows, k, rng=rng, **vars(settings))
        labels = find_nearest(rows, fit.centers, fit.modes)[0]
        stability = compute_stability(rows, labels, halves, k, settings, rng)
        inertia = fit.inertia / n_rows
        silhouette = round(compute_silhouette(rows, labels), 6)
        reference = round(clouds.silhouette[j], 6)
        log_inertia = np.log(max(inertia, np.finfo(np.float64).tiny))
        found = (
            k,
            silhouette,
            reference,
            stability,
            (silhouette - reference) * max(stability, 0.0),
            compute_simplified_silhouette(rows, fit),
            compute_calinski_harabasz(fit, of_one, n_rows),
            clouds.log_inertia[j] - log_inertia,
            clouds.log_spread[j],
            fit.sizes.min() / n_rows,
            inertia,
        )
        table.append(found)
    # Rounded, so that the last bits of a sum never decide.
    return pd.DataFrame(table, columns=list(COLUMNS)).round(6)


def find_favourites(selection: pd.DataFrame) -> dict[str, int]:
    """Return the number of segments that each criterion alone would take.

    The gap statistic takes the smallest number whose gap is not below the next one's
    less its error; the others take the number with the highest value.
    """
    highest = {
        name: int(selection.loc[selection[name].idxmax(), "n_clusters"])
        for name in (
            "silhouette",
            "simplified_silhouette",
            "calinski_harabasz",
            "stability",
        )
    }
    limit = (selection["gap"] - selection["gap_error"]).shift(-1)
    enough = selection["gap"] >= limit.fillna(-np.inf)
    return {**highest, "gap": int(selection.loc[enough.idxmax(), "n_clusters"])}


def choose_k(selection: pd.DataFrame) -> tuple[int, str]:
    """Return the number of segments to take and the reason in words.

    Of the scores within 5 % of the highest, the number that most criteria would take
    alone wins, and of equals the largest, since the silhouette is known to prefer
    coarse answers. Where no number stands out from one cloud, the most stable does, and
    without any candidate all customers are alike.
    """
    if selection.empty:
        return 1, "One segment: all customers are alike once the columns are prepared."
    gains = selection["silhouette"] - selection["reference"]
    favourites = find_favourites(selection)
    tried = f"{selection['n_clusters'].min()} to {selection['n_clusters'].max()}"
    if gains.max() < NO_GAIN:
        best = selection.loc[selection["stability"].idxmax()]
        k = int(best["n_clusters"])
        return k, (
            f"{k} segments, out of {tried}: no number of segments stands out from one "
            "cloud of customers, and these come back best when half of the customers "
            f"are drawn (agreement {best['stability']:.2f}). The borders between "
            f"segments are conventions. {_list_votes(favourites)}"
        )
    near_best = selection["score"] >= selection["score"].max() * NEAR_BEST
    votes = selection["n_clusters"].map(Counter(favourites.values())).fillna(0)
    row = votes[near_best][::-1].idxmax()
    best = selection.loc[row]
    k = int(best["n_clusters"])
    separation, in_cloud = best["silhouette"], best["reference"]
    reason = (
        f"{k} segments, out of {tried}: they stand out from one cloud of customers "
        f"(silhouette {separation:.2f} against {in_cloud:.2f}) and come back when half "
        f"of the customers are drawn (agreement {best['stability']:.2f})"
    )
    rest = selection.drop(index=row)
    if len(rest):
        second = rest.loc[rest["score"].idxmax(), "n_clusters"]
        reason += f"; next best is {second:.0f}"
    reason += "."
    if gains[row] < WEAK_GAIN:
        reason += (
            f" A gain of {gains[row]:.2f} is small: segments run into each other, and "
            "their borders are conventions."
        )
    return k, f"{reason} {_list_votes(favourites)}"


def _list_votes(favourites: dict[str, int]) -> str:
    """Say what each criterion would take without the others."""
    votes = [f"{name.replace('_', ' ')} {k}" for name, k in favourites.items()]
    return f"Alone, they would take: {', '.join(votes)}."
