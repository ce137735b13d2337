"""K-means on numbers and categories, beside the package kmodes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from crmml.exceptions import SchemaError
from crmml.segmentation import KMeansSegmenter

CITIES = np.array(["上海", "Paris", "北京"], dtype=object)


def _make_customers(n_customers=300, seed=0):
    """Two groups that differ in spend, and each in two by city and channel."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, n_customers)
    common = rng.random(n_customers) < 0.9
    return (
        pd.DataFrame(
            {
                "spend": rng.normal(50 + 100 * (truth // 2), 5),
                "age": rng.normal(40, 10, n_customers),
                "city": CITIES[np.where(common, truth % 2, 2)],
                "channel": np.where(truth % 2 == 0, "web", "shop"),
            }
        ),
        truth,
    )


def _cost(X, segmenter):
    """The cost by its definition, row by row."""
    prepared = segmenter.scaler_.transform(X[["spend", "age"]])
    total = 0.0
    for row, cells, k in zip(
        prepared, X[["city", "channel"]].to_numpy(), segmenter.labels_, strict=True
    ):
        total += np.square(row - segmenter.scaled_centers_[k]).sum()
        modes = segmenter.cluster_categories_[k]
        total += segmenter.category_weight * (cells != modes).sum()
    return total


@pytest.mark.parametrize("seed", range(3))
def test_planted_groups_of_numbers_and_categories_are_found(seed):
    X, truth = _make_customers(seed=seed)
    segmenter = KMeansSegmenter(
        4, categorical=["city", "channel"], category_weight=2.0
    ).fit(X)
    assert adjusted_rand_score(truth, segmenter.labels_) > 0.95
    assert segmenter.inertia_ == pytest.approx(_cost(X, segmenter), rel=1e-5)
    np.testing.assert_array_equal(segmenter.predict(X), segmenter.labels_)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_clusters", [2, 3, 5, 7])
def test_the_cost_is_no_higher_than_that_of_kmodes(n_clusters, seed):
    prototypes = pytest.importorskip("kmodes.kprototypes")
    X, _ = _make_customers(80, seed)
    segmenter = KMeansSegmenter(n_clusters, categorical=["city", "channel"]).fit(X)
    prepared = segmenter.scaler_.transform(X[["spend", "age"]]).astype(object)
    peer = prototypes.KPrototypes(n_clusters, n_init=5, gamma=0.5, random_state=0)
    peer.fit(np.column_stack([prepared, X[["city", "channel"]]]), categorical=[2, 3])
    # Both keep the best of some local optima; ours are in single precision.
    assert segmenter.inertia_ <= peer.cost_ * (1 + 1e-5)


def test_almost_without_weight_categories_do_not_count():
    X, _ = _make_customers()
    numbers = KMeansSegmenter(3).fit(X[["spend", "age"]])
    mixed = KMeansSegmenter(3, categorical=["city", "channel"], category_weight=1e-9)
    mixed.fit(X)
    # Starts are drawn from other distinct rows, but here there is one optimum.
    assert adjusted_rand_score(numbers.labels_, mixed.labels_) > 0.95


@pytest.mark.parametrize("n_clusters", [3, None])
def test_row_order_index_and_carrier_are_no_data(n_clusters):
    X, _ = _make_customers(150)
    make = lambda: KMeansSegmenter(  # noqa: E731
        n_clusters, categorical=["channel", "city"], k_range=(2, 4)
    )
    expected = make().fit(X)
    shuffled = X.sample(frac=1, random_state=3)
    found = make().fit(shuffled)
    np.testing.assert_array_equal(found.labels_, expected.labels_[shuffled.index])
    polars = make().fit(pl.from_pandas(X))
    np.testing.assert_array_equal(polars.labels_, expected.labels_)
    np.testing.assert_array_equal(
        polars.cluster_categories_, expected.cluster_categories_
    )


def test_the_order_of_columns_at_predict_is_no_matter():
    X, _ = _make_customers()
    segmenter = KMeansSegmenter(3, categorical=["city", "channel"]).fit(X)
    turned = X[["channel", "age", "city", "spend"]].assign(more=1)
    np.testing.assert_array_equal(segmenter.predict(turned), segmenter.labels_)


def test_a_new_category_is_different_from_all():
    X, _ = _make_customers()
    segmenter = KMeansSegmenter(3, categorical=["city"]).fit(X.drop(columns="channel"))
    numbers = X.drop(columns="channel").assign(city="Tokyo")
    prepared = segmenter.scaler_.transform(X[["spend", "age"]])
    table = np.square(prepared[:, None] - segmenter.scaled_centers_).sum(axis=2)
    np.testing.assert_array_equal(segmenter.predict(numbers), table.argmin(axis=1))


def test_missing_is_a_category_of_its_own():
    X, _ = _make_customers()
    X.loc[:99, "city"] = None
    segmenter = KMeansSegmenter(4, categorical=["city"], category_weight=50.0)
    segmenter.fit(X.drop(columns="channel"))
    assert segmenter.categories_[0][-1] is None
    assert None in segmenter.cluster_categories_[:, 0].tolist()
    in_missing = segmenter.cluster_categories_[segmenter.labels_, 0] == None  # noqa: E711
    np.testing.assert_array_equal(in_missing, X["city"].isna())


def test_booleans_and_codes_may_be_categories():
    X, _ = _make_customers()
    coded = X.assign(city=X["city"].map({"上海": 3, "Paris": 1, "北京": 2}))
    coded["channel"] = X["channel"] == "web"
    expected = KMeansSegmenter(3, categorical=["city", "channel"]).fit(X)
    found = KMeansSegmenter(3, categorical=["city", "channel"]).fit(coded)
    assert adjusted_rand_score(expected.labels_, found.labels_) > 0.95
    assert set(found.categories_[0]) == {1, 2, 3}


def test_text_that_is_not_named_is_refused_with_its_column():
    X, _ = _make_customers()
    with pytest.raises(SchemaError, match=r"'city' \(300 of 300 rows\)"):
        KMeansSegmenter(3, categorical=["channel"]).fit(X)


@pytest.mark.parametrize(
    ("columns", "categorical", "message"),
    [
        (["spend", "city"], ["town"], "lacks 1 of 1 columns: town"),
        (["city", "channel"], ["city", "channel"], "needs a column of numbers"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns, categorical, message):
    X, _ = _make_customers()
    with pytest.raises(SchemaError, match=message):
        KMeansSegmenter(2, categorical=categorical).fit(X[columns])


def test_arrays_have_no_columns_to_name():
    with pytest.raises(SchemaError, match="must be a frame"):
        KMeansSegmenter(2, categorical=["city"]).fit(np.zeros((5, 2)))


def test_missing_columns_at_predict_are_named():
    X, _ = _make_customers()
    segmenter = KMeansSegmenter(3, categorical=["city", "channel"]).fit(X)
    with pytest.raises(SchemaError, match="lacks 1 of 2 columns: city"):
        segmenter.predict(X.drop(columns="city"))
