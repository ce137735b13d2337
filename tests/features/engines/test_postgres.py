"""What tables of PostgreSQL need, and what they leave as it was."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.exceptions import SchemaError
from crmml.features import RFM, CustomAggregation
from crmml.tables import Customers, CustomerTables, DatabaseTable, Transactions

ROLES = {"customer_id": "客户", "timestamp": "at", "amount": "sum"}
CUTOFF = "2024-02-01"
# One row has none, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:transactions. 1 of . rows have no id")


@pytest.fixture
def database(connection):
    """A schema of its own, with a table that is called as ours are."""
    connection.execute("create schema if not exists shop")
    connection.execute("drop table if exists shop.spine")
    connection.execute(
        'create table shop.spine ("客户" varchar(9), at timestamp, sum numeric(9, 2))'
    )
    connection.execute(
        "insert into shop.spine values ('007', '2024-01-01', 10), "
        "('7', '2024-01-10', 20.5), ('007', '2024-02-01', 5.25), (null, 'now', 1)"
    )
    connection.commit()
    return connection


def declare(connection, **kwargs):
    kwargs.setdefault("observed_until", "2025-01-01")
    data = DatabaseTable(connection, "shop.spine")
    return CustomerTables(transactions=Transactions(data, **ROLES), **kwargs)


def status(connection):
    return connection.info.transaction_status.name


def test_an_idle_connection_stays_idle_and_a_transaction_open(database):
    features = RFM(windows="30D")
    found = features.fit_transform(declare(database), CUTOFF)
    assert found.index.tolist() == ["007", "7"]
    assert found["total_spend_30d"].tolist() == [0.0, 20.5]
    assert status(database) == "IDLE"
    database.execute("set local extra_float_digits to -15")
    database.execute("insert into shop.spine values ('8', '2024-01-31', 0.1)")
    assert status(database) == "INTRANS"
    within = features.fit_transform(declare(database), CUTOFF)
    assert within["total_spend_30d"].tolist() == [0.0, 20.5, 0.1]
    assert status(database) == "INTRANS"
    setting = database.execute("show extra_float_digits").fetchone()[0]
    assert setting == "-15"
    left = "select count(*) from pg_class where relname like 'crmml%'"
    assert database.execute(left).fetchone()[0] == 0
    database.rollback()
    assert_frame_equal(features.fit_transform(declare(database), CUTOFF), found)


def test_a_statement_that_fails_leaves_a_transaction_as_it_was(database):
    tables = declare(database)
    database.execute("insert into shop.spine values ('8', '2024-01-31', 0.1)")
    database.execute("alter table shop.spine rename to moved")
    with pytest.raises(Exception, match="does not exist"):
        RFM().fit_transform(tables, CUTOFF)
    assert status(database) == "INTRANS"
    assert database.execute("select count(*) from shop.moved").fetchone()[0] == 5
    database.rollback()


def test_an_error_shows_no_value_of_a_cell(database):
    """Numbers beyond a double's range are refused, without being shown."""
    database.execute("create table shop.huge (id int, at date, sum numeric)")
    database.execute("insert into shop.huge values (1, '2024-01-01', 12345e400)")
    try:
        with pytest.raises(SchemaError, match="refused a value") as found:
            CustomerTables(
                transactions=Transactions(
                    DatabaseTable(database, "shop.huge"),
                    customer_id="id",
                    timestamp="at",
                    amount="sum",
                )
            )
        assert "12345" not in str(found.value)
        assert found.value.__cause__ is None
        assert status(database) == "INTRANS"
    finally:
        database.rollback()


def test_infinite_instants_are_refused(database):
    database.execute("create table shop.ages (id int, at timestamptz)")
    database.execute("insert into shop.ages values (1, 'infinity'), (2, 'now')")
    try:
        with pytest.raises(SchemaError, match="has 1 rows that are not an ISO 8601"):
            CustomerTables(
                transactions=Transactions(
                    DatabaseTable(database, "shop.ages"),
                    customer_id="id",
                    timestamp="at",
                )
            )
    finally:
        database.rollback()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop.nothing", "cannot read 'shop.nothing' .UndefinedTable."),
        ("shop.spine; drop table shop.spine", "not the name of a table"),
        ("(select 1)", "not the name of a table"),
        ("", "not the name of a table"),
        (None, "not the name of a table"),
    ],
)
def test_what_is_no_table_is_refused(database, name, text):
    with pytest.raises(SchemaError, match=text):
        Transactions(DatabaseTable(database, name), **ROLES)
    assert status(database) == "IDLE"


def test_what_is_no_connection_is_refused():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(SchemaError, match="must be one of psycopg 3, got str"):
        Transactions(DatabaseTable("postgresql://host/db", "sales"), **ROLES)


def test_tables_behind_two_connections_are_refused(database):
    import psycopg

    people = DatabaseTable(database, "shop.spine")
    with psycopg.connect(database.info.dsn) as other:
        sales = Transactions(DatabaseTable(other, "shop.spine"), **ROLES)
        with pytest.raises(SchemaError, match="transactions in PostgreSQL, customers"):
            CustomerTables(
                transactions=sales, customers=Customers(people, customer_id="客户")
            )


def test_there_is_no_relation(database):
    tables = declare(database)
    features = RFM().fit(tables, CUTOFF)
    with pytest.raises(SchemaError, match="to_sql"):
        features.to_relation(tables, CUTOFF)


def test_names_longer_than_the_database_keeps_stay_whole(database):
    name = "客户数" * 20
    builder = CustomAggregation(name, where="amount > 0")
    found = builder.fit_transform(declare(database), CUTOFF)
    assert found.columns.tolist() == [name]


def test_many_customers_are_the_same_as_in_process(connection, rng):
    n = 120_000
    sales = pd.DataFrame(
        {
            "客户": rng.permutation(n),
            "at": pd.Timestamp("2023-06-01")
            + pd.to_timedelta(rng.integers(0, 200 * 86_400, n), unit="s"),
            "sum": rng.normal(10, 20, n).round(2),
        }
    )
    connection.execute(
        'create temporary table many ("客户" int, at timestamp, sum real)'
    )
    connection.execute("alter table many alter sum type double precision")
    with connection.cursor() as cursor, cursor.copy("copy many from stdin") as copy:
        for row in sales.itertuples(index=False):
            copy.write_row(row)
    there = CustomerTables(
        transactions=Transactions(DatabaseTable(connection, "many"), **ROLES)
    )
    here = CustomerTables(transactions=Transactions(sales, **ROLES))
    features = RFM(windows="60D")
    found = features.fit_transform(there, "2023-12-01")
    connection.rollback()
    expected = features.fit_transform(here, "2023-12-01")
    assert len(found) > 100_000
    assert_frame_equal(
        found, expected.set_axis(expected.index.astype("int32")), check_exact=True
    )
    assert np.isfinite(found).all(axis=None)
