import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_matrix

from crmml.association._basket_frames import open_lines, read_one_hot
from crmml.association._basket_lists import read_lists
from crmml.exceptions import DataQualityWarning, SchemaError

CONSTRUCTORS = {
    "pandas": pd.DataFrame,
    "pandas-nullable": lambda data: pd.DataFrame(data).convert_dtypes(),
    "pandas-arrow": lambda data: pd.DataFrame(data).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
}


@pytest.fixture(params=list(CONSTRUCTORS))
def constructor(request):
    return CONSTRUCTORS[request.param]


def read(table, order_column="order_id", item_column="product_id"):
    frame = nw.from_native(table)
    lines = open_lines(frame, order_column, item_column)
    if lines is None:
        return read_one_hot(frame, order_column, item_column)
    return lines.encode()


def contents(coded):
    return [
        [coded.items[code] for code in coded.codes[start:end]]
        for start, end in zip(coded.offsets[:-1], coded.offsets[1:], strict=True)
    ]


def test_long_lines_in_any_order_give_one_basket_for_each_order(constructor):
    table = constructor(
        {
            "order_id": [7, 9, 7, 7, 9],
            "product_id": ["b", "a", "a", "b", "c"],
            "price": [1.0, 2.0, None, 4.0, 5.0],
        }
    )
    coded = read(table)
    assert sorted(contents(coded)) == [["a", "b"], ["a", "c"]]


def test_columns_are_named_by_the_user_in_any_language(constructor):
    table = constructor({"订单": ["一", "一", "二"], "商品": ["啤酒", "尿布", "啤酒"]})
    coded = read(table, "订单", "商品")
    assert sorted(contents(coded)) == [["啤酒"], ["啤酒", "尿布"]]


@pytest.mark.parametrize(
    "labels", [["007", "7", "07"], [2**53 + 1, 2**53, 3], ["", "NA", "None"]]
)
def test_items_keep_type_and_label(constructor, labels):
    coded = read(constructor({"order_id": [1, 1, 2], "product_id": labels}))
    assert list(coded.items) == sorted(labels)


def test_lines_without_order_or_item_are_left_out_and_counted(constructor):
    table = constructor(
        {
            "order_id": ["x", "x", None, "y", None],
            "product_id": ["a", "b", "c", None, None],
        }
    )
    with pytest.warns(DataQualityWarning) as caught:
        coded = read(table)
    assert [str(one.message).split(";")[0] for one in caught] == [
        "2 of 5 order lines have no 'order_id'",
        "1 of 5 order lines have no 'product_id'",
    ]
    # Order y was placed; that its item is not known makes it an empty basket.
    assert sorted(contents(coded)) == [[], ["a", "b"]]
    assert coded.items == ("a", "b")


@given(st.lists(st.lists(st.sampled_from(["p", "q", "r", "s"])), max_size=8))
def test_long_lines_equal_lists(baskets):
    lines = [
        {"order_id": f"o{position}", "product_id": item}
        for position, basket in enumerate(baskets)
        for item in basket
    ]
    table = pl.DataFrame(lines, schema={"order_id": pl.String, "product_id": pl.String})
    filled = [basket for basket in baskets if basket]
    assert sorted(contents(read(table))) == sorted(contents(read_lists(filled)))


def test_categories_are_read_as_their_labels():
    table = pd.DataFrame({"order_id": [1, 1], "product_id": pd.Categorical(["b", "a"])})
    assert read(table).items == ("a", "b")
    assert read(pl.from_pandas(table)).items == ("a", "b")
    numbers = table.assign(product_id=pd.Categorical([20, 10]))
    assert read(numbers).items == (10, 20)


@pytest.mark.parametrize("dtype", ["datetime64[us]", "int8", "uint64", "category"])
def test_orders_may_be_ids_of_any_exact_type(dtype):
    orders = pd.Series([3, 3, 5]).astype(dtype)
    coded = read(pd.DataFrame({"order_id": orders, "product_id": ["a", "b", "c"]}))
    assert contents(coded) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"order_id": [1.0, None], "product_id": ["a", "b"]},
            "'order_id' holds floats",
        ),
        ({"order_id": [1, 2], "product_id": [1.0, None]}, "'product_id' holds floats"),
        ({"order_id": [1, 2], "product_id": [True, False]}, "'product_id'.* type bool"),
        ({"order_id": [[1], [2]], "product_id": ["a", "b"]}, "'order_id'.* type list"),
        (
            {"order_id": [1], "product_id": [np.datetime64("2024-01-01", "us")]},
            "items must be text or whole numbers, got timestamp",
        ),
    ],
)
def test_unfit_ids_are_refused_by_column_and_type(data, words):
    with pytest.raises(SchemaError, match=words):
        read(pd.DataFrame(data))


@pytest.mark.parametrize("column", ["order_id", "product_id"])
def test_text_and_numbers_mixed_are_refused_without_quoting_them(column):
    data = pd.DataFrame({"order_id": [1, 2], "product_id": [1, 2]}, dtype=object)
    data.loc[0, column] = "secret"
    with pytest.raises(SchemaError, match=f"{column!r} mixes values") as caught:
        read(data)
    assert "secret" not in str(caught.value)


ONE_HOT = {
    "bool": {"beer": [True, False, True], "milk": [True, False, False]},
    "integer": {"beer": [1, 0, 1], "milk": [1, 0, 0]},
    "float": {"beer": [1.0, 0.0, 1.0], "milk": [1.0, 0.0, 0.0]},
}


@pytest.mark.parametrize("kind", list(ONE_HOT))
def test_one_hot_rows_are_baskets_and_rows_of_zeros_are_empty(constructor, kind):
    coded = read(constructor(ONE_HOT[kind]))
    assert contents(coded) == [["beer", "milk"], [], ["beer"]]


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("bool", False),
        ("bool", True),
        ("int8", 0),
        ("int8", 1),
        ("float64", 0.0),
        ("float64", np.nan),
    ],
)
def test_pandas_sparse_columns_are_read_as_their_values(dtype, fill):
    dense = pd.DataFrame(ONE_HOT["integer"]).astype(dtype)
    sparse = dense.astype(pd.SparseDtype(dtype, fill))
    assert contents(read(sparse)) == [["beer", "milk"], [], ["beer"]]


def test_stored_zeros_of_a_sparse_column_are_no_items():
    stored = csc_matrix((np.array([0, 1], dtype="int8"), ([0, 1], [0, 0])))
    table = pd.DataFrame.sparse.from_spmatrix(stored, columns=["beer"])
    assert contents(read(table)) == [[], ["beer"]]


def test_one_hot_columns_may_be_named_by_numbers():
    coded = read(pd.DataFrame({10: [True, False], 9: [True, True]}))
    assert contents(coded) == [[9, 10], [9]]


def test_one_hot_equals_lists():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.random((50, 6)) < 0.4, columns=list("fedcba"))
    lists = [list(table.columns[row]) for row in table.to_numpy()]
    assert contents(read(table)) == contents(read_lists(lists))


def test_a_one_hot_table_that_has_both_named_columns_is_long():
    table = pd.DataFrame({"order_id": [0, 1, 1], "product_id": [1, 1, 0]})
    assert contents(read(table)) == [[1], [0, 1]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"order_id": [1, 2], "item": ["a", "b"]},
            "no column 'product_id', and 2 of its 2 columns hold something else",
        ),
        (
            {"basket": [10, 11], "beer": [1, 0]},
            "'order_id' and no column 'product_id', and 1 of its 2 .*'basket'",
        ),
        ({"beer": [1.0, np.nan]}, "1 of its 1 columns .*'beer'.*without missing"),
        ({"beer": pd.array([True, None], dtype="boolean")}, "1 of its 1 columns"),
        ({"beer": [0, 2]}, "1 of its 1 columns"),
        ({"beer": pd.arrays.SparseArray([0, 2])}, "1 of its 1 columns"),
        (
            {"beer": [True, False], 7: [True, True]},
            "1 items are text and 1 are numbers",
        ),
        ({("a", "b"): [True, False]}, r"neither text nor whole numbers \(tuple\)"),
        ({}, "no columns"),
    ],
)
def test_a_table_that_is_neither_form_is_refused_with_what_was_found(data, words):
    with pytest.raises(SchemaError, match=words):
        read(pd.DataFrame(data))


def test_a_wide_unfit_table_gives_a_short_message():
    wide = pd.DataFrame(np.full((2, 500), 7), columns=[f"c{i}" for i in range(500)])
    with pytest.raises(SchemaError, match="500 of its 500 columns") as caught:
        read(wide)
    assert len(str(caught.value)) < 1000
