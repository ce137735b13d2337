"""The code on the page about engines runs as it stands there."""

import re
from pathlib import Path

import pandas as pd

from crmml.datasets import make_customers

PAGE = Path(__file__).parents[3] / "docs/engines.md"


def find_code(word):
    """The one block of Python on the page that has this word."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
    (code,) = [block for block in blocks if word in block]
    return code


def test_there_is_no_other_code_on_the_page():
    assert PAGE.read_text("utf-8").count("```python") == 2


def test_the_code_for_spark_runs(spark, tmp_path):
    rows = [(1, "2024-05-01", 9.5), (2, "2024-07-01", 1.0)]
    sold = spark.createDataFrame(rows, "id bigint, at string, sum double")
    sold.createOrReplaceTempView("sales")
    calls = pd.DataFrame({"id": [1, 1], "at": ["2024-05-02", "2024-06-02"]})
    folder = tmp_path / "features"
    code = find_code("spark.table")
    try:
        exec(code, {"spark": spark, "calls": calls, "folder": str(folder)})
    finally:
        spark.catalog.dropTempView("sales")
    found = pd.read_parquet(folder)
    assert found["customer_id"].tolist() == [1]
    assert found["total_spend_90d"].tolist() == [9.5]
    assert found["n_complaints"].tolist() == [1]


def test_the_code_for_postgres_runs(connection):
    sales = make_customers(300, random_state=0).transactions
    connection.execute("drop schema if exists shop cascade")
    connection.execute("create schema shop")
    connection.execute("create table shop.sales (id text, at timestamp, sum float8)")
    rows = sales[["customer_id", "timestamp", "amount"]].itertuples(index=False)
    with (
        connection.cursor() as cursor,
        cursor.copy("copy shop.sales from stdin") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    connection.commit()
    # It connects by itself, as a reader would.
    info = connection.info
    given = {"dsn": f"host={info.host} user={info.user} dbname={info.dbname}"}
    try:
        exec(find_code("psycopg.connect"), given)
    finally:
        connection.execute("drop schema shop cascade")
        connection.commit()
    scores = given["scores"]
    assert len(scores) > 50
    assert scores["churn_probability"].between(0, 1).all()
