import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from crmml.association._basket_input import encode_baskets
from crmml.exceptions import DataQualityWarning, NotEnoughHistoryError, SchemaError
from crmml.tables import Customers, CustomerTables, Transactions

SALES = {
    "顾客": ["007", "7", "007", "7"],
    "时间": ["2024-05-01", "2024-05-02", "2024-05-01", "2024-05-03"],
    "订单": [1, 2, 1, 3],
    "商品": ["啤酒", "尿布", "尿布", "尿布"],
}


def encode(X):
    return encode_baskets(X, "order_id", "product_id")


def contents(coded):
    return sorted(
        [coded.items[code] for code in coded.codes[start:end]]
        for start, end in zip(coded.offsets[:-1], coded.offsets[1:], strict=True)
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_customer_tables_are_read_by_their_declared_columns(make):
    transactions = Transactions(
        make(SALES),
        customer_id="顾客",
        timestamp="时间",
        order_id="订单",
        product_id="商品",
    )
    expected = [["啤酒", "尿布"], ["尿布"], ["尿布"]]
    assert contents(encode(transactions)) == expected
    assert contents(encode(CustomerTables(transactions=transactions))) == expected


def test_a_file_of_transactions_is_read(tmp_path):
    path = tmp_path / "sales.csv"
    pd.DataFrame(SALES).to_csv(path, index=False, encoding="gbk")
    transactions = Transactions(
        path,
        customer_id="顾客",
        timestamp="时间",
        order_id="订单",
        product_id="商品",
        encoding="gbk",
    )
    assert contents(encode(transactions)) == [["啤酒", "尿布"], ["尿布"], ["尿布"]]


def test_transactions_without_order_or_item_are_left_out_and_counted():
    sales = pd.DataFrame(SALES).assign(订单=["a", None, "a", "b"])
    transactions = Transactions(
        sales, customer_id="顾客", timestamp="时间", order_id="订单", product_id="商品"
    )
    with pytest.warns(DataQualityWarning, match="1 of 4 order lines have no '订单'"):
        coded = encode(transactions)
    assert coded.n_baskets == 2


def test_an_undeclared_product_is_named_with_the_way_out():
    transactions = Transactions(
        pd.DataFrame(SALES), customer_id="顾客", timestamp="时间", order_id="订单"
    )
    with pytest.raises(SchemaError, match="product_id"):
        encode(transactions)


def test_tables_without_transactions_are_refused():
    customers = Customers(pd.DataFrame({"id": ["a"]}), customer_id="id")
    with pytest.raises(SchemaError, match="transactions"):
        encode(CustomerTables(customers=customers))


@pytest.mark.parametrize(
    ("X", "found"),
    [
        ({"a": ["b"]}, "dict"),
        ({frozenset("a")}, "set"),
        (np.eye(3), "ndarray"),
        (csr_matrix(np.eye(3)), "csr_matrix"),
        (pl.LazyFrame({"a": [1]}), "LazyFrame"),
        (None, "NoneType"),
        (7, "int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "X",
)
def test_other_forms_are_refused_by_name(X, found):
    with pytest.raises(SchemaError, match=f"baskets must be .* got {found}"):
        encode(X)


def test_duplicated_columns_are_refused():
    table = pd.DataFrame([[1, 2]], columns=["order_id", "order_id"])
    with pytest.raises(SchemaError, match="more than once"):
        encode(table)


@pytest.mark.parametrize(
    "X",
    [
        [],
        pd.DataFrame({"order_id": [], "product_id": []}, dtype=str),
        pl.DataFrame({"order_id": [], "product_id": []}),
        pd.DataFrame({"beer": []}, dtype=bool),
    ],
    ids=["list", "pandas", "polars", "one-hot"],
)
def test_no_basket_at_all_is_said(X):
    with pytest.raises(NotEnoughHistoryError, match="no basket"):
        encode(X)


def test_a_text_that_is_no_file_is_refused():
    with pytest.raises(SchemaError, match="no file or folder of that name"):
        encode_baskets("orders.parquet", "order_id", "product_id")
