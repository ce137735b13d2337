"""What a batch of scores costs beside the bare estimator.

Customers have ten numbers and ten text columns of 3 to 12 categories, in a pandas frame
(text as pandas' own or as objects) or a Polars frame. The peer is the bare estimator on
a matrix of single precision, and the cheapest way known to make that matrix: one
look-up of each text column in Arrow. Everybody has one thread. Our nets cost twice the
bare ones: they work in double precision and in blocks of one shape, so that a score
does not depend on who else is scored.
"""

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

from benchmarks._common import run_alone
from benchmarks._records import Bar
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)

TITLE = "Scores of a batch"
SIZES = {
    "quick": {"n_customers": [10_000, 100_000], "runs": 3},
    "full": {"n_customers": [10_000, 100_000, 1_000_000], "runs": 3},
}
MINUTES = {"quick": 1, "full": 10}
PACKAGES = ("scikit-learn", "xgboost", "pandas", "polars", "pyarrow", "numpy")
CARRIERS = ("pandas", "pandas, text as objects", "Polars")
PEER = "encoding by hand, bare estimator"
PICTURE = ("BoostedChurnClassifier(), from pandas",)
BARS = tuple(
    Bar(
        task=f"{name}, from {carrier}",
        peer=PEER,
        # The nets cost what safety costs them.
        at_least=1 / 2.5 if "Neural" in name else 1 / 1.3,
        aim=1 / 1.3 if "Neural" in name else None,
        least=100_000,
    )
    for name in (
        "BoostedChurnClassifier()",
        "LogisticChurnClassifier(linear=True)",
        "LogisticChurnClassifier()",
        "LogitLeafChurnClassifier()",
        "TreeChurnClassifier()",
        "NeuralChurnClassifier()",
    )
    for carrier in CARRIERS
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


def compare(report, n_rows, runs):
    X, y = make_customers(n_rows)
    as_objects = X.astype({f"text {k}": object for k in range(N_TEXTS)})
    frames = dict(zip(CARRIERS, (X, as_objects, pl.from_pandas(X)), strict=True))
    places, n_columns = learn_places(X)
    matrix = encode(X, places, n_columns)
    for name, (model, peer, bare) in make_pairs(X, y, matrix).items():
        for carrier, frame in frames.items():
            compare_frame(
                report,
                f"{name}, from {carrier}",
                lambda model=model, frame=frame: model.predict_proba(frame),
                lambda bare=bare, frame=frame: bare(encode(frame, places, n_columns)),
                peer,
                {"size": n_rows, "unit": "customers", "runs": runs},
            )


def compare_frame(report, task, ours, by_hand, peer, place):
    ways = {"crmml": ours, PEER: by_hand}
    # What comes back from the bare estimator is not that of ours, but as large.
    report.race(task, ways, find=lambda _: {"bare estimator": peer}, **place)


def run(report, n_customers, runs):
    for n in n_customers:
        compare(report, n, runs)


if __name__ == "__main__":
    run_alone(__file__)
