import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from crmml.models import LogisticChurnClassifier, LogitLeafChurnClassifier


@pytest.fixture
def two_worlds():
    """Complaints drive customers of one plan away and keep those of the other."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "plan": rng.choice(["basic", "pro"], 4000, p=[0.7, 0.3]),
            "n_complaints": rng.poisson(2, 4000).astype(float),
            "age": rng.normal(40, 10, 4000),
        }
    )
    slope = np.where(X["plan"] == "basic", 0.8, -0.8)
    log_odds = slope * (X["n_complaints"] - 2) + np.where(X["plan"] == "pro", -2.0, 0.0)
    return X, rng.random(4000) < 1 / (1 + np.exp(-log_odds))


def test_every_group_has_the_slopes_of_its_own_world(two_worlds):
    X, y = two_worlds
    model = LogitLeafChurnClassifier(max_depth=1, linear=True, pooling=0.1).fit(X, y)
    at = model.term_names_.index("n_complaints")
    # The standard error of a slope in a thousand customers is about 0.1.
    assert model.coef_[:, at] == pytest.approx([0.8, -0.8], abs=0.25)
    assert model.to_text().splitlines()[0].startswith("plan is basic: ")
    plain = LogisticChurnClassifier().fit(X, y)
    pro = (X["plan"] == "pro").to_numpy()
    auc = [roc_auc_score(y[pro], m.decision_function(X[pro])) for m in (model, plain)]
    assert auc[0] > 0.65 > 0.5 > auc[1]


def test_a_leaf_is_penalised_logistic_regression_towards_the_model_of_all(two_worlds):
    X, y = two_worlds
    X = X[["n_complaints", "age"]]
    model = LogitLeafChurnClassifier(max_depth=1, linear=True, pooling=3.0).fit(X, y)
    overall = LogisticChurnClassifier(linear=True).fit(X, y)
    z = (X - X.mean()) / X.std(ddof=0)
    leaves = model._grown.leaves(model._encoder.encode(model._read(X)))
    for leaf, fitted in model._logits.items():
        rows = leaves == leaf
        start = overall.coef_ * X.std(ddof=0).to_numpy()
        found = fitted.coef * X.std(ddof=0).to_numpy()
        intercept = model.decision_function(X[rows]) - z[rows] @ found
        assert np.ptp(intercept) < 1e-9
        churn = model.predict_proba(X[rows])[:, 1]
        gradient = z[rows].T @ (churn - y[rows]) + 3.0 * (found - start)
        # The solver stops at a gradient of about 1e-8 in scaled directions.
        assert np.abs(gradient).max() < 1e-3
        shift = intercept.mean() - overall.intercept_
        assert (churn - y[rows]).sum() + 3.0 * shift == pytest.approx(0.0, abs=1e-3)


def test_large_pooling_gives_every_group_the_model_of_all(two_worlds):
    X, y = two_worlds
    model = LogitLeafChurnClassifier(pooling=1e9).fit(X, y)
    expected = LogisticChurnClassifier().fit(X, y).decision_function(X)
    assert model.n_leaves_ > 2
    np.testing.assert_allclose(model.decision_function(X), expected, atol=1e-4)


def test_small_pooling_fits_the_group_alone(two_worlds):
    X, y = two_worlds
    model = LogitLeafChurnClassifier(max_depth=1, linear=True, pooling=1e-4).fit(X, y)
    rows = (X["plan"] == "basic").to_numpy()
    numbers = X[["n_complaints", "age"]]
    peer = LogisticRegression(C=1e4, tol=1e-8, solver="newton-cholesky")
    z = ((numbers - numbers.mean()) / numbers.std(ddof=0)).to_numpy()
    peer.fit(z[rows], y[rows])
    expected = peer.predict_proba(z[rows])[:, 1]
    # Penalties of 1e-4 beside the loss of some 2,800 customers.
    np.testing.assert_allclose(model.predict_proba(X[rows])[:, 1], expected, atol=1e-4)


def test_effects_average_zero_in_the_group_and_the_base_is_the_mean_of_groups(
    two_worlds,
):
    X, y = two_worlds
    model = LogitLeafChurnClassifier(max_depth=2).fit(X, y)
    leaves = model._grown.leaves(model._encoder.encode(model._read(X)))
    order = np.unique(leaves)
    sizes = np.array([(leaves == leaf).sum() for leaf in order])
    assert len(model.intercept_) == model.n_leaves_ == len(order)
    table = model.contributions(X)
    # Leaves in shares of training customers, in double precision.
    assert table["base"][0] == pytest.approx(sizes @ model.intercept_ / len(X))
    for leaf, intercept in zip(order, model.intercept_, strict=True):
        mean = model.decision_function(X[leaves == leaf]).mean()
        assert mean == pytest.approx(intercept, abs=1e-9)


def test_a_group_of_one_class_stays_finite():
    X = pd.DataFrame({"plan": ["a"] * 300 + ["b"] * 300, "x": np.arange(600.0)})
    y = (X["plan"] == "b") & (X["x"] % 3 > 0)
    model = LogitLeafChurnClassifier(max_depth=1).fit(X, y)
    churn = model.predict_proba(X)[:, 1]
    assert 0.0 < churn[:300].min() < churn[:300].max() < 0.05
    assert np.isfinite(logit(churn)).all()


def test_a_feature_of_known_sign_makes_no_groups(two_worlds):
    X, y = two_worlds
    free = LogitLeafChurnClassifier().fit(X, y)
    assert "n_complaints" in free.to_text()
    bound = LogitLeafChurnClassifier(monotonic={"n_complaints": 1}).fit(X, y)
    assert "n_complaints" not in bound.to_text()
