"""Contributions: exact for every estimator, and what the shap package says."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import logit
from sklearn.tree import DecisionTreeClassifier

from crmml.models import BoostedChurnClassifier, TreeChurnClassifier

# shap's own sums are in single precision in places.
_SHAP = 1e-4


@pytest.fixture(scope="module")
def shap():
    with warnings.catch_warnings():
        # It warns about its own use of matplotlib.
        warnings.simplefilter("ignore")
        return pytest.importorskip("shap")


@pytest.fixture(scope="module")
def numbers():
    """600 customers of four numbers, some missing, with an interaction."""
    rng = np.random.default_rng(21)
    X = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    risk = X["a"] * X["b"] + X["c"]
    X = X.mask(rng.random(X.shape) < 0.05)
    return X, (rng.random(600) < 1 / (1 + np.exp(-2 * risk))).astype(int)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_base_and_contributions_are_the_decision(model, customers, frame, weighted):
    X, y = customers
    weights = np.random.default_rng(1).integers(0, 4, len(y)) if weighted else None
    # Categories that were never seen, and columns that are missing altogether.
    odd = X.assign(plan="unseen", 城市=None, n_orders=np.nan)
    new = pd.concat([X, odd.astype({"城市": object})], ignore_index=True)
    new["城市"] = new["城市"].astype("str").where(new["城市"].notna(), None)
    model.fit(frame(X), y, sample_weight=weights)
    table = model.contributions(frame(new))
    decision = model.decision_function(frame(new))
    assert list(table.columns) == [*X.columns, "base"]
    # Sums of a few numbers of order one; XGBoost answers in single precision.
    np.testing.assert_allclose(table.sum(axis=1), decision, atol=1e-6)
    assert (table["base"] == table["base"][0]).all()


def test_boosting_agrees_with_shap(shap, numbers):
    X, y = numbers
    model = BoostedChurnClassifier(n_estimators=30).fit(X, y)
    explained = shap.TreeExplainer(model.booster_)
    values = explained.shap_values(X.to_numpy(dtype=np.float32))
    table = model.contributions(X)
    np.testing.assert_allclose(table.drop(columns="base"), values, atol=_SHAP)
    base = float(np.ravel(explained.expected_value)[0])
    assert table["base"].iloc[0] == pytest.approx(base, abs=_SHAP)


def test_the_tree_agrees_with_shap_on_the_log_odds_of_its_leaves(shap, numbers):
    X, y = numbers
    X = X.fillna(0.0).astype(np.float32)
    model = TreeChurnClassifier(max_depth=4).fit(X, y)
    tree = model._grown.classifier.tree_
    # shap explains what a tree returns, and ours returns smoothed log-odds.
    described = {
        "children_left": tree.children_left,
        "children_right": tree.children_right,
        "children_default": tree.children_left,
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": logit(model._smoothed)[:, None],
        "node_sample_weight": tree.weighted_n_node_samples,
    }
    explained = shap.TreeExplainer({"trees": [described]})
    values = explained.shap_values(X.to_numpy(dtype=np.float64))
    table = model.contributions(X).drop(columns="base").to_numpy()
    np.testing.assert_allclose(table, np.reshape(values, table.shape), atol=_SHAP)


def test_a_plain_tree_is_what_shap_was_compared_with(numbers):
    """The comparison above would be void if our tree were not scikit-learn's."""
    X, y = numbers
    X = X.fillna(0.0).astype(np.float32)
    model = TreeChurnClassifier(max_depth=4, shrinkage=0, min_leaf_size=30).fit(X, y)
    plain = DecisionTreeClassifier(max_depth=4, min_samples_leaf=30, random_state=0)
    proba = plain.fit(X, y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], proba.clip(8e-4, 1 - 8e-4))


def test_contributions_do_not_depend_on_who_else_is_explained(model, customers):
    X, y = customers
    fitted = model.fit(X, y)
    together = fitted.contributions(X.head(40))
    for row in range(0, 40, 13):
        alone = fitted.contributions(X.iloc[[row]])
        # The net multiplies matrices, whose sums depend on their height.
        np.testing.assert_allclose(
            alone.to_numpy()[0], together.to_numpy()[row], rtol=0, atol=1e-12
        )
