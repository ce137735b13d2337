"""Each finding of the quality report, by a planted number of rows."""

import pandas as pd
import pytest

COLUMNS = ["table", "column", "finding", "n_rows", "share", "advice"]


@pytest.fixture
def findings(make_tables):
    """Counts by table, column and finding."""

    def find(*args, **kwargs):
        found = make_tables(*args, **kwargs).quality()
        assert list(found.columns) == COLUMNS
        assert (found["advice"] != "").all()
        keys = found[["table", "column", "finding"]].itertuples(index=False, name=None)
        return dict(zip(keys, found["n_rows"].tolist(), strict=True))

    return find


def test_clean_tables_have_no_findings(findings, make_tables, sales):
    clean = sales.assign(amount=1.0, order_id=range(5))
    assert findings(clean) == {}
    empty = make_tables(clean).quality()
    assert empty.dtypes[["n_rows", "share"]].tolist() == ["int64", "float64"]


def test_negative_and_zero_amounts(findings, sales):
    sales["amount"] = [-1.0, -0.01, 0.0, -0.0, 5.0]
    found = findings(sales)
    assert found["transactions", "amount", "negative amount"] == 2
    assert found["transactions", "amount", "amount of zero"] == 2


def test_duplicated_rows_are_counted_once_less_than_they_stand(findings, sales):
    repeated = pd.concat([sales, sales.iloc[[0, 0, 1]]])
    key = ("transactions", "customer_id", "exact duplicate of another row")
    assert findings(repeated)[key] == 3
    assert key not in findings(sales)


def test_duplicates_are_judged_by_declared_columns(findings, sales):
    """Rows without an id are no duplicates of each other: they are left out."""
    sales.loc[[0, 1], "customer_id"] = None
    sales.loc[1] = sales.loc[0]
    with pytest.warns(UserWarning, match="2 of 5"):
        found = findings(sales)
    assert found["transactions", "customer_id", "no customer id"] == 2
    assert (
        "transactions",
        "customer_id",
        "exact duplicate of another row",
    ) not in found


def test_missing_keys_and_recording_times(findings, sales):
    sales["order_id"] = pd.Series([1, None, None, 3, 4], dtype="Int64")
    sales["product_id"] = ["x", None, "y", "z", "x"]
    sales["recorded_at"] = [None, None, None, "2024-03-01", "2024-03-06"]
    found = findings(sales)
    assert found["transactions", "order_id", "order_id missing"] == 2
    assert found["transactions", "product_id", "product_id missing"] == 1
    assert found["transactions", "recorded_at", "recorded_at missing"] == 3


def test_events_after_the_declared_end(findings, sales):
    key = ("transactions", "timestamp", "after observed_until")
    assert findings(sales, observed_until="2024-02-01")[key] == 1
    assert key not in findings(sales, observed_until="2024-03-05")


def test_events_in_the_future_where_no_end_is_declared(findings, sales):
    sales["timestamp"] = sales["timestamp"].astype("datetime64[us]")
    sales.loc[0, "timestamp"] = pd.Timestamp("2300-01-01")
    people = pd.DataFrame({"customer_id": ["a"], "joined_at": ["2300-01-01"]})
    found = findings(sales, customers=people, observed_until=None)
    assert found["transactions", "timestamp", "in the future"] == 1
    assert found["customers", "joined_at", "in the future"] == 1


def test_ids_unknown_to_customers(findings, sales):
    people = pd.DataFrame({"customer_id": ["a", "z"]})
    calls = pd.DataFrame({"customer_id": ["q"], "timestamp": ["2024-01-01"]})
    found = findings(sales, customers=people, complaints=calls)
    assert found["transactions", "customer_id", "id not in customers"] == 2
    assert found["complaints", "customer_id", "id not in customers"] == 1


def test_shares_are_of_all_rows(make_tables, sales):
    sales["amount"] = [-1.0, 1, 1, 1, 1]
    found = make_tables(sales).quality().set_index("finding")
    assert found.loc["negative amount", "share"] == 1 / 5
    assert found.loc["negative amount", "column"] == "amount"


def test_columns_are_called_as_the_user_calls_them(sales):
    from crmml.tables import CustomerTables, Transactions

    renamed = sales.rename(columns={"amount": "金额", "customer_id": "客户"})
    tables = CustomerTables(
        transactions=Transactions(
            renamed, customer_id="客户", timestamp="timestamp", amount="金额"
        ),
        observed_until="2025-01-01",
    )
    assert tables.quality()["column"].tolist() == ["金额"]
