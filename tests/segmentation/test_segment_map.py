"""The plane in which segments are drawn."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import PCA

from crmml.exceptions import SchemaError
from crmml.segmentation import SkewScaler, compute_segment_map


def _make_features(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(120, 4)) @ rng.normal(size=(4, 4))
    return pd.DataFrame(X, columns=list("abcd"), index=[f"c{i}" for i in range(120)])


@pytest.mark.parametrize("seed", range(3))
def test_the_plane_is_that_of_principal_components(seed):
    features = _make_features(seed)
    plane = compute_segment_map(features, np.zeros(120))
    peer = PCA(2).fit(SkewScaler().fit_transform(features))
    expected = peer.transform(SkewScaler().fit_transform(features))
    # The sign of a component is a convention; coordinates are rounded to 8 decimals.
    found = plane[["x", "y"]].to_numpy()
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-7)
    np.testing.assert_allclose(
        plane.attrs["explained_variance"], peer.explained_variance_ratio_, atol=1e-7
    )


def test_axes_point_to_where_their_weightiest_column_grows():
    plane = compute_segment_map(_make_features(), np.zeros(120))
    for axis in ("x", "y"):
        weights = plane.attrs["loadings"][axis]
        assert list(weights) == list("abcd")
        assert max(weights.values(), key=abs) > 0
        assert np.square(list(weights.values())).sum() == pytest.approx(1, abs=1e-6)


def test_index_segments_and_row_order_are_kept():
    features = _make_features()
    labels = np.array(["东", "西", "南"] * 40)
    plane = compute_segment_map(features, labels)
    assert plane.index.equals(features.index)
    assert plane["segment"].tolist() == labels.tolist()
    order = np.random.default_rng(1).permutation(120)
    again = compute_segment_map(features.iloc[order], labels[order])
    # Sums in another order differ in their last bits, before rounding to 8 decimals.
    pd.testing.assert_frame_equal(again, plane.iloc[order], rtol=0, atol=2e-8)
    polars = compute_segment_map(pl.from_pandas(features), labels)
    pd.testing.assert_frame_equal(polars, plane.reset_index(drop=True))


@pytest.mark.parametrize(
    ("features", "shares"),
    [([[1.0], [2.0], [4.0]], (1, 0)), ([[1.0], [1.0]], (0, 0)), ([[1.0, 2.0]], (0, 0))],
    ids=["one column", "all alike", "one customer"],
)
def test_less_than_a_plane_is_drawn_as_what_it_is(features, shares):
    plane = compute_segment_map(features, [0] * len(features))
    assert plane.attrs["explained_variance"] == shares
    assert np.isfinite(plane[["x", "y"]]).all(axis=None)
    assert (plane["y"] == 0).all()


def test_no_customers_give_an_empty_plane():
    plane = compute_segment_map(_make_features().iloc[:0], [])
    assert plane.shape == (0, 3)


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(SchemaError, match="found 1 labels for 120 rows"):
        compute_segment_map(_make_features(), [1])
