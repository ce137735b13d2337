"""Batch scores: those of predict, in a file that is whole or not there."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import (
    ModelFileError,
    NotEnoughHistoryError,
    SchemaError,
    TargetBusyError,
)
from crmml.features import (
    RFM,
    Activity,
    CustomerAttributes,
    FeatureSet,
    Tenure,
    _write_features,
)
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.scoring import read_scores, save, score
from crmml.scoring._targets import hold_target
from crmml.scoring._write import write_table
from crmml.segmentation import RFMSegmenter
from crmml.tables import Customers, CustomerTables, Transactions

CUTOFF = "2024-09-01"


@pytest.fixture(scope="module")
def shop():
    return make_customers(800, random_state=3)


@pytest.fixture(scope="module")
def tables(shop):
    return shop.to_tables()


@pytest.fixture(scope="module")
def churn(tables):
    return ChurnPipeline(
        features=FeatureSet([RFM(), Tenure(), Activity()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(tables, ["2024-03-01", "2024-06-01"])


@pytest.fixture
def small_blocks(monkeypatch):
    """Make the tables of these tests some dozens of blocks."""
    monkeypatch.setattr(_write_features, "BLOCK_BYTES", 2**15)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("n_reasons", [0, 2])
def test_scores_are_those_of_predict(churn, tables, tmp_path, suffix, n_reasons):
    out = tmp_path / f"scores.{suffix}"
    done = score(churn, tables, CUTOFF, out, n_reasons=n_reasons)
    expected = churn.predict(tables, CUTOFF, n_reasons=n_reasons)
    found = read_scores(out)
    if suffix == "csv":
        # The shortest decimal of a double reads back as the same double.
        expected = expected.replace({np.nan: None}).astype({"customer_id": str})
        found = found.replace({"": None, np.nan: None})
    pd.testing.assert_frame_equal(
        found.astype(object), expected.astype(object), check_exact=True
    )
    assert done["out"]["rows"] == len(expected)


def test_blocks_give_the_scores_of_the_whole(churn, tables, tmp_path, small_blocks):
    n_blocks = len(list(churn.features_.split(tables, CUTOFF)))
    assert n_blocks > 10
    done = score(churn, tables, CUTOFF, tmp_path / "scores.parquet", n_reasons=1)
    found = read_scores(tmp_path / "scores.parquet")
    expected = churn.predict(tables, CUTOFF, n_reasons=1)
    found = found.sort_values("customer_id", ignore_index=True)
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    # Adding up in another order moves the last bit at most.
    np.testing.assert_allclose(
        found["churn_probability"], expected["churn_probability"], rtol=1e-12
    )
    assert found["decile"].tolist() == expected["decile"].tolist()
    assert found["reason_1"].tolist() == expected["reason_1"].tolist()
    assert done["customers"]["scored"] == len(expected)


def test_the_same_arguments_make_the_same_bytes(churn, tables, tmp_path, small_blocks):
    outs = [tmp_path / f"{name}.parquet" for name in "ab"]
    for out in outs:
        score(churn, tables, CUTOFF, out)
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_saved_model_scores_the_same_and_is_named_by_its_hash(
    churn, tables, tmp_path
):
    path = tmp_path / "churn.crmml"
    save(churn, path)
    done = score(path, tables, CUTOFF, tmp_path / "a.parquet")
    score(churn, tables, CUTOFF, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (
        tmp_path / "b.parquet"
    ).read_bytes()
    assert len(done["model"]["sha256"]) == 64


def test_the_manifest_adds_up(churn, tables, tmp_path):
    out = tmp_path / "scores.parquet"
    done = score(churn, tables, CUTOFF, out)
    written = json.loads((tmp_path / "scores.parquet.manifest.json").read_text("utf-8"))
    assert written == done
    customers = done["customers"]
    assert customers["known"] == customers["scored"] + customers["not_active"]
    assert customers["scored"] == len(read_scores(out))
    assert not any("00000" in str(value) for value in done.values())


def test_segments_are_scored_too(tables, tmp_path):
    pipeline = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    pipeline.fit(tables, CUTOFF)
    score(pipeline, tables, CUTOFF, tmp_path / "segments.csv")
    found = read_scores(tmp_path / "segments.csv")
    expected = pipeline.predict(tables, CUTOFF)
    assert found["segment"].tolist() == expected["segment"].tolist()


def test_chinese_ids_and_formulas_survive_a_spreadsheet(tmp_path):
    starts = ["007", "=1+1", "'quoted", "＝全角", "-3", "@x", "客户甲", "+7", "\ttab"]
    ids = [start + end for start in starts for end in ("", "a", "乙", '"c,')]
    days = pd.date_range("2024-01-01", periods=6, freq="20D")
    sales = pd.DataFrame({"客户": np.repeat(ids, 6), "日期": np.tile(days, len(ids))})
    is_silent = (np.arange(len(sales)) // 6 % 3 == 0) & (sales["日期"] > "2024-03-15")
    opened = CustomerTables(
        transactions=Transactions(
            sales[~is_silent], customer_id="客户", timestamp="日期"
        )
    )
    churn = ChurnPipeline(
        features=Tenure(),
        label=Inactivity("20D"),
        classifier=LogisticChurnClassifier(),
    ).fit(opened, "2024-03-16")
    out = tmp_path / "scores.csv"
    score(churn, opened, "2024-03-20", out)
    cells = out.read_text("utf-8-sig").splitlines()
    assert not [one for one in cells if one.strip('"').startswith(tuple("=+-@\t＝"))]
    assert sorted(read_scores(out)["customer_id"]) == sorted(ids)


def test_where_nothing_can_be_written_is_said_before_any_work(churn, tables, tmp_path):
    for out, error in {
        tmp_path / "none" / "scores.parquet": NotADirectoryError,
        tmp_path / "scores.xlsx": SchemaError,
        tmp_path / "folder.csv": IsADirectoryError,
    }.items():
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        with pytest.raises(error, match="out="):
            score(churn, tables, "no cutoff at all", out)


def test_a_link_is_replaced_and_what_it_led_to_is_not(churn, tables, tmp_path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / "scores.parquet").symlink_to(tmp_path / "precious")
    score(churn, tables, CUTOFF, tmp_path / "scores.parquet")
    assert (tmp_path / "precious").read_text() == "old"
    assert not (tmp_path / "scores.parquet").is_symlink()


def test_what_cannot_score_tables_is_refused(tables, tmp_path):
    with pytest.raises(ModelFileError, match="ChurnPipeline"):
        score(LogisticChurnClassifier(), tables, CUTOFF, tmp_path / "scores.csv")
    (tmp_path / "model").write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        score(tmp_path / "model", tables, CUTOFF, tmp_path / "scores.csv")
    assert not list(tmp_path.glob("*scores*"))


def test_a_file_that_changes_while_it_is_read_is_refused(
    churn, shop, tmp_path, monkeypatch
):
    source = tmp_path / "orders.parquet"
    shop.transactions.to_parquet(source)
    tables = CustomerTables(
        transactions=Transactions(
            str(source),
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            order_id="order_id",
        )
    )
    predict = ChurnPipeline._predict_rows

    def meanwhile(self, *args, **kwargs):
        os.utime(source, ns=(1, 1))
        return predict(self, *args, **kwargs)

    monkeypatch.setattr(ChurnPipeline, "_predict_rows", meanwhile)
    with pytest.raises(SchemaError, match="changed while they were read"):
        score(churn, tables, CUTOFF, tmp_path / "scores.parquet")
    assert not (tmp_path / "scores.parquet").exists()


@pytest.fixture
def limited_files():
    """Let no file grow beyond 2 KiB, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_old_scores(churn, tables, tmp_path, limited_files):
    out = tmp_path / "scores.parquet"
    out.write_bytes(b"old")
    limited_files()
    with pytest.raises(OSError, match=r"large|space"):
        score(churn, tables, CUTOFF, out)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]
    assert out.read_bytes() == b"old"


CHILD = """
import sys
from crmml.datasets import make_customers
from crmml.scoring import score
tables = make_customers(800, random_state=3).to_tables()
model, cutoff, out = sys.argv[1:]
print("ready", flush=True)
while True:
    score(model, tables, cutoff, out)
"""


def test_a_killed_run_leaves_old_or_new_scores_and_no_litter(
    churn, tables, tmp_path, monkeypatch
):
    save(churn, tmp_path / "churn.crmml")
    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "scores.parquet"
    score(tmp_path / "churn.crmml", tables, CUTOFF, out)
    whole = out.read_bytes()
    rng = np.random.default_rng(0)
    arguments = [str(tmp_path / "churn.crmml"), CUTOFF, str(out)]
    child = [sys.executable, "-c", CHILD, *arguments]
    for _ in range(3):
        with subprocess.Popen(child, stdout=subprocess.PIPE) as running:
            running.stdout.readline()
            time.sleep(rng.uniform(0.2, 1.2))
            running.kill()
        assert out.read_bytes() == whole
    (folder / f".{out.name}-{'0' * 16}").write_bytes(b"left by a killed run")
    monkeypatch.setattr("crmml._utils._atomic._LEFTOVER_SECONDS", -1.0)
    score(churn, tables, CUTOFF, out)
    assert sorted(path.name for path in folder.iterdir()) == [
        "scores.parquet",
        "scores.parquet.manifest.json",
    ]


def test_blocks_without_anybody_active_are_no_obstacle(tmp_path, small_blocks):
    n = 2_000
    sales = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(n), 4),
            "timestamp": np.tile(pd.date_range("2024-01-01", periods=4, freq="7D"), n),
            "amount": 1.0,
        }
    )
    is_left = (sales["customer_id"] % 2 == 0) & (sales["timestamp"] > "2024-01-10")
    late = pd.DataFrame(
        {"customer_id": [7], "timestamp": pd.Timestamp("2024-04-28"), "amount": 1.0}
    )
    roles = {"customer_id": "customer_id", "timestamp": "timestamp", "amount": "amount"}
    opened = {
        name: CustomerTables(
            transactions=Transactions(rows, **roles), observed_until="2024-06-01"
        )
        for name, rows in {
            "one": pd.concat([sales[~is_left], late]),
            "none": sales[~is_left],
        }.items()
    }
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("7D"), classifier=LogisticChurnClassifier()
    ).fit(opened["none"], "2024-01-12")
    assert len(list(churn.features_.split(opened["one"], "2024-05-01"))) > 5
    done = score(churn, opened["one"], "2024-05-01", tmp_path / "s.csv")
    assert done["customers"] == {"known": n, "scored": 1, "not_active": n - 1}
    done = score(churn, opened["none"], "2024-05-01", tmp_path / "t.csv", n_reasons=1)
    assert done["customers"] == {"known": n, "scored": 0, "not_active": n}
    assert read_scores(tmp_path / "t.csv").columns.tolist() == [
        "customer_id",
        "churn_probability",
        "decile",
        "reason_1",
    ]
    with pytest.raises(NotEnoughHistoryError):
        score(churn, opened["none"], "2020-05-01", tmp_path / "u.csv")


def test_what_is_read_is_not_written_over(churn, shop, tmp_path):
    source = tmp_path / "orders.parquet"
    shop.transactions.to_parquet(source)
    before = source.read_bytes()
    roles = ("customer_id", "timestamp", "amount", "order_id")
    tables = CustomerTables(
        transactions=Transactions(str(source), **{role: role for role in roles})
    )
    model = tmp_path / "m.parquet"
    save(churn, model)
    for out in (source, model):
        with pytest.raises(SchemaError, match="would replace"):
            score(model, tables, CUTOFF, out)
    assert source.read_bytes() == before


def test_a_second_run_to_one_file_is_refused(churn, tables, tmp_path):
    out = tmp_path / "scores.parquet"
    with hold_target(out), pytest.raises(TargetBusyError, match=r"scores\.parquet"):
        score(churn, tables, CUTOFF, out)
    score(churn, tables, CUTOFF, out)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_private_file_stays_private(churn, tables, tmp_path):
    out = tmp_path / "scores.parquet"
    score(churn, tables, CUTOFF, out)
    out.chmod(0o600)
    score(churn, tables, CUTOFF, out)
    assert out.stat().st_mode & 0o777 == 0o600


def test_names_of_columns_are_no_formulas_in_csv(tmp_path):
    names = ["customer_id", "=1+1", "'x", "－全角", "-", "segment"]
    frame = pd.DataFrame([["a", 1, 2, 3, 4, "b"]], columns=names)
    write_table(frame, tmp_path / "t.csv")
    header = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()[0]
    assert not [one for one in header.split(",") if one[1] in "=+-@－"]
    assert read_scores(tmp_path / "t.csv").columns.tolist() == names


def test_unseen_and_missing_values_are_counted_by_feature(shop, tmp_path):
    people = shop.customers.assign(city="北京")
    people.loc[::3, "city"] = "Rio"
    later = people.assign(city=people["city"].replace({"Rio": "Oslo"}))
    later.loc[:9, "city"] = None
    pipeline = ChurnPipeline(
        features=FeatureSet([RFM(), CustomerAttributes(["city"])]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    )
    opened = [
        CustomerTables(
            transactions=shop.to_tables().transactions,
            customers=Customers(one, customer_id="customer_id"),
        )
        for one in (people, later)
    ]
    pipeline.fit(opened[0], "2024-06-01")
    done = score(pipeline, opened[1], CUTOFF, tmp_path / "s.parquet")
    ids = read_scores(tmp_path / "s.parquet")["customer_id"]
    city = later.set_index("customer_id")["city"].reindex(ids)
    assert done["unknown"] == [
        {
            "feature": "city",
            "n_missing": int(city.isna().sum()),
            "n_unseen": int((city == "Oslo").sum()),
        }
    ]


def test_scores_that_must_stay_are_not_replaced(churn, tables, tmp_path):
    out = tmp_path / "scores.parquet"
    score(churn, tables, CUTOFF, out, overwrite=False)
    before = out.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite is off"):
        score(churn, tables, "2024-10-01", out, overwrite=False)
    assert out.read_bytes() == before
