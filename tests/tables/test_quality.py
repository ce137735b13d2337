"""Each finding of the quality report, by a planted number of rows."""

import numpy as np
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


def test_missing_values_of_any_column_that_may_have_them(findings, sales):
    sales["category"] = ["tea", None, "tea", None, None]
    sales["discount"] = [None, 1.0, 1.0, 1.0, 1.0]
    people = pd.DataFrame(
        {"customer_id": ["a", "b", "c"], "joined_at": None, "left_at": None}
    )
    calls = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2024-01-01"]})
    calls = calls.assign(resolved_at=None, severity=[None])
    found = findings(sales, customers=people, complaints=calls)
    assert found["transactions", "category", "category missing"] == 3
    assert found["transactions", "discount", "discount missing"] == 1
    assert found["customers", "joined_at", "joined_at missing"] == 3
    assert found["complaints", "severity", "severity missing"] == 1
    # A complaint may be open, and a contract may run.
    names = {column for _, column, finding in found if "missing" in finding}
    assert not names & {"left_at", "resolved_at"}


def test_instants_before_what_they_must_follow(findings, sales):
    sales["recorded_at"] = sales["timestamp"]
    sales.loc[[0, 1], "recorded_at"] -= pd.Timedelta(1, "us")
    days = ["2024-01-01", "2024-01-02", "2024-01-03", None]
    calls = pd.DataFrame(
        {"customer_id": "a", "timestamp": "2024-01-02"}, index=range(4)
    )
    people = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "left_at": days})
    found = findings(
        sales,
        complaints=calls.assign(resolved_at=days),
        customers=people.assign(joined_at="2024-01-02"),
    )
    for key in (
        ("transactions", "recorded_at", "recorded before it happened", 2),
        ("complaints", "resolved_at", "resolved before it happened", 1),
        ("customers", "left_at", "left before joining", 1),
    ):
        assert found[key[:3]] == key[3]


def test_every_instant_may_lie_in_the_future_but_the_end_of_a_contract(findings, sales):
    people = pd.DataFrame({"customer_id": ["a", "b", "c"], "left_at": "2300-01-01"})
    calls = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2024-01-01"]})
    calls["resolved_at"] = "2300-01-01"
    late = sales.assign(recorded_at="2300-01-01")
    found = findings(late, complaints=calls, customers=people, observed_until=None)
    assert found["transactions", "recorded_at", "in the future"] == 5
    assert found["complaints", "resolved_at", "in the future"] == 1
    assert not any(table == "customers" for table, *_ in found)


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


OUTLIER = ("transactions", "amount", "unusually large amount")
SILENT = ("transactions", "timestamp", "day without any event")


def make_sales(amounts):
    return pd.DataFrame(
        {
            "customer_id": [str(i) for i in range(len(amounts))],
            "timestamp": "2024-01-01",
            "amount": amounts,
        }
    )


@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_unusual_amounts_equal_their_definition(findings, spread):
    """At a spread of 0.1 ten times the quartile decides, at 1 the quartiles' ratio."""
    rng = np.random.default_rng(0)
    usual = rng.lognormal(3, spread, 300).round(2)
    amounts = np.r_[usual, -usual[:50], 0.0, 0.0]
    ranked = np.sort(usual)
    # The smallest amount with at least a quarter, or three, of the others at most it.
    low, high = ranked[300 // 4 - 1], ranked[300 * 3 // 4 - 1]
    limit = high * max((high / low) ** 3, 10)
    planted = np.array([limit * 0.999, limit * 1.001, limit * 5, -limit * 5])
    # Three more positive amounts of 300 move no quartile by much; compute with them.
    every = np.sort(np.r_[usual, planted[planted > 0]].round(2))
    low, high = (every[int(np.ceil(len(every) * q)) - 1] for q in (0.25, 0.75))
    limit = high * max((high / low) ** 3, 10)
    expected = int((every > limit).sum())
    assert expected >= 1
    assert findings(make_sales(np.r_[amounts, planted].round(2)))[OUTLIER] == expected


def test_prices_that_are_all_alike_are_no_outliers(findings):
    found = findings(make_sales([9.99] * 80 + [19.99] * 10 + [99.9] * 5))
    assert OUTLIER not in found
    assert findings(make_sales([9.99] * 80 + [19.99] * 10 + [99.91] * 5))[OUTLIER] == 5


def test_few_amounts_say_nothing_about_what_is_usual(findings):
    assert OUTLIER not in findings(make_sales([1.0] * 18 + [1e6]))
    assert findings(make_sales([1.0] * 19 + [1e6]))[OUTLIER] == 1


@pytest.mark.parametrize("start", ["2024-02-20", "1969-12-20"])
def test_days_without_an_event_are_counted(findings, start):
    """Thirty days of twenty events; two days are silent, one has a single event."""
    first = pd.Timestamp(start)
    instants = []
    for day in range(30):
        n_events = {7: 0, 8: 0, 12: 1}.get(day, 20)
        midnight = first + pd.Timedelta(day, "D")
        # The first at midnight and the last a microsecond before the next.
        times = np.linspace(0, 86_400_000_000 - 1, max(n_events, 2)).astype("int64")
        instants += list(midnight + pd.to_timedelta(times[:n_events], "us"))
    sales = pd.DataFrame({"customer_id": "a", "timestamp": instants})
    assert findings(sales)[SILENT] == 2


def test_the_share_of_silent_days_is_of_days(make_tables):
    days = ["2024-01-01"] * 40 + ["2024-01-04"] * 40
    sales = pd.DataFrame({"customer_id": range(80), "timestamp": days})
    found = make_tables(sales).quality()
    assert found["finding"].tolist() == ["day without any event"]
    assert found["n_rows"].tolist() == [2]
    assert found["share"].tolist() == [2 / 4]


@pytest.mark.parametrize("start", ["2024-01-01", "1968-01-01"])
def test_weekdays_on_which_a_shop_is_closed_are_named(make_tables, start):
    """Eight weeks from a Monday, closed on Saturdays and on one Wednesday."""
    days = pd.date_range(start, periods=56)
    days = days[(days.day_of_week != 5) & (days != days[30])]
    sales = pd.DataFrame({"customer_id": "a", "timestamp": days.repeat(20)})
    sales["customer_id"] = range(len(sales))
    found = make_tables(sales).quality().iloc[0]
    assert found["n_rows"] == 9
    assert "8 are Saturdays, when there is never one" in found["advice"]
    assert "Wednesday" not in found["advice"]


def test_silent_days_are_reported_where_they_are_unusual(findings):
    """Ten events a day on average are enough, fewer are not."""
    for n_events, is_reported in ((20, True), (19, False)):
        days = ["2024-01-01"] * n_events + ["2024-01-03"] * 10
        sales = pd.DataFrame({"customer_id": range(len(days)), "timestamp": days})
        assert (SILENT in findings(sales)) is is_reported


def test_future_events_do_not_stretch_the_calendar(findings):
    days = ["2024-01-01"] * 40 + ["2024-01-02"] * 40 + ["2024-01-05"]
    sales = pd.DataFrame({"customer_id": range(81), "timestamp": days})
    found = findings(sales, observed_until="2024-01-03")
    assert SILENT not in found
    assert found["transactions", "timestamp", "after observed_until"] == 1
    assert findings(sales)[SILENT] == 2


def test_a_table_without_rows_is_one_finding_and_no_other(sales, make_tables):
    (found,) = make_tables(sales.head(0)).quality().itertuples(index=False)
    assert found.table == "transactions"
    assert (found.finding, found.n_rows, found.share) == ("table without rows", 0, 1.0)
    assert "check the file" in found.advice
