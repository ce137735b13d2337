"""Profit of decisions, and as what scikit-learn maximises."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV, cross_validate

from crmml.evaluation import (
    break_even_probability,
    compute_profit_curve,
    convert_cost_matrix,
    expected_max_profit_score,
    expected_profit_score,
    max_profit_score,
    profit_score,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError

MONEY = {"clv": 100, "accept_rate": 0.5, "incentive_cost": 10, "contact_cost": 1}


@pytest.fixture
def shop(rng):
    X = rng.normal(size=(400, 3))
    churn = rng.random(400) < 1 / (1 + np.exp(2 - 2 * X[:, 0]))
    return X, churn.astype(int), rng.gamma(2.0, 60.0, 400)


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_calling_above_break_even_is_what_expected_profit_does(rows):
    y, proba = (np.array(column) for column in zip(*rows, strict=True))
    threshold = break_even_probability(**MONEY)
    # Probabilities within rounding of the threshold may fall on either side.
    clear = abs(proba - threshold) > 1e-12
    y, proba = y[clear], proba[clear]
    if len(y):
        expected = profit_score(y, proba > threshold, **MONEY)
        assert expected_profit_score(y, proba, **MONEY) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_true_probabilities_earn_more_than_distorted_ones(seed):
    rng = np.random.default_rng(seed)
    proba = rng.beta(1, 3, 50_000)
    y = (rng.random(50_000) < proba).astype(int)
    honest = expected_profit_score(y, proba, **MONEY)
    assert honest > expected_profit_score(y, proba**2, **MONEY)
    assert honest > expected_profit_score(y, np.sqrt(proba), **MONEY)
    # And nearly as much as choosing the threshold afterwards; the standard error of
    # a mean of 50,000 profits between -11 and 44 is 0.1.
    assert honest == pytest.approx(max_profit_score(y, proba, **MONEY), abs=0.3)


def test_per_customer_values_change_who_is_called():
    money = {**MONEY, "clv": np.array([1000.0, 20.0])}
    # The likelier leaver is not worth it; the other one is, and leaves.
    assert expected_profit_score([1, 0], [0.3, 0.6], **money) == pytest.approx(494 / 2)


def test_a_cost_matrix_scores_as_its_costs_saved(rng):
    n = 500
    y, called = rng.integers(0, 2, n), rng.integers(0, 2, n)
    costs = {
        "tp_cost": rng.uniform(0, 50, n),
        "fp_cost": rng.uniform(20, 30, n),
        "fn_cost": rng.uniform(40, 500, n),
        "tn_cost": rng.uniform(0, 20, n),
    }

    def total(decision):
        names = np.array([["tn_cost", "fp_cost"], ["fn_cost", "tp_cost"]])[y, decision]
        return sum(costs[name][i] for i, name in enumerate(names))

    saved = (total(np.zeros(n, int)) - total(called)) / n
    found = profit_score(y, called, **convert_cost_matrix(**costs))
    assert found == pytest.approx(saved, rel=1e-12)


def test_a_cost_matrix_in_which_calling_a_stayer_pays_is_refused():
    with pytest.raises(SchemaError, match="fp_cost must be at least tn_cost: for 1 "):
        convert_cost_matrix(tp_cost=1, fp_cost=[1, 2], fn_cost=3, tn_cost=[1, 3])
    with pytest.raises(SchemaError, match="fn_cost must be one number or one for each"):
        convert_cost_matrix(tp_cost=[1, 2, 3], fp_cost=1, fn_cost=[3, 4], tn_cost=0)


def test_scorers_work_in_cross_validate(shop):
    X, y, _ = shop
    uncertain = {name: MONEY[name] for name in MONEY if name != "accept_rate"}
    proba = {"response_method": "predict_proba"}
    found = cross_validate(
        LogisticRegression(),
        X,
        y,
        cv=3,
        scoring={
            "decided": make_scorer(profit_score, **MONEY),
            "expected": make_scorer(expected_profit_score, **proba, **MONEY),
            "most": make_scorer(max_profit_score, **proba, **MONEY),
            "empc": make_scorer(expected_max_profit_score, **proba, **uncertain),
        },
    )
    # Half is far above the break-even of 0.2.
    assert (found["test_decided"] < found["test_expected"]).all()
    assert (found["test_expected"] <= found["test_most"] + 1e-12).all()
    assert (found["test_empc"] > 0).all()


def test_words_for_labels_work_in_a_scorer(shop):
    X, y, _ = shop
    words = np.where(y == 1, "流失", "留存")
    scorers = [
        make_scorer(
            max_profit_score, response_method="predict_proba", **MONEY, **options
        )
        for options in ({}, {"pos_label": "流失"})
    ]
    numbers = scorers[0](LogisticRegression().fit(X, y), X, y)
    assert scorers[1](LogisticRegression().fit(X, words), X, words) == pytest.approx(
        numbers
    )


def test_the_tuned_threshold_is_where_the_profit_curve_is_highest(shop):
    X, y, _ = shop
    model = LogisticRegression().fit(X, y)
    tuned = TunedThresholdClassifierCV(
        model, scoring=make_scorer(profit_score, **MONEY), cv="prefit", refit=False
    ).fit(X, y)
    curve = compute_profit_curve(y, model.predict_proba(X)[:, 1], **MONEY)
    # It tries 100 thresholds, the curve all of them.
    best = curve["profit"].max() / len(y)
    assert tuned.best_score_ <= best
    assert tuned.best_score_ == pytest.approx(best, rel=0.05)
    assert tuned.best_score_ > profit_score(y, model.predict(X), **MONEY)


def test_values_of_customers_are_routed_to_the_scorer(shop):
    X, y, clv = shop
    fixed = {name: MONEY[name] for name in MONEY if name != "clv"}
    scorer = make_scorer(profit_score, **fixed)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = scorer.set_score_request(clv=True)
        found = cross_validate(
            LogisticRegression(),
            X,
            y,
            scoring=scorer,
            params={"clv": clv},
            cv=3,
            return_indices=True,
            return_estimator=True,
        )
        tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring=scorer, cv=3)
        tuned.fit(X, y, clv=clv)
    for model, test, score in zip(
        found["estimator"], found["indices"]["test"], found["test_score"], strict=True
    ):
        called = model.predict(X[test])
        assert score == profit_score(y[test], called, clv=clv[test], **fixed)
    called = tuned.predict(X)
    assert profit_score(y, called, clv=clv, **fixed) > profit_score(
        y, tuned.estimator_.predict(X), clv=clv, **fixed
    )


@pytest.mark.parametrize(
    ("y", "called", "error", "message"),
    [
        ([0, 1, 2], [0, 1, 1], SchemaError, "y_true must have two classes, got 3"),
        ([0, 1, 1], [0, 1, 2], SchemaError, "y_pred must have two classes, got 3"),
        ([0, 1], [0.4, 0.6], SchemaError, "y_pred must hold 0 and 1"),
        ([0, 1], [0, np.nan], SchemaError, "y_pred has 1 missing values"),
        ([0, 1], [0], SchemaError, "2 rows and y_pred has 1"),
        ([], [], NotEnoughHistoryError, "0 rows"),
    ],
)
def test_bad_decisions_are_refused_by_name(y, called, error, message):
    with pytest.raises(error, match=message):
        profit_score(y, called, **MONEY)


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        ([0.1, 1.2], "y_proba must be probabilities.*1 of 2"),
        ([-0.1, 0.2], "y_proba must be probabilities"),
        ([np.nan, 0.2], "y_proba has 1 missing values"),
    ],
)
def test_what_is_no_probability_is_refused(proba, message):
    with pytest.raises(SchemaError, match=message):
        expected_profit_score([0, 1], proba, **MONEY)
    with pytest.raises(SchemaError, match="accept_rate must be in"):
        expected_profit_score([0, 1], [0.1, 0.2], **{**MONEY, "accept_rate": -0.1})
