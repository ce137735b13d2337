"""Choosing the number of segments: the table, the rule and the sentence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score

from crmml.exceptions import SchemaError
from crmml.segmentation import KMeansSegmenter
from crmml.segmentation._choice_of_k import (
    COLUMNS,
    _draw_cloud,
    choose_k,
    draw_sample,
)


def _make_table(rows):
    return pd.DataFrame(rows, columns=["n_clusters", "silhouette", "reference"]).assign(
        stability=0.9, score=lambda t: (t.silhouette - t.reference) * 0.9
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
    expected = silhouette_score(prepared, segmenter.labels_)
    assert row["silhouette"] == pytest.approx(expected, abs=1e-6)
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


def test_of_nearly_equal_scores_the_finer_answer_wins():
    assert choose_k(_make_table([(2, 0.5, 0.1), (3, 0.49, 0.1), (4, 0.4, 0.1)]))[0] == 3
    assert choose_k(_make_table([(2, 0.5, 0.1), (3, 0.45, 0.1), (4, 0.4, 0.1)]))[0] == 2


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
    sample = draw_sample(X, np.array([2.0, 1.0, 3.0]))
    assert sample[:, 0].tolist() == [0, 0, 1, 2, 2, 2]


def test_the_sample_of_a_large_table_keeps_its_proportions():
    X = np.arange(5.0).reshape(-1, 1)
    sample = draw_sample(X, np.array([1e6, 2e6, 3e6, 4e6, 0.5e6]))
    shares = np.bincount(sample[:, 0].astype(int)) / len(sample)
    # Systematic draws are off by at most one row in two thousand per value.
    np.testing.assert_allclose(shares, np.array([1, 2, 3, 4, 0.5]) / 10.5, atol=1e-3)


def test_clouds_have_the_covariance_asked_for():
    factor = np.array([[2.0, 0.0], [1.0, 0.5]])
    cloud = _draw_cloud(factor, 100_000, np.random.RandomState(0))
    # Five standard errors of a variance of 4 from 100,000 rows.
    np.testing.assert_allclose(np.cov(cloud.T), factor @ factor.T, atol=0.09)


def test_the_choice_is_the_same_again_and_in_another_row_order():
    X, _ = make_blobs(200, n_features=3, centers=3, cluster_std=3, random_state=0)
    first = KMeansSegmenter(k_range=(2, 5)).fit(X).k_selection_
    order = np.random.default_rng(0).permutation(200)
    again = KMeansSegmenter(k_range=(2, 5)).fit(X[order]).k_selection_
    pd.testing.assert_frame_equal(first, again, check_exact=True)
