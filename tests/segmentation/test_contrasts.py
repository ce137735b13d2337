"""What sets segments apart, against going through all pairs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.segmentation import compute_segment_contrasts, suggest_segment_names

ROW = st.tuples(st.integers(0, 5) | st.none(), st.integers(0, 1))


@given(rows=st.lists(ROW, min_size=2, max_size=25))
def test_effects_equal_going_through_all_pairs(rows):
    values = np.array([row[0] for row in rows], dtype=float)
    labels = np.array([row[1] for row in rows])
    table = compute_segment_contrasts(pd.DataFrame({"x": values}), labels)
    for row in table.itertuples():
        members = values[(labels == row.segment) & ~np.isnan(values)]
        others = values[(labels != row.segment) & ~np.isnan(values)]
        if not len(members) or not len(others):
            assert np.isnan(row.effect)
            continue
        difference = members[:, None] - others
        expected = (difference > 0).mean() - (difference < 0).mean()
        # Rounded to six digits.
        assert row.effect == pytest.approx(expected, abs=1e-6)
        assert row.median == np.median(members)
        assert row.other_median == np.median(others)


def test_the_largest_segment_and_the_largest_effect_come_first():
    rng = np.random.default_rng(0)
    labels = np.repeat(["大", "小"], [60, 40])
    features = pd.DataFrame(
        {"age": rng.normal(40, 10, 100), "spend": np.where(labels == "大", 1.0, 9.0)}
    )
    table = compute_segment_contrasts(features, labels)
    assert table["segment"].tolist() == ["大", "大", "小", "小"]
    assert table["feature"].tolist() == ["spend", "age"] * 2
    assert table.loc[[0, 2], "effect"].tolist() == [-1, 1]


def test_units_and_row_order_change_no_effect():
    rng = np.random.default_rng(1)
    features = pd.DataFrame({"a": rng.gamma(1, 5, 60), "b": rng.normal(size=60)})
    labels = rng.integers(0, 3, 60)
    expected = compute_segment_contrasts(features, labels)
    order = rng.permutation(60)
    found = compute_segment_contrasts(features.iloc[order] * 100, labels[order])
    pd.testing.assert_frame_equal(
        found[["segment", "feature", "effect"]],
        expected[["segment", "feature", "effect"]],
    )


def test_names_are_different_and_say_more_where_needed():
    features = pd.DataFrame({"x": [9, 8, *range(6)], "y": [4, 5, 0, 0, 0, 9, 9, 9]})
    names = suggest_segment_names(features, [0, 1, *[2] * 6], n_features=1)
    assert names == {2: "low x", 0: "high x", 1: "high x, high y"}


def test_names_may_be_said_in_other_words():
    features = pd.DataFrame({"消费": [1.0, 2.0, 8.0, 9.0]})
    names = suggest_segment_names(features, ["a", "a", "b", "b"], words=("高", "低"))
    assert names == {"a": "低 消费", "b": "高 消费"}


def test_segments_like_all_others_are_called_so():
    features = pd.DataFrame({"x": [1.0, 1.0, 1.0]})
    names = suggest_segment_names(features, [0, 0, 1])
    assert names == {0: "like all others", 1: "like all others (1)"}
    with pytest.raises(SchemaError, match="n_features must be"):
        suggest_segment_names(features, [0, 0, 1], n_features=0)
