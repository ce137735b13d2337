"""What is checked at the door: named, counted, with a way out, and no cell shown."""

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import CrmmlError, DataQualityWarning, SchemaError
from crmml.tables import Complaints, Customers, CustomerTables, Transactions


def test_every_id_missing_is_refused_whatever_the_dtype(make_tables, sales):
    for nothing in (None, np.nan, pd.NA, pd.Series([None] * 5, dtype="str")):
        with pytest.raises(SchemaError) as caught:
            make_tables(sales.assign(customer_id=nothing))
        message = str(caught.value)
        assert "transactions: every one of the 5 ids in column 'customer_id'" in message
        assert "Name the column" in message


def test_rows_without_an_id_are_left_out_and_counted(make_tables, sales):
    sales.loc[[1, 3], "customer_id"] = None
    with pytest.warns(
        DataQualityWarning, match=r"transactions: 2 of 5 rows have no id"
    ):
        tables = make_tables(sales)
    found = tables.quality().query("finding == 'no customer id'")
    assert found[["table", "column", "n_rows", "share"]].to_dict("list") == {
        "table": ["transactions"],
        "column": ["customer_id"],
        "n_rows": [2],
        "share": [0.4],
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "missing in 1 of 5 rows"),
        (np.inf, "has 1 rows that are not a finite number"),
        (-np.inf, "has 1 rows that are not a finite number"),
        (9e12, "below 9e+12 in size"),
        (-1e300, "below 9e+12 in size"),
    ],
)
def test_amounts_must_be_finite_and_there(make_tables, sales, value, message):
    sales.loc[2, "amount"] = value
    with pytest.raises(SchemaError) as caught:
        make_tables(sales)
    assert "transactions: column 'amount' (amount)" in str(caught.value)
    assert message in str(caught.value)
    assert "drop these rows first" in str(caught.value)


def test_one_bad_cell_among_many_is_found(make_tables):
    amounts = np.ones(10_000)
    amounts[9_999] = np.inf
    many = pd.DataFrame(
        {"customer_id": "a", "timestamp": "2024-01-01", "amount": amounts}
    )
    with pytest.raises(SchemaError, match="has 1 rows"):
        make_tables(many)


def test_numbers_as_text_are_refused_with_the_way_out(make_tables, sales):
    with pytest.raises(SchemaError) as caught:
        make_tables(sales.astype({"amount": "str"}))
    assert "'amount' (amount) must hold numbers" in str(caught.value)
    assert "pandas.to_numeric" in str(caught.value)


def test_numbers_as_instants_are_refused_with_the_way_out(make_tables, sales):
    with pytest.raises(SchemaError, match=r"'timestamp'.*BIGINT.*pandas.to_datetime"):
        make_tables(sales.assign(timestamp=sales["timestamp"].astype("int64")))


def test_a_missing_instant_is_counted(make_tables, sales):
    sales.loc[[0, 1], "timestamp"] = pd.NaT
    with pytest.raises(SchemaError, match=r"\(timestamp\) is missing in 2 of 5 rows"):
        make_tables(sales)


def test_a_customer_must_stand_in_one_row(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["a", "a", "b", "a", "b"]})
    with pytest.raises(SchemaError) as caught:
        make_tables(sales, customers=people)
    assert "customers: column 'customer_id' repeats 3 ids" in str(caught.value)
    assert "Keep one row per id" in str(caught.value)


def test_customers_without_an_id_do_not_count_as_repeated(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["a", None, None]})
    with pytest.warns(DataQualityWarning, match="customers: 2 of 3 rows"):
        make_tables(sales, customers=people)


def test_tables_go_where_they_belong(sales):
    roles = {"customer_id": "customer_id", "timestamp": "timestamp"}
    with pytest.raises(
        SchemaError, match=r"complaints must be a Complaints, got Trans"
    ):
        CustomerTables(complaints=Transactions(sales, **roles))
    with pytest.raises(SchemaError, match=r"transactions must be .* got DataFrame"):
        CustomerTables(transactions=sales)
    with pytest.raises(SchemaError, match="needs at least one table"):
        CustomerTables()


def test_a_table_or_role_that_is_needed_and_lacking_is_said(make_tables, sales):
    tables = make_tables(sales[["customer_id", "timestamp"]])
    with pytest.raises(
        SchemaError, match=r"complaints: .* complaints=Complaints\(\.\.\."
    ):
        tables.table("complaints")
    with pytest.raises(SchemaError, match=r"amount is needed .* amount='\.\.\.'"):
        tables.table("transactions").column_of("amount")


CANARY = "Zebulon-4711"


def bad_frames():
    """Frames with a canary in every cell that a message could quote."""
    good = {
        "customer_id": [CANARY, "b"],
        "timestamp": ["2024-01-01", "2024-01-02"],
        "amount": [1.0, 2.0],
        "recorded_at": ["2024-01-01", "2024-01-02"],
    }
    yield {**good, "customer_id": pd.Series([CANARY, 1], dtype=object)}
    yield {**good, "timestamp": [CANARY, "2024-01-02"]}
    yield {**good, "timestamp": pd.Series([CANARY, 1.5], dtype=object)}
    yield {**good, "recorded_at": ["2024-01-01", CANARY]}
    yield {**good, "amount": [CANARY, CANARY]}
    yield {**good, "amount": pd.Series([1.0, CANARY], dtype=object)}
    yield {**good, "timestamp": [f"2024-01-01T00:00Z {CANARY}", "2024-01-02T00:00Z"]}
    yield {**good, "amount": [4711.4711e20, 2.0]}


@pytest.mark.parametrize("columns", list(bad_frames()))
def test_no_message_shows_a_cell(columns, make_tables):
    with pytest.raises(CrmmlError) as caught:
        make_tables(pd.DataFrame(columns))
    error = caught.value
    while error is not None:
        assert CANARY not in str(error)
        assert "4711" not in str(error)
        assert len(str(error)) <= 2000
        error = error.__cause__ or (
            None if error.__suppress_context__ else error.__context__
        )


def test_nothing_that_is_printed_shows_a_cell(make_tables):
    people = pd.DataFrame(
        {"customer_id": [CANARY, None], "joined_at": ["2023-01-01", "2030-01-01"]}
    )
    sales = pd.DataFrame(
        {
            "customer_id": [CANARY, CANARY, f"not {CANARY}", None],
            "timestamp": ["2024-01-01", "2024-01-01", "2030-01-02", "2024-01-01"],
            "amount": [-4711.0, -4711.0, 0.0, 1.0],
            "order_id": [CANARY, CANARY, None, None],
        }
    )
    with pytest.warns(DataQualityWarning) as warned:
        tables = make_tables(sales, customers=people)
    shown = [str(one.message) for one in warned]
    shown += [repr(tables), repr(tables.transactions), repr(tables.customers)]
    quality = tables.quality()
    shown += [quality.to_csv(), repr(quality), str(tables.extents)]
    assert len(quality) >= 6
    assert CANARY not in " ".join(shown)
    assert "4711" not in " ".join(shown)


def test_a_declared_recording_time_must_be_there(sales):
    with pytest.raises(SchemaError, match="recorded_at='entered'"):
        Complaints(
            sales,
            customer_id="customer_id",
            timestamp="timestamp",
            recorded_at="entered",
        )
    assert Customers(sales, customer_id="customer_id").roles == {
        "customer_id": "customer_id"
    }
