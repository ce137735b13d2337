import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmml.association._prefix_tree import build_tree

ITEMSETS = st.lists(st.sets(st.integers(0, 9), min_size=1, max_size=4), max_size=20)


@given(ITEMSETS)
def test_the_way_to_each_row_spells_its_itemset_and_beginnings_are_shared(itemsets):
    rows = np.full((len(itemsets), 4), -1, dtype=np.int32)
    for row, itemset in zip(rows, itemsets, strict=True):
        row[: len(itemset)] = sorted(itemset)
    tree = build_tree(rows)
    above = np.full(len(tree.items), -1)
    for node in range(len(tree.items)):
        children = tree.items[tree.first[node] : tree.first[node + 1]].tolist()
        assert children == sorted(set(children))
        above[tree.first[node] : tree.first[node + 1]] = node
    assert (above[: tree.n_roots] == -1).all()
    assert (above[tree.n_roots :] >= 0).all()
    spelled = []
    for node in tree.node_of_row.tolist():
        found = []
        while node >= 0:
            found.append(int(tree.items[node]))
            node = above[node]
        spelled.append(found[::-1])
    assert spelled == [sorted(itemset) for itemset in itemsets]
    beginnings = {tuple(one[:k]) for one in spelled for k in range(1, len(one) + 1)}
    assert len(tree.items) == len(beginnings)
