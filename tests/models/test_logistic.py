import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from crmml.models import LogisticChurnClassifier


def test_straight_lines_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)) * [1.0, 100.0, 0.01] + [0.0, 50.0, 3.0]
    y = rng.random(500) < 1 / (1 + np.exp(-X @ [0.5, 0.01, -30.0] - 90.0))
    spread = X.std(axis=0)
    peer = LogisticRegression(C=1.0, tol=1e-8, solver="newton-cholesky")
    peer.fit((X - X.mean(axis=0)) / spread, y)
    model = LogisticChurnClassifier(linear=True).fit(X, y)
    # Both solvers stop at a gradient of 1e-8.
    np.testing.assert_allclose(model.coef_, peer.coef_[0] / spread, rtol=1e-6)
    assert model.intercept_ == pytest.approx(peer.intercept_[0], abs=1e-6)
    assert model.term_names_ == ["x0", "x1", "x2"]


def test_contributions_of_straight_lines_are_slope_times_distance_from_the_mean():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    model = LogisticChurnClassifier(linear=True).fit(X, X["a"] > rng.normal(size=200))
    expected = model.coef_ * (X - X.mean())
    table = model.contributions(X)
    np.testing.assert_allclose(table[["a", "b"]], expected, atol=1e-12)
    np.testing.assert_allclose(table["base"], model.intercept_)


def test_every_effect_averages_zero_over_the_training_customers(customers):
    X, y = customers
    for linear in (False, True):
        table = LogisticChurnClassifier(linear=linear).fit(X, y).contributions(X)
        # Sums of 300 values of order one.
        np.testing.assert_allclose(table.drop(columns="base").mean(), 0.0, atol=1e-12)


def test_a_curve_is_recovered():
    rng = np.random.default_rng(2)
    age = rng.uniform(20, 80, 20_000)
    truth = 1.5 * np.cos((age - 20) / 60 * 2 * np.pi)
    y = rng.random(20_000) < 1 / (1 + np.exp(-truth))
    model = LogisticChurnClassifier().fit(pd.DataFrame({"age": age}), y)
    grid = np.linspace(22, 78, 29)
    found = model.decision_function(pd.DataFrame({"age": grid}))
    expected = 1.5 * np.cos((grid - 20) / 60 * 2 * np.pi)
    # The sampling error of log-odds in a ninth of 20,000 customers is about 0.05.
    np.testing.assert_allclose(found, expected, atol=0.2)


def test_a_curve_is_unchanged_by_a_monotone_change_of_units(customers):
    X, y = customers
    X = X[["n_orders", "plan"]]
    churn = LogisticChurnClassifier().fit(X, y).predict_proba(X)
    other = X.assign(n_orders=np.exp(X["n_orders"]) * 100.0)
    again = LogisticChurnClassifier().fit(other, y).predict_proba(other)
    # Ranks are the same; values lie on landmarks, so nothing is interpolated.
    np.testing.assert_allclose(again, churn, atol=1e-9)


def test_a_strong_penalty_leaves_the_share_of_leavers(customers):
    X, y = customers
    churn = LogisticChurnClassifier(C=1e-9).fit(X, y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(churn, y.mean(), atol=1e-4)


def test_terms_and_coefficients_belong_together(customers):
    X, y = customers
    for linear in (False, True):
        model = LogisticChurnClassifier(linear=linear).fit(X, y)
        assert model.coef_.shape == (len(model.term_names_),)
        assert "plan=(missing)" in model.term_names_
        assert "days_since_last_purchase missing" in model.term_names_


def test_many_categories_are_solved_too():
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.integers(0, 90, (3000, 6))).astype(str).add_prefix("c")
    y = rng.random(3000) < np.where(X["c0"].astype(int) < 30, 0.8, 0.2)
    model = LogisticChurnClassifier().fit(X, y)
    assert len(model.term_names_) > 400
    assert model.score(X, y) > 0.75
