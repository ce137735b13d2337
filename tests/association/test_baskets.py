import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmml.association._baskets import encode_pairs


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=60),
    st.permutations(list("hgfedcba")),
)
def test_coding_keeps_the_set_of_items_of_every_basket(pairs, labels):
    baskets = np.array([basket for basket, _ in pairs], dtype=np.int64)
    items = np.array([item for _, item in pairs], dtype=np.int64)
    coded = encode_pairs(baskets, items, labels, n_baskets=6)
    expected = [set() for _ in range(6)]
    for basket, item in pairs:
        expected[basket].add(labels[item])
    found = [
        [coded.items[code] for code in coded.codes[start:end]]
        for start, end in zip(coded.offsets[:-1], coded.offsets[1:], strict=True)
    ]
    assert list(map(sorted, found)) == [sorted(basket) for basket in expected]
    assert coded.n_baskets == 6


def test_no_pairs_at_all_leave_empty_baskets():
    nothing = np.empty(0, dtype=np.int64)
    coded = encode_pairs(nothing, nothing, [], n_baskets=3)
    assert coded.items == ()
    assert coded.offsets.tolist() == [0, 0, 0, 0]
    assert coded.item_counts().tolist() == []


def test_basket_times_item_may_leave_32_bits():
    coded = encode_pairs(
        np.array([99_999, 99_999]),
        np.array([99_998, 99_999]),
        range(100_000),
        n_baskets=100_000,
    )
    assert coded.codes.tolist() == [99_998, 99_999]
    assert coded.basket_of_entry.tolist() == [99_999, 99_999]
