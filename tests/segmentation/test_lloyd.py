"""The k-means engine: distances, starts, passes, categories."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from crmml.segmentation import _lloyd
from crmml.segmentation._lloyd import find_nearest, fit_centers
from crmml.segmentation._points import make_points

SETTINGS = {"n_init": 10, "max_iter": 300, "tol": 0.0}


def _fit(X, k, *, seed=0, weights=None, **settings):
    rng = np.random.RandomState(seed)
    return fit_centers(make_points(X, weights), k, rng=rng, **(SETTINGS | settings))


def _compute_inertia(X, labels):
    return sum(
        np.square(X[labels == k] - X[labels == k].mean(axis=0)).sum()
        for k in np.unique(labels)
    )


def _no_modes(k):
    return np.empty((k, 0), dtype=np.int32)


@pytest.mark.parametrize("n_rows", [1, 2, 511, 512, 513, 2000])
def test_nearest_equals_brute_force_whatever_the_blocks(n_rows):
    rng = np.random.default_rng(0)
    X, centers = rng.normal(size=(n_rows, 3)), rng.normal(size=(4, 3))
    table = np.square(X[:, None] - centers).sum(axis=2)
    labels, distances = find_nearest(make_points(X), centers)
    np.testing.assert_array_equal(labels, table.argmin(axis=1))
    # Single precision.
    np.testing.assert_allclose(distances, table.min(axis=1), rtol=1e-5, atol=1e-6)


def test_distances_have_the_same_bits_alone_and_in_a_batch():
    rng = np.random.default_rng(1)
    X, centers = rng.normal(size=(700, 9)), rng.normal(size=(5, 9))
    _, batch = find_nearest(make_points(X), centers)
    alone = [find_nearest(make_points(X[[i]]), centers)[1][0] for i in range(700)]
    np.testing.assert_array_equal(batch, alone)


@pytest.mark.parametrize("seed", range(4))
def test_small_problems_are_solved_to_the_global_optimum(seed):
    X = np.random.default_rng(seed).normal(size=(8, 2))
    best = min(
        _compute_inertia(X, np.array(labels))
        for labels in itertools.product(range(3), repeat=8)
    )
    # Rows are kept in single precision.
    assert _fit(X, 3).inertia == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_inertia_is_that_of_the_peer(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 3)) + rng.integers(0, 4, size=(400, 1)) * 3
    peer = KMeans(4, n_init=10, tol=0, random_state=0).fit(X)
    # Both keep the best of ten local optima, which rarely differ by more than this.
    assert _fit(X, 4).inertia <= peer.inertia_ * 1.005


def test_a_large_table_is_no_worse_than_one_start_of_the_peer():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 3)) + rng.integers(0, 6, size=(60_000, 1)) * 2.5
    peer = KMeans(5, n_init=1, random_state=0).fit(X)
    assert _fit(X, 5, tol=1e-4).inertia <= peer.inertia_ * 1.002


@given(
    seed=st.integers(0, 1000),
    is_weighted=st.booleans(),
    n_clusters=st.integers(1, 4),
)
@settings(max_examples=40)
def test_centres_are_the_weighted_means_of_their_rows(seed, is_weighted, n_clusters):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2)) * rng.choice([1e-3, 1.0, 1e3])
    weights = rng.uniform(0.1, 3, 60) if is_weighted else None
    fit = _fit(X, n_clusters, weights=weights)
    labels, _ = find_nearest(make_points(X), fit.centers)
    single = X.astype(np.float32).astype(np.float64)
    given_weights = np.ones(60) if weights is None else weights
    for k in range(n_clusters):
        rows = labels == k
        expected = np.average(single[rows], axis=0, weights=given_weights[rows])
        scale = np.abs(X).max()
        np.testing.assert_allclose(fit.centers[k], expected, atol=1e-9 * scale)
        assert fit.sizes[k] == pytest.approx(given_weights[rows].sum(), rel=1e-9)
    table = np.square(single - fit.centers[labels]).sum(axis=1)
    assert fit.inertia == pytest.approx((given_weights * table).sum(), rel=1e-6)


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e12])
def test_the_unit_of_weights_changes_no_centre(factor):
    rng = np.random.default_rng(3)
    X, weights = rng.normal(size=(80, 2)), rng.uniform(0.1, 3, 80)
    expected = _fit(X, 3, weights=weights)
    found = _fit(X, 3, weights=weights * factor)
    np.testing.assert_allclose(found.centers, expected.centers, atol=1e-9)
    assert found.inertia == pytest.approx(expected.inertia * factor, rel=1e-6)


def test_a_large_table_is_started_on_samples_and_finished_on_all(monkeypatch):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3000, 2)) + rng.integers(0, 3, size=(3000, 1)) * 6
    whole = _fit(X, 3)
    monkeypatch.setattr(_lloyd, "MAX_ROWS_FOR_START", 100)
    monkeypatch.setattr(_lloyd, "MAX_ROWS_PER_SEGMENT", 10)
    monkeypatch.setattr(_lloyd, "GROWTH", 2)
    sampled = _fit(X, 3)
    assert sampled.inertia == pytest.approx(whole.inertia, rel=1e-6)
    order = rng.permutation(3000)
    again = _fit(X[order], 3)
    np.testing.assert_array_equal(again.centers, sampled.centers)
    assert again.inertia == sampled.inertia


def test_popular_rows_do_not_hide_the_others_from_the_start(monkeypatch):
    monkeypatch.setattr(_lloyd, "MAX_ROWS_FOR_START", 10)
    monkeypatch.setattr(_lloyd, "MAX_ROWS_PER_SEGMENT", 2)
    X = np.r_[np.zeros(990), np.arange(1, 11) * 10.0].reshape(-1, 1)
    fit = _fit(X, 5)
    assert len(np.unique(fit.centers)) == 5


def test_an_empty_centre_takes_the_farthest_row():
    points = make_points(np.array([[0.0], [1.0], [10.0]]))
    start = np.array([[0.5], [100.0]])
    fit = _lloyd._descend(points, start, _no_modes(2), max_iter=10, tol=0.0)
    assert sorted(fit.centers[:, 0].tolist()) == [0.5, 10.0]


def test_several_empty_centres_take_different_rows():
    X = np.array([[0.0], [1.0], [10.0], [10.0], [20.0]])
    start = np.array([[0.5], [100.0], [101.0]])
    fit = _lloyd._descend(make_points(X), start, _no_modes(3), max_iter=10, tol=0.0)
    assert sorted(fit.centers[:, 0].tolist()) == [0.5, 10.0, 20.0]


def test_as_many_segments_as_rows_gives_inertia_zero():
    X = np.arange(6.0).reshape(-1, 1)
    fit = _fit(X, 6)
    assert fit.inertia == 0
    assert sorted(fit.centers[:, 0].tolist()) == X[:, 0].tolist()


def test_categories_are_penalised_and_centres_hold_the_most_frequent():
    X = np.zeros((6, 1))
    codes = np.array([[0, 0, 1, 2, 2, 2], [0, 0, 0, 1, 1, 0]], dtype=np.int32)
    points = make_points(X, codes=codes, penalty=0.5, n_categories=3)
    rng = np.random.RandomState(0)
    fit = fit_centers(points, 2, rng=rng, **SETTINGS)
    assert sorted(map(tuple, fit.modes.tolist())) == [(0, 0), (2, 1)]
    assert fit.inertia == 1.0
    labels, distances = find_nearest(points, fit.centers, fit.modes)
    assert distances.tolist() == [0, 0, 0.5, 0, 0, 0.5]
    assert labels[0] != labels[3]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 99),
    n_categorical=st.integers(0, 2),
    is_weighted=st.booleans(),
    k=st.integers(1, 6),
)
def test_rows_that_are_not_compared_again_would_have_stayed(
    seed, n_categorical, is_weighted, k
):
    """Large tables skip rows and use threads; the small ones' plain loop is the oracle.

    Whole numbers bring ties, and 1,500 rows more than one block.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1_500, 3))
    X[:, :2] = X[:, :2].round()
    codes = rng.integers(0, 3, (n_categorical, 1_500)).astype(np.int32)
    weights = rng.integers(0, 4, 1_500).astype(float) if is_weighted else None
    points = make_points(X, weights, codes, penalty=0.7, n_categories=3)
    start = X[rng.choice(1_500, k, replace=False)]
    modes = np.ascontiguousarray(codes[:, :k].T)
    plain = _lloyd._descend(points, start, modes, 50, 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lloyd, "MAX_ROWS_ALONE", 0)
        found = _lloyd._descend(points, start, modes, 50, 0.0)
    for name in ("centers", "modes", "sizes", "inertia", "n_iter"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))
