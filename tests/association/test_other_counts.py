import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import _other_counts
from crmml.association._basket_lists import read_lists
from crmml.association._basket_weights import weigh_baskets
from crmml.association._other_counts import count_itemsets, recode
from crmml.exceptions import SchemaError

LETTERS = "abcdefg"
CODES = {letter: code for code, letter in enumerate(LETTERS)}
BASKETS = st.lists(st.lists(st.sampled_from(LETTERS), max_size=7), max_size=90)
ITEMSETS = st.lists(
    st.sets(st.sampled_from(LETTERS), min_size=1, max_size=5), max_size=12
)


def to_rows(itemsets):
    rows = np.full((len(itemsets), 5), -1, dtype=np.int32)
    for row, itemset in zip(rows, itemsets, strict=True):
        row[: len(itemset)] = [CODES[letter] for letter in itemset]
    return rows


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, itemsets=ITEMSETS, weighted=st.booleans(), data=st.data())
def test_counts_are_those_of_looking_into_every_basket(
    baskets, itemsets, weighted, data
):
    weights = [1] * len(baskets)
    coded = recode(read_lists(baskets), CODES)
    if weighted and baskets:
        n = len(baskets)
        weights = data.draw(st.lists(st.integers(1, 9), min_size=n, max_size=n))
        coded = weigh_baskets(coded, weights)
    expected = [
        sum(w for one, w in zip(baskets, weights, strict=True) if itemset <= set(one))
        for itemset in itemsets
    ]
    assert count_itemsets(to_rows(itemsets), coded).tolist() == expected


def test_blocks_of_baskets_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    baskets = [rng.choice(list(LETTERS), 4).tolist() for _ in range(700)]
    coded = recode(read_lists(baskets), CODES)
    rows = to_rows([set("ab"), set("abc"), set("cg"), set("d")])
    whole = count_itemsets(rows, coded)
    assert whole.min() > 0
    monkeypatch.setattr(_other_counts, "_WORDS", 1)
    assert count_itemsets(rows, coded).tolist() == whole.tolist()


def test_items_that_are_not_among_the_codes_are_left_out_of_the_baskets():
    coded = recode(read_lists([["a", "z"], ["z"], ["b", "a"]]), CODES)
    assert coded.n_baskets == 3
    assert coded.codes.tolist() == [0, 0, 1]
    assert count_itemsets(to_rows([set("a"), set("c")]), coded).tolist() == [2, 0]


def test_text_and_numbers_are_told_apart():
    with pytest.raises(SchemaError, match=r"hold whole numbers, .* learned from text"):
        recode(read_lists([[7]]), CODES)
