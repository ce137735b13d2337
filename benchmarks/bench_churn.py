"""Churn classifiers out of the box, on four tables.

Stratified five-fold cross-validation, repeated; everybody is judged on the same folds,
on one thread. ± is half a 95 % interval (corrected resampled t-test of Nadeau and
Bengio, 2003, for training folds overlap); it mostly shows how folds differ, which they
do for all alike. *bias* is the mean probability minus the share that left. Peers run at
their defaults; XGBoost, LightGBM, CatBoost and HistGradientBoosting get text as
categories, made before the clock starts. Seconds are those of one fold: to fit, and, in
the last column, to predict.
"""

import time
import warnings

import numpy as np
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

from benchmarks._clock import Measured
from benchmarks._common import run_alone
from benchmarks._peers import optional
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

catboost, lightgbm = optional("catboost"), optional("lightgbm")

TITLE = "Churn classifiers"
SIZES = {
    "quick": {"tables": ["telco"], "repeats": 1},
    "full": {"tables": ["telco", "mlc", "tv", "bank"], "repeats": 5},
}
MINUTES = {"quick": 3, "full": 90}
PACKAGES = ("scikit-learn", "xgboost", "lightgbm", "catboost", "pandas", "numpy")
PICTURE = ()
BARS = ()  # What is promised of probabilities is tested in tests/models.

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
    """Ways to make contestants; True where text is wanted as categories."""
    text = X.select_dtypes(exclude="number").columns.tolist()
    return {
        "crmml, logistic": (LogisticChurnClassifier, False),
        "crmml, logistic, linear": (
            lambda: LogisticChurnClassifier(linear=True),
            False,
        ),
        "crmml, tree": (TreeChurnClassifier, False),
        "crmml, logit leaf": (LogitLeafChurnClassifier, False),
        "crmml, neural": (NeuralChurnClassifier, False),
        "crmml, boosted": (BoostedChurnClassifier, False),
        "crmml, boosted, early stopping, 2,000 trees": (
            lambda: BoostedChurnClassifier(early_stopping=True, n_estimators=2000),
            False,
        ),
        "scikit-learn LogisticRegression": (
            lambda: plain(LogisticRegression()),
            False,
        ),
        "scikit-learn DecisionTree, depth 5": (
            lambda: plain(DecisionTreeClassifier(max_depth=5, random_state=0)),
            False,
        ),
        "scikit-learn MLP": (lambda: plain(MLPClassifier(random_state=0)), False),
        "scikit-learn HistGradientBoosting": (
            lambda: HistGradientBoostingClassifier(random_state=0),
            True,
        ),
        "XGBoost": (lambda: XGBClassifier(enable_categorical=True, n_jobs=1), True),
        "LightGBM": (lambda: lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1), True),
        "CatBoost": (
            lambda: catboost.CatBoostClassifier(
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
    """Scores of every fold, and mean seconds to fit one."""
    scores, seconds = [], []
    for train, test in splits:
        wall, started = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            # The plain net and the plain regression do not converge, and say so.
            warnings.simplefilter("ignore")
            model.fit(X.iloc[train], y[train])
        fitted = time.process_time()
        wall = time.perf_counter() - wall
        churn = np.asarray(model.predict_proba(X.iloc[test]))[:, 1]
        seconds.append((wall, fitted - started, time.process_time() - fitted))
        scores.append(
            (
                roc_auc_score(y[test], churn),
                brier_score_loss(y[test], churn),
                log_loss(y[test], churn),
                churn.mean() - y[test].mean(),
            )
        )
    wall, cpu, to_predict = np.mean(seconds, axis=0)
    found = {
        name: f"{values.mean():.4f} ± {half_width(values):.4f}"
        for name, values in zip(SCORES, np.array(scores).T, strict=True)
    }
    return Measured(found | {"predict, CPU s": to_predict}, wall, cpu)


def half_width(values):
    """Half of the 95 % interval of the mean over repeated folds."""
    n = len(values)
    spread = values.std(ddof=1) * np.sqrt(1 / n + 1 / (N_FOLDS - 1))
    return student.ppf(0.975, n - 1) * spread


def compare(report, title, X, y, repeats):
    """Judge all contestants on one table."""
    folds = RepeatedStratifiedKFold(n_splits=N_FOLDS, n_repeats=repeats, random_state=0)
    splits = list(folds.split(X, y))
    tables = {False: X, True: as_categories(X)}
    ways = {
        name: lambda make=make, wanted=wanted: evaluate(
            make(), tables[wanted], y, splits
        )
        for name, (make, wanted) in make_contestants(X).items()
    }
    task = f"{title}, {X.shape[1]} features, {y.mean():.1%} left"
    report.race(task, ways, size=len(X), unit="customers", runs=1, find=dict)


def run(report, tables, repeats):
    for title, load in (TABLES[key] for key in tables):
        X, y = load()[:2]
        compare(
            report, title, X, (y == np.unique(y)[1]).to_numpy().astype(int), repeats
        )


if __name__ == "__main__":
    run_alone(__file__)
