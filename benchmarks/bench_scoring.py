"""Batch scoring of features in Parquet, beside the bare predictor and naive pandas.

40 features, 300 boosted trees of depth 6. *bare predict* is nothing but the trees of
xgboost on the same rows, batch by batch; *naive pandas* is a script that reads
everything at once. Each way runs in a process of its own; the scores of crmml and of
the naive script are compared row by row.
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
    "quick": {"millions": [0.1, 0.5]},
    "full": {"millions": [0.5, 2, 10]},
}
MINUTES = {"quick": 2, "full": 30}
PACKAGES = ("xgboost", "pandas", "pyarrow", "numpy")
TASK, BARE, NAIVE = "Parquet to scores", "bare predict", "naive pandas"
PICTURE = (TASK,)
BARS = (
    Bar(task=TASK, peer=BARE, at_least=1 / 1.3, measure="wall", least=2_000_000),
    Bar(task=TASK, peer=BARE, at_least=1 / 1.3, least=2_000_000),
    Bar(task=TASK, peer=NAIVE, at_least=1.3, measure="wall", least=10_000_000),
    Bar(task=TASK, peer=NAIVE, at_least=6, measure="memory", least=10_000_000),
)

N_FEATURES, N_TREES, PART = 40, 300, 500_000
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
    model = BoostedChurnClassifier(n_estimators=N_TREES, max_depth=6).fit(X, y)
    save(model, folder / "model.crmml")
    joblib.dump(model, folder / "model.joblib")


def run_crmml(folder):
    folder = Path(folder)
    score_features(
        folder / "model.crmml",
        str(folder / "part*.parquet"),
        folder / "scores.parquet",
        customer_id="customer_id",
    )


def run_bare(folder):
    """Nothing but the trees of xgboost, on the same rows, batch by batch."""
    folder = Path(folder)
    booster = joblib.load(folder / "model.joblib").booster_
    for path in sorted(folder.glob("part*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(131_072, columns=NAMES):
            rows = np.column_stack([column.to_numpy() for column in batch.columns])
            booster.inplace_predict(rows.astype(np.float32))


def run_naive(folder):
    """What a script does that reads everything at once."""
    folder = Path(folder)
    model = joblib.load(folder / "model.joblib")
    paths = sorted(folder.glob("part*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    rows["churn_probability"] = model.predict_proba(rows[NAMES])[:, 1]
    ranks = rows["churn_probability"].rank(ascending=False, pct=True)
    rows["decile"] = np.ceil(10 * ranks).astype(int)
    shown = rows[["customer_id", "churn_probability", "decile"]]
    shown.to_parquet(folder / "naive.parquet", index=False)


def check_equal(folder):
    """Compare the files of crmml and of the naive script."""
    ours = pd.read_parquet(folder / "scores.parquet")
    theirs = pd.read_parquet(folder / "naive.parquet")
    pd.testing.assert_frame_equal(ours, theirs)


def run(report, millions):
    ways = {"crmml": run_crmml, BARE: run_bare, NAIVE: run_naive}
    for n in (round(million * 1e6) for million in millions):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_features(folder, n)
            train(folder)
            report.race(
                TASK,
                {
                    way: partial(clock_apart, function, name)
                    for way, function in ways.items()
                },
                size=n,
                unit="customers",
                runs=1,
            )
            if (folder / "naive.parquet").exists():
                check_equal(folder)


if __name__ == "__main__":
    run_alone(__file__)
