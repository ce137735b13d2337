"""Kinds, items asked for, weights and hierarchies against enumeration."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import FrequentItemsets, _mining, _ranked_rows
from crmml.association._wide_search import TooMuchForNumpyError
from crmml.exceptions import SchemaError

BASKETS = st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=1, max_size=20)


@pytest.fixture(scope="module", params=["numpy", "compiled"])
def way(request):
    """Both ways to search, as something that sends a fit through one of them."""

    def refuse(*_):
        raise TooMuchForNumpyError

    def fit(itemsets, *arguments, **options):
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "compiled":
                patch.setattr(_mining, "search_wide", refuse)
                patch.setattr(_ranked_rows, "SMALL", 0)
            table = itemsets.fit(*arguments, **options).itemsets_
        assert itemsets.n_itemsets_ == len(table)
        return dict(zip(table["itemsets"], table["count"], strict=True))

    return fit


def keep_kind(counts, kind):
    """Compare every itemset with every larger one."""
    return {
        itemset: count
        for itemset, count in counts.items()
        if kind == "all"
        or not any(
            itemset < larger and (kind == "maximal" or counts[larger] == count)
            for larger in counts
        )
    }


@pytest.mark.parametrize("kind", ["all", "closed", "maximal"])
@settings(max_examples=40, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_kinds_equal_comparison_of_all_itemsets(
    way, kind, enumerate_itemsets, baskets, data
):
    min_count = data.draw(st.integers(1, len(baskets)))
    max_length = data.draw(st.none() | st.integers(1, 6))
    found = way(FrequentItemsets(min_count, kind=kind, max_length=max_length), baskets)
    expected = keep_kind(enumerate_itemsets(baskets, min_count), kind)
    longest = max_length or 99
    assert found == {one: n for one, n in expected.items() if len(one) <= longest}


@pytest.mark.parametrize("kind", ["all", "closed", "maximal"])
@settings(max_examples=40, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_items_asked_for_and_left_out_are_those_of_enumeration(
    way, kind, enumerate_itemsets, baskets, data
):
    held = sorted(set().union(*baskets))
    some = st.sets(st.sampled_from(held), max_size=2) if held else st.just(set())
    wanted = data.draw(some)
    rest = [item for item in held if item not in wanted]
    excluded = data.draw(
        st.sets(st.sampled_from(rest), max_size=2) if rest else st.just(())
    )
    min_count = data.draw(st.integers(1, len(baskets)))
    max_length = data.draw(st.none() | st.integers(1, 6))
    itemsets = FrequentItemsets(
        min_count,
        kind=kind,
        max_length=max_length,
        must_contain=wanted,
        exclude=list(excluded),
    )
    found = way(itemsets, baskets)
    cut = [set(basket) - set(excluded) for basket in baskets]
    expected = keep_kind(enumerate_itemsets(cut, min_count), kind)
    longest = max_length or 99
    assert found == {
        one: n
        for one, n in expected.items()
        if set(wanted) <= one and len(one) <= longest
    }


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_a_weight_counts_like_as_many_baskets(way, enumerate_itemsets, baskets, data):
    n = len(baskets)
    weights = data.draw(st.lists(st.integers(1, 9), min_size=n, max_size=n))
    min_count = data.draw(st.integers(1, sum(weights)))
    repeated = [one for one, w in zip(baskets, weights, strict=True) for _ in range(w)]
    found = way(FrequentItemsets(min_count), baskets, sample_weight=weights)
    assert found == enumerate_itemsets(repeated, min_count)


def test_support_is_a_share_of_all_weights():
    itemsets = FrequentItemsets(0.5).fit([["a"], ["b"], []], sample_weight=[5, 1, 4])
    assert itemsets.itemsets_["support"].tolist() == [0.5]
    assert itemsets.n_baskets_ == 3


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], "3 whole numbers from 1"),
        (["1", "2", "3"], "3 whole numbers from 1"),
        ([1, 0, 2], "1 of 3 weights are missing, below 1 or no whole"),
        ([1.5, 2.0, np.nan], "2 of 3 weights are missing, below 1 or no whole"),
        ([-1, -1, 2], "2 of 3 weights are missing, below 1 or no whole"),
        ([np.inf, 1, 2], "1 of 3 weights are missing, below 1 or no whole"),
        ([2**53, 1, 2], "more than 2"),
    ],
)
def test_weights_that_are_no_whole_numbers_for_each_basket_are_refused(
    weights, message
):
    with pytest.raises(SchemaError, match=message):
        FrequentItemsets().fit([["a"], ["b"], []], sample_weight=weights)


ABOVE = {0: 10, 1: 10, 2: 11, 10: 20, 11: 20, 3: 12}


def climb(item):
    return [item, *climb(ABOVE[item])] if item in ABOVE else [item]


@settings(max_examples=60, deadline=None)
@given(baskets=BASKETS, min_count=st.integers(1, 4))
def test_a_mixed_hierarchy_equals_enumeration_without_an_item_beside_its_own(
    way, enumerate_itemsets, baskets, min_count
):
    found = way(FrequentItemsets(min_count, hierarchy=ABOVE, level="mixed"), baskets)
    larger = [{above for item in basket for above in climb(item)} for basket in baskets]
    expected = {
        one: n
        for one, n in enumerate_itemsets(larger, min_count).items()
        if not any(other in climb(item)[1:] for item in one for other in one)
    }
    assert found == expected


def test_categories_take_the_place_of_items_and_count_once(way):
    baskets = [["ale", "lager", "nappies"], ["lager"], ["milk"]]
    found = way(
        FrequentItemsets(1, hierarchy={"ale": "beer", "lager": "beer"}), baskets
    )
    assert found == {
        frozenset(["beer"]): 2,
        frozenset(["nappies"]): 1,
        frozenset(["milk"]): 1,
        frozenset(["beer", "nappies"]): 1,
    }


def test_a_circle_in_the_hierarchy_is_refused():
    with pytest.raises(SchemaError, match="circle of 2 labels"):
        FrequentItemsets(1, hierarchy={"a": "b", "b": "a"}).fit([["a"]])


@pytest.mark.parametrize("name", ["must_contain", "exclude"])
def test_items_that_are_in_no_basket_are_refused_and_not_quoted(name):
    with pytest.raises(SchemaError, match=f"{name}: 1 of 2 items") as caught:
        FrequentItemsets(1, **{name: ["a", "secret"]}).fit([["a", "b"]])
    assert "secret" not in str(caught.value)


def test_baskets_may_be_what_a_customer_buys_on_one_day():
    lines = pd.DataFrame(
        {
            "customer": ["x", "x", "x", "y"],
            "when": pd.to_datetime(
                [
                    "2024-05-01 09:00",
                    "2024-05-01 23:59",
                    "2024-05-02 00:00",
                    "2024-05-01 07:00",
                ]
            ),
            "item": ["a", "b", "c", "a"],
        }
    )
    itemsets = FrequentItemsets(
        1, order_column=["customer", "when"], item_column="item"
    ).fit(lines)
    assert itemsets.n_baskets_ == 3
    assert frozenset("ab") in set(itemsets.itemsets_["itemsets"])
    assert frozenset("bc") not in set(itemsets.itemsets_["itemsets"])


def test_parquet_gives_the_same_as_the_table(tmp_path):
    rng = np.random.default_rng(0)
    lines = pd.DataFrame({"order_id": rng.integers(0, 90, 400), "product_id": "商品"})
    lines["product_id"] += pd.Series(rng.integers(0, 9, 400)).astype(str)
    lines.to_parquet(tmp_path / "lines.parquet", row_group_size=77)
    expected = FrequentItemsets(3).fit(lines).itemsets_
    found = FrequentItemsets(3).fit(tmp_path / "lines.parquet").itemsets_
    pd.testing.assert_frame_equal(found, expected)
