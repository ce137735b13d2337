"""Rows for k-means: distinct ones, fair samples, whatever the order."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.segmentation._points import (
    count_distinct,
    draw_samples,
    find_distinct,
    make_points,
)
from crmml.segmentation._start_kernels import gather_near_ranks

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20
)


def _as_dictionary(points):
    keys = [tuple(row) for row in points.numbers.T.astype(int).tolist()]
    return dict(zip(keys, points.weights.tolist(), strict=True))


@given(rows=ROWS)
def test_distinct_rows_count_as_a_dictionary_does(rows):
    points = find_distinct(make_points(np.array(rows, dtype=float)))
    assert _as_dictionary(points) == {row: rows.count(row) for row in rows}


@given(rows=ROWS, seed=st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(rows, seed):
    X = np.array(rows, dtype=float)
    weights = np.random.default_rng(seed).uniform(0, 2, len(X))
    order = np.random.default_rng(seed + 1).permutation(len(X))
    one = find_distinct(make_points(X, weights))
    other = find_distinct(make_points(X[order], weights[order]))
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.weights, other.weights)


def test_weights_of_equal_rows_add_up_alike_in_any_order():
    X = np.array([[1.0], [0.0], [1.0], [1.0], [9.0]])
    # (.1 + .2) + .3 is not .1 + (.2 + .3)
    weights = np.array([0.1, 1.0, 0.2, 0.3, 0.0])
    expected = _as_dictionary(find_distinct(make_points(X, weights)))
    assert list(expected) == [(1,), (0,)] or list(expected) == [(0,), (1,)]
    for order in map(list, itertools.permutations(range(5))):
        found = find_distinct(make_points(X[order], weights[order]))
        assert _as_dictionary(found) == expected


def test_a_zero_is_a_zero_whatever_its_sign():
    points = find_distinct(make_points(np.array([[0.0], [-0.0]])))
    assert points.weights.tolist() == [2.0]


def test_categories_tell_rows_apart():
    X = np.zeros((4, 1))
    codes = np.array([[0, 1, 1, 0]], dtype=np.int32)
    points = find_distinct(make_points(X, codes=codes, n_categories=2, penalty=0.5))
    assert sorted(points.weights) == [2, 2]
    assert count_distinct(make_points(X, codes=codes), 1) == 2


@pytest.mark.parametrize("is_weighted", [False, True])
def test_samples_give_every_row_its_share(is_weighted):
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    X = np.repeat(np.arange(4.0), (shares * 4000).astype(int)).reshape(-1, 1)
    points = make_points(X, np.ones(len(X)) if is_weighted else None)
    small, large = draw_samples(points, [100, 1000])
    for sample, n_rows in ((small, 100), (large, 1000)):
        found = _as_dictionary(sample)
        assert sum(found.values()) == n_rows
        for value, share in enumerate(shares):
            # Marks are evenly spaced, so that a share is met but for one row.
            assert abs(found[value,] - share * n_rows) <= 1


@given(seed=st.integers(0, 50))
def test_samples_do_not_depend_on_the_order_of_the_rows(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 2)).round(1)
    order = rng.permutation(300)
    (one,) = draw_samples(make_points(X), [50])
    (other,) = draw_samples(make_points(X[order]), [50])
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.weights, other.weights)


def test_weights_in_samples_count_as_repeated_rows():
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(200, 2)), rng.integers(0, 4, 200)
    (one,) = draw_samples(make_points(X, weights.astype(float)), [60])
    (other,) = draw_samples(make_points(np.repeat(X, weights, axis=0)), [60])
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.weights, other.weights)


def test_embedded_rows_are_as_far_apart_as_k_means_says():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, (2, 20)).astype(np.int32)
    X = rng.normal(size=(20, 2))
    points = make_points(X, codes=codes, penalty=0.7, n_categories=3)
    embedded = points.embed()
    found = np.square(embedded[:, None] - embedded).sum(axis=2)
    expected = np.square(X[:, None] - X).sum(axis=2)
    expected += 0.7 * (codes[:, :, None] != codes[:, None]).sum(axis=0)
    # Rows are kept in single precision.
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_counting_distinct_rows_stops_early_but_never_short():
    X = np.r_[np.zeros(5000), np.arange(5)].reshape(-1, 1)
    assert count_distinct(make_points(X), 5) == 5
    assert count_distinct(make_points(X), 6) == 5
    assert count_distinct(make_points(np.arange(10.0).reshape(-1, 1)), 3) >= 3


@given(
    values=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60),
    n_bits=st.integers(4, 10),
    data=st.data(),
)
def test_rows_of_some_ranks_are_those_that_sorting_all_finds(values, n_bits, data):
    hashes = np.array(values * 2, dtype=np.uint64)
    ranks = sorted(data.draw(st.sets(st.integers(0, len(hashes) - 1), min_size=1)))
    rows, places = gather_near_ranks(hashes, np.array(ranks), n_bits)
    found = np.sort(hashes[rows])[places]
    np.testing.assert_array_equal(found, np.sort(hashes)[ranks])
    assert len(set(rows.tolist())) == len(rows)
