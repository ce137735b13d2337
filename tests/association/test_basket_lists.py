import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.association._basket_lists import check_labels, read_lists
from crmml.exceptions import DataQualityWarning, SchemaError


def contents(coded):
    return [
        [coded.items[code] for code in coded.codes[start:end]]
        for start, end in zip(coded.offsets[:-1], coded.offsets[1:], strict=True)
    ]


@pytest.mark.parametrize(
    "baskets",
    [
        [["b", "a", "b"], [], ["c"]],
        [("b", "a"), (), ("c",)],
        [{"b", "a"}, set(), frozenset("c")],
        [np.array(["b", "a"]), np.array([]), np.array(["c"], dtype=object)],
        (list(basket) for basket in ("ba", "", "c")),
        pd.Series([["b", "a"], [], ["c"]], index=[5, 5, 5]),
        pl.Series([["b", "a"], [], ["c"]]),
    ],
    ids=["lists", "tuples", "sets", "arrays", "generator", "pandas", "polars"],
)
def test_any_sequence_of_collections_is_read_the_same(baskets):
    coded = read_lists(baskets)
    assert contents(coded) == [["a", "b"], [], ["c"]]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["007", "7", "07"], ["007", "07", "7"]),
        (["啤酒", "尿布"], ["啤酒", "尿布"]),
        (["", " ", "NA"], ["", " ", "NA"]),
        ([10, 9, -1], [-1, 9, 10]),
        ([2**63, 2**53 + 1, 2**53], [2**53, 2**53 + 1, 2**63]),
        ([np.int64(2), np.uint8(1)], [1, 2]),
        ([np.str_("b"), "a"], ["a", "b"]),
    ],
)
def test_items_keep_type_and_label(items, expected):
    coded = read_lists([items])
    assert list(coded.items) == expected
    assert {type(item) for item in coded.items} <= {str, int}


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA, pd.NaT])
def test_missing_items_are_left_out_and_counted_and_their_basket_stays(missing):
    with pytest.warns(DataQualityWarning, match="2 of 4 items"):
        coded = read_lists([["b", missing], [missing], ["a"]])
    assert contents(coded) == [["b"], [], ["a"]]


def test_complete_baskets_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_lists([["a"], []])


@pytest.mark.parametrize(
    ("baskets", "words"),
    [
        (["milk", ["beer"]], r"1 of 2 baskets are not collections .*\(str\)"),
        ([b"milk"], r"1 of 1 baskets .*\(bytes\)"),
        ([{"milk": 2}], r"1 of 1 baskets .*\(dict\)"),
        ([1, 2, None], r"3 of 3 baskets .*\(NoneType, int\)"),
        ([["a", 1], ["b", 2], [3]], "2 items are text and 3 are numbers"),
        ([["a"], [1.5, 2.0]], r"2 of 3 items .*\(float\)"),
        ([[True, 1]], r"1 of 2 items .*\(bool\)"),
        ([[("a", "b")]], r"1 of 1 items .*\(tuple\)"),
        ([[["a"]]], r"1 of 1 items .*\(list\)"),
    ],
)
def test_unfit_baskets_and_items_are_refused_by_kind_and_number(baskets, words):
    with pytest.raises(SchemaError, match=words):
        read_lists(baskets)


def test_messages_quote_no_item():
    with pytest.raises(SchemaError) as caught:
        read_lists([["secret-product", 4711]])
    assert "secret" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_labels_become_plain_python():
    labels = check_labels([np.int64(3), 4], "names")
    assert [type(label) for label in labels] == [int, int]
