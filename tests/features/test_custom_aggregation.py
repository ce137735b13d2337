"""Aggregations of the user's own: what they compute, and what they refuse."""

import math

import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.features import CustomAggregation

CUTOFF = "2024-03-01"


@pytest.fixture
def tables(make_tables):
    lines = {
        "timestamp": ["2024-01-01", "2024-01-11", "2024-02-20", "2024-02-20"],
        "amount": [10.0, 0.1, -5.0, 2.0],
        "quantity": [1, 2, None, 4],
        "order_id": [9007199254740993, 9007199254740992, 2, 2],
        "category": ["tea", "100%", None, "茶"],
    }
    calls = {"timestamp": ["2024-01-05"], "resolved_at": ["2024-03-20"]}
    return make_tables(
        pd.DataFrame(lines).assign(customer_id="a"),
        complaints=pd.DataFrame(calls).assign(customer_id="a"),
    )


def compute(tables, **parameters):
    builder = CustomAggregation("own", **parameters)
    return builder.fit_transform(tables, CUTOFF)["own"].item()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, 4),
        ({"value": "quantity"}, 3),
        ({"how": "sum", "value": "amount"}, 7.1),
        ({"how": "mean", "value": "quantity"}, 7 / 3),
        ({"how": "min", "value": "amount"}, -5.0),
        ({"how": "max", "value": "amount"}, 10.0),
        ({"how": "last", "value": "amount"}, 2.0),
        ({"how": "last", "value": "amount", "where": "amount < 0"}, -5.0),
        ({"how": "min", "value": "timestamp"}, 60.0),
        ({"how": "last", "value": "timestamp"}, 10.0),
        ({"how": "max", "value": "amount", "where": "amount > 1e6"}, math.nan),
        ({"how": "sum", "value": "amount", "where": "amount > 1e6"}, 0.0),
    ],
)
def test_rows_are_brought_together_in_the_users_unit(tables, parameters, expected):
    assert compute(tables, **parameters) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("amount = 0.1", 1),
        ("amount <> 0.1 AND NOT amount < 0", 2),
        ("amount BETWEEN -5 AND 0.1", 2),
        ("amount NOT BETWEEN -5 AND 0.1", 2),
        ("category = 'tea' OR category = '茶'", 2),
        ("category IN ('tea', 'coffee')", 1),
        ("category NOT IN ('tea', 'coffee')", 2),
        ("category LIKE '%a'", 1),
        ("category IS NULL", 1),
        ("category IS NOT NULL AND quantity IS NULL", 0),
        ("order_id = 9007199254740993", 1),
        ("amount * quantity >= 8", 2),
        ("amount - 1 > quantity + (quantity - 2)", 1),
        ("-amount > 0", 1),
        ("TRUE", 4),
        ("amount > 1 -- more than one", 2),
    ],
)
def test_conditions_read_as_in_sql(tables, where, expected):
    assert compute(tables, where=where) == expected


def test_instants_are_compared_with_instants(tables):
    where = "resolved_at > timestamp"
    assert compute(tables, table="complaints", where=where) == 1
    where = "resolved_at IS NULL"
    assert compute(tables, table="complaints", where=where) == 0


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("amount > ", "cannot be read"),
        ("", "must be one condition"),
        (7, "cannot be read"),
        ("amount > 1; amount > 2", "must be one condition"),
        ("amount", "must be true or false"),
        ("amount + 1", "must be true or false"),
        ("price > 1", "there is no 'price'; declared are"),
        ("transactions.amount > 1", "there is no 'transactions.amount'"),
        ("customer_id = 'a'", "there is no 'customer_id'"),
        ("amount > '1'", "GT is between number and text"),
        ("category > 1", "GT is between number and text"),
        ("category LIKE 1", "LIKE is between number and text"),
        ("timestamp > '2024-01-01'", "GT is between instant and text"),
        ("timestamp > 20240101", "GT is between instant and number"),
        ("amount = NULL", "EQ is between nothing and number"),
        ("category NOT IN ('tea', NULL)", "IN is between nothing and text"),
        ("amount IS TRUE", "IS compares with NULL alone"),
        ("category AND TRUE", "AND is between text and truth"),
        ("amount > 1e999", "a number is too large"),
        ("amount / 0 > 1", "DIV is not among"),
        ("random() > 0.5", "RAND is not among"),
        ("amount > (SELECT 1)", "SUBQUERY is not among"),
        ("amount IN (SELECT 1)", "IN is not among"),
        ("SELECT 1", "SELECT is not among"),
        ("DROP TABLE transactions", "DROP is not among"),
        ("read_text('/etc/passwd') = 'x'", "is not among"),
    ],
)
def test_conditions_that_cannot_be_used_are_refused(tables, where, message):
    with pytest.raises(SchemaError, match=message):
        compute(tables, where=where)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"how": "median"}, "how must be one of"),
        ({"table": "customers"}, "table must be one of"),
        ({"table": "surveys"}, "surveys: this table is needed"),
        ({"how": "sum"}, "how='sum' needs a value"),
        ({"how": "sum", "value": "price"}, "no value='price'"),
        ({"how": "sum", "value": "timestamp"}, "timestamp cannot be aggregated"),
        ({"how": "max", "value": "category"}, "category cannot be aggregated"),
        ({"how": "sum", "value": "order_id"}, "order_id cannot be aggregated"),
    ],
)
def test_what_cannot_be_aggregated_is_refused(tables, parameters, message):
    with pytest.raises(SchemaError, match=message):
        compute(tables, **parameters)
    with pytest.raises(SchemaError, match="name must be a text"):
        CustomAggregation(None).fit(tables, CUTOFF)


def test_a_column_filled_in_later_leaks_as_the_documentation_says(tables):
    """The only way there is: the row is old, its cell is not."""
    own = CustomAggregation("own", table="complaints", value="resolved_at")
    assert own.fit_transform(tables, "2024-01-06")["own"].tolist() == [1]
