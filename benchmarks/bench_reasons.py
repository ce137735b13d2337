"""Reasons in words, beside XGBoost's bare contributions of the same trees.

The peer is given the encoded matrix and returns numbers; crmml is given the mixed frame
and returns sentences. Both use one thread. Also shown: what the other classifiers take,
and what the shap package takes for the same trees (on a twentieth of the customers,
scaled up). Data are simulated: 30 numbers, some missing, and 10 text columns of 8
categories.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import xgboost as xgb

from benchmarks._clock import clock
from benchmarks._common import run_alone
from benchmarks._peers import optional
from benchmarks._records import Bar
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)

shap = optional("shap")

TITLE = "Reasons"
SIZES = {
    "quick": {"n_customers": [1_000, 5_000], "n_trees": 500},
    "full": {"n_customers": [1_000, 10_000, 100_000], "n_trees": 500},
}
MINUTES = {"quick": 2, "full": 30}
PACKAGES = ("xgboost", "shap", "pandas", "numpy")
TASK, PEER = "three reasons, 40 features, 500 trees", "XGBoost, bare contributions"
PICTURE = (TASK,)
BARS = (Bar(task=TASK, peer=PEER, at_least=1 / 2),)
N_TRAIN = 20_000
SHAP_SHARE = 20


def make_customers(n, seed):
    """Mixed features, and who leaves."""
    rng = np.random.default_rng(seed)
    numbers = rng.gamma(2.0, 20.0, (n, 30)).round(2)
    numbers[rng.random(numbers.shape) < 0.03] = np.nan
    X = pd.DataFrame(numbers, columns=[f"n_{j}" for j in range(30)])
    codes = rng.integers(0, 8, (n, 10))
    for j in range(10):
        X[f"c_{j}"] = np.array([f"kind {k}" for k in range(8)], dtype=object)[
            codes[:, j]
        ]
    risk = 0.03 * (np.nan_to_num(numbers[:, :5]) - 40).sum(axis=1) / 2
    risk += 0.3 * (codes[:, :3] - 3.5).sum(axis=1) / 2
    return X, rng.random(n) < 1 / (1 + np.exp(1.0 - risk))


def by_shap(model, matrix):
    """Explain a part of the customers, and scale its seconds up."""
    part = matrix[: max(len(matrix) // SHAP_SHARE, 1)]
    explainer = shap.TreeExplainer(model.booster_)
    used = clock(lambda: explainer.shap_values(part))
    times = len(matrix) / len(part)
    return replace(used, wall=used.wall * times, cpu=used.cpu * times)


def run(report, n_customers, n_trees):
    X_train, y = make_customers(N_TRAIN, seed=0)
    boosted = BoostedChurnClassifier(n_estimators=n_trees, n_jobs=1).fit(X_train, y)
    others = [
        kind().fit(X_train, y)
        for kind in (
            LogisticChurnClassifier,
            TreeChurnClassifier,
            NeuralChurnClassifier,
        )
    ]
    for n in n_customers:
        X, _ = make_customers(n, seed=1)
        matrix = boosted._design.matrix(boosted._encoder.encode(boosted._read(X)))
        ways = {
            "crmml": lambda X=X: boosted.explain(X),
            "crmml, contributions alone": lambda X=X: boosted.contributions(X),
            PEER: lambda matrix=matrix: boosted.booster_.predict(
                xgb.DMatrix(matrix, nthread=1), pred_contribs=True
            ),
            "shap.TreeExplainer, scaled up": lambda matrix=matrix: by_shap(
                boosted, matrix
            ),
        }
        for model in others:
            name = f"crmml, {type(model).__name__}"
            ways[name] = lambda model=model, X=X: model.explain(X)
        report.race(TASK, ways, size=n, unit="customers")


if __name__ == "__main__":
    run_alone(__file__)
