import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.association._itemsets import (
    ItemsetsBuffer,
    TooManyItemsetsError,
    label_itemsets,
)


@given(
    st.dictionaries(
        st.frozensets(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 4)
    ),
    st.randoms(use_true_random=False),
)
def test_one_order_by_count_then_length_then_labels(found, random):
    buffer = ItemsetsBuffer(limit=len(found))
    shuffled = list(found.items())
    random.shuffle(shuffled)
    for codes, count in shuffled:
        mixed = list(codes)
        random.shuffle(mixed)
        buffer.add(mixed, count)
    itemsets = buffer.to_itemsets()
    rows = [tuple(code for code in row if code >= 0) for row in itemsets.codes.tolist()]
    expected = sorted(
        (-count, len(codes), tuple(sorted(codes))) for codes, count in found.items()
    )
    assert rows == [codes for _, _, codes in expected]
    assert itemsets.counts.tolist() == [-count for count, _, _ in expected]
    assert itemsets.lengths.tolist() == [length for _, length, _ in expected]


def test_a_full_buffer_refuses_the_next_itemset():
    buffer = ItemsetsBuffer(limit=1)
    buffer.add([0], 2)
    with pytest.raises(TooManyItemsetsError):
        buffer.add([1], 2)


def test_labels_take_the_place_of_codes():
    buffer = ItemsetsBuffer(limit=2)
    buffer.add([1, 0], 2)
    buffer.add([1], 3)
    labelled = label_itemsets(buffer.to_itemsets(), ("啤酒", "尿布"))
    assert labelled.tolist() == [frozenset(["尿布"]), frozenset(["啤酒", "尿布"])]
    assert labelled.dtype == np.dtype(object)
