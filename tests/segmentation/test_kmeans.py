"""K-means segments: recovery, and all that must not change them."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.segmentation import KMeansSegmenter, _lloyd


def _make_customers(n_customers=300, seed=0):
    """Customers of one skewed cloud, where every change would show."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "days_since_last_purchase": rng.exponential(60, n_customers).round(),
            "n_orders": rng.geometric(0.2, n_customers),
            "total_spend": rng.lognormal(4, 1.2, n_customers).round(2),
        },
        index=[f"c{i}" for i in range(n_customers)],
    )


def _make_planted(seed):
    """Four groups of customers on the multiplicative scale of real spend."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, size=800, p=[0.4, 0.3, 0.2, 0.1])
    medians = np.array([[200, 2, 30], [10, 4, 100], [15, 30, 800], [5, 40, 9000]])
    return medians[truth] * rng.lognormal(0, 0.25, size=(800, 3)), truth


@pytest.mark.parametrize("seed", range(5))
def test_planted_segments_are_recovered(seed):
    X, truth = _make_planted(seed)
    for n_clusters in (4, None):
        segmenter = KMeansSegmenter(n_clusters, k_range=(2, 6), random_state=seed)
        labels = segmenter.fit_predict(X)
        assert adjusted_rand_score(truth, labels) > 0.95


def test_planted_centres_come_back_in_the_units_of_the_data():
    X, _ = _make_planted(0)
    centers = KMeansSegmenter(4).fit(X).cluster_centers_
    expected = [[200, 2, 30], [10, 4, 100], [15, 30, 800], [5, 40, 9000]]
    # Medians of lognormals with sigma 0.25 and at least 80 rows: 3 % standard error,
    # and the signed logarithm is not quite a logarithm.
    np.testing.assert_allclose(centers, expected, rtol=0.12)


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_index_are_no_data(seed):
    customers = _make_customers()
    labels = pd.Series(KMeansSegmenter(4).fit(customers).labels_, customers.index)
    shuffled = customers.sample(frac=1, random_state=seed)
    again = KMeansSegmenter(4).fit(shuffled)
    np.testing.assert_array_equal(again.labels_, labels[shuffled.index])
    renamed = shuffled.set_axis(pd.RangeIndex(300, 0, -1))
    np.testing.assert_array_equal(
        KMeansSegmenter(4).fit_predict(renamed), again.labels_
    )


@pytest.mark.parametrize("factor", [100, 0.01, 1 / 3, 7.0])
@pytest.mark.parametrize("n_clusters", [4, None])
def test_units_are_no_data(factor, n_clusters):
    customers = _make_customers(150)
    expected = KMeansSegmenter(n_clusters, k_range=(2, 4)).fit(customers)
    in_cents = customers.assign(total_spend=customers["total_spend"] * factor)
    found = KMeansSegmenter(n_clusters, k_range=(2, 4)).fit(in_cents)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    # Rounding the prepared values leaves nothing of the other last bits.
    np.testing.assert_array_equal(found.scaled_centers_, expected.scaled_centers_)


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_threads_change_no_bit(n_threads):
    customers = _make_customers()
    expected = KMeansSegmenter(k_range=(2, 3)).fit(customers)
    with threadpool_limits(n_threads):
        found = KMeansSegmenter(k_range=(2, 3)).fit(customers)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
    pd.testing.assert_frame_equal(found.k_selection_, expected.k_selection_)


@pytest.mark.parametrize("seed", range(3))
def test_segments_are_numbered_by_descending_size(seed):
    segmenter = KMeansSegmenter(6, random_state=seed).fit(_make_customers(seed=seed))
    sizes = np.bincount(segmenter.labels_)
    assert (np.diff(sizes) <= 0).all()


def test_of_equal_sizes_the_larger_customers_come_first():
    X = np.array([[1.0, 5.0], [1.0, 5.0], [9.0, 5.5], [9.0, 5.5]])
    assert KMeansSegmenter(2).fit(X).labels_.tolist() == [1, 1, 0, 0]


@given(
    rows=st.lists(
        st.tuples(*[st.integers(-3, 9) | st.none()] * 2), min_size=4, max_size=30
    ),
    n_clusters=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore:.*columns say nothing")
def test_every_row_is_at_its_nearest_centre_and_predict_agrees(rows, n_clusters):
    X = np.array(rows, dtype=float)
    segmenter = KMeansSegmenter(n_clusters, n_init=2)
    try:
        segmenter.fit(X)
    except SchemaError:
        assert n_clusters > 1
        return
    prepared = segmenter.scaler_.transform(X)
    table = np.square(prepared[:, None] - segmenter.scaled_centers_).sum(axis=2)
    own = table[np.arange(len(X)), segmenter.labels_]
    # Prepared values are rounded to 8 decimals inside.
    assert (own <= table.min(axis=1) + 1e-6).all()
    assert segmenter.inertia_ == pytest.approx(own.sum(), abs=1e-5)
    np.testing.assert_array_equal(segmenter.predict(X), segmenter.labels_)
    alone = [segmenter.predict(X[[i]])[0] for i in range(len(X))]
    np.testing.assert_array_equal(alone, segmenter.labels_)


def test_the_seed_decides_and_global_state_is_left_alone():
    customers = _make_customers()
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (the state at stake)
    fits = [
        KMeansSegmenter(8, n_init=1, random_state=seed).fit(customers)
        for seed in (3, 3, 4, 5, 6)
    ]
    after = np.random.get_state()[1]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(fits[0].labels_, fits[1].labels_)
    assert len({fit.inertia_ for fit in fits}) > 1


def test_weights_count_as_repeated_customers():
    customers = _make_customers(100)
    weights = np.random.default_rng(1).integers(0, 4, size=100)
    repeated = customers.loc[customers.index.repeat(weights)]
    weighted = KMeansSegmenter(k_range=(2, 4)).fit(customers, sample_weight=weights)
    expected = KMeansSegmenter(k_range=(2, 4)).fit(repeated)
    np.testing.assert_array_equal(weighted.cluster_centers_, expected.cluster_centers_)
    np.testing.assert_array_equal(weighted.predict(repeated), expected.labels_)
    assert weighted.inertia_ == expected.inertia_


def test_negative_and_missing_weights_are_refused():
    for weight in (-1.0, np.nan):
        with pytest.raises(ValueError, match=r"[Ss]ample.?weight"):
            KMeansSegmenter(2).fit([[1.0], [2.0]], sample_weight=[1.0, weight])


def test_polars_arrays_and_pandas_agree():
    customers = _make_customers()
    expected = KMeansSegmenter(4).fit(customers).labels_
    polars = pl.from_pandas(customers.reset_index(drop=True))
    np.testing.assert_array_equal(KMeansSegmenter(4).fit_predict(polars), expected)
    array = customers.to_numpy()
    np.testing.assert_array_equal(KMeansSegmenter(4).fit_predict(array), expected)


def test_frames_indexed_by_cutoff_and_customer_are_taken_as_they_are():
    customers = _make_customers()
    index = pd.MultiIndex.from_product(
        [["2017-07-01", "2017-08-01"], range(150)], names=["cutoff", "customer_id"]
    )
    labels = KMeansSegmenter(4).fit_predict(customers.set_axis(index))
    np.testing.assert_array_equal(labels, KMeansSegmenter(4).fit_predict(customers))


def test_one_outlier_owns_no_segment():
    X, truth = _make_planted(0)
    X[0, 2] = 1e9
    found = KMeansSegmenter(4).fit_predict(X)
    assert np.bincount(found).min() > 30
    assert adjusted_rand_score(truth, found) > 0.95


@pytest.mark.parametrize("n_rows", [10, 100])
def test_more_segments_than_distinct_customers_are_refused_with_both_numbers(n_rows):
    X = np.tile([[1.0, 2.0], [3.0, 5.0]], (n_rows // 2, 1))
    with pytest.raises(SchemaError, match="n_clusters=3 is more than the 2 distinct"):
        KMeansSegmenter(3).fit(X)
    assert set(KMeansSegmenter(2).fit_predict(X)) == {0, 1}


def test_constant_and_all_missing_columns_are_named_and_change_nothing():
    customers = _make_customers()
    expected = KMeansSegmenter(4).fit(customers)
    more = customers.assign(country=32, phone=np.nan)
    with pytest.warns(DataQualityWarning, match=r"all missing: phone.*caps: country"):
        found = KMeansSegmenter(4).fit(more)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    assert (found.cluster_centers_[:, 3] == 32).all()
    assert np.isnan(found.cluster_centers_[:, 4]).all()
    np.testing.assert_array_equal(found.predict(more.assign(country=7)), found.labels_)


def test_missing_values_are_read_as_the_median():
    customers = _make_customers()
    customers.iloc[:40, 0] = np.nan
    segmenter = KMeansSegmenter(4).fit(customers)
    filled = customers.fillna(customers["days_since_last_purchase"].median())
    np.testing.assert_array_equal(segmenter.predict(filled), segmenter.labels_)


def test_too_few_customers_are_refused_with_the_count():
    with pytest.raises(ValueError, match=r"1 sample"):
        KMeansSegmenter(1).fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"0 sample"):
        KMeansSegmenter().fit(_make_customers().iloc[:0])


def test_an_empty_batch_gives_an_empty_answer():
    segmenter = KMeansSegmenter(3).fit(_make_customers())
    labels = segmenter.predict(_make_customers().iloc[:0])
    assert labels.shape == (0,)
    assert labels.dtype == segmenter.labels_.dtype


def test_predicting_sets_nothing_and_leaves_the_input_alone():
    customers = _make_customers()
    segmenter = KMeansSegmenter(3).fit(customers)
    state, before = pickle.dumps(segmenter), customers.copy()
    array = customers.to_numpy()
    array.setflags(write=False)
    KMeansSegmenter(3).fit(array)
    segmenter.predict(customers)
    assert pickle.dumps(segmenter) == state
    pd.testing.assert_frame_equal(customers, before)


def test_many_threads_may_share_a_fitted_segmenter():
    customers = _make_customers()
    segmenter = KMeansSegmenter(4).fit(customers)
    with ThreadPoolExecutor(8) as pool:
        for labels in pool.map(lambda _: segmenter.predict(customers), range(16)):
            np.testing.assert_array_equal(labels, segmenter.labels_)


def test_clones_and_copies_behave_alike():
    customers = _make_customers()
    segmenter = KMeansSegmenter(4, random_state=1).fit(customers)
    twin = clone(segmenter).fit(customers)
    copy = pickle.loads(pickle.dumps(segmenter))
    np.testing.assert_array_equal(twin.labels_, segmenter.labels_)
    np.testing.assert_array_equal(copy.predict(customers), segmenter.labels_)


def test_a_refit_keeps_the_numbers_of_segments():
    X, _ = _make_planted(0)
    old = KMeansSegmenter(4).fit(X)
    # Sizes change order, so that a fit alone would number segments anew.
    shares = np.array([0.3, 0.6, 0.9, 1.0])
    kept = np.random.default_rng(0).random(800) < shares[old.labels_]
    later = X[kept] * 1.1
    new = KMeansSegmenter(4).refit(later, old)
    assert np.mean(new.labels_ == old.labels_[kept]) > 0.95
    assert np.mean(KMeansSegmenter(4).fit(later).labels_ == old.labels_[kept]) < 0.5
    np.testing.assert_array_equal(new.predict(later), new.labels_)
    np.testing.assert_array_equal(new.segment_numbers_, np.arange(4))


def test_a_refit_with_more_or_fewer_segments_leaves_no_number_to_two():
    X, _ = _make_planted(0)
    old = KMeansSegmenter(4).fit(X)
    more = KMeansSegmenter(5).refit(X, old)
    assert more.segment_numbers_.tolist() == [0, 1, 2, 3, 4]
    fewer = KMeansSegmenter(3).refit(X, old)
    assert len(set(fewer.segment_numbers_)) == 3
    assert set(fewer.segment_numbers_) <= {0, 1, 2, 3}
    assert (np.diff(fewer.segment_numbers_) > 0).all()
    for segmenter in (more, fewer):
        assert set(segmenter.labels_) == set(segmenter.segment_numbers_)
        np.testing.assert_array_equal(segmenter.predict(X), segmenter.labels_)
        agreement = np.mean(segmenter.labels_ == old.labels_)
        assert agreement > 0.6


def test_a_refit_needs_a_segmenter_to_continue():
    with pytest.raises(SchemaError, match="must be a KMeansSegmenter, got int"):
        KMeansSegmenter(2).refit([[1.0], [2.0]], 3)


def test_a_refit_of_itself_keeps_the_number_that_was_chosen():
    X, _ = _make_planted(1)
    segmenter = KMeansSegmenter(k_range=(2, 6)).fit(X)
    expected = segmenter.labels_
    assert segmenter.refit(X[::-1], segmenter) is segmenter
    np.testing.assert_array_equal(segmenter.labels_, expected[::-1])


def test_weighted_tables_too_large_for_a_start_count_as_repeated(monkeypatch):
    monkeypatch.setattr(_lloyd, "MAX_ROWS_FOR_START", 50)
    monkeypatch.setattr(_lloyd, "MAX_ROWS_PER_SEGMENT", 10)
    customers = _make_customers(200)
    weights = np.random.default_rng(1).integers(0, 4, size=200)
    repeated = customers.loc[customers.index.repeat(weights)]
    weighted = KMeansSegmenter(4).fit(customers, sample_weight=weights)
    expected = KMeansSegmenter(4).fit(repeated)
    np.testing.assert_array_equal(weighted.cluster_centers_, expected.cluster_centers_)
    assert weighted.inertia_ == expected.inertia_


@pytest.mark.parametrize("n_customers", [1_500, 15_000])
def test_weights_count_as_repeated_beyond_the_next_size_of_a_sample(n_customers):
    # Weighted rows are below the sizes at which the search changes, repeated ones not.
    X = np.random.default_rng(1500).normal(size=(n_customers, 2))
    weighted = KMeansSegmenter(5).fit(X, sample_weight=np.full(n_customers, 2))
    expected = KMeansSegmenter(5).fit(np.repeat(X, 2, axis=0))
    np.testing.assert_array_equal(weighted.cluster_centers_, expected.cluster_centers_)
    np.testing.assert_array_equal(np.repeat(weighted.labels_, 2), expected.labels_)
    assert weighted.inertia_ == expected.inertia_


def test_customers_of_weight_zero_decide_nothing():
    X = np.random.default_rng(0).normal(size=(3_000, 2))
    weights = np.tile([0.0, 0.0, 1.0], 1_000)
    weighted = KMeansSegmenter(5).fit(X, sample_weight=weights)
    expected = KMeansSegmenter(5).fit(X[weights > 0])
    np.testing.assert_array_equal(weighted.cluster_centers_, expected.cluster_centers_)


@pytest.mark.parametrize("weight", [1e-320, 1e-210, 1e205, 1e308])
def test_weights_beyond_the_range_of_numbers_are_refused(weight):
    X = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(SchemaError, match="sample_weight adds up to"):
        KMeansSegmenter(2).fit(X, sample_weight=np.full(30, weight))


@pytest.mark.parametrize("weight", [-1, 0, 1e30, 1e300, np.inf, np.nan])
def test_category_weights_without_meaning_are_refused(weight):
    frame = pd.DataFrame({"spend": [1.0, 2.0, 3.0], "city": ["a", "b", "a"]})
    segmenter = KMeansSegmenter(2, categorical=["city"], category_weight=weight)
    with pytest.raises(ValueError, match="category_weight"):
        segmenter.fit(frame)


def test_the_largest_category_weight_splits_by_category():
    frame = pd.DataFrame({"spend": np.arange(40.0), "city": list("ab") * 20})
    segmenter = KMeansSegmenter(2, categorical=["city"], category_weight=1e6)
    labels = segmenter.fit(frame).labels_
    assert adjusted_rand_score(labels, frame["city"]) == 1.0
