"""Churn classifiers out of the box, beside peers at their defaults, on four tables.

Stratified five-fold cross-validation, repeated; every contestant sees the same folds.
Intervals of 95 % use the corrected resampled t-test of Nadeau and Bengio (2003), since
training folds overlap. Times are CPU seconds per fold on one thread. XGBoost, LightGBM,
CatBoost and HistGradientBoosting get text as categories, made before the clock starts.

Run: pip install -e ".[bench]"
     python benchmarks/bench_churn.py [--repeats 5] [telco mlc tv bank]
"""

import argparse
import importlib.metadata
import os
import platform
import time
import warnings

# One thread for everybody; read when the libraries are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from scipy.stats import t as student
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from crmml.datasets import (
    load_bank_marketing,
    load_mlc_churn,
    load_telco_churn,
    load_tv_churn,
)
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)

TABLES = {
    "telco": ("Telco", load_telco_churn),
    "mlc": ("mlc_churn", load_mlc_churn),
    "tv": ("TV provider", load_tv_churn),
    "bank": ("Bank marketing", load_bank_marketing),
}
SCORES = ("AUC", "Brier", "log-loss", "bias")
N_FOLDS = 5


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


def make_contestants(X):
    """Contestants by name; True where text is wanted as categories."""
    text = X.select_dtypes(exclude="number").columns.tolist()
    return {
        "LogisticChurnClassifier()": (LogisticChurnClassifier(), False),
        "LogisticChurnClassifier(linear=True)": (
            LogisticChurnClassifier(linear=True),
            False,
        ),
        "TreeChurnClassifier()": (TreeChurnClassifier(), False),
        "LogitLeafChurnClassifier()": (LogitLeafChurnClassifier(), False),
        "NeuralChurnClassifier()": (NeuralChurnClassifier(), False),
        "BoostedChurnClassifier()": (BoostedChurnClassifier(), False),
        "BoostedChurnClassifier(early_stopping=True, n_estimators=2000)": (
            BoostedChurnClassifier(early_stopping=True, n_estimators=2000),
            False,
        ),
        "scikit-learn LogisticRegression": (plain(LogisticRegression()), False),
        "scikit-learn DecisionTree, depth 5": (
            plain(DecisionTreeClassifier(max_depth=5, random_state=0)),
            False,
        ),
        "scikit-learn MLP": (plain(MLPClassifier(random_state=0)), False),
        "scikit-learn HistGradientBoosting": (
            HistGradientBoostingClassifier(random_state=0),
            True,
        ),
        "XGBoost": (XGBClassifier(enable_categorical=True, n_jobs=1), True),
        "LightGBM": (LGBMClassifier(n_jobs=1, verbosity=-1), True),
        "CatBoost": (
            CatBoostClassifier(
                cat_features=text,
                verbose=0,
                thread_count=1,
                allow_writing_files=False,
            ),
            True,
        ),
    }


def as_categories(X):
    """Text as pandas categories; missing text as a category of its own."""
    text = X.select_dtypes(exclude="number").columns
    filled = X[text].astype(object).fillna("(missing)").astype("category")
    return X.assign(**filled)


def evaluate(model, X, y, splits):
    """Scores of every fold, shape (n_folds, 4), and mean seconds to fit and score."""
    scores, seconds = [], []
    for train, test in splits:
        started = time.process_time()
        with warnings.catch_warnings():
            # The plain net and the plain regression do not converge, and say so.
            warnings.simplefilter("ignore")
            model.fit(X.iloc[train], y[train])
        fitted = time.process_time()
        churn = np.asarray(model.predict_proba(X.iloc[test]))[:, 1]
        seconds.append((fitted - started, time.process_time() - fitted))
        scores.append(
            (
                roc_auc_score(y[test], churn),
                brier_score_loss(y[test], churn),
                log_loss(y[test], churn),
                churn.mean() - y[test].mean(),
            )
        )
    return np.array(scores), np.mean(seconds, axis=0)


def half_width(values):
    """Half of the 95 % interval of the mean over repeated folds."""
    n = len(values)
    spread = values.std(ddof=1) * np.sqrt(1 / n + 1 / (N_FOLDS - 1))
    return student.ppf(0.975, n - 1) * spread


def run(title, load, n_repeats):
    """Print the table of one data set."""
    X, y = load()[:2]
    y = (y == np.unique(y)[1]).to_numpy().astype(int)
    folds = RepeatedStratifiedKFold(
        n_splits=N_FOLDS, n_repeats=n_repeats, random_state=0
    )
    splits = list(folds.split(X, y))
    categorical = as_categories(X)
    print(
        f"\n**{title}**: {len(X)} customers, {X.shape[1]} features, "
        f"{y.mean():.1%} left, {N_FOLDS} folds x {n_repeats}\n"
    )
    print("| | " + " | ".join(SCORES) + " | fit s | predict s |")
    print("|---|" + "---:|" * (len(SCORES) + 2))
    for name, (model, wants_categories) in make_contestants(X).items():
        scores, seconds = evaluate(
            model, categorical if wants_categories else X, y, splits
        )
        cells = [
            f"{values.mean():.4f} ± {half_width(values):.4f}" for values in scores.T
        ]
        cells += [f"{value:.2f}" for value in seconds]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)}; all")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    packages = ("scikit-learn", "xgboost", "lightgbm", "catboost", "pandas", "numpy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    print(f"Python {platform.python_version()}, " + ", ".join(versions))
    for key in arguments.tables or TABLES:
        run(*TABLES[key], arguments.repeats)


if __name__ == "__main__":
    main()
