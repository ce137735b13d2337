import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from pandas.testing import assert_frame_equal
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from crmml.evaluation import CutoffSplit, compare_classifiers, expected_profit_score
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models import LogisticChurnClassifier

MONEY = {"clv": 100, "accept_rate": 0.5, "incentive_cost": 10, "contact_cost": 1}


def make_data(seed, n=400):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = rng.random(n) < 1 / (1 + np.exp(1.5 - 2 * X[:, 0]))
    return X, y.astype(int)


@pytest.fixture
def models():
    return {
        "logistic": LogisticRegression(),
        "tree": DecisionTreeClassifier(max_depth=3, random_state=0),
    }


def test_means_are_those_of_cross_validate(models):
    X, y = make_data(0)
    clv = np.random.default_rng(1).gamma(2, 50, len(y))
    found = compare_classifiers(models, X, y, money=MONEY, random_state=3)
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=3)
    for name, model in models.items():
        expected = cross_validate(
            model,
            X,
            y,
            cv=folds,
            scoring={
                "auc": "roc_auc",
                "brier": "neg_brier_score",
                "log_loss": "neg_log_loss",
                "profit": make_scorer(
                    expected_profit_score, response_method="predict_proba", **MONEY
                ),
            },
        )
        row = found.set_index("model").loc[name]
        for measure, sign in {
            "auc": 1,
            "brier": -1,
            "log_loss": -1,
            "profit": 1,
        }.items():
            values = sign * expected[f"test_{measure}"]
            assert row[measure] == pytest.approx(values.mean())
    per_customer = compare_classifiers(models, X, y, money={**MONEY, "clv": clv})
    assert not np.allclose(per_customer["profit"], found["profit"])


def test_the_best_is_first_and_the_base_rate_stands_beside():
    X, y = make_data(0)
    table = compare_classifiers(
        [LogisticRegression(), DecisionTreeClassifier(random_state=0)], X, y
    )
    assert table["model"].tolist() == [
        "LogisticRegression",
        "DecisionTreeClassifier",
        "rule: base rate",
    ]
    assert table["verdict"].tolist() == ["best", "behind", "behind"]
    assert table.loc[0, ["gap", "gap_low", "gap_high"]].tolist() == [0, 0, 0]
    assert table["auc"].is_monotonic_decreasing
    assert table.loc[2, "auc"] == 0.5
    assert table.attrs["verdict"].startswith("LogisticRegression is best by auc: 0.")
    assert table.attrs["verdict"].endswith(
        "Behind: DecisionTreeClassifier, rule: base rate."
    )


def test_a_lower_brier_score_is_better_and_profit_may_decide():
    X, y = make_data(1)
    models = [LogisticRegression(), DecisionTreeClassifier(random_state=0)]
    by_brier = compare_classifiers(models, X, y, rank_by="brier")
    assert by_brier["brier"].is_monotonic_increasing
    assert (by_brier["gap"] >= 0).all()
    by_profit = compare_classifiers(models, X, y, money=MONEY, rank_by="profit")
    assert by_profit["profit"].is_monotonic_decreasing


def test_a_classifier_and_its_twin_are_not_told_apart():
    X, y = make_data(2)
    twins = {"first": LogisticRegression(), "second": LogisticRegression(C=0.99)}
    table = compare_classifiers(twins, X, y)
    assert table["verdict"].tolist() == ["best", "not told apart", "behind"]
    assert "Not told apart: " in table.attrs["verdict"]


def test_nothing_to_learn_is_told_from_chance_in_few_cases():
    wrong = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(120, 3)), rng.integers(0, 2, 120)
        table = compare_classifiers(LogisticRegression(), X, y, cv=5)
        wrong += (table["verdict"] == "behind").any()
    # One is expected at 5 percent; six have a probability of 0.2 percent.
    assert wrong <= 5


def test_words_polars_and_our_own_classifiers_are_taken(models):
    X, y = make_data(3)
    frame = pl.DataFrame(X, schema=["a", "b", "c", "d"]).with_columns(
        城市=pl.Series(["北京", "上海"] * 200)
    )
    words = np.where(y == 1, "流失", "留存")
    folds = StratifiedKFold(3)
    ours = {"ours": LogisticChurnClassifier()}
    found = compare_classifiers(ours, frame, words, pos_label="流失", cv=folds)
    expected = compare_classifiers(ours, frame.to_pandas(), y, cv=folds)
    assert_frame_equal(found, expected)


def test_snapshots_are_split_by_cutoff(models):
    X, y = make_data(4)
    cutoffs = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"])
    groups = np.repeat(cutoffs, 100)
    table = compare_classifiers(models, X, y, cv=CutoffSplit("28D"), groups=groups)
    assert table["auc_low"].notna().all()
    one = compare_classifiers(
        models, X, y, cv=CutoffSplit("28D", n_test=1), groups=groups
    )
    # One fold has no spread, so nothing is told apart.
    assert one["auc_low"].isna().all()
    assert (one["verdict"].iloc[1:] == "not told apart").all()


def test_the_result_does_not_depend_on_jobs(models):
    X, y = make_data(5)
    expected = compare_classifiers(models, X, y)
    with parallel_config("threading"):
        assert_frame_equal(compare_classifiers(models, X, y, n_jobs=2), expected)


def test_classifiers_and_data_are_left_alone(models):
    X, y = make_data(6)
    X.flags.writeable = y.flags.writeable = False
    compare_classifiers(models, X, y)
    assert not hasattr(models["logistic"], "coef_")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classifiers": []}, "classifiers must be one or more"),
        ({"classifiers": [LinearSVC()]}, "1 of 1 lack it"),
        ({"classifiers": [LogisticRegression()] * 2}, "several of one class"),
        ({"classifiers": {"rule: base rate": DummyClassifier()}}, "none of them named"),
        ({"rank_by": "accuracy"}, "rank_by must be one of"),
        ({"rank_by": "profit"}, "the last with money="),
        ({"money": {"clv": 1}}, "money must give clv"),
        ({"money": {**MONEY, "clv": [1, 2]}}, "one for each of 400 customers"),
        ({"y": np.arange(400)}, "two classes, got 400"),
        ({"y": [0, 1]}, "2 rows and X has 400"),
    ],
)
def test_bad_input_is_refused_by_name(changes, message):
    X, y = make_data(7)
    good = {"classifiers": LogisticRegression(), "X": X, "y": y}
    with pytest.raises(SchemaError, match=message):
        compare_classifiers(**{**good, **changes})


def test_too_few_of_one_outcome_are_said():
    X, y = make_data(8)
    with pytest.raises(NotEnoughHistoryError, match="y holds 0 who left and 400 who"):
        compare_classifiers(LogisticRegression(), X, y * 0)
    halves = [(np.arange(200), np.flatnonzero(y[200:] == 0) + 200)]
    with pytest.raises(NotEnoughHistoryError, match="in none of 1 folds"):
        compare_classifiers(LogisticRegression(), X, y, cv=halves)
    with pytest.raises(NotEnoughHistoryError, match="0 rows"):
        compare_classifiers(LogisticRegression(), X[:0], y[:0])


@pytest.mark.parametrize(
    ("cv", "n_left", "way_out"),
    [(None, 4, "give cv=4"), (3, 2, "give cv=2"), (None, 1, "more customers")],
)
def test_fewer_customers_of_an_outcome_than_folds_are_refused(cv, n_left, way_out):
    X, _ = make_data(8)
    y = np.arange(400) < n_left
    n_folds = cv or 5
    with pytest.raises(NotEnoughHistoryError, match=way_out) as caught:
        compare_classifiers(LogisticRegression(), X, y, cv=cv)
    assert f"y holds {n_left} who left and {400 - n_left} who" in str(caught.value)
    assert f"for {n_folds} folds at least {n_folds} of each" in str(caught.value)
    assert ("give cv=" in str(caught.value)) == (n_left > 1)


@pytest.mark.parametrize("cv", [1, 0, -3, True, False, 2.0, "x", b"xy", np.int64(1)])
def test_numbers_of_folds_without_meaning_are_refused(cv):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.tile([0, 1], 20)
    with pytest.raises(SchemaError, match="cv must be a whole number of folds"):
        compare_classifiers(LogisticRegression(), X, y, cv=cv)
