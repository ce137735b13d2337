"""What tables of Spark need, and what they leave as it was."""

import warnings

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.exceptions import SchemaError
from crmml.features import RFM
from crmml.tables import CustomerTables, Transactions

CUTOFF = "2024-02-01"


@pytest.fixture
def sales(spark):
    rows = [("007", 1, 10.0), ("7", 10, 20.5), ("007", 32, 5.25), ("7", 36, 1.0)]
    frame = spark.createDataFrame(rows, "`客户` string, day int, `sum.` double")
    return frame.selectExpr(
        "*", "cast(date_add(date'2023-12-31', day) as timestamp_ntz) as `at``s`"
    )


def declare(data, timestamp="at`s"):
    return CustomerTables(
        transactions=Transactions(
            data, customer_id="客户", timestamp=timestamp, amount="sum."
        )
    )


def test_the_session_stays_as_it_was(spark, sales):
    before = dict(spark.conf.getAll)
    tables = declare(sales)
    features = RFM(windows="14D").fit(tables, CUTOFF)
    found = features.transform(tables, CUTOFF)
    assert found.index.tolist() == ["007", "7"]
    relation = features.to_relation(tables, CUTOFF)
    assert dict(spark.conf.getAll) == before
    assert spark.catalog.listTables() == []
    # The views are gone, and the relation is read all the same.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = relation.toArrow().to_pandas()
    assert rows.pop("cutoff").tolist() == [pd.Timestamp(CUTOFF)] * 2
    assert_frame_equal(rows.set_index("customer_id"), found, check_exact=True)


def test_a_column_that_is_no_instant_is_refused(sales):
    with pytest.raises(SchemaError, match="is of type INTEGER"):
        declare(sales, timestamp="day")


def test_names_that_differ_only_in_case_are_refused(sales):
    with pytest.raises(SchemaError, match="differ only in case"):
        declare(sales.withColumnRenamed("day", "AT`S"))


def test_names_given_twice_are_refused(sales):
    with pytest.raises(SchemaError, match="more than once"):
        declare(sales.withColumnRenamed("day", "at`s"))
