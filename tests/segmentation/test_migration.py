"""Who moved where, against counting pair by pair."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.segmentation import compute_migration_matrix

SEGMENT = st.sampled_from(["忠诚", "New", "Lost"])
SNAPSHOT = st.dictionaries(st.integers(0, 12), SEGMENT, max_size=10)


def _make_frame(snapshot, seed=None):
    frame = pd.DataFrame(list(snapshot.items()), columns=["customer_id", "segment"])
    return frame if seed is None else frame.sample(frac=1, random_state=seed)


@given(before=SNAPSHOT, after=SNAPSHOT, seed=st.integers(0, 9))
def test_counts_equal_going_through_the_customers(before, after, seed):
    matrix = compute_migration_matrix(_make_frame(before), _make_frame(after, seed))
    absent = "(not there)"
    expected = Counter(
        (before.get(customer, absent), after.get(customer, absent))
        for customer in {*before, *after}
    )
    assert int(matrix.to_numpy().sum()) == sum(expected.values())
    for (one, other), count in expected.items():
        assert matrix.loc[one, other] == count


def test_arrays_are_matched_by_position():
    matrix = compute_migration_matrix([0, 0, 1, 2], np.array([0, 1, 1, 1]))
    assert matrix.index.tolist() == [0, 1, 2]
    assert matrix.to_numpy().tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_shares_are_of_those_who_were_there_before():
    matrix = compute_migration_matrix(["a", "a", "b"], ["a", "c", "b"], share=True)
    assert matrix.loc["a"].tolist() == [0.5, 0.0, 0.5]
    assert matrix.loc["b"].tolist() == [0.0, 1.0, 0.0]
    assert matrix.loc["c"].isna().all()


def test_the_order_is_the_callers_and_may_name_more():
    matrix = compute_migration_matrix(["a", "b"], ["b", "b"], order=["z", "b", "a"])
    assert matrix.index.tolist() == matrix.columns.tolist() == ["z", "b", "a"]
    assert matrix.loc["a", "b"] == 1


def test_carriers_agree():
    before = _make_frame({1: "a", 2: "b"})
    after = _make_frame({2: "a", 3: "b"})
    expected = compute_migration_matrix(before, after)
    found = compute_migration_matrix(pl.from_pandas(before), pl.from_pandas(after))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (["a"], ["a", "b"], "found 1 and 2"),
        (["a", None], ["a", "b"], "missing for 1 of 2"),
        (["a"], _make_frame({1: "a"}), "must both be frames"),
        (_make_frame({1: "a"}), _make_frame({1: None}), "after: segment is missing"),
        (_make_frame({1: "a"})[["segment"]], _make_frame({1: "a"}), "before lacks"),
        (
            pd.concat([_make_frame({1: "a"})] * 2),
            _make_frame({1: "a"}),
            "before repeats customer_id in 1 of 2 rows",
        ),
    ],
)
def test_snapshots_that_do_not_fit_are_refused(before, after, message):
    with pytest.raises(SchemaError, match=message):
        compute_migration_matrix(before, after)


@pytest.mark.parametrize(
    ("order", "message"), [(["a"], "lacks b"), (["a", "b", "a"], "repeats")]
)
def test_orders_that_do_not_fit_are_refused(order, message):
    with pytest.raises(SchemaError, match=message):
        compute_migration_matrix(["a"], ["b"], order=order)
