"""Scores into a table of PostgreSQL: one transaction, one set of rows a cutoff."""

import json

import pandas as pd
import pyarrow as pa
import pytest

from crmml.cli import main
from crmml.datasets import make_customers
from crmml.exceptions import SchemaError, TargetBusyError
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.scoring import save, score
from crmml.scoring._database_target import DatabaseTarget
from crmml.segmentation import RFMSegmenter
from crmml.tables import CustomerTables, DatabaseTable, Transactions

CUTOFF = "2024-09-01"
SHOP = make_customers(400, random_state=3)
TABLES = SHOP.to_tables()
CHURN = ChurnPipeline(
    features=FeatureSet([RFM(), Tenure()]),
    label=Inactivity("60D"),
    classifier=LogisticChurnClassifier(),
).fit(TABLES, ["2024-03-01", "2024-06-01"])


@pytest.fixture
def schema(connection):
    """A schema for one test, whose name needs quotes."""
    connection.execute('create schema "打 分"')
    connection.commit()
    yield '"打 分"'
    connection.rollback()
    connection.execute('drop schema "打 分" cascade')
    connection.commit()


def connect_again(connection):
    psycopg = pytest.importorskip("psycopg")
    return psycopg.connect(host=connection.info.host, user="tester", dbname="postgres")


def read(connection, name):
    cursor = connection.execute(f"select * from {name} order by cutoff, customer_id")
    rows = pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description])
    connection.rollback()
    return rows


def test_the_table_holds_what_predict_says(connection, schema):
    target = DatabaseTable(connection, f"{schema}.scores")
    done = score(CHURN, TABLES, CUTOFF, target, n_reasons=2)
    found = read(connection, target.name)
    expected = CHURN.predict(TABLES, CUTOFF, n_reasons=2)
    assert (found.pop("cutoff") == pd.Timestamp(CUTOFF)).all()
    pd.testing.assert_frame_equal(
        found.astype(object).replace({None: pd.NA}),
        expected.astype(object).replace({None: pd.NA, float("nan"): pd.NA}),
        check_exact=True,
    )
    assert done["out"] == {
        "table": target.name,
        "rows": len(expected),
        "columns": ["cutoff", *expected.columns],
    }


def test_a_second_run_gives_no_row_twice_and_other_cutoffs_stay(connection, schema):
    target = DatabaseTable(connection, f"{schema}.scores")
    for cutoff in (CUTOFF, "2024-10-01", CUTOFF):
        score(CHURN, TABLES, cutoff, target)
    found = read(connection, target.name)
    assert not found.duplicated(["cutoff", "customer_id"]).any()
    for cutoff, rows in found.groupby("cutoff"):
        expected = CHURN.predict(TABLES, cutoff, n_reasons=0)
        assert rows["churn_probability"].tolist() == (
            expected["churn_probability"].tolist()
        )


def test_scores_that_must_stay_are_not_replaced(connection, schema):
    target = DatabaseTable(connection, f"{schema}.scores")
    score(CHURN, TABLES, CUTOFF, target, overwrite=False)
    before = read(connection, target.name)
    with pytest.raises(FileExistsError, match="overwrite is off"):
        score(CHURN, TABLES, CUTOFF, target, overwrite=False)
    pd.testing.assert_frame_equal(read(connection, target.name), before)
    score(CHURN, TABLES, "2024-10-01", target, overwrite=False)
    assert read(connection, target.name)["cutoff"].nunique() == 2


def test_a_connection_lost_in_the_middle_leaves_the_old_rows(
    connection, schema, monkeypatch
):
    name = f"{schema}.scores"
    score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, name))
    before = read(connection, name)
    lost = connect_again(connection)
    opened = DatabaseTarget.open

    def cut(self, schema):
        writer = opened(self, schema)
        write = writer.__enter__()

        class Writer:
            def __enter__(self):
                return self

            def __call__(self, rows):
                write(rows.slice(0, 5))
                connection.execute(
                    "select pg_terminate_backend(%s)", [lost.info.backend_pid]
                )
                connection.rollback()
                write(rows.slice(5))

            def __exit__(self, *error):
                return writer.__exit__(*error)

        return Writer()

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseTarget, "open", cut)
        with pytest.raises(ConnectionError, match="Nothing was written"):
            score(CHURN, TABLES, CUTOFF, DatabaseTable(lost, name), n_reasons=0)
    pd.testing.assert_frame_equal(read(connection, name), before)
    score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, name))
    pd.testing.assert_frame_equal(read(connection, name), before)


def test_a_database_that_goes_away_while_tables_are_read_is_one_clear_error(
    connection, schema, tmp_path
):
    gone = connect_again(connection)
    columns = "customer_id text, timestamp timestamp, amount float8, order_id bigint"
    gone.execute(f"create table {schema}.orders ({columns})")
    gone.execute(f"insert into {schema}.orders values ('a', '2024-01-01', 1, 1)")
    gone.commit()
    tables = CustomerTables(
        transactions=Transactions(
            DatabaseTable(gone, f"{schema}.orders"),
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            order_id="order_id",
        ),
        observed_until="2024-12-31",
    )
    connection.execute("select pg_terminate_backend(%s)", [gone.info.backend_pid])
    connection.rollback()
    with pytest.raises(ConnectionError, match="went away"):
        score(CHURN, tables, CUTOFF, tmp_path / "s.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_another_run_is_writing_is_busy(connection, schema):
    target = DatabaseTable(connection, f"{schema}.scores")
    score(CHURN, TABLES, CUTOFF, target)
    other = connect_again(connection)
    other.execute(f"lock table {target.name} in share row exclusive mode")
    with pytest.raises(TargetBusyError, match="Another run"):
        score(CHURN, TABLES, CUTOFF, target)
    # The server has let go when this returns; of a closed connection, a while later.
    other.rollback()
    other.close()
    score(CHURN, TABLES, CUTOFF, target)


def test_a_table_of_something_else_is_refused_before_work(connection, schema):
    connection.execute(f"create table {schema}.orders (customer_id text, cutoff int)")
    connection.commit()
    with pytest.raises(SchemaError, match="lacks the columns"):
        score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, f"{schema}.orders"))
    with pytest.raises(SchemaError, match="SchemaName"):
        score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, "none.scores"))


def test_a_user_without_rights_is_told_so(connection, schema):
    connection.execute("create role reader login")
    connection.commit()
    psycopg = pytest.importorskip("psycopg")
    host = connection.info.host
    with (
        psycopg.connect(host=host, user="reader", dbname="postgres") as reader,
        pytest.raises(PermissionError, match="grant"),
    ):
        score(CHURN, TABLES, CUTOFF, DatabaseTable(reader, f"{schema}.scores"))
    connection.execute("drop role reader")
    connection.commit()


def test_the_callers_transaction_decides_when_scores_are_there(connection, schema):
    with connect_again(connection) as own:
        own.execute("select 1")
        score(CHURN, TABLES, CUTOFF, DatabaseTable(own, f"{schema}.scores"))
        own.rollback()
    query = "select to_regclass(%s)"
    assert connection.execute(query, [f"{schema}.scores"]).fetchone() == (None,)
    connection.rollback()


def test_any_text_is_an_id(connection, schema):
    ids = ["007", "", " ", "\\N", "\\.", 'x"y', "a,b", "a\nb", "客户", "NULL"]
    rows = pa.table({"customer_id": ids, "decile": range(len(ids)), "n": [None] * 10})
    rows = rows.set_column(2, "n", pa.array([None] * 10, pa.string()))
    target = DatabaseTarget(
        DatabaseTable(connection, f"{schema}.ids"),
        cutoff=pd.Timestamp(CUTOFF, tz="UTC"),
        columns=rows.column_names,
        overwrite=True,
    )
    with target.open(rows.schema) as write:
        write(rows.slice(0, 4))
        write(rows.slice(4))
    found = read(connection, f"{schema}.ids").sort_values("decile")
    assert found["customer_id"].tolist() == ids
    assert found["n"].isna().all()
    assert (found["cutoff"] == pd.Timestamp(CUTOFF, tz="UTC")).all()
    with (
        pytest.raises(SchemaError, match="CharacterNotInRepertoire"),
        target.open(rows.schema) as write,
    ):
        write(rows.set_column(0, "customer_id", pa.array(["a\0b"] * 10)))
    assert len(read(connection, f"{schema}.ids")) == len(ids)


def test_segments_go_to_a_table_too(connection, schema):
    pipeline = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    pipeline.fit(TABLES, CUTOFF)
    target = DatabaseTable(connection, f"{schema}.segments")
    score(pipeline, TABLES, CUTOFF, target)
    expected = pipeline.predict(TABLES, CUTOFF)["segment"].tolist()
    assert read(connection, target.name)["segment"].tolist() == expected


def test_the_command_reads_tables_and_writes_one(
    connection, schema, tmp_path, monkeypatch, capsys
):
    own = {}
    for name, frame in (
        ("orders", SHOP.transactions),
        ("people", SHOP.customers),
    ):
        text = frame.astype(str).where(frame.notna(), None)
        kinds = {"timestamp": "timestamp", "joined_at": "timestamp"}
        kinds |= {"amount": "float8", "order_id": "bigint", "left_at": "timestamp"}
        columns = ", ".join(f'"{one}" {kinds.get(one, "text")}' for one in frame)
        connection.execute(f"create table {schema}.{name} ({columns})")
        places = ", ".join(["%s"] * frame.shape[1])
        with connection.cursor() as cursor:
            cursor.executemany(
                f"insert into {schema}.{name} values ({places})",
                text.itertuples(index=False, name=None),
            )
        own[name] = DatabaseTable(connection, f"{schema}.{name}")
    connection.commit()
    tables = SHOP.to_tables()
    fitted = CustomerTables(
        transactions=tables.transactions,
        customers=tables.customers,
        observed_until="2024-12-31",
    )
    model = tmp_path / "m.crmml"
    churn = ChurnPipeline(
        features=FeatureSet([RFM(), Tenure()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(fitted, "2024-06-01")
    save(churn, model, tables=fitted)
    url = f"postgresql://tester:secret@/postgres?host={connection.info.host}"
    monkeypatch.setenv("CRMML_DATABASE_URL", url)
    arguments = [
        *("score", str(model), "--cutoff", CUTOFF, "--observed-until", "2024-12-31"),
        f"--transactions=postgresql:{own['orders'].name}",
        f"--customers=postgresql:{own['people'].name}",
        f"--out=postgresql:{schema}.scores",
    ]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert "secret" not in shown.out + shown.err
    done = json.loads(shown.out)
    found = read(connection, f"{schema}.scores")
    expected = churn.predict(fitted, CUTOFF, n_reasons=0)
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    assert found["churn_probability"].to_numpy() == pytest.approx(
        expected["churn_probability"].to_numpy(), abs=1e-12
    )
    assert done["out"]["rows"] == len(found)
    assert main([*arguments, "--no-overwrite"]) == 4
    assert "overwrite is off" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["GBK", "LATIN1"])
def test_ids_arrive_whatever_the_connection_is_encoded_in(connection, encoding):
    names = SHOP.transactions["customer_id"].map("Zoë {}".format)
    columns = {name: name for name in ("customer_id", "timestamp", "amount")}
    orders = SHOP.transactions.assign(customer_id=names)
    tables = CustomerTables(transactions=Transactions(orders, **columns))
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(tables, "2024-03-01")
    other = connect_again(connection)
    other.execute(f"set client_encoding to '{encoding}'")
    score(churn, tables, CUTOFF, DatabaseTable(other, "pg_temp.scores"))
    other.execute("set client_encoding to 'UTF8'")
    found = other.execute("select customer_id from pg_temp.scores").fetchall()
    expected = churn.predict(tables, CUTOFF)["customer_id"]
    assert {one for (one,) in found} == set(expected)
    other.close()


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ("cutoff date, customer_id text", "cutoff (date, not timestamp)"),
        ("cutoff timestamptz, customer_id text", "cutoff (timestamptz, not timestamp)"),
        ("cutoff text, customer_id text", "cutoff (text, not timestamp)"),
        ("cutoff timestamp, customer_id bigint", "customer_id (int8, not text)"),
    ],
)
def test_a_table_that_would_change_cutoffs_or_ids_is_refused(
    connection, schema, columns, wrong
):
    """Else 007 becomes 7, and a second run finds no older rows and doubles them."""
    rest = "churn_probability float8, decile bigint"
    connection.execute(f"create table {schema}.own ({columns}, {rest})")
    connection.commit()
    with pytest.raises(SchemaError, match="would change") as refused:
        score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, f"{schema}.own"))
    assert wrong in str(refused.value)


def test_what_must_be_unique_is_no_other_run(connection, schema):
    name = f"{schema}.own"
    connection.execute(
        f"create table {name} (cutoff timestamp, customer_id text primary key, "
        "churn_probability float8, decile int)"
    )
    connection.commit()
    score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, name))
    with pytest.raises(SchemaError, match="what must be unique"):
        score(CHURN, TABLES, "2024-10-01", DatabaseTable(connection, name))


def test_a_per_cent_sign_in_a_name_is_no_parameter(connection, schema):
    name = f'{schema}."50 %s {{}}"'
    for _ in range(2):
        done = score(CHURN, TABLES, CUTOFF, DatabaseTable(connection, name))
    assert len(read(connection, name)) == done["out"]["rows"]
