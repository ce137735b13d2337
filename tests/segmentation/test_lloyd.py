"""The k-means engine: distances, starts, passes, canonical rows."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from crmml.segmentation import _lloyd
from crmml.segmentation._lloyd import find_distinct_rows, find_nearest, fit_centers

SETTINGS = {"n_init": 10, "max_iter": 300, "tol": 0.0}


def _compute_inertia(X, labels):
    return sum(
        np.square(X[labels == k] - X[labels == k].mean(axis=0)).sum()
        for k in np.unique(labels)
    )


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20
    )
)
def test_distinct_rows_count_as_a_dictionary_does(rows):
    counts = {row: rows.count(row) for row in sorted(set(rows))}
    X, weights = find_distinct_rows(np.array(rows, dtype=float), np.ones(len(rows)))
    assert [tuple(row) for row in X.astype(int).tolist()] == list(counts)
    assert weights.tolist() == list(counts.values())


def test_rows_of_weight_zero_vanish_and_order_of_equal_rows_is_no_matter():
    X = np.array([[1.0], [0.0], [1.0], [1.0], [9.0]])
    weights = np.array(
        [0.1, 1.0, 0.2, 0.3, 0.0]
    )  # (.1 + .2) + .3 is not .1 + (.2 + .3)
    rows, sizes = find_distinct_rows(X, weights)
    assert rows[:, 0].tolist() == [0.0, 1.0]
    for order in itertools.permutations(range(5)):
        again = find_distinct_rows(X[list(order)], weights[list(order)])
        np.testing.assert_array_equal(again[1], sizes)


@pytest.mark.parametrize("block_size", [1, 7, 65_536])
def test_nearest_equals_brute_force_whatever_the_blocks(block_size, monkeypatch):
    monkeypatch.setattr(_lloyd, "BLOCK_SIZE", block_size)
    rng = np.random.default_rng(0)
    X, centers = rng.normal(size=(50, 3)), rng.normal(size=(4, 3))
    table = np.square(X[:, None] - centers).sum(axis=2)
    labels, distances = find_nearest(X, centers)
    np.testing.assert_array_equal(labels, table.argmin(axis=1))
    np.testing.assert_allclose(distances, table.min(axis=1), rtol=1e-12)


def test_distances_have_the_same_bits_alone_and_in_a_batch():
    rng = np.random.default_rng(1)
    X, centers = rng.normal(size=(200, 9)), rng.normal(size=(5, 9))
    _, batch = find_nearest(np.asfortranarray(X), centers)
    alone = [find_nearest(X[[i]], centers)[1][0] for i in range(200)]
    np.testing.assert_array_equal(batch, alone)


@pytest.mark.parametrize("seed", range(4))
def test_small_problems_are_solved_to_the_global_optimum(seed):
    X, weights = find_distinct_rows(
        np.random.default_rng(seed).normal(size=(8, 2)), np.ones(8)
    )
    best = min(
        _compute_inertia(X, np.array(labels))
        for labels in itertools.product(range(3), repeat=8)
    )
    fit = fit_centers(X, weights, 3, rng=np.random.RandomState(0), **SETTINGS)
    assert fit.inertia == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_inertia_is_that_of_the_peer(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 3)) + rng.integers(0, 4, size=(400, 1)) * 3
    X, weights = find_distinct_rows(X, np.ones(400))
    ours = fit_centers(X, weights, 4, rng=np.random.RandomState(0), **SETTINGS)
    peer = KMeans(4, n_init=10, tol=0, random_state=0).fit(X)
    # Both keep the best of ten local optima, which rarely differ by more than this.
    assert ours.inertia <= peer.inertia_ * 1.005


def test_centres_are_the_weighted_means_of_their_rows():
    rng = np.random.default_rng(2)
    X, weights = find_distinct_rows(rng.normal(size=(80, 2)), rng.uniform(0.1, 3, 80))
    fit = fit_centers(X, weights, 3, rng=np.random.RandomState(0), **SETTINGS)
    labels, distances = find_nearest(X, fit.centers)
    for k in range(3):
        rows = labels == k
        expected = np.average(X[rows], axis=0, weights=weights[rows])
        np.testing.assert_allclose(fit.centers[k], expected, rtol=1e-10)
    assert fit.inertia == pytest.approx((weights * distances).sum())


def test_a_large_table_is_started_on_a_sample_and_finished_on_all(monkeypatch):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3000, 2)) + rng.integers(0, 3, size=(3000, 1)) * 6
    X, weights = find_distinct_rows(X, np.ones(3000))
    whole = fit_centers(X, weights, 3, rng=np.random.RandomState(0), **SETTINGS)
    monkeypatch.setattr(_lloyd, "MAX_ROWS_FOR_START", 300)
    sampled = fit_centers(X, weights, 3, rng=np.random.RandomState(0), **SETTINGS)
    assert sampled.inertia == pytest.approx(whole.inertia, rel=1e-6)


def test_an_empty_centre_takes_the_farthest_row():
    X = np.array([[0.0], [1.0], [10.0]])
    start = np.array([[0.5], [100.0]])
    fit = _lloyd._descend(X, np.ones(3), start, max_iter=10, tol=0.0)
    assert sorted(fit.centers[:, 0].tolist()) == [0.5, 10.0]


def test_as_many_segments_as_rows_gives_inertia_zero():
    X = np.arange(6.0).reshape(-1, 1)
    fit = fit_centers(X, np.ones(6), 6, rng=np.random.RandomState(0), **SETTINGS)
    assert fit.inertia == 0
    assert sorted(fit.centers[:, 0].tolist()) == X[:, 0].tolist()
