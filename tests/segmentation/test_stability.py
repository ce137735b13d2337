"""Which segments would come back."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from crmml.exceptions import SchemaError
from crmml.segmentation import (
    KMeansSegmenter,
    RFMSegmenter,
    compute_segment_stability,
)
from crmml.segmentation._stability import _compare


def _make_groups(n_customers=300, seed=0):
    """Return one group far away, and one cloud that is cut in two at will."""
    rng = np.random.default_rng(seed)
    far = rng.integers(0, 2, n_customers)
    spread = np.where(far, 0.2, 1.0)[:, None]
    points = rng.normal(size=(n_customers, 2)) * spread + 9 * far[:, None]
    return pd.DataFrame(points, columns=["消费", "次数"])


def test_what_is_apart_comes_back_and_what_is_cut_at_will_does_not():
    X = _make_groups()
    segmenter = KMeansSegmenter(3).fit(X)
    table = compute_segment_stability(segmenter, X, n_resamples=10)
    far = segmenter.labels_[X["消费"].argmax()]
    apart = table.set_index("segment").loc[far]
    cut = table[table["segment"] != far]
    assert apart["adjusted_rand"] > 0.9
    assert (cut["adjusted_rand"] < apart["adjusted_rand"]).all()
    assert table["n_customers"].sum() == 300


def test_two_groups_apart_are_excellent():
    X = _make_groups()
    table = compute_segment_stability(KMeansSegmenter(2).fit(X), X, n_resamples=5)
    assert table["verdict"].tolist() == ["excellent", "excellent"]
    assert table.attrs["adjusted_rand"] == pytest.approx(1, abs=0.02)


def test_comparing_equal_divisions_gives_ones_whatever_the_names():
    present = np.array([0, 0, 1, 1, 2])
    together, each = _compare(present, np.array([2, 2, 0, 0, 1]))
    assert together == 1
    assert each == [(1.0, 1.0)] * 3


def test_a_segment_without_counterpart_scores_nothing():
    present = np.array([0, 0, 1, 1])
    _, each = _compare(present, np.zeros(4, dtype=int))
    assert sorted(jaccard for _, jaccard in each) == [0.0, 0.5]
    assert max(rand for rand, _ in each) <= 1e-12


def test_row_order_carrier_and_index_change_nothing():
    X = _make_groups(120)
    segmenter = KMeansSegmenter(3).fit(X)
    expected = compute_segment_stability(segmenter, X, n_resamples=3)
    shuffled = X.sample(frac=1, random_state=1)
    for given in (shuffled, pl.from_pandas(X)):
        found = compute_segment_stability(segmenter, given, n_resamples=3)
        pd.testing.assert_frame_equal(found, expected)


def test_a_chosen_number_of_segments_is_kept_and_nothing_is_set():
    X = _make_groups(120)
    segmenter = KMeansSegmenter(k_range=(2, 3)).fit(X)
    state = pickle.dumps(segmenter)
    table = compute_segment_stability(segmenter, X, n_resamples=2)
    assert len(table) == segmenter.n_clusters_
    assert pickle.dumps(segmenter) == state


def test_large_tables_are_judged_on_a_sample():
    X = _make_groups()
    table = compute_segment_stability(
        KMeansSegmenter(2).fit(X), X, n_resamples=2, max_rows=50
    )
    assert table["n_customers"].sum() == 50


def test_named_segments_are_judged_too():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.gamma(2.0, 10.0, (300, 3)).round() + 1,
        columns=["days_since_last_purchase", "n_orders", "total_spend"],
    )
    table = compute_segment_stability(RFMSegmenter().fit(X), X, n_resamples=3)
    assert "Champions" in set(table["segment"])


def test_too_few_distinct_customers_in_a_sample_count_as_chance():
    X = np.array([[1.0], [2.0], [9.0]])
    segmenter = KMeansSegmenter(3).fit(X)
    table = compute_segment_stability(segmenter, X, n_resamples=10)
    assert (table["adjusted_rand"] < 1).all()


def test_bad_arguments_are_refused():
    X = _make_groups(50)
    segmenter = KMeansSegmenter(2).fit(X)
    with pytest.raises(SchemaError, match="n_resamples must be"):
        compute_segment_stability(segmenter, X, n_resamples=0)
    with pytest.raises(NotFittedError):
        compute_segment_stability(clone(segmenter), X)
