"""Pairing new segments with old ones."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.segmentation._alignment import number_like, pair_segments

LABELS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n)] * 2)
)


@given(labels=LABELS)
@settings(max_examples=80)
def test_no_other_pairing_keeps_more_customers(labels):
    old, new = map(np.array, labels)
    pairs = pair_segments(old, new, 4, 4)
    kept = sum(((new == k) & (old == pairs.get(k, -1))).sum() for k in range(4))
    best = max(
        sum(((new == k) & (old == order[k])).sum() for k in range(4))
        for order in itertools.permutations(range(4))
    )
    assert kept == best
    assert len(set(pairs.values())) == len(pairs)


@given(
    old=st.lists(st.integers(0, 4), min_size=1, max_size=30), seed=st.integers(0, 99)
)
def test_renamed_segments_get_their_numbers_back(old, seed):
    old = np.array(old)
    codes = np.unique(old, return_inverse=True)[1]
    names = np.random.default_rng(seed).permutation(codes.max() + 1)
    new = names[codes]
    np.testing.assert_array_equal(number_like(old, new, len(names))[new], old)


def test_a_segment_that_is_new_gets_a_number_above_all_old_ones():
    old = np.array([7, 7, 7, 2, 2])
    new = np.array([0, 0, 1, 2, 2])
    assert number_like(old, new, 3).tolist() == [7, 8, 2]


def test_numbers_of_segments_that_are_gone_stay_free():
    old = np.array([0, 1, 1, 2, 2, 2])
    assert number_like(old, np.array([0, 0, 0, 1, 1, 1]), 2).tolist() == [1, 2]
