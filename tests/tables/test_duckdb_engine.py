"""DuckDB in this process keeps to the limits that the caller states."""

import os
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
import sqlglot

from crmml.exceptions import LimitError, SchemaError
from crmml.features._blocks import split_customers
from crmml.tables import CustomerTables, Transactions
from crmml.tables._choose_engine import choose_engines
from crmml.tables._duckdb_engine import DuckDBEngine

SORTED = "select i, hash(i) as h from range(3000000) as one(i) order by h"


def parse(statement):
    return sqlglot.parse_one(statement, dialect="duckdb")


def test_what_does_not_fit_in_memory_is_written_to_disk(tmp_path):
    engine = DuckDBEngine("40MB", tmp_path)
    with engine.stream(parse(SORTED)) as batches:
        n_rows, spilled = 0, False
        for batch in batches:
            n_rows += batch.num_rows
            spilled |= any(path.is_file() for path in tmp_path.glob("*/*"))
    assert n_rows == 3_000_000
    assert spilled
    del engine
    assert os.listdir(tmp_path) == []


def test_more_memory_than_the_limit_is_an_error_that_names_it(tmp_path):
    engine = DuckDBEngine("20MB", tmp_path)
    with pytest.raises(LimitError, match="memory_limit='20MB'"):
        engine.run(parse("select list(i) as n from range(20000000) as one(i)"))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"memory_limit": "much"}, "such as '4GB', got 'much'"),
        ({"memory_limit": 4_000_000_000}, "such as '4GB', got 4000000000"),
        *(
            ({"memory_limit": limit}, "size of at least 1 in MB, GB or TB")
            for limit in ("-1", "none", "", "0GB", "0.5MB", "1KB", "4", "-1GB", b"4GB")
        ),
        ({"memory_limit": "99999999999TB"}, "size of at least 1 in MB, GB or TB"),
        ({"spill_directory": "/no/such/folder"}, "no such folder"),
        *(
            ({"spill_directory": folder}, "must be the path of a folder, got")
            for folder in (5, b"/tmp", "", False)
        ),
    ],
)
def test_limits_that_are_none_are_refused(arguments, text, sales):
    roles = {name: name for name in ("customer_id", "timestamp")}
    with pytest.raises(SchemaError, match=text):
        CustomerTables(transactions=Transactions(sales, **roles), **arguments)


@pytest.mark.parametrize("limit", ["4GB", "4 gb", "1.5GiB", "500MB", "2TiB"])
def test_sizes_that_people_write_are_taken(limit, tmp_path):
    engine = DuckDBEngine(limit, tmp_path)
    found = engine.run(parse("select current_setting('memory_limit') as found"))
    assert found["found"][0].as_py().endswith("iB")


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, monkeypatch):
    # Whoever runs the tests as root may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(SchemaError, match="may not be written to"):
        DuckDBEngine(spill_directory=tmp_path)


def test_limits_of_this_process_are_refused_for_tables_elsewhere():
    elsewhere = {"transactions": SimpleNamespace(home=object(), place="a database")}
    with pytest.raises(SchemaError, match="these tables lie in a database"):
        choose_engines(elsewhere, memory_limit="1GB")


def test_blocks_of_customers_have_the_limits_of_the_whole(tmp_path):
    days = pd.date_range("2024-01-01", periods=9)
    sales = pd.DataFrame({"customer_id": range(9), "timestamp": days})
    roles = {name: name for name in sales}
    limits = {"memory_limit": "1GB", "spill_directory": tmp_path}
    tables = CustomerTables(transactions=Transactions(sales, **roles), **limits)
    setting = parse("select current_setting('memory_limit') as found")
    alone = duckdb.connect(config={"memory_limit": "1GB"})
    expected = alone.sql("select current_setting('memory_limit')").fetchall()[0][0]
    n_blocks = 0
    for block in split_customers(tables, {"transactions": ["timestamp"]}, 3):
        n_blocks += 1
        found = block.engine.run(setting)["found"][0].as_py()
        assert found == expected
        assert [one.name[:13] for one in tmp_path.iterdir()] == ["crmml-blocks-"]
    assert n_blocks == 3
    assert os.listdir(tmp_path) == []
