"""What other engines would read differently is rewritten, and nothing else."""

import numpy as np
import pyarrow as pa
import pytest
import sqlglot
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._database_table import read_table_name
from crmml.tables._dialects import (
    DIALECTS,
    name_tables,
    render,
    tables_read,
    with_views,
)
from crmml.tables._duckdb_engine import DuckDBEngine


def test_halves_are_rounded_away_from_zero():
    """The rewritten form is run by an engine that rounds so by itself."""
    rng = np.random.default_rng(0)
    halves = np.arange(-50, 50) + 0.5
    close = np.nextafter(halves, 0)
    values = np.concatenate([halves, close, rng.normal(0, 1e6, 1_000), [2.0**52 + 1]])
    x = sql.column("x")
    tree = exp.select(exp.Round(this=x)).from_(sql.table("numbers"))
    engine = DuckDBEngine()
    with engine.lend("numbers", pa.table({"x": values})):
        expected = engine.run(tree)
        written = sqlglot.parse_one(render(tree, "postgres"), dialect="duckdb")
        assert "TRUNC" in written.sql("duckdb")
        found = engine.run(written)
    assert found[0].to_pylist() == expected[0].to_pylist()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_tree_is_not_changed_by_writing_it(dialect):
    value = exp.Sum(this=exp.IntDiv(this=sql.column("a"), expression=sql.number(7)))
    tree = exp.select(exp.alias_(value, "n")).from_(sql.table("t"))
    before = tree.copy()
    first = render(tree, dialect)
    assert tree == before
    assert render(tree, dialect) == first


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("duckdb", 'SUM("a" // 7)'),
        ("spark", "SUM(CAST(`a` DIV 7 AS DECIMAL(38, 0)))"),
        ("postgres", 'SUM(CAST(("a") AS BIGINT) / (7))'),
        ("clickhouse", "intDiv("),
    ],
)
def test_sums_are_wide_and_quotients_whole(dialect, expected):
    value = exp.Sum(this=exp.IntDiv(this=sql.column("a"), expression=sql.number(7)))
    assert expected in render(exp.select(value), dialect)


def test_a_backslash_in_a_pattern_is_a_backslash():
    condition = exp.Like(this=sql.column("a"), expression=exp.Literal.string("a\\%"))
    assert render(condition, "duckdb") == "\"a\" LIKE 'a\\%'"
    assert render(condition, "postgres") == "\"a\" LIKE 'a\\\\%'"


def test_tables_may_be_called_as_ours_are():
    view = exp.select(exp.Star()).from_(sql.table("sales_source"))
    query = sql.with_part(
        exp.select(sql.column("id", "sales")).from_(sql.table("sales")),
        "spine",
        exp.select(exp.Star()).from_(sql.table("sales")),
    )
    own = exp.select(exp.Star()).from_(exp.to_table("sales")).subquery()
    whole = with_views(query, {"sales": view}, {"sales_source": own}, "spark")
    assert tables_read(query) == {"sales"}
    assert whole.sql() == (
        'WITH "crmml_sales" AS '
        '(SELECT * FROM (SELECT * FROM sales) AS "sales_source"), '
        '"spine" AS (SELECT * FROM "crmml_sales" AS "sales") '
        'SELECT "sales"."id" FROM "crmml_sales" AS "sales"'
    )


def test_renamed_tables_keep_their_aliases_and_joins():
    query = sqlglot.parse_one("SELECT * FROM a AS x JOIN b USING (k)", into=exp.Select)
    found = name_tables(query, {"a": sql.table("p"), "b": sql.table("q")})
    assert found.sql() == 'SELECT * FROM "p" AS x JOIN "q" AS "b" USING (k)'


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sales", "sales"),
        ("shop.sales", "shop.sales"),
        ('shop."订 单"', 'shop."订 单"'),
        ("db.shop.sales", "db.shop.sales"),
    ],
)
def test_names_of_tables_are_read_as_sql_writes_them(name, expected):
    assert read_table_name(name, "postgres").sql("postgres") == expected


@pytest.mark.parametrize(
    "name", ["", "a b c", "f(x)", "(SELECT 1)", "a; b", "a TABLESAMPLE (1)", None, 7]
)
def test_what_is_no_name_of_a_table_is_refused(name):
    with pytest.raises(SchemaError, match="not the name of a table"):
        read_table_name(name, "postgres")
