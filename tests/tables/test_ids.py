"""Customer ids come back as they went in: value, spelling and type."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import SchemaError
from crmml.features import RFM
from crmml.labels import Inactivity
from crmml.tables import Customers, CustomerTables, Transactions, make_spine

CUTOFF = "2024-06-01"


def tables_of(ids):
    frame = pd.DataFrame({"id": ids, "at": "2024-01-01", "paid": 1.0})
    return declare(frame)


def declare(data):
    return CustomerTables(
        transactions=Transactions(
            data, customer_id="id", timestamp="at", amount="paid"
        ),
        observed_until="2025-01-01",
    )


@pytest.mark.parametrize(
    "ids",
    [
        ["007", "7", " 7", "7 ", "A", "a"],
        # One letter in two spellings of Unicode, a name, a quote, a formula.
        ["\u00e9", "e\u0301", "客户", 'O"Neil; --', "=1+1", ""],
        ["NA", "None", "nan", "null"],
        [2**53, 2**53 + 1, 2**63 - 1, -(2**63)],
        [0, -1, 7],
    ],
    ids=["zeros", "spellings", "words", "large", "signs"],
)
def test_ids_keep_value_and_dtype(ids):
    given = pd.Series(ids)
    tables = tables_of(given)
    spine = make_spine(tables, CUTOFF)
    assert sorted(spine["customer_id"]) == sorted(ids)
    assert spine["customer_id"].dtype == given.dtype
    features = RFM().fit_transform(tables, CUTOFF)
    assert features["n_orders"].tolist() == [1] * len(ids)
    assert features.index.dtype == given.dtype
    labels = Inactivity("7D").transform(tables, CUTOFF)
    assert labels.index.equals(features.index)


@pytest.mark.parametrize(
    "dtype",
    [
        "int8",
        "int32",
        "uint16",
        "uint64",
        "Int64",
        "UInt8",
        "int64[pyarrow]",
        "str",
        "object",
        "string",
        "string[pyarrow]",
        "large_string[pyarrow]",
    ],
)
def test_pandas_dtypes_come_back(dtype):
    if dtype == "large_string[pyarrow]":
        dtype = pd.ArrowDtype(pa.large_string())
    is_text = not pd.api.types.is_integer_dtype(pd.api.types.pandas_dtype(dtype))
    given = pd.Series(["7", "8"] if is_text else [7, 8]).astype(dtype)
    found = make_spine(tables_of(given), CUTOFF)["customer_id"]
    pd.testing.assert_series_equal(found, given, check_names=False)


def test_unsigned_ids_reach_to_the_end_of_64_bits(constructor):
    ids = np.array([0, 2**63, 2**64 - 1], dtype="uint64")
    data = constructor({"id": ids, "at": ["2024-01-01"] * 3, "paid": [1.0] * 3})
    found = make_spine(declare(data), CUTOFF)["customer_id"]
    assert found.dtype == "uint64"
    assert found.tolist() == [0, 2**63, 2**64 - 1]


def test_ids_of_polars_and_arrow_keep_their_type(constructor):
    data = constructor(
        {"id": ["007", "客户"], "at": ["2024-01-01"] * 2, "paid": [1.0, 2.0]}
    )
    features = RFM().set_output(transform="polars").fit(declare(data), CUTOFF)
    found = features.transform(declare(data), CUTOFF)["customer_id"]
    assert found.dtype == pl.String
    assert found.to_list() == ["007", "客户"]


def test_categories_come_back_as_their_values():
    given = pd.Series(["b", "a"]).astype("category")
    found = make_spine(tables_of(given), CUTOFF)["customer_id"]
    assert found.tolist() == ["a", "b"]
    assert pd.api.types.is_string_dtype(found.dtype)


def test_missing_ids_among_integers_do_not_turn_them_into_floats():
    ids = pd.Series([2**53 + 1, None], dtype="Int64")
    with pytest.warns(UserWarning, match="1 of 2 rows have no id"):
        tables = tables_of(ids)
    assert make_spine(tables, CUTOFF)["customer_id"].tolist() == [2**53 + 1]


def two_tables(customers, transactions):
    return CustomerTables(
        customers=Customers(
            pd.DataFrame({"id": customers, "since": "2023-01-01"}),
            customer_id="id",
            joined_at="since",
        ),
        transactions=Transactions(
            pd.DataFrame({"buyer": transactions, "at": "2024-01-01"}),
            customer_id="buyer",
            timestamp="at",
        ),
        observed_until="2025-01-01",
    )


def test_a_narrow_type_in_one_table_does_not_wrap_ids_of_another():
    """300 as an 8-bit integer would silently become 44."""
    tables = two_tables(np.array([1, 2], dtype="int8"), np.array([2, 300]))
    assert make_spine(tables, CUTOFF)["customer_id"].tolist() == [1, 2, 300]


def test_signed_and_unsigned_ids_meet_without_losing_digits():
    tables = two_tables(np.array([2**64 - 1, 5], dtype="uint64"), np.array([5, 6]))
    found = make_spine(tables, CUTOFF)["customer_id"]
    assert found.tolist() == [5, 6, 2**64 - 1]
    with pytest.raises(SchemaError, match="below zero to beyond 2\\*\\*63"):
        make_spine(two_tables(np.array([2**64 - 1], "uint64"), np.array([-1])), CUTOFF)


def test_a_roster_of_wider_ids_is_not_wrapped_either():
    tables = tables_of(np.array([1, 2], dtype="int8"))
    spine = make_spine(tables, CUTOFF, customers=[300, 2])
    assert spine["customer_id"].tolist() == [300, 2]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1.0, 2.0], "DOUBLE.*read as floats have lost digits"),
        ([1.0, None], "DOUBLE"),
        (pd.Series(["x", 1], dtype=object), "mixes values of several types"),
        ([True, False], "BOOLEAN"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "TIMESTAMP"),
        (pd.Series([b"x", b"y"], dtype=object), "BLOB"),
        (pd.Series([2**70, 1], dtype=object), "beyond 64 bits"),
    ],
    ids=["float", "float missing", "mixed", "bool", "date", "bytes", "huge"],
)
def test_what_is_no_id_is_refused(ids, message):
    with pytest.raises(SchemaError, match=f"transactions: column 'id'.*{message}"):
        tables_of(ids)


def test_text_ids_do_not_meet_integer_ids():
    with pytest.raises(SchemaError) as caught:
        two_tables(["1", "2"], [1, 2])
    message = str(caught.value)
    assert "customers.id is text" in message
    assert "transactions.buyer is integer" in message


def test_an_empty_table_does_not_decide_the_type_of_ids():
    """Integers stay integers beside an empty table of text, and the other way round."""
    for empty, ids in (([], [7, 8]), (pd.Series([], dtype="int64"), ["007", "8"])):
        found = make_spine(two_tables(empty, ids), CUTOFF)["customer_id"]
        assert found.tolist() == ids
