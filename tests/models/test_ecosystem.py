"""The classifiers inside scikit-learn's own machinery, and joblib's."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

SWITCH = {
    "BoostedChurnClassifier": {"max_depth": [1, 3]},
    "LogisticChurnClassifier": {"linear": [True, False]},
    "LogitLeafChurnClassifier": {"max_depth": [1, 2]},
    "NeuralChurnClassifier": {"alpha": [1.0, 100.0]},
    "TreeChurnClassifier": {"max_depth": [1, 4]},
}


def test_a_pipeline_with_frames_in_between(model, customers):
    X, y = customers
    steps = ColumnTransformer(
        [("scaled", StandardScaler(), ["n_orders"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    whole = Pipeline([("columns", steps), ("model", model)]).fit(X, y)
    assert whole[-1].feature_names_in_.tolist()[0] == "n_orders"
    assert whole.score(X, y) > 0.5


def test_grid_search_in_threads_and_processes_agrees(model, customers):
    X, y = customers
    grid = SWITCH[type(model).__name__]
    found = [
        GridSearchCV(model, grid, cv=2, scoring="neg_log_loss", n_jobs=n_jobs)
        .fit(X, y)
        .cv_results_["mean_test_score"]
        for n_jobs in (None, 2)
    ]
    np.testing.assert_array_equal(*found)
    assert np.isfinite(found[0]).all()


def test_weights_are_routed_where_they_are_asked_for(model, customers):
    X, y = customers
    weights = np.where(np.arange(len(y)) % 2, 3.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = get_scorer("neg_brier_score").set_score_request(sample_weight=True)
        model.set_fit_request(sample_weight=True)
        routed = cross_validate(
            model, X, y, cv=2, scoring=scorer, params={"sample_weight": weights}
        )
        plain = cross_validate(model, X, y, cv=2, scoring="neg_brier_score", params={})
    assert not np.allclose(routed["test_score"], plain["test_score"])


def test_weights_reach_the_model_through_a_pipeline(model, customers):
    X, y = customers
    weights = np.where(y == 1, 5.0, 1.0)
    same = FunctionTransformer()
    whole = Pipeline([("same", same), ("model", model)])
    whole.fit(X, y, model__sample_weight=weights)
    heavy = whole.predict_proba(X)[:, 1].mean()
    expected = np.average(y, weights=weights)
    # The mean over plain customers lies between their share and the weighted one.
    assert y.mean() + 0.1 < heavy < expected + 0.1


def test_probabilities_out_of_fold_calibration_and_thresholds(model, customers):
    X, y = customers
    proba = cross_val_predict(model, X, y, cv=3, method="predict_proba")
    assert proba.shape == (len(y), 2)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X, y)
    assert np.isfinite(calibrated.predict_proba(X)).all()
    tuned = TunedThresholdClassifierCV(model, scoring="f1", cv=2).fit(X, y)
    assert set(tuned.predict(X)) <= {0, 1}


def test_joblib_brings_a_model_back(model, customers, tmp_path):
    X, y = customers
    joblib.dump(model.fit(X, y), tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    pd.testing.assert_frame_equal(again.explain(X), model.explain(X))


def test_columns_may_be_reordered_and_more_of_them(model, customers):
    X, y = customers
    expected = model.fit(X, y).predict_proba(X)
    other = X[X.columns[::-1]].assign(extra=[["a", "list"]] * len(X))
    np.testing.assert_array_equal(model.predict_proba(other), expected)
    table = pl.from_pandas(X).select(reversed(X.columns))
    np.testing.assert_array_equal(model.predict_proba(table), expected)


def test_other_types_of_the_same_values_score_the_same(model, customers):
    X, y = customers
    expected = model.fit(X, y).predict_proba(X)
    other = X.astype(
        {
            "n_orders": "Int16",
            "plan": "category",
            "newsletter": "boolean",
            "城市": "string",
        }
    )
    np.testing.assert_array_equal(model.predict_proba(other), expected)
    as_float = X.astype({"n_orders": float, "newsletter": int})
    np.testing.assert_array_equal(model.predict_proba(as_float), expected)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_rare_leavers_do_not_wreck_probabilities(model, share):
    rng = np.random.default_rng(4)
    n = 4000
    X = pd.DataFrame({"x": rng.normal(size=n), "plan": rng.choice(["a", "b"], n)})
    log_odds = X["x"] + (X["plan"] == "a")
    offset = np.quantile(log_odds + rng.logistic(size=n), 1 - share)
    y = log_odds + rng.logistic(size=n) > offset
    churn = model.set_params(
        **({"n_steps": 400} if "n_steps" in model.get_params() else {})
    ).fit(X[:3000], y[:3000])
    churn = churn.predict_proba(X[3000:])[:, 1]
    # Three standard errors of a share among a thousand customers.
    tolerance = 3 * np.sqrt(share * (1 - share) / 1000) + 0.005
    assert churn.mean() == pytest.approx(y[3000:].mean(), abs=tolerance)


def test_an_empty_polars_batch_has_the_right_columns(model, customers):
    X, y = customers
    none = pl.from_pandas(X).head(0)
    model.fit(X, y)
    assert model.explain(none).columns.tolist() == model.explain(X).columns.tolist()
    assert model.count_unknown(none)["n_other"].tolist() == [0] * X.shape[1]
    assert model.decision_function(none).shape == (0,)
