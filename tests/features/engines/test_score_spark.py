"""Scores in Spark are those of this process, in a folder that is whole or not there."""

import copy
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import NotEnoughHistoryError, SchemaError, TargetBusyError
from crmml.features import RFM, CustomerAttributes, FeatureSet, InterPurchase, Tenure
from crmml.labels import Inactivity
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.pipeline._ranking import compute_deciles
from crmml.scoring import read_scores, save, score
from crmml.scoring._spark_deciles import find_decile_floors, tell_decile
from crmml.scoring._targets import hold_target
from crmml.segmentation import RFMSegmenter
from crmml.tables import Customers, CustomerTables, DatabaseTable, Transactions

CUTOFF = "2024-09-01"
SHOP = make_customers(400, random_state=3)
PEOPLE = SHOP.customers[["customer_id"]].assign(
    city=np.where(np.arange(400) % 3, "北京", "Rio")
)
PEOPLE.loc[::5, "city"] = None
COLUMNS = [
    *("customer_id", "amount", "order_id"),
    "cast(timestamp as timestamp_ntz) timestamp",
]


def declare(sales, people):
    return CustomerTables(
        transactions=Transactions(
            sales,
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            order_id="order_id",
        ),
        customers=Customers(people, customer_id="customer_id"),
        observed_until="2024-12-31",
    )


HERE = declare(SHOP.transactions, PEOPLE)


def fit(classifier):
    return ChurnPipeline(
        features=FeatureSet(
            [RFM(), Tenure(), InterPurchase(), CustomerAttributes(["city"])]
        ),
        label=Inactivity("60D"),
        classifier=classifier,
    ).fit(HERE, ["2024-03-01", "2024-06-01"])


CHURN = fit(LogisticChurnClassifier())


@pytest.fixture(scope="module")
def there(spark):
    """The same tables in Spark, with a session in New York."""
    sales = spark.createDataFrame(
        SHOP.transactions.assign(timestamp=SHOP.transactions["timestamp"].astype(str))
    ).selectExpr(
        "customer_id",
        "cast(timestamp as timestamp_ntz) timestamp",
        "amount",
        "order_id",
    )
    told = PEOPLE.astype(object).replace({np.nan: None}).itertuples(index=False)
    people = spark.createDataFrame(
        [tuple(row) for row in told], "customer_id string, city string"
    )
    return declare(sales.repartition(3), people)


@pytest.fixture(scope="module")
def scored(there, tmp_path_factory):
    """A folder with a saved model, scores, and what was said of them."""
    folder = tmp_path_factory.mktemp("scored")
    save(CHURN, folder / "m.crmml")
    done = score(folder / "m.crmml", there, CUTOFF, folder / "打 分", n_reasons=2)
    return folder / "打 分", done


def check_scores(found, expected):
    found = found.sort_values("customer_id", ignore_index=True)
    np.testing.assert_allclose(
        found["churn_probability"], expected["churn_probability"], rtol=0, atol=1e-12
    )
    for name in expected.columns.drop("churn_probability"):
        theirs, ours = found[name].fillna(""), expected[name].fillna("")
        assert theirs.tolist() == ours.tolist()


def test_scores_are_those_of_this_process(scored, tmp_path):
    path, done = scored
    check_scores(read_scores(path), CHURN.predict(HERE, CUTOFF, n_reasons=2))
    here = score(CHURN, HERE, CUTOFF, tmp_path / "s.parquet", n_reasons=2)
    for what in ("customers", "unknown", "quality"):
        assert done[what] == here[what]
    assert "city" in {one["feature"] for one in done["unknown"]}
    for what in ("rows", "columns"):
        assert done["out"][what] == here["out"][what]


def test_the_folder_is_whole_and_the_manifest_in_it(spark, scored):
    path, done = scored
    assert {"_SUCCESS", "_manifest.json"} <= {one.name for one in path.iterdir()}
    written = json.loads((path / "_manifest.json").read_text("utf-8"))
    assert written == done
    assert len(done["model"]["sha256"]) == 64
    assert sorted(os.listdir(path.parent)) == ["m.crmml", "打 分"]
    assert spark.read.parquet(str(path)).count() == done["out"]["rows"]


def test_boosted_trees_score_the_same_and_replace_older_rows(
    there, scored, tmp_path, monkeypatch
):
    shutil.copytree(scored[0], tmp_path / "s")
    churn = fit(BoostedChurnClassifier(n_estimators=20, n_jobs=1))
    # An address, or a path from here.
    monkeypatch.chdir(tmp_path)
    for out in (f"file://{tmp_path}/s", "s"):
        score(churn, there, CUTOFF, out, quality=False)
        expected = churn.predict(HERE, CUTOFF, n_reasons=0)
        check_scores(read_scores(tmp_path / "s"), expected)
    assert os.listdir(tmp_path) == ["s"]


def test_what_a_killed_run_left_is_put_right(there, scored, tmp_path):
    # Killed between the two renamings, and while it wrote.
    shutil.copytree(scored[0], tmp_path / ".s.old")
    (tmp_path / ".s.new").mkdir()
    (tmp_path / ".s.new" / "part-0.parquet").write_bytes(b"half")
    with pytest.raises(NotEnoughHistoryError):
        score(CHURN, there, "1999-01-01", tmp_path / "s")
    pd.testing.assert_frame_equal(read_scores(tmp_path / "s"), read_scores(scored[0]))
    assert os.listdir(tmp_path) == ["s"]


def test_a_task_that_fails_leaves_the_old_folder(there, scored, tmp_path, monkeypatch):
    out = tmp_path / "s"
    shutil.copytree(scored[0], out)
    before = sorted((path.name, path.read_bytes()) for path in out.iterdir())
    # Workers call this method of the pipeline that they were sent.
    broken = copy.deepcopy(CHURN)
    broken.calibrated_ = None
    with pytest.raises(Exception, match="predict_proba"):
        score(broken, there, CUTOFF, out, quality=False)
    after = sorted((path.name, path.read_bytes()) for path in out.iterdir())
    assert after == before
    assert os.listdir(tmp_path) == ["s"]


def test_places_that_are_no_folder_of_scores_are_refused(there, scored, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("old")
    with pytest.raises(SchemaError, match="not replaced"):
        score(CHURN, there, CUTOFF, tmp_path / "mine")
    with pytest.raises(SchemaError, match="folder of Parquet"):
        score(CHURN, there, CUTOFF, tmp_path / "s.csv")
    with pytest.raises(SchemaError, match="must be a path"):
        score(CHURN, there, CUTOFF, DatabaseTable(None, "scores"))
    with hold_target(tmp_path / "s"), pytest.raises(TargetBusyError):
        score(CHURN, there, CUTOFF, tmp_path / "s")
    with pytest.raises(FileExistsError, match="overwrite is off"):
        score(CHURN, there, CUTOFF, scored[0], overwrite=False)
    assert (tmp_path / "mine" / "precious").read_text() == "old"


def test_segments_are_scored_without_a_row_on_the_driver_or_a_change_of_the_session(
    spark, there, tmp_path, monkeypatch
):
    def look():
        held = spark.sparkContext._jsc.getPersistentRDDs().size()
        return dict(spark.conf.getAll), spark.catalog.listTables(), held

    pipeline = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    pipeline.fit(HERE, CUTOFF)
    n_rows = []
    run = type(there.engine).run

    def watch(self, query):
        rows = run(self, query)
        n_rows.append(rows.num_rows)
        return rows

    before = look()
    with monkeypatch.context() as patch:
        patch.setattr(type(there.engine), "run", watch)
        done = score(pipeline, there, CUTOFF, tmp_path / "s", quality=False)
    assert look() == before
    assert done["quality"] is None
    assert max(n_rows) == 1
    found = read_scores(tmp_path / "s").sort_values("customer_id")
    expected = pipeline.predict(HERE, CUTOFF)
    assert found["segment"].tolist() == expected["segment"].tolist()


def test_nobody_active_is_an_empty_folder_with_the_same_columns(spark, tmp_path):
    rows = [("a", "2024-01-01", 1.0, 1), ("b", "2024-01-02", 2.0, 2)]
    sales = spark.createDataFrame(
        rows, "customer_id string, timestamp string, amount double, order_id long"
    ).selectExpr(*COLUMNS)
    people = spark.createDataFrame(
        [("a", "Rio"), ("b", None)], "customer_id string, city string"
    )
    tables = declare(sales, people)
    done = score(CHURN, tables, CUTOFF, tmp_path / "s", n_reasons=1, quality=False)
    assert done["customers"] == {"known": 2, "scored": 0, "not_active": 2}
    columns = ["customer_id", "churn_probability", "decile", "reason_1"]
    assert read_scores(tmp_path / "s").columns.tolist() == columns


@pytest.mark.parametrize("seed", range(2))
def test_deciles_are_those_of_ranks_with_ties(spark, seed):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.random(150), rng.choice([0.0, 1e-9, 0.5, 1.0], 80)])
    values = np.concatenate([values, 0.3 + 1e-16 * np.arange(40)])
    rows = spark.createDataFrame(
        [(float(p),) for p in values], "churn_probability double"
    )
    floors = find_decile_floors(rows, len(values))
    found = rows.withColumn("decile", tell_decile(floors)).toArrow().to_pandas()
    expected = compute_deciles(found["churn_probability"].to_numpy())
    assert found["decile"].tolist() == expected.tolist()
