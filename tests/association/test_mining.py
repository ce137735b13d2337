import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association._basket_lists import read_lists
from crmml.association._itemsets import sort_itemsets
from crmml.association._mining import ALGORITHMS, mine_itemsets
from crmml.exceptions import LimitError


def mine(baskets, min_count, **options):
    coded = read_lists(baskets)
    itemsets = sort_itemsets(mine_itemsets(coded, min_count, **options))
    rows = [
        frozenset(coded.items[code] for code in row if code >= 0)
        for row in itemsets.codes.tolist()
    ]
    return dict(zip(rows, itemsets.counts.tolist(), strict=True))


BASKETS = st.lists(st.lists(st.integers(0, 7), max_size=7), min_size=1, max_size=25)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_itemsets_equal_exhaustive_enumeration(
    algorithm, enumerate_itemsets, baskets, data
):
    min_count = data.draw(st.integers(1, len(baskets) + 1))
    max_length = data.draw(st.none() | st.integers(1, 8))
    found = mine(baskets, min_count, max_length=max_length, algorithm=algorithm)
    assert found == enumerate_itemsets(baskets, min_count, max_length)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("seed", [0, 1])
def test_sixty_random_baskets_equal_exhaustive_enumeration(
    algorithm, seed, enumerate_itemsets
):
    rng = np.random.default_rng(seed)
    baskets = [rng.choice(12, size=rng.integers(0, 11)).tolist() for _ in range(60)]
    for min_count in (1, 3, 12, 60):
        expected = enumerate_itemsets(baskets, min_count)
        assert mine(baskets, min_count, algorithm=algorithm) == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_agrawal_srikant_example_has_nine_itemsets_at_two(algorithm):
    # Agrawal and Srikant (1994), Fast algorithms for mining association rules, fig. 3.
    found = mine([[1, 3, 4], [2, 3, 5], [1, 2, 3, 5], [2, 5]], 2, algorithm=algorithm)
    assert len(found) == 9
    assert found[frozenset({2, 3, 5})] == 2
    assert frozenset({4}) not in found


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_support_never_rises_as_an_itemset_grows(algorithm):
    rng = np.random.default_rng(5)
    baskets = [rng.choice(9, size=5).tolist() for _ in range(40)]
    found = mine(baskets, 3, algorithm=algorithm)
    for itemset, count in found.items():
        for item in itemset:
            assert len(itemset) == 1 or found[itemset - {item}] >= count


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "baskets",
    [[[], []], [["a"]], [["a"], ["b"]], [["a", "b"]] * 3, [list(range(9))]],
    ids=["empty", "one item", "nothing shared", "identical", "one long"],
)
def test_extreme_baskets(algorithm, baskets, enumerate_itemsets):
    assert mine(baskets, 1, algorithm=algorithm) == enumerate_itemsets(baskets, 1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_basket_of_sixty_items_stops_at_the_limit(algorithm):
    started = time.perf_counter()
    with pytest.raises(LimitError, match="max_itemsets=20000") as caught:
        mine([list(range(60))], 1, algorithm=algorithm, max_itemsets=20_000)
    assert time.perf_counter() - started < 20  # 2**60 itemsets would never end
    assert "Raise min_support" in str(caught.value)
    assert "of the 1 baskets" in str(caught.value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_exactly_as_many_itemsets_as_allowed_are_returned(algorithm):
    baskets = [list("abcd"), list("abe")]
    n_itemsets = len(mine(baskets, 1))
    found = mine(baskets, 1, algorithm=algorithm, max_itemsets=n_itemsets)
    assert len(found) == n_itemsets
    with pytest.raises(LimitError, match="max_itemsets"):
        mine(baskets, 1, algorithm=algorithm, max_itemsets=n_itemsets - 1)


def test_more_single_items_than_allowed_are_refused():
    with pytest.raises(LimitError, match="max_itemsets=9"):
        mine([[item] for item in range(10)], 1, max_itemsets=9, max_length=1)


def test_baskets_longer_than_the_recursion_limit_end_in_the_same_error():
    baskets = [[item for item in range(1200) if item % 7 != skip] for skip in range(6)]
    with pytest.raises(LimitError, match="max_itemsets"):
        mine(baskets, 2, max_itemsets=50_000)


def test_a_hundred_thousand_distinct_items_are_mined():
    found = mine([[item, item + 1] for item in range(0, 100_000, 2)], 1)
    assert len(found) == 150_000
    assert set(found.values()) == {1}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_mining_changes_no_global_state(algorithm):
    filters, errors = list(warnings.filters), np.geterr()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    mine([["a", "b"], ["a"]], 1, algorithm=algorithm)
    assert list(warnings.filters) == filters
    assert np.geterr() == errors
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_importing_sets_no_warning_filter():
    # mlxtend sets one when imported, so a process that has not imported it is needed.
    script = (
        "import pandas, sklearn.base, scipy.sparse, warnings; "
        "before = list(warnings.filters); import crmml.association; "
        "assert list(warnings.filters) == before, warnings.filters"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
