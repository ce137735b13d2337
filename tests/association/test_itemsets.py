import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmml.association._itemsets import (
    Itemsets,
    add_always,
    label_itemsets,
    sort_itemsets,
)
from crmml.association._trie import ItemsetTrie, make_trie


def close_under_subsets(itemsets):
    whole = {}
    for itemset, count in itemsets.items():
        for bits in range(1, 1 << len(itemset)):
            part = tuple(x for at, x in enumerate(sorted(itemset)) if bits >> at & 1)
            whole[part] = max(whole.get(part, 0), count)
    return whole


@given(
    st.dictionaries(
        st.frozensets(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 4)
    ),
    st.permutations(range(10)),
)
def test_one_order_by_count_then_length_then_labels(found, code_of):
    found = close_under_subsets(found)
    parents, items, counts = make_trie(found)
    trie = ItemsetTrie(parents, np.array(code_of)[items], counts)
    itemsets = sort_itemsets(trie)
    rows = [tuple(code for code in row if code >= 0) for row in itemsets.codes.tolist()]
    expected = sorted(
        (-count, len(codes), tuple(sorted(code_of[code] for code in codes)))
        for codes, count in found.items()
    )
    assert rows == [codes for _, _, codes in expected]
    assert itemsets.counts.tolist() == [-count for count, _, _ in expected]
    assert itemsets.lengths.tolist() == [length for _, length, _ in expected]


def test_labels_take_the_place_of_codes():
    itemsets = Itemsets(np.array([[1, -1], [0, 1]], dtype=np.int32), np.array([3, 2]))
    labelled = label_itemsets(itemsets, ("啤酒", "尿布"))
    assert labelled.tolist() == [frozenset(["尿布"]), frozenset(["啤酒", "尿布"])]
    assert labelled.dtype == np.dtype(object)


def test_items_put_into_every_itemset_keep_codes_ascending():
    codes = np.array([[4, -1], [-1, -1], [0, 7]], dtype=np.int32)
    larger = add_always(Itemsets(codes, np.array([2, 5, 1])), np.array([3]))
    assert larger.codes.tolist() == [[3, -1, -1], [3, 4, -1], [0, 3, 7]]
    assert larger.counts.tolist() == [5, 2, 1]
