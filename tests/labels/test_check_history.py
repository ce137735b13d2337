"""Enough to learn from, or the reason why not."""

import pandas as pd
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.labels import ContractEnd, FutureSpend, Inactivity, check_history
from crmml.labels._check_history import require_history
from crmml.tables import make_spine

CUTOFFS = ["2023-03-01", "2024-01-01", "2024-06-01"]


@pytest.fixture(scope="module")
def company():
    return make_customers(200, random_state=0)


def test_counts_are_those_of_spine_and_label(company):
    tables, label = company.to_tables(), Inactivity("60D", gap="7D")
    found = check_history(tables, label, CUTOFFS)
    assert found["cutoff"].tolist() == list(map(pd.Timestamp, CUTOFFS))
    for row, cutoff in zip(found.itertuples(), CUTOFFS, strict=True):
        spine = make_spine(tables, cutoff, active_within="60D")
        labels = label.transform(tables, spine=spine)
        assert row.n_customers == len(spine)
        assert row.n_churned == labels.sum()
        first = min(extent.first for extent in tables.extents.values() if extent.first)
        assert row.history_days == (pd.Timestamp(cutoff) - first) / pd.Timedelta("1D")
    # The first order is of the first of January.
    assert found["reason"][0].startswith("history of 58.3 days, shorter than 60 days")
    assert found["reason"].tolist()[1:] == ["", ""]


def test_the_gone_before_the_window_are_not_counted(company):
    tables, label = company.to_tables(contractual=True), ContractEnd("60D", gap="60D")
    labels = label.transform(tables, "2024-01-01")
    assert labels.isna().any()
    found = check_history(tables, label, "2024-01-01")
    assert found["n_customers"].tolist() == [labels.notna().sum()]


def test_few_customers_and_one_outcome_are_reasons(make_tables, sales):
    tables = make_tables(sales)
    found = check_history(tables, Inactivity("1D", active_within="30D"), "2024-02-05")
    assert found["reason"].tolist() == [
        "2 customers, fewer than 50; one outcome only: 2 of 2 left"
    ]
    # Customer b, who bought in January, bought no more; a and c were not active.
    label = Inactivity("30D", active_within="30D")
    again = check_history(tables, label, "2024-02-01", min_customers=1)
    assert again["reason"].tolist() == ["one outcome only: 1 of 1 left"]


def test_exactly_as_long_as_the_horizon_is_enough(make_tables, sales):
    tables = make_tables(sales)
    label = Inactivity("31D")
    require_history(tables, label, "2024-02-01")
    with pytest.raises(NotEnoughHistoryError) as caught:
        require_history(tables, label, ["2024-01-31", "2024-02-01"])
    text = str(caught.value)
    assert "At 1 of 2 cutoffs" in text
    assert "history of 30 days, shorter than 31 days" in text
    assert "from 2024-02-01 00:00:00 on" in text
    reasons = check_history(tables, label, ["2024-01-31", "2024-02-01"])["reason"]
    assert ["history" in reason for reason in reasons] == [True, False]


def test_contracts_need_no_history_of_events(make_tables):
    people = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "joined_at": ["2023-01-01", "2023-01-01"],
            "left_at": ["2024-02-10", None],
        }
    )
    tables = make_tables(customers=people)
    require_history(tables, ContractEnd("900D"), "2024-02-01")
    found = check_history(tables, ContractEnd("30D"), "2024-02-01", min_customers=2)
    assert found["history_days"].isna().all()
    assert found["reason"].tolist() == [""]
    assert found["n_churned"].tolist() == [1]


def test_time_zones_are_kept(make_tables, sales):
    aware = sales.assign(timestamp=sales["timestamp"].dt.tz_localize("UTC"))
    tables = make_tables(aware, observed_until="2025-01-01T00:00Z")
    found = check_history(tables, Inactivity("20D"), "2024-02-05T00:00Z")
    assert str(found["cutoff"].dt.tz) == "UTC"
    assert found["history_days"].tolist() == [35.0]
    require_history(tables, Inactivity("20D"), "2024-02-05T00:00Z")


def test_what_cannot_be_checked_is_refused(make_tables, sales):
    tables = make_tables(sales, observed_until="2024-03-05")
    with pytest.raises(LeakageError, match="still open"):
        check_history(tables, Inactivity("40D"), "2024-02-05")
    for label in (FutureSpend("7D"), "28D"):
        with pytest.raises(SchemaError, match="label must say who leaves"):
            check_history(tables, label, "2024-02-05")
    with pytest.raises(SchemaError, match="min_customers must be a whole number"):
        check_history(tables, Inactivity("7D"), "2024-02-05", min_customers=0)
