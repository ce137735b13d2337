"""Batch scoring of features in Parquet, beside the bare predictor and naive pandas.

    python benchmarks/bench_scoring.py 10    # millions of customers

40 features, 300 boosted trees. Each way runs in a process of its own, which reports its
CPU seconds and its peak memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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
    from crmml.models import BoostedChurnClassifier
    from crmml.scoring import save

    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(20_000, N_FEATURES)), columns=NAMES)
    y = X["x0"] + X["x1"] * X["x2"] + rng.normal(size=len(X)) > 1
    model = BoostedChurnClassifier(n_estimators=N_TREES, max_depth=6).fit(X, y)
    save(model, folder / "model.crmml")
    import joblib

    joblib.dump(model, folder / "model.joblib")


def run_crmml(folder):
    from crmml.scoring import score_features

    score_features(
        folder / "model.crmml",
        str(folder / "part*.parquet"),
        folder / "scores.parquet",
        customer_id="customer_id",
    )


def run_bare(folder):
    """Nothing but the trees of xgboost, on the same rows, batch by batch."""
    import joblib

    booster = joblib.load(folder / "model.joblib").booster_
    for path in sorted(folder.glob("part*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(131_072, columns=NAMES):
            rows = np.column_stack([column.to_numpy() for column in batch.columns])
            booster.inplace_predict(rows.astype(np.float32))


def run_naive(folder):
    """What a script does that reads everything at once."""
    import joblib

    model = joblib.load(folder / "model.joblib")
    paths = sorted(folder.glob("part*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    rows["churn_probability"] = model.predict_proba(rows[NAMES])[:, 1]
    ranks = rows["churn_probability"].rank(ascending=False, pct=True)
    rows["decile"] = np.ceil(10 * ranks).astype(int)
    shown = rows[["customer_id", "churn_probability", "decile"]]
    shown.to_parquet(folder / "naive.parquet", index=False)


WAYS = {"crmml": run_crmml, "bare predict": run_bare, "naive pandas": run_naive}


def measure(way, folder):
    """Run a way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, str(folder)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def main():
    if "--way" in sys.argv:
        way, folder = sys.argv[-2:]
        started = time.perf_counter()
        WAYS[way](Path(folder))
        used = resource.getrusage(resource.RUSAGE_SELF)
        wall = time.perf_counter() - started
        cpu = used.ru_utime + used.ru_stime
        print(json.dumps({"wall": wall, "cpu": cpu, "gb": used.ru_maxrss / 2**20}))
        return
    n_customers = int(float(sys.argv[1]) * 1e6)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_features(folder, n_customers)
        train(folder)
        found = {way: measure(way, folder) for way in WAYS}
        ours = pd.read_parquet(folder / "scores.parquet")
        theirs = pd.read_parquet(folder / "naive.parquet")
        pd.testing.assert_frame_equal(ours, theirs)
    print(
        f"{n_customers:,} customers, {N_FEATURES} features, {N_TREES} trees of depth 6"
    )
    print("| way | wall s | CPU s | peak GB | wall to bare | CPU to bare |")
    print("|---|---|---|---|---|---|")
    bare = found["bare predict"]
    for way, one in found.items():
        print(
            f"| {way} | {one['wall']:.1f} | {one['cpu']:.1f} | {one['gb']:.2f} "
            f"| {one['wall'] / bare['wall']:.2f} | {one['cpu'] / bare['cpu']:.2f} |"
        )


if __name__ == "__main__":
    main()
