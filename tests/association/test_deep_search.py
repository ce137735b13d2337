from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import _baskets, _deep_search, _mining, _ranked_rows
from crmml.association._basket_lists import read_lists
from crmml.association._mining import mine_itemsets
from crmml.association._wide_search import TooMuchForNumpyError

BASKETS = st.lists(st.lists(st.integers(0, 7), max_size=7), min_size=1, max_size=25)


@pytest.fixture
def compiled_only(monkeypatch):
    """Send inputs of any size through the compiled kernels, in small blocks."""

    def refuse(*_):
        raise TooMuchForNumpyError

    monkeypatch.setattr(_mining, "search_wide", refuse)
    monkeypatch.setattr(_ranked_rows, "SMALL", 0)
    monkeypatch.setattr(_baskets, "_SMALL", 0)
    monkeypatch.setattr(_deep_search, "_WORTH_A_BLOCK", 10)
    monkeypatch.setattr(_deep_search, "_ENTRIES", 90)


def spell(trie, items):
    return {
        frozenset(items[code] for code in row if code >= 0): count
        for row, count in zip(
            trie.to_codes().tolist(), trie.counts.tolist(), strict=True
        )
    }


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_compiled_search_equals_exhaustive_enumeration(
    enumerate_itemsets, baskets, data
):
    min_count = data.draw(st.integers(1, len(baskets) + 1))
    max_length = data.draw(st.none() | st.integers(1, 8))
    n_jobs = data.draw(st.integers(1, 3))
    with pytest.MonkeyPatch.context() as patch:
        compiled_only.__wrapped__(patch)
        coded = read_lists(baskets)
        trie = mine_itemsets(coded, min_count, max_length=max_length, n_jobs=n_jobs)
    found = spell(trie, coded.items)
    assert len(found) == len(trie)
    assert found == enumerate_itemsets(baskets, min_count, max_length)


@pytest.mark.usefixtures("compiled_only")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_compiled_search_equals_numpy_and_growth(seed):
    rng = np.random.default_rng(seed)
    # Few frequent and many rare items: wide and empty bit sets beside dense ones.
    items = np.minimum(rng.geometric(0.03, size=(3_000, 9)), 120)
    baskets = items.tolist()
    coded = read_lists(baskets)
    expected = spell(mine_itemsets(coded, 12, algorithm="fpgrowth"), coded.items)
    for n_jobs in (1, 4):
        found = mine_itemsets(coded, 12, n_jobs=n_jobs)
        assert spell(found, coded.items) == expected
    assert max(map(len, expected)) >= 3


@pytest.mark.usefixtures("compiled_only")
def test_number_of_threads_changes_no_byte():
    rng = np.random.default_rng(3)
    coded = read_lists(rng.integers(0, 40, size=(2_000, 8)).tolist())
    one, many = (mine_itemsets(coded, 15, n_jobs=n) for n in (1, 3))
    for name in ("parents", "items", "counts"):
        assert getattr(one, name).tobytes() == getattr(many, name).tobytes()


@pytest.mark.usefixtures("compiled_only")
@pytest.mark.parametrize(
    "baskets",
    [[[], []], [["a"]], [["a"], ["b"]], [["a", "b"]] * 3, [list(range(9))] * 2],
    ids=["empty", "one item", "nothing shared", "identical", "long"],
)
def test_extreme_baskets(baskets, enumerate_itemsets):
    coded = read_lists(baskets)
    found = spell(mine_itemsets(coded, 1), coded.items)
    assert found == enumerate_itemsets(baskets, 1)


@pytest.mark.usefixtures("compiled_only")
def test_a_basket_that_could_be_cut_in_two_is_whole(enumerate_itemsets):
    # Threads share the baskets; none may cut one at the border.
    baskets = [list(range(start, start + 6)) for start in range(50)]
    coded = read_lists(baskets)
    found = spell(mine_itemsets(coded, 2, n_jobs=7), coded.items)
    assert found == enumerate_itemsets(baskets, 2)


@pytest.mark.usefixtures("compiled_only")
def test_more_than_65535_frequent_items_are_mined():
    rng = np.random.default_rng(0)
    pairs = rng.permutation(70_000).reshape(-1, 2)
    trie = mine_itemsets(read_lists(pairs.tolist()), 1, max_itemsets=200_000)
    assert len(trie) == 105_000


@pytest.mark.usefixtures("compiled_only")
@pytest.mark.parametrize("size", [7, 8, 9, 40, 200])
def test_rows_of_any_length_are_ranked_and_followed(size, enumerate_itemsets):
    # Tails are copied in steps of eight; short and long rows are sorted in two ways.
    rng = np.random.default_rng(size)
    baskets = [rng.permutation(size)[: size - lost].tolist() for lost in (0, 1, 2, 0)]
    coded = read_lists(baskets)
    found = spell(mine_itemsets(coded, 3, max_length=2), coded.items)
    assert found == enumerate_itemsets(baskets, 3, 2)


@pytest.mark.usefixtures("compiled_only")
def test_short_tails_among_many_items_are_counted_with_their_weights(
    enumerate_itemsets,
):
    rng = np.random.default_rng(4)
    baskets = rng.integers(0, 60, size=(9, 3)).tolist()
    coded = read_lists([*baskets, *baskets])
    for weights in (None, np.arange(1, 19)):
        weighed = replace(coded, weights=weights)
        counts = np.ones(18, dtype=int) if weights is None else weights
        repeated = np.repeat(np.array([*baskets, *baskets]), counts, axis=0).tolist()
        found = spell(mine_itemsets(weighed, 2), coded.items)
        assert found == enumerate_itemsets(repeated, 2)
