import numpy as np
import pytest
import xgboost as xgb

from crmml.models import BoostedChurnClassifier


def test_the_number_of_threads_changes_nothing(customers):
    X, y = customers
    one = BoostedChurnClassifier(n_estimators=60, n_jobs=1).fit(X, y)
    for n_jobs in (2, 3, -1):
        more = BoostedChurnClassifier(n_estimators=60, n_jobs=n_jobs).fit(X, y)
        np.testing.assert_array_equal(more.predict_proba(X), one.predict_proba(X))
        np.testing.assert_array_equal(more.contributions(X), one.contributions(X))


def test_seeds_differ(customers):
    X, y = customers
    first, second = (
        BoostedChurnClassifier(n_estimators=20, random_state=seed).fit(X, y)
        for seed in (0, 1)
    )
    assert (first.predict_proba(X) != second.predict_proba(X)).any()


def test_the_model_is_plain_xgboost_on_flat_columns(customers):
    X, y = customers
    X = X[["n_orders", "newsletter"]]
    model = BoostedChurnClassifier(n_estimators=30, subsample=1, colsample_bynode=1)
    model.fit(X, y)
    peer = xgb.XGBClassifier(
        n_estimators=30,
        learning_rate=0.05,
        max_depth=3,
        min_child_weight=5,
        base_score=y.mean(),
    ).fit(X.astype(float), y)
    np.testing.assert_allclose(
        model.predict_proba(X), peer.predict_proba(X.astype(float)), atol=1e-6
    )


def test_contributions_are_xgboosts_own_added_up_by_feature(customers):
    X, y = customers
    model = BoostedChurnClassifier(n_estimators=50).fit(X, y)
    encoded = model._encoder.encode(model._read(X))
    design = model._design
    own = model.booster_.predict(
        xgb.DMatrix(design.matrix(encoded)), pred_contribs=True
    )
    table = model.contributions(X)
    for j, name in enumerate(X.columns):
        expected = own[:, :-1][:, design.features == j].sum(axis=1)
        # Single precision of fifty trees.
        np.testing.assert_allclose(table[name], expected, atol=1e-5)
    assert table["base"].iloc[0] == pytest.approx(own[0, -1])


def test_depth_one_adds_up_effects_of_single_features(customers):
    X, y = customers
    model = BoostedChurnClassifier(n_estimators=40, max_depth=1).fit(X, y)
    rows = [0, 1, 2, 3]
    table = model.contributions(X.iloc[rows])
    other = X.iloc[rows].assign(plan="basic", n_orders=3)
    moved = model.contributions(other)
    same = ["days_since_last_purchase", "newsletter", "tenure", "城市"]
    np.testing.assert_allclose(table[same], moved[same], atol=1e-5)
