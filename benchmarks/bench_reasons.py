"""Seconds for reasons in words, beside XGBoost's bare contributions of the same trees.

The peer is given the encoded matrix and returns numbers; crmml is given the mixed frame
and returns sentences. Both use one thread, in turns; medians of the rounds. Also shown:
what the other classifiers take, and what the shap package takes for the same trees (on
a part of the customers, scaled up).

Data: simulated, 30 numbers (some missing) and 10 text columns of 8 categories.
Run: python benchmarks/bench_reasons.py [n_customers] [n_trees] [n_rounds]
"""

import platform
import sys
import time
import warnings

import numpy as np
import pandas as pd
import xgboost as xgb

from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)

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


def measure(call):
    """CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def main():
    n, n_trees, n_rounds = (
        int(sys.argv[k]) if len(sys.argv) > k else default
        for k, default in ((1, 100_000), (2, 500), (3, 3))
    )
    X_train, y = make_customers(N_TRAIN, seed=0)
    X, _ = make_customers(n, seed=1)
    boosted = BoostedChurnClassifier(n_estimators=n_trees, n_jobs=1).fit(X_train, y)
    encoded = boosted._encoder.encode(boosted._read(X))
    matrix = boosted._design.matrix(encoded)

    def peer():
        data = xgb.DMatrix(matrix, nthread=1)
        return boosted.booster_.predict(data, pred_contribs=True)

    calls = {
        "XGBoost pred_contribs, encoded matrix": peer,
        "BoostedChurnClassifier.contributions": lambda: boosted.contributions(X),
        "BoostedChurnClassifier.explain, 3 reasons": lambda: boosted.explain(X),
    }
    for kind in (LogisticChurnClassifier, TreeChurnClassifier, NeuralChurnClassifier):
        model = kind().fit(X_train, y)
        calls[f"{kind.__name__}.explain, 3 reasons"] = lambda model=model: (
            model.explain(X)
        )
    times = {name: [] for name in calls}
    for _ in range(n_rounds):
        for name, call in calls.items():
            times[name].append(measure(call))
    table = pd.DataFrame(
        {name: np.median(rounds, axis=0) for name, rounds in times.items()},
        index=["CPU s", "wall s"],
    ).T
    with warnings.catch_warnings():
        # It warns about its own use of matplotlib.
        warnings.simplefilter("ignore")
        import shap
    explainer = shap.TreeExplainer(boosted.booster_)
    part = matrix[: max(n // SHAP_SHARE, 1)]
    scaled = np.array(measure(lambda: explainer.shap_values(part))) * n / len(part)
    table.loc["shap.TreeExplainer, scaled up"] = scaled
    table["ratio to XGBoost (CPU)"] = table["CPU s"] / table["CPU s"].iloc[0]
    print(f"{n} customers x {X.shape[1]} features, {n_trees} trees of depth 3")
    print(
        f"Python {platform.python_version()}, xgboost {xgb.__version__}, "
        f"shap {shap.__version__}, pandas {pd.__version__}, one thread"
    )
    print(table.round(2).to_string())


if __name__ == "__main__":
    main()
