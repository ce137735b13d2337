"""Profiles and typical members, against pandas and brute force."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.segmentation import (
    SkewScaler,
    compute_segment_profile,
    compute_typical_members,
)


def _make_segmented(seed=0):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "n_orders": rng.geometric(0.2, 90).astype(float),
            "total_spend": rng.lognormal(3, 1, 90).round(2),
        },
        index=[f"c{i:02d}" for i in range(90)],
    )
    features.iloc[:5, 0] = np.nan
    labels = rng.choice(["Loyal", "New", "Lost"], 90, p=[0.2, 0.5, 0.3])
    return features, labels


def test_the_profile_equals_pandas_segment_by_segment():
    features, labels = _make_segmented()
    profile = compute_segment_profile(features, labels, value="total_spend")
    assert profile["n_customers"].is_monotonic_decreasing
    assert profile["n_customers"].sum() == 90
    for row in profile.itertuples():
        members = features[labels == row.segment]
        assert row.n_customers == len(members)
        assert row.customer_share == len(members) / 90
        share = members["total_spend"].sum() / features["total_spend"].sum()
        assert row.value_share == pytest.approx(share, rel=1e-12)
        assert row.n_orders == members["n_orders"].median()
        assert row.total_spend == members["total_spend"].median()


def test_without_value_there_is_no_value_share():
    features, labels = _make_segmented()
    names = ["segment", "n_customers", "customer_share", "n_orders", "total_spend"]
    assert list(compute_segment_profile(features, labels)) == names


def test_value_may_be_one_number_per_row():
    features, labels = _make_segmented()
    by_name = compute_segment_profile(features, labels, "total_spend")
    by_row = compute_segment_profile(features, labels, features["total_spend"])
    pd.testing.assert_frame_equal(by_name, by_row)


def test_value_that_adds_up_to_nothing_has_no_shares():
    profile = compute_segment_profile([[1.0], [2.0]], ["a", "b"], value=[5.0, -5.0])
    assert profile["value_share"].isna().all()


def test_missing_value_counts_as_nothing():
    profile = compute_segment_profile([[1.0], [2.0]], ["a", "b"], value=[5.0, np.nan])
    assert profile["value_share"].tolist() == [1.0, 0.0]


def test_libraries_labels_and_row_order_make_no_difference():
    features, labels = _make_segmented()
    expected = compute_segment_profile(features, labels)
    polars = pl.from_pandas(features)
    for some in (
        labels.tolist(),
        pl.Series(labels),
        pd.Series(labels, dtype="category"),
    ):
        pd.testing.assert_frame_equal(compute_segment_profile(polars, some), expected)
    order = np.random.default_rng(1).permutation(90)
    shuffled = compute_segment_profile(features.iloc[order], labels[order])
    pd.testing.assert_frame_equal(shuffled, expected)


def test_labels_are_read_by_position_not_by_index():
    features, labels = _make_segmented()
    turned = pd.Series(labels, index=features.index[::-1])
    pd.testing.assert_frame_equal(
        compute_segment_profile(features, turned),
        compute_segment_profile(features, labels),
    )


@pytest.mark.parametrize("compute", [compute_segment_profile, compute_typical_members])
def test_labels_that_do_not_fit_are_refused_with_the_counts(compute):
    features, labels = _make_segmented()
    with pytest.raises(SchemaError, match="found 89 labels for 90 rows"):
        compute(features, labels[1:])
    with pytest.raises(SchemaError, match="missing for 2 of 90"):
        compute(features, [None, None, *labels[2:]])


def test_features_called_like_the_result_are_refused():
    frame = pd.DataFrame({"segment": [1, 2], "n_customers": [1, 2], "rank": [1, 2]})
    with pytest.raises(SchemaError, match="segment, n_customers"):
        compute_segment_profile(frame, [0, 1])
    with pytest.raises(SchemaError, match="segment, rank"):
        compute_typical_members(frame, [0, 1])


def test_value_that_does_not_fit_is_refused():
    features, labels = _make_segmented()
    with pytest.raises(SchemaError, match="value='spend' is no column"):
        compute_segment_profile(features, labels, value="spend")
    with pytest.raises(SchemaError, match="found 2 for 90 rows"):
        compute_segment_profile(features, labels, value=[1.0, 2.0])


def test_no_customers_give_empty_tables_with_the_same_columns():
    features, labels = _make_segmented()
    for compute in (compute_segment_profile, compute_typical_members):
        empty = compute(features.iloc[:0], labels[:0])
        assert len(empty) == 0
        assert list(empty.columns) == list(compute(features, labels).columns)


@pytest.mark.parametrize("seed", range(3))
def test_typical_members_are_the_medoids(seed):
    features, labels = _make_segmented(seed)
    prepared = SkewScaler().fit_transform(features)
    table = np.square(prepared[:, None] - prepared).sum(axis=2)
    members = compute_typical_members(features, labels)
    for label, segment in members["segment"].items():
        inside = np.flatnonzero(labels == segment)
        costs = table[np.ix_(inside, inside)].sum(axis=1)
        own = costs[inside == features.index.get_loc(label)][0]
        assert own <= costs.min() + 1e-6
    pd.testing.assert_frame_equal(
        members[features.columns], features.loc[members.index]
    )


def test_several_members_are_ranked_and_small_segments_give_what_they_have():
    members = compute_typical_members(
        pd.DataFrame({"x": [1.0, 2.0, 3.0, 5.0]}), ["a", "a", "a", "b"], n_members=2
    )
    assert members["segment"].tolist() == ["a", "a", "b"]
    assert members["rank"].tolist() == [1, 2, 1]
    # 1 and 3 are equally near to 2: the smaller label comes first.
    assert members.index.tolist() == [1, 0, 3]


def test_typical_members_do_not_depend_on_row_order():
    features, labels = _make_segmented()
    features = features.round(-1)  # Many ties.
    expected = compute_typical_members(features, labels, n_members=3)
    order = np.random.default_rng(2).permutation(90)
    found = compute_typical_members(features.iloc[order], labels[order], n_members=3)
    pd.testing.assert_frame_equal(found, expected)


def test_typical_members_keep_an_index_of_several_levels_or_mixed_labels():
    features, labels = _make_segmented()
    index = pd.MultiIndex.from_product([["2017-12-01"], range(90)], names=["t", "id"])
    members = compute_typical_members(features.set_axis(index), labels)
    assert members.index.names == ["t", "id"]
    mixed = features.set_axis(pd.Index([1, "2"] * 45, dtype=object))
    assert len(compute_typical_members(mixed, labels)) == 3


def test_fewer_than_one_member_is_refused():
    with pytest.raises(SchemaError, match="at least 1, got 0"):
        compute_typical_members([[1.0]], ["a"], n_members=0)
    with pytest.raises(SchemaError, match="n_members must be a whole number"):
        compute_typical_members([[1.0]], ["a"], n_members=1.5)
