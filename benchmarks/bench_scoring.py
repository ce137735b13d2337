"""Batch scoring of features in Parquet, beside the bare predictor and naive pandas.

40 numbers, 300 boosted trees of depth 6; each way in a process of its own, one thread
for the trees. crmml reads Parquet and writes a file of scores that appears whole, and a
manifest. The bare predict is XGBoost's on single-precision numbers that are in memory
already, as many rows at a time, and nothing else. The naive script reads all files into
one frame, predicts by the same model, ranks and writes; its scores are compared.
"""

import tempfile
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._clock import clock_apart
from benchmarks._common import run_alone
from benchmarks._records import Bar
from crmml.models import BoostedChurnClassifier
from crmml.scoring import save, score_features

TITLE = "Batch scoring"
SIZES = {
    "quick": {"n_customers": 500_000, "runs": 1},
    "full": {"n_customers": 10_000_000, "runs": 1},
}
MINUTES = {"quick": 1, "full": 10}
PACKAGES = ("xgboost", "pandas", "pyarrow", "duckdb", "numpy")
TASK, BARE, NAIVE = "Parquet to scores, 300 trees", "bare predict", "naive pandas"
BARS = (
    Bar(task=TASK, peer=BARE, at_least=1 / 1.3, measure="wall"),
    Bar(task=TASK, peer=BARE, at_least=1 / 1.3),
    Bar(task=TASK, peer=NAIVE, at_least=1.3, measure="wall"),
    Bar(task=TASK, peer=NAIVE, at_least=6, measure="memory", least=10_000_000),
)
N_FEATURES, N_TREES, PART, BATCH = 40, 300, 500_000, 131_072
NAMES = [f"x{i}" for i in range(N_FEATURES)]


def make_features(folder, n_customers):
    """Write the features in parts of half a million rows."""
    rng = np.random.default_rng(0)
    for start in range(0, n_customers, PART):
        n_rows = min(PART, n_customers - start)
        columns = {"customer_id": np.arange(start, start + n_rows)}
        columns |= {name: rng.normal(size=n_rows).round(3) for name in NAMES}
        pq.write_table(pa.table(columns), folder / f"part{start // PART:03}.parquet")


def train(folder):
    """Fit the model, and save it in both formats."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(20_000, N_FEATURES)), columns=NAMES)
    y = X["x0"] + X["x1"] * X["x2"] + rng.normal(size=len(X)) > 1
    model = BoostedChurnClassifier(
        n_estimators=N_TREES, max_depth=6, n_jobs=1, verbose=False
    ).fit(X, y)
    save(model, folder / "model.crmml")
    joblib.dump(model, folder / "model.joblib")


def run_crmml(folder):
    """Score the files by the library."""
    return score_features(
        f"{folder}/model.crmml",
        f"{folder}/part*.parquet",
        f"{folder}/scores.parquet",
        customer_id="customer_id",
    )["out"]["rows"]


def run_bare(folder, n_customers):
    """Nothing but the trees of XGBoost on numbers that are in memory."""
    booster = joblib.load(f"{folder}/model.joblib").booster_
    file = pq.ParquetFile(f"{folder}/part000.parquet")
    columns = next(file.iter_batches(BATCH, columns=NAMES)).columns
    batch = np.column_stack([column.to_numpy() for column in columns])
    batch = batch.astype(np.float32)
    for start in range(0, n_customers, BATCH):
        booster.inplace_predict(batch[: n_customers - start])
    return n_customers


def run_naive(folder):
    """What a script does that reads everything at once."""
    model = joblib.load(f"{folder}/model.joblib")
    paths = sorted(Path(folder).glob("part*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    rows["churn_probability"] = model.predict_proba(rows[NAMES])[:, 1]
    ranks = rows["churn_probability"].rank(ascending=False, pct=True)
    rows["decile"] = np.ceil(10 * ranks).astype(int)
    shown = rows[["customer_id", "churn_probability", "decile"]]
    shown.to_parquet(f"{folder}/naive.parquet", index=False)
    return len(rows)


def check_scores(folder):
    """Refuse scores of the naive script that are not ours, bit for bit."""
    ours, theirs = (
        pq.read_table(f"{folder}/{name}.parquet", columns=["churn_probability"])
        for name in ("scores", "naive")
    )
    assert ours["churn_probability"].equals(theirs["churn_probability"])


def run(report, n_customers, runs):
    with tempfile.TemporaryDirectory() as folder:
        make_features(Path(folder), n_customers)
        train(Path(folder))
        ways = {
            "crmml": partial(clock_apart, run_crmml, folder),
            BARE: partial(clock_apart, run_bare, folder, n_customers),
            NAIVE: partial(clock_apart, run_naive, folder),
        }
        report.race(TASK, ways, size=n_customers, unit="customers", runs=runs)
        if Path(folder, "naive.parquet").exists():
            check_scores(folder)


if __name__ == "__main__":
    run_alone(__file__)
