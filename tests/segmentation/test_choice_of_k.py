"""Choosing the number of segments: the table, the rule and the sentence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from crmml.exceptions import SchemaError
from crmml.segmentation import KMeansSegmenter
from crmml.segmentation._choice_of_k import (
    COLUMNS,
    choose_k,
    draw_sample,
    find_favourites,
)
from crmml.segmentation._k_measures import (
    compute_calinski_harabasz,
    compute_silhouette,
    compute_simplified_silhouette,
    draw_cloud,
)
from crmml.segmentation._lloyd import Fit, find_nearest, fit_centers
from crmml.segmentation._points import find_distinct, make_points


def _make_table(rows):
    return pd.DataFrame(rows, columns=["n_clusters", "silhouette", "reference"]).assign(
        stability=0.9,
        score=lambda t: (t.silhouette - t.reference) * 0.9,
        simplified_silhouette=0.5,
        calinski_harabasz=1.0,
        gap=0.0,
        gap_error=0.1,
    )


def _make_planted(n_groups, seed):
    """Groups whose centres lie at least six deviations apart."""
    rng = np.random.default_rng(seed)
    corners = rng.permutation(list(np.ndindex(2, 2, 2)))[:n_groups]
    truth = rng.integers(0, n_groups, size=600)
    return rng.normal(size=(600, 3)) + corners[truth] * 6.0, truth


@pytest.mark.parametrize("n_groups", [2, 3, 4, 6])
def test_the_number_of_planted_groups_is_found(n_groups):
    X, _ = _make_planted(n_groups, seed=n_groups)
    segmenter = KMeansSegmenter().fit(X)
    assert segmenter.n_clusters_ == n_groups
    assert segmenter.k_reason_.startswith(f"{n_groups} segments, out of 2 to 10")


def test_the_table_holds_one_row_per_number_and_says_how_it_scored():
    X, _ = _make_planted(3, seed=0)
    segmenter = KMeansSegmenter(k_range=(2, 5)).fit(X)
    table = segmenter.k_selection_
    assert tuple(table.columns) == COLUMNS
    assert table["n_clusters"].tolist() == [2, 3, 4, 5]
    score = (table["silhouette"] - table["reference"]) * table["stability"]
    # Each is rounded to six digits.
    np.testing.assert_allclose(table["score"], score, atol=1e-6)
    assert (table["inertia"].diff()[1:] < 0).all()
    row = table.loc[table["n_clusters"] == 3].iloc[0]
    prepared = segmenter.scaler_.transform(X)
    labels = segmenter.labels_
    # Distances are in single precision.
    expected = silhouette_score(prepared, labels)
    assert row["silhouette"] == pytest.approx(expected, abs=1e-5)
    expected = calinski_harabasz_score(prepared, labels)
    assert row["calinski_harabasz"] == pytest.approx(expected, rel=1e-5)
    assert row["stability"] == pytest.approx(1, abs=0.02)
    sizes = np.bincount(segmenter.labels_)
    assert row["smallest_share"] == pytest.approx(sizes.min() / 600)


def test_one_cloud_is_called_one_cloud():
    X = np.random.default_rng(0).normal(size=(500, 3))
    segmenter = KMeansSegmenter(k_range=(2, 5)).fit(X)
    assert "conventions" in segmenter.k_reason_


def test_given_numbers_need_no_table():
    segmenter = KMeansSegmenter(2).fit([[1.0], [2.0], [9.0]])
    assert segmenter.k_reason_ == "n_clusters=2 was given."
    assert len(segmenter.k_selection_) == 0
    assert tuple(segmenter.k_selection_.columns) == COLUMNS


def test_few_customers_get_few_segments():
    X = np.random.default_rng(1).normal(size=(35, 2))
    assert KMeansSegmenter().fit(X).k_selection_["n_clusters"].tolist() == [2, 3]
    assert KMeansSegmenter().fit(X[:4]).n_clusters_ == 2


@pytest.mark.filterwarnings("ignore:.*constant within the caps")
def test_customers_who_are_all_alike_are_one_segment():
    segmenter = KMeansSegmenter().fit(np.ones((20, 2)))
    assert segmenter.n_clusters_ == 1
    assert segmenter.labels_.tolist() == [0] * 20
    assert "all customers are alike" in segmenter.k_reason_


@pytest.mark.parametrize("k_range", [(1, 5), (5, 2), (2,), (2.0, 3.0)])
def test_impossible_ranges_are_refused(k_range):
    with pytest.raises(SchemaError, match="k_range must be two whole numbers"):
        KMeansSegmenter(k_range=k_range).fit([[1.0], [2.0]])


def test_of_nearly_equal_scores_the_one_with_more_votes_wins_and_then_the_finer():
    near = _make_table([(2, 0.5, 0.1), (3, 0.49, 0.1), (4, 0.4, 0.1)])
    # Where nothing differs, a criterion takes the smallest number.
    assert choose_k(near)[0] == 2
    finer = near.assign(simplified_silhouette=[1, 2, 1], gap=[0, 1, 1])
    assert choose_k(finer.assign(calinski_harabasz=[1, 2, 1]))[0] == 3
    tied = finer.assign(calinski_harabasz=[1, 1, 9])
    assert choose_k(tied)[0] == 3
    clear = _make_table([(2, 0.5, 0.1), (3, 0.45, 0.1), (4, 0.4, 0.1)])
    assert choose_k(clear.assign(calinski_harabasz=[1, 2, 1], gap=[0, 1, 1]))[0] == 2


def test_the_reason_gives_the_figures_the_runner_up_and_a_caution():
    k, reason = choose_k(_make_table([(2, 0.3, 0.28), (3, 0.25, 0.2), (4, 0.2, 0.2)]))
    assert k == 3
    assert "silhouette 0.25 against 0.20" in reason
    assert "next best is 2" in reason
    assert "A gain of 0.05 is small" in reason


def test_without_any_gain_the_most_stable_number_wins():
    table = _make_table([(2, 0.2, 0.2), (3, 0.2, 0.2)]).assign(stability=[0.4, 0.6])
    k, reason = choose_k(table)
    assert k == 3
    assert "agreement 0.60" in reason


def test_the_sample_of_a_small_table_is_the_table_with_repeats():
    X = np.array([[0.0], [1.0], [2.0]])
    sample = draw_sample(make_points(X, np.array([2.0, 1.0, 3.0])))
    found = dict(zip(sample.numbers[0].tolist(), sample.weights.tolist(), strict=True))
    assert found == {0.0: 2, 1.0: 1, 2.0: 3}


def test_the_sample_of_a_large_table_keeps_its_proportions():
    X = np.arange(5.0).reshape(-1, 1)
    sample = draw_sample(make_points(X, np.array([1e6, 2e6, 3e6, 4e6, 0.5e6])))
    order = np.argsort(sample.numbers[0])
    shares = sample.weights[order] / sample.weights.sum()
    # Systematic draws are off by at most one row in ten thousand per value.
    np.testing.assert_allclose(shares, np.array([1, 2, 3, 4, 0.5]) / 10.5, atol=2e-4)


def test_clouds_have_the_covariance_asked_for():
    factor = np.array([[2.0, 0.0], [1.0, 0.5]])
    cloud = draw_cloud(factor, 100_000, np.random.RandomState(0))
    # Five standard errors of a variance of 4 from 100,000 rows.
    np.testing.assert_allclose(np.cov(cloud.T), factor @ factor.T, atol=0.09)


@pytest.mark.parametrize("seed", range(3))
def test_silhouettes_equal_those_of_the_peer(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, (120, 2)).astype(float)
    rows = find_distinct(make_points(X))
    labels = rng.integers(0, 4, len(rows))
    each = rows.weights.astype(int)
    expected = silhouette_score(
        np.repeat(rows.numbers.T, each, axis=0), np.repeat(labels, each)
    )
    assert compute_silhouette(rows, labels) == pytest.approx(expected, abs=1e-5)


def test_silhouettes_without_two_segments_are_zero():
    rows = find_distinct(make_points(np.arange(4.0).reshape(-1, 1)))
    assert compute_silhouette(rows, np.zeros(4, dtype=int)) == 0
    assert compute_silhouette(rows, np.arange(4)) == 0


def test_simplified_silhouettes_measure_to_centres():
    X = np.array([[0.0], [1.0], [2.0], [9.0], [11.0]])
    rows = find_distinct(make_points(X))
    fit = fit_centers(
        rows, 2, n_init=3, max_iter=99, tol=0, rng=np.random.RandomState(0)
    )
    near = np.array([1, 0, 1, 1, 1])
    far = np.array([10, 9, 8, 8, 10])
    expected = ((far - near) / far).mean()
    assert compute_simplified_silhouette(rows, fit) == pytest.approx(expected, abs=1e-6)


def test_criteria_of_mixed_rows_are_those_of_their_embedding():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, (1, 80)).astype(np.int32)
    points = make_points(
        rng.normal(size=(80, 2)), codes=codes, penalty=2, n_categories=3
    )
    rows = find_distinct(points)
    labels = rng.integers(0, 3, len(rows))
    expected = silhouette_score(rows.embed(), labels)
    assert compute_silhouette(rows, labels) == pytest.approx(expected, abs=1e-5)
    fit = fit_centers(
        rows, 3, n_init=3, max_iter=99, tol=0, rng=np.random.RandomState(0)
    )
    assert find_nearest(rows, fit.centers, fit.modes)[0].max() == 2
    assert 0 < compute_simplified_silhouette(rows, fit) < 1


def test_variance_ratios_of_perfect_or_single_segments_are_defined():
    perfect = Fit(np.zeros((2, 1)), np.empty((2, 0)), np.ones(2), 0.0, 1)
    assert compute_calinski_harabasz(perfect, 5.0, 10) == np.inf
    single = Fit(np.zeros((1, 1)), np.empty((1, 0)), np.ones(1), 5.0, 1)
    assert compute_calinski_harabasz(single, 5.0, 10) == 0


def test_the_gap_takes_the_first_number_that_the_next_does_not_beat():
    table = _make_table([(2, 0.3, 0), (3, 0.5, 0), (4, 0.4, 0), (5, 0.1, 0)])
    table["gap"], table["gap_error"] = [0.1, 0.9, 0.95, 0.5], 0.06
    favourites = find_favourites(table)
    assert favourites["gap"] == 3
    assert favourites["silhouette"] == 3
    table["gap"] = [0.1, 0.2, 0.3, 0.9]
    assert find_favourites(table)["gap"] == 5


def test_planted_groups_convince_every_criterion():
    X, _ = _make_planted(6, seed=6)
    segmenter = KMeansSegmenter(k_range=(2, 8)).fit(X)
    favourites = find_favourites(segmenter.k_selection_)
    # Fewer groups may be as stable.
    favourites.pop("stability")
    assert set(favourites.values()) == {6}
    assert "calinski harabasz 6" in segmenter.k_reason_


def test_the_choice_is_the_same_again_and_in_another_row_order():
    X, _ = make_blobs(200, n_features=3, centers=3, cluster_std=3, random_state=0)
    first = KMeansSegmenter(k_range=(2, 5)).fit(X).k_selection_
    order = np.random.default_rng(0).permutation(200)
    again = KMeansSegmenter(k_range=(2, 5)).fit(X[order]).k_selection_
    pd.testing.assert_frame_equal(first, again, check_exact=True)
