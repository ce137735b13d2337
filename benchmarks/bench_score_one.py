"""One customer from a dictionary, beside a scikit-learn pipeline on a frame of one row.

Telco, 19 columns; customers in turns, as a service gets them. The peer's pipeline is a
ColumnTransformer (text one-hot, numbers as they are or scaled) and the model nearest to
ours; it takes a frame of one row, which is made of the same dictionary, and gives no
reasons. Shown are medians of single calls in milliseconds.
"""

import json
import time
from functools import partial

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from benchmarks._common import run_alone
from benchmarks._records import Bar
from crmml import models
from crmml.datasets import load_telco_churn
from crmml.scoring import Scorer

TITLE = "Scoring one customer"
SIZES = {
    "quick": {"n_calls": 200, "runs": 1},
    "full": {"n_calls": 1000, "runs": 3},
}
MINUTES = {"quick": 1, "full": 3}
PACKAGES = ("scikit-learn", "xgboost", "pandas", "numpy")
PEER, REASONS = "scikit-learn pipeline", "crmml, with three reasons"
PAIRS = {
    "LogisticChurnClassifier": LogisticRegression(max_iter=1000),
    "TreeChurnClassifier": DecisionTreeClassifier(max_depth=6, min_samples_leaf=50),
    "NeuralChurnClassifier": MLPClassifier((32,), max_iter=30, early_stopping=True),
    "BoostedChurnClassifier": XGBClassifier(
        n_estimators=200, max_depth=3, learning_rate=0.05, n_jobs=1
    ),
    "LogitLeafChurnClassifier": LogisticRegression(max_iter=1000),
}
BARS = tuple(Bar(task=name, peer=PEER, at_least=10) for name in PAIRS)


def make_peer(model):
    """What a tutorial builds."""
    columns = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore"),
            make_column_selector(dtype_include=str),
        ),
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_exclude=str),
        ),
    )
    return make_pipeline(columns, model)


def call_each(score, records):
    """Score customers one by one; give medians of single calls."""
    walls, cpus = [], []
    for record in records:
        wall, cpu = time.perf_counter(), time.thread_time()
        score(record)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.thread_time() - cpu)
    return {"wall ms": 1e3 * np.median(walls), "CPU ms": 1e3 * np.median(cpus)}


def run(report, n_calls, runs):
    X, y = load_telco_churn()
    records = json.loads(X.head(n_calls).to_json(orient="records"))
    for name, bare in PAIRS.items():
        model = getattr(models, name)(verbose=False).fit(X, y)
        peer = make_peer(bare).fit(X, y)
        ways = {
            "crmml": Scorer(model).score_one,
            REASONS: Scorer(model, n_reasons=3).score_one,
            PEER: lambda one, peer=peer: peer.predict_proba(pd.DataFrame([one])),
        }
        calls = {way: partial(call_each, score, records) for way, score in ways.items()}
        report.race(name, calls, size=len(records), unit="calls", runs=runs, find=dict)


if __name__ == "__main__":
    run_alone(__file__)
