"""What a batch costs beside the bare estimator, and what reasons cost beside XGBoost's.

Baseline of a batch: the bare estimator on a matrix that is already there, plus the
cheapest encoding known: one look-up of each text column in Arrow, written into one
matrix of single precision. Times are CPU seconds on one thread, medians of interleaved
runs.

Run: python benchmarks/bench_predict.py [--rows 1000000] [--customers 100000] [--runs 3]
"""

import argparse
import importlib.metadata
import os
import platform
import time

# One thread for everybody; read when the libraries are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import xgboost as xgb
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeClassifier

from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)

N_NUMBERS = N_TEXTS = 10
N_LEARNED = 20_000


def make_customers(n_rows):
    """Ten numbers and ten text columns of 3 to 12 categories."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"number {k}": rng.normal(size=n_rows) for k in range(N_NUMBERS)})
    for k in range(N_TEXTS):
        words = np.array([f"category {i}" for i in range(3 + k)])
        X[f"text {k}"] = pd.Series(words[rng.integers(0, 3 + k, n_rows)], dtype="str")
    log_odds = X["number 0"] + (X["text 0"] == "category 1")
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).to_numpy()


def learn_places(X):
    """Arrow's categories of every text column, and where their matrix columns begin."""
    start, places = N_NUMBERS, []
    for k in range(N_TEXTS):
        words = pa.array(sorted(X[f"text {k}"].unique()), pa.large_string())
        places.append((words, start))
        start += len(words)
    return places, start


def encode(X, places, n_columns):
    """Encode as cheaply as is known."""
    matrix = np.zeros((len(X), n_columns), np.float32)
    numbers = [f"number {k}" for k in range(N_NUMBERS)]
    matrix[:, :N_NUMBERS] = X[numbers].to_numpy()
    rows = np.arange(len(X))
    for k, (words, start) in enumerate(places):
        column = X[f"text {k}"]
        text = column.to_arrow() if isinstance(X, pl.DataFrame) else pa.array(column)
        codes = pc.index_in(text, value_set=words)
        matrix[rows, start + np.asarray(codes)] = 1.0
    return matrix


def make_bent():
    """Splines of the numbers, categories as they are, and a logistic regression."""
    numbers = list(range(N_NUMBERS))
    splines = make_column_transformer(
        (SplineTransformer(n_knots=8), numbers), remainder="passthrough"
    )
    return make_pipeline(splines, LogisticRegression(max_iter=300))


def make_pairs(X, y, matrix):
    """Our estimators, each with what the bare estimator does with a matrix."""
    learned = slice(N_LEARNED)
    X, y, matrix = X.iloc[learned], y[learned], matrix[learned]
    booster = xgb.XGBClassifier(
        n_estimators=200, learning_rate=0.05, max_depth=3, n_jobs=1
    ).fit(matrix, y)
    bare = booster.get_booster()
    straight = LogisticRegression(max_iter=300).fit(matrix, y)
    bent = make_bent().fit(matrix, y)
    tree = DecisionTreeClassifier(max_depth=6, min_samples_leaf=50).fit(matrix, y)
    nets = [
        MLPClassifier((32,), max_iter=5, n_iter_no_change=3, tol=1e9).fit(matrix, y)
        for _ in range(4)
    ]
    return {
        "BoostedChurnClassifier()": (
            BoostedChurnClassifier().fit(X, y),
            "XGBoost, 200 trees of depth 3",
            bare.inplace_predict,
        ),
        "LogisticChurnClassifier(linear=True)": (
            LogisticChurnClassifier(linear=True).fit(X, y),
            "scikit-learn LogisticRegression",
            straight.predict_proba,
        ),
        "LogisticChurnClassifier()": (
            LogisticChurnClassifier().fit(X, y),
            "scikit-learn SplineTransformer and LogisticRegression",
            bent.predict_proba,
        ),
        "LogitLeafChurnClassifier()": (
            LogitLeafChurnClassifier().fit(X, y),
            "the same, and scikit-learn DecisionTree",
            lambda matrix: (tree.apply(matrix), bent.predict_proba(matrix)),
        ),
        "TreeChurnClassifier()": (
            TreeChurnClassifier().fit(X, y),
            "scikit-learn DecisionTree",
            tree.predict_proba,
        ),
        "NeuralChurnClassifier()": (
            NeuralChurnClassifier(n_steps=100).fit(X, y),
            "four scikit-learn MLPs of 32 units",
            lambda matrix: [net.predict_proba(matrix) for net in nets],
        ),
    }


def median_seconds(calls, n_runs):
    """Median CPU seconds of each call, taken in turns."""
    seconds = [[] for _ in calls]
    for _ in range(n_runs):
        for call, times in zip(calls, seconds, strict=True):
            started = time.process_time()
            call()
            times.append(time.process_time() - started)
    return [float(np.median(times)) for times in seconds]


def compare_batches(n_rows, n_runs):
    X, y = make_customers(n_rows)
    carriers = {
        "pandas": X,
        "pandas, text as objects": X.astype(
            {f"text {k}": object for k in range(N_TEXTS)}
        ),
        "Polars": pl.from_pandas(X),
    }
    places, n_columns = learn_places(X)
    matrix = encode(X, places, n_columns)
    print(f"\n**A batch of {n_rows:,} customers**, ten numbers, ten text columns\n")
    print("| | from | bare estimator | bare s | encoding s | ours s | ratio |")
    print("|---|---|---|---:|---:|---:|---:|")
    for name, (model, peer, bare) in make_pairs(X, y, matrix).items():
        for carrier, frame in carriers.items():
            alone, encoding, ours = median_seconds(
                [
                    lambda bare=bare: bare(matrix),
                    lambda frame=frame: encode(frame, places, n_columns),
                    lambda model=model, frame=frame: model.predict_proba(frame),
                ],
                n_runs,
            )
            print(
                f"| {name} | {carrier} | {peer} | {alone:.2f} | {encoding:.2f} "
                f"| {ours:.2f} | {ours / (alone + encoding):.2f} |",
                flush=True,
            )


def compare_reasons(n_customers, n_runs):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n_customers, 40))).add_prefix("feature ")
    log_odds = X["feature 0"] + X["feature 1"] * X["feature 2"]
    y = rng.random(n_customers) < 1 / (1 + np.exp(-log_odds))
    model = BoostedChurnClassifier(n_estimators=500).fit(X[:N_LEARNED], y[:N_LEARNED])
    matrix = X.to_numpy(np.float32)
    own, contributions, explained = median_seconds(
        [
            lambda: model.booster_.predict(xgb.DMatrix(matrix), pred_contribs=True),
            lambda: model.contributions(X),
            lambda: model.explain(X),
        ],
        n_runs,
    )
    print(f"\n**Reasons for {n_customers:,} customers**, 40 features, 500 trees\n")
    print("| | CPU s | ratio |\n|---|---:|---:|")
    print(f"| XGBoost, pred_contribs | {own:.1f} | 1.00 |")
    print(f"| contributions | {contributions:.1f} | {contributions / own:.2f} |")
    print(f"| explain, three reasons | {explained:.1f} | {explained / own:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    packages = ("scikit-learn", "xgboost", "pandas", "polars", "pyarrow", "numpy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    print(f"Python {platform.python_version()}, " + ", ".join(versions))
    compare_batches(arguments.rows, arguments.runs)
    compare_reasons(arguments.customers, arguments.runs)


if __name__ == "__main__":
    main()
