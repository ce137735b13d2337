"""Classes by cumulative value, against adding up by hand."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.segmentation import ParetoSegmenter

VALUES = st.lists(st.integers(-20, 100), min_size=1, max_size=40).filter(
    lambda v: max(v) > 0
)

# These checks make arrays of several columns, and none says which one is the value.
WIDTH = (
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
)
FAILURES = dict.fromkeys(WIDTH, "the check's array has more than one column")


@parametrize_with_checks([ParetoSegmenter()], expected_failed_checks=lambda _: FAILURES)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def _make_frame(values):
    return pd.DataFrame({"total_spend": values}, dtype=float)


def _classify_by_hand(values, shares=(0.8, 0.95)):
    """Take customers one by one, the best first, until the share is reached."""
    total = sum(v for v in values if v > 0)
    thresholds = []
    for share in shares:
        running, reached = 0, None
        for value in sorted(values, reverse=True):
            running += value
            reached = value
            # Whole numbers: cross-multiplied, so that no rounding decides.
            if running * 100 >= round(share * 100) * total:
                break
        thresholds.append(reached)
    return ["ABC"[sum(v < t for t in thresholds)] for v in values]


@given(values=VALUES)
@settings(max_examples=80)
def test_classes_equal_adding_up_by_hand(values):
    frame = _make_frame(values)
    assert ParetoSegmenter().fit_predict(frame).tolist() == _classify_by_hand(values)


@given(values=VALUES)
def test_class_a_is_the_smallest_group_that_brings_its_share(values):
    frame = _make_frame(values)
    segmenter = ParetoSegmenter().fit(frame)
    in_a = frame["total_spend"][segmenter.predict(frame) == "A"]
    total = frame["total_spend"].clip(lower=0).sum()
    assert in_a.sum() >= 0.8 * total - 1e-9
    # Without the customers at the threshold, it would not.
    assert in_a[in_a > in_a.min()].sum() < 0.8 * total


def test_twenty_of_a_hundred_customers_bring_four_fifths():
    segmenter = ParetoSegmenter().fit(_make_frame([16.0] * 20 + [1.0] * 80))
    table = segmenter.class_table_.set_index("segment")
    assert table.loc["A", ["n_customers", "value_share"]].tolist() == [20, 0.8]
    # All who bring 1 are equal, so none of them is left for C.
    assert table["n_customers"].tolist() == [20, 80, 0]


def test_thresholds_are_learned_and_applied_unchanged():
    segmenter = ParetoSegmenter().fit(_make_frame([50, 30, 15, 5, 0]))
    assert segmenter.thresholds_.tolist() == [30, 15]
    state = pickle.dumps(segmenter)
    found = segmenter.predict(_make_frame([1000, 30, 29.99, 15, 14, -3, np.nan]))
    assert found.tolist() == ["A", "A", "B", "B", "C", "C", "C"]
    assert pickle.dumps(segmenter) == state


def test_the_table_adds_up_and_losses_take_no_share():
    segmenter = ParetoSegmenter().fit(_make_frame([50, 30, 15, 5, -40]))
    table = segmenter.class_table_
    assert table["n_customers"].sum() == 5
    assert table["total_value"].sum() == 60
    assert table["value_share"].tolist() == [0.8, 0.15, 0.05]


def test_names_and_columns_may_be_chinese_and_frames_polars():
    frame = _make_frame([50, 30, 12, 5, 3]).rename(columns={"total_spend": "利润"})
    segmenter = ParetoSegmenter((0.8,), names=("重要", "一般"), value="利润")
    expected = ["重要", "重要", "一般", "一般", "一般"]
    assert segmenter.fit_predict(frame).tolist() == expected
    assert segmenter.fit_predict(pl.from_pandas(frame)).tolist() == expected
    assert clone(segmenter).fit_predict(frame.to_numpy()).tolist() == expected


def test_row_order_changes_no_class():
    values = np.random.default_rng(0).lognormal(3, 1, 300).round(2)
    order = np.random.default_rng(1).permutation(300)
    expected = ParetoSegmenter().fit_predict(_make_frame(values))
    found = ParetoSegmenter().fit_predict(_make_frame(values[order]))
    np.testing.assert_array_equal(found, expected[order])


def test_one_customer_is_class_a():
    assert ParetoSegmenter().fit_predict(_make_frame([5.0])).tolist() == ["A"]


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1.0], [np.nan]])
def test_nothing_to_share_out_is_refused_with_the_count(values):
    with pytest.raises(NotEnoughHistoryError, match=f"None of {len(values)} customers"):
        ParetoSegmenter().fit(_make_frame(values))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shares": (0.9, 0.8)}, "shares must increase"),
        ({"shares": (0.0, 0.8)}, "shares must increase, above 0"),
        ({"shares": (0.8, 1.0)}, "below 1"),
        ({"names": ("A", "B")}, "names must be 3 different names"),
        ({"names": ("A", "B", "B")}, "names must be 3 different names"),
        ({"value": "profit"}, "lacks 1 of 1 columns: profit"),
    ],
)
def test_classes_that_do_not_fit_are_refused(parameters, message):
    with pytest.raises(SchemaError, match=message):
        ParetoSegmenter(**parameters).fit(_make_frame([1.0, 2.0]))


def test_arrays_of_more_columns_are_refused():
    with pytest.raises(SchemaError, match=r"needs 1 column.* found 2"):
        ParetoSegmenter().fit([[1.0, 2.0]])
