"""Rows of features from Parquet: the scores of predict_proba, whatever the files."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmml.exceptions import ModelFileError, SchemaError
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import _score_features, read_scores, save, score_features
from crmml.scoring._spool import Spool

RNG = np.random.default_rng(5)
N = 900
X = pd.DataFrame(
    {
        "n_orders": RNG.integers(0, 9, N),
        "spend": RNG.gamma(2, 30, N),
        "plan": RNG.choice(["基础", "pro"], N),
    }
)
X.loc[::50, "spend"] = np.nan
Y = (X["n_orders"] + RNG.normal(0, 3, N) < 4).astype(int)
MODEL = BoostedChurnClassifier(n_estimators=20, n_jobs=1).fit(X, Y)


@pytest.fixture
def parts(tmp_path):
    """Three files; the second has its columns in another order, and one more."""
    rows = X.assign(id=np.arange(N, dtype=np.uint64) + 2**63)
    rows[:300].to_parquet(tmp_path / "part1.parquet")
    rows[300:600][["plan", "id", "spend", "n_orders"]].assign(note="x").to_parquet(
        tmp_path / "part2.parquet"
    )
    pq.write_table(
        pa.Table.from_pandas(rows[600:], preserve_index=False).cast(
            pa.schema(
                {
                    "n_orders": pa.int32(),
                    "spend": pa.float64(),
                    "plan": pa.string(),
                    "id": pa.uint64(),
                }
            )
        ),
        tmp_path / "part3.parquet",
    )
    return str(tmp_path / "part*.parquet")


@pytest.mark.parametrize("batch_rows", [7, 131_072])
def test_scores_do_not_depend_on_files_or_batches(
    parts, tmp_path, monkeypatch, batch_rows
):
    monkeypatch.setattr(_score_features, "BATCH_ROWS", batch_rows)
    done = score_features(MODEL, parts, tmp_path / "s.parquet", customer_id="id")
    found = read_scores(tmp_path / "s.parquet")
    expected = MODEL.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(found["churn_probability"], expected)
    assert found["customer_id"].tolist() == [2**63 + i for i in range(N)]
    assert found.groupby("decile")["churn_probability"].mean().is_monotonic_decreasing
    assert done["n_repeated_ids"] == 0
    assert done["unknown"] == [{"feature": "spend", "n_missing": 18, "n_unseen": 0}]


def test_unseen_values_and_repeated_ids_are_counted(tmp_path):
    rows = X.assign(id=1, plan="企业")
    rows.to_parquet(tmp_path / "in.parquet")
    save(MODEL, tmp_path / "m.crmml")
    done = score_features(
        tmp_path / "m.crmml",
        str(tmp_path / "in.parquet"),
        tmp_path / "s.csv",
        customer_id="id",
    )
    assert done["n_repeated_ids"] == N - 1
    assert {"feature": "plan", "n_missing": 0, "n_unseen": N} in done["unknown"]
    written = json.loads((tmp_path / "s.csv.manifest.json").read_text("utf-8"))
    assert written == done


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_repeated_ids_are_counted_in_little_memory(tmp_path, monkeypatch, kind):
    # 1.2 million ids in less memory than they need: what does not fit goes to disk.
    monkeypatch.setattr(_score_features, "_MEMORY_FOR_IDS", "16MB")
    ids = np.arange(1_200_000)
    ids[-5:] = 0
    with Spool(tmp_path) as spool:
        for part in np.array_split(ids, 10):
            spool.add(pa.table({"customer_id": pa.array(part).cast(kind)}))
        assert _score_features._count_distinct(spool) == len(ids) - 5
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_scored_into_an_empty_table_with_the_same_columns(tmp_path):
    X[:0].assign(id=pd.Series([], dtype="int64")).to_parquet(tmp_path / "in.parquet")
    done = score_features(
        MODEL, str(tmp_path / "in.parquet"), tmp_path / "s.parquet", customer_id="id"
    )
    assert done["out"]["rows"] == 0
    assert pq.read_schema(tmp_path / "s.parquet").names == [
        "customer_id",
        "churn_probability",
        "decile",
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows.drop(columns="spend"), "columns missing"),
        (lambda rows: rows.rename(columns={"plan": "Plan"}), "columns missing"),
        (lambda rows: rows.assign(spend="1"), "another type"),
        (
            lambda rows: rows.assign(id=rows["id"].where(rows["id"] > 2, None)),
            "missing",
        ),
        (lambda rows: rows.assign(spend=np.inf), "infinite"),
    ],
)
def test_a_bad_part_stops_all_before_anything_is_written(tmp_path, spoil, message):
    rows = X.assign(id=np.arange(N))
    rows.to_parquet(tmp_path / "part1.parquet")
    spoil(rows).to_parquet(tmp_path / "part2.parquet")
    with pytest.raises(SchemaError, match=message):
        score_features(
            MODEL,
            str(tmp_path / "part*.parquet"),
            tmp_path / "s.parquet",
            customer_id="id",
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "part1.parquet",
        "part2.parquet",
    ]


def test_a_damaged_page_is_named_by_its_file(tmp_path):
    pq.write_table(
        pa.Table.from_pandas(X.assign(id=np.arange(N))),
        tmp_path / "in.parquet",
        compression="zstd",
    )
    content = bytearray((tmp_path / "in.parquet").read_bytes())
    content[200:800] = bytes(600)
    (tmp_path / "in.parquet").write_bytes(content)
    with pytest.raises(SchemaError, match=r"in\.parquet is damaged"):
        score_features(
            MODEL,
            str(tmp_path / "in.parquet"),
            tmp_path / "s.parquet",
            customer_id="id",
        )


def test_what_is_no_classifier_is_refused(tmp_path, parts):
    for model in (LogisticChurnClassifier, ChurnPipeline, 3):
        with pytest.raises(ModelFileError, match="churn classifier"):
            score_features(model, parts, tmp_path / "s.csv", customer_id="id")


@pytest.mark.parametrize("ids", [np.arange(N) / 2, np.arange(N) > 3, [b"x"] * N])
def test_ids_that_are_neither_text_nor_integers_are_refused(tmp_path, ids):
    X.assign(id=ids).to_parquet(tmp_path / "in.parquet")
    with pytest.raises(SchemaError, match="must be text or integers"):
        score_features(
            MODEL, str(tmp_path / "in.parquet"), tmp_path / "s.csv", customer_id="id"
        )


def test_a_classifier_without_names_is_refused(tmp_path, parts):
    for model in (
        LogisticChurnClassifier(),
        LogisticChurnClassifier().fit(X[["n_orders"]].to_numpy(), Y),
    ):
        with pytest.raises(ModelFileError, match="Fit it to a frame"):
            score_features(model, parts, tmp_path / "s.csv", customer_id="id")


def write_ids(folder, *parts):
    for number, ids in enumerate(parts):
        columns = {"id": ids, **X.head(len(ids)).to_dict("list")}
        pq.write_table(pa.table(columns), folder / f"part{number}.parquet")
    return str(folder / "part*.parquet")


@pytest.mark.parametrize(
    ("small", "large", "joined"),
    [
        (pa.array([1], pa.int32()), pa.array([2**40]), pa.int64()),
        (pa.array([1], pa.uint8()), pa.array([-(2**40)]), pa.int64()),
        (
            pa.array([1], pa.uint16()),
            pa.array([2**64 - 1], pa.uint64()),
            pa.uint64(),
        ),
        (
            pa.array(["007"]),
            pa.array(["7"], pa.large_string()),
            pa.large_string(),
        ),
    ],
)
def test_ids_of_other_widths_in_other_files_are_kept(tmp_path, small, large, joined):
    files = write_ids(tmp_path, small, large)
    score_features(MODEL, files, tmp_path / "s.parquet", customer_id="id")
    found = pq.read_table(tmp_path / "s.parquet")["customer_id"]
    assert found.type == joined
    assert found.to_pylist() == [*small.to_pylist(), *large.to_pylist()]


def test_ids_that_no_one_type_holds_are_refused_without_telling_them(tmp_path):
    canary = 2**64 - 77
    files = write_ids(tmp_path, pa.array([1]), pa.array([canary], pa.uint64()))
    with pytest.raises(SchemaError, match="no type holds both") as refused:
        score_features(MODEL, files, tmp_path / "s.parquet", customer_id="id")
    assert str(canary) not in str(refused.value)
