"""AUC, Brier score and time of the churn classifiers on Telco, out of the box.

Mean of five times five-fold stratified cross-validation, beside plain peers.
Run: python benchmarks/bench_telco.py [n_repeats]
"""

import sys
import time

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from crmml.datasets import load_mlc_churn, load_telco_churn
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)


def plain(classifier):
    """Prepare columns as tutorials do, for a plain scikit-learn classifier."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return make_pipeline(
        make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (
                OneHotEncoder(handle_unknown="ignore"),
                make_column_selector(dtype_exclude="number"),
            ),
            sparse_threshold=0,
        ),
        classifier,
    )


CONTESTANTS = {
    "LogisticChurnClassifier()": LogisticChurnClassifier(),
    "LogisticChurnClassifier(linear=True)": LogisticChurnClassifier(linear=True),
    "TreeChurnClassifier()": TreeChurnClassifier(),
    "NeuralChurnClassifier()": NeuralChurnClassifier(),
    "BoostedChurnClassifier()": BoostedChurnClassifier(),
    "plain logistic regression": plain(LogisticRegression(max_iter=1000)),
    "plain tree, depth 5": plain(DecisionTreeClassifier(max_depth=5, random_state=0)),
    "plain XGBoost, 200 trees of depth 3": plain(
        XGBClassifier(n_estimators=200, learning_rate=0.05, max_depth=3, n_jobs=1)
    ),
}


def evaluate(model, X, y, n_repeats):
    """Mean AUC, Brier score, seconds to fit and seconds to score."""
    splits = RepeatedStratifiedKFold(n_splits=5, n_repeats=n_repeats, random_state=0)
    rows = []
    for train, test in splits.split(X, y):
        started = time.perf_counter()
        model.fit(X.iloc[train], y.iloc[train])
        fitted = time.perf_counter()
        churn = model.predict_proba(X.iloc[test])[:, 1]
        scored = time.perf_counter()
        truth = y.iloc[test]
        rows.append(
            (
                roc_auc_score(truth, churn),
                brier_score_loss(truth, churn),
                fitted - started,
                scored - fitted,
            )
        )
    return np.mean(rows, axis=0)


def main():
    n_repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for title, load in (("Telco", load_telco_churn), ("mlc_churn", load_mlc_churn)):
        X, y = load()
        table = pd.DataFrame(
            {
                name: evaluate(model, X, y, n_repeats)
                for name, model in CONTESTANTS.items()
            },
            index=["AUC", "Brier", "fit s", "score s"],
        ).T
        print(f"{title}: {len(X)} customers, 5 folds x {n_repeats}")
        print(table.round(4).to_string(), end="\n\n")


if __name__ == "__main__":
    main()
