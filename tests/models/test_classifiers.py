"""What holds for every churn classifier."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from crmml.exceptions import SchemaError


def test_no_class_is_favoured_by_the_fit(model, customers):
    X, y = customers
    churn = model.fit(X, y).predict_proba(X)[:, 1]
    # Nets and smoothed leaves keep the share of leavers only about.
    assert churn.mean() == pytest.approx(y.mean(), abs=0.02)
    assert roc_auc_score(y, churn) > 0.6


def test_probabilities_are_finite_and_add_up_to_one(model, customers):
    X, y = customers
    proba = model.fit(X, y).predict_proba(X)
    assert ((proba > 0) & (proba < 1)).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-15)
    assert (model.predict(X) == (proba[:, 1] > 0.5)).all()


def test_an_empty_batch_gives_empty_results(model, customers):
    X, y = customers
    none = X.iloc[:0]
    model.fit(X, y)
    assert model.predict_proba(none).shape == (0, 2)
    assert model.predict(none).dtype == model.predict(X).dtype
    assert model.contributions(none).columns.tolist() == [*X.columns, "base"]
    full, empty = model.explain(X), model.explain(none)
    assert empty.columns.tolist() == full.columns.tolist()
    assert empty.dtypes.tolist() == full.dtypes.tolist()
    assert model.predict_proba(pl.from_pandas(none)).shape == (0, 2)


def test_an_empty_array_gives_empty_results(model):
    X = np.random.default_rng(0).normal(size=(50, 3))
    model.fit(X, X[:, 0] > 0)
    assert model.predict_proba(X[:0]).shape == (0, 2)


def test_a_score_does_not_depend_on_the_rest_of_the_batch(model, customers):
    X, y = customers
    whole = model.fit(X, y).predict_proba(X)
    alone = [model.predict_proba(X.iloc[[i]])[0] for i in range(10)]
    np.testing.assert_array_equal(np.array(alone), whole[:10])
    chunks = [model.predict_proba(X.iloc[i : i + 7]) for i in range(0, len(X), 7)]
    np.testing.assert_array_equal(np.vstack(chunks), whole)
    # An outlier among the customers changes nobody else's score.
    far = X.assign(n_orders=X["n_orders"].where(np.arange(len(X)) > 0, 10**12))
    np.testing.assert_array_equal(model.predict_proba(far)[1:], whole[1:])


def test_the_order_of_rows_is_no_data_in_scoring(model, customers):
    X, y = customers
    whole = model.fit(X, y).predict_proba(X)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(model.predict_proba(X.iloc[order]), whole[order])


def test_every_unseen_category_scores_the_same(model, customers):
    X, y = customers
    model.fit(X, y)
    scores = [
        model.predict_proba(X.assign(plan=plan, 城市="深圳"))[:, 1]
        for plan in ("new", "Basic", " basic", "")
    ]
    assert np.isfinite(scores[0]).all()
    for other in scores[1:]:
        np.testing.assert_array_equal(other, scores[0])


def test_missing_values_never_seen_in_training_are_scored(model, customers):
    X, y = customers
    whole = X.dropna()
    model.fit(whole, y[whole.index])
    gaps = X.astype({"n_orders": "Int64", "newsletter": "boolean"})
    gaps.loc[gaps.index[:5], :] = None
    assert np.isfinite(model.predict_proba(gaps)).all()


def test_missing_values_are_information(model):
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    missing = rng.random(600) < 0.3
    y = rng.random(600) < np.where(missing, 0.9, 0.1)
    X = pd.DataFrame({"income": np.where(missing, np.nan, x)})
    model.fit(X, y)
    churn = model.predict_proba(X)[:, 1]
    assert churn[missing].mean() > churn[~missing].mean() + 0.3
    first = model.explain(X[missing].iloc[:1], n_reasons=1).iloc[0]
    assert first["reason"] == "income: not known, raises the risk"
    assert first["value"] is None


def test_text_where_numbers_were_learned_is_refused(model, customers):
    X, y = customers
    model.fit(X, y)
    with pytest.raises(
        SchemaError, match=r"'n_orders' \(learned as number, now text\)"
    ):
        model.predict_proba(X.assign(n_orders=X["n_orders"].astype(str)))


def test_columns_of_no_use_do_no_harm(model, customers):
    X, y = customers
    X = X.assign(
        constant=1.0, tiny=1e-300, empty=np.nan, none=None, huge=1e300, word="x"
    )
    model.fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    table = model.contributions(X)
    useless = ["constant", "tiny", "empty", "none", "huge", "word"]
    assert (table[useless].abs() < 1e-9).all(axis=None)
    # A column that was empty in training may hold anything later.
    filled = X.assign(empty="a", none=3)
    assert np.isfinite(model.predict_proba(filled)).all()
    assert not model.explain(filled)["feature"].isin(["empty", "none"]).any()


def test_only_columns_of_no_use_give_everybody_the_same(model):
    X = pd.DataFrame({"empty": [None] * 60, "constant": 1})
    y = np.arange(60) % 3 == 0
    churn = model.fit(X, y).predict_proba(X)[:, 1]
    assert np.ptp(churn) == 0.0
    # A net trained for a few steps is still on its way.
    assert churn[0] == pytest.approx(1 / 3, abs=0.1)
    assert model.explain(X, n_reasons=1)["contribution"].abs().max() < 1e-9


def test_a_seed_gives_the_same_model_again(model, customers):
    X, y = customers
    model.set_params(
        **({"random_state": 3} if "random_state" in model.get_params() else {})
    )
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(
        again.predict_proba(X), model.fit(X, y).predict_proba(X)
    )


def test_fit_leaves_numpys_generator_and_the_warning_filters_alone(model, customers):
    X, y = customers
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    filters = list(warnings.filters)
    model.fit(X, y).predict_proba(X)
    after = np.random.get_state(legacy=False)["state"]["key"]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)
    assert warnings.filters == filters


def test_scoring_does_not_change_the_model(model, customers):
    X, y = customers
    before = pickle.dumps(model.fit(X, y))
    model.predict_proba(X)
    model.contributions(X)
    model.explain(X)
    assert pickle.dumps(model) == before


def test_input_is_not_modified_and_may_be_read_only(model, customers):
    X, y = customers
    before = X.copy(deep=True)
    labels = y.copy()
    labels.setflags(write=False)
    model.fit(X, labels).explain(X)
    pd.testing.assert_frame_equal(X, before)
    array = np.random.default_rng(0).normal(size=(60, 3))
    array.setflags(write=False)
    model.fit(array, np.arange(60) % 2).predict(array)


def test_many_threads_may_use_one_model(model, customers):
    X, y = customers
    model.fit(X, y)
    expected = model.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: model.predict_proba(X), range(24)))
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_polars_gives_what_pandas_gives(model, customers):
    X, y = customers
    table = pl.from_pandas(X)
    expected = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(table), expected)
    np.testing.assert_array_equal(model.fit(table, y).predict_proba(X), expected)
    pd.testing.assert_frame_equal(model.explain(table), model.explain(X))


def test_nothing_works_before_fit(model, customers):
    X, _ = customers
    calls = (model.predict_proba, model.contributions, model.explain)
    for call in (*calls, model.count_unknown):
        with pytest.raises(NotFittedError):
            call(X)


def test_weights_of_zero_leave_customers_out(model, customers):
    X, y = customers
    kept = np.arange(len(y)) % 3 > 0
    with_all = clone(model).fit(X, y, sample_weight=kept * 1.0).predict_proba(X)
    # The same customers in the same order are drawn and batched alike.
    np.testing.assert_array_equal(
        model.fit(X[kept], y[kept]).predict_proba(X), with_all
    )


@pytest.mark.parametrize("name", ["LogisticChurnClassifier", "TreeChurnClassifier"])
def test_a_weight_counts_like_repeated_rows(new_model, customers, name):
    X, y = customers
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weights)
    once = new_model(name).fit(X, y, sample_weight=weights)
    repeated = new_model(name).fit(X.iloc[rows], y[rows])
    # The logistic's solver stops at a gradient of 1e-8.
    np.testing.assert_allclose(
        once.predict_proba(X), repeated.predict_proba(X), atol=1e-7
    )


def test_contributions_and_base_add_up_to_the_log_odds(model, customers):
    X, y = customers
    table = model.fit(X, y).contributions(X)
    assert table.columns.tolist() == [*X.columns, "base"]
    assert np.ptp(table["base"]) == 0.0
    total = table.sum(axis=1)
    # Boosting works in single precision.
    tolerance = 1e-6 if type(model).__name__ == "BoostedChurnClassifier" else 1e-9
    churn = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(total, logit(churn), atol=tolerance)
    np.testing.assert_allclose(total, model.decision_function(X), atol=tolerance)


def test_a_feature_called_base_is_refused_by_contributions_only(model):
    X = pd.DataFrame({"base": np.arange(60.0)})
    model.fit(X, np.arange(60) > 30)
    assert len(model.explain(X)) == 180
    with pytest.raises(SchemaError, match="Rename the feature"):
        model.contributions(X)


def test_unknown_values_are_counted_by_feature(model, customers):
    X, y = customers
    model.fit(X, y)
    new = X.iloc[:50].reset_index(drop=True)
    new.loc[:2, "plan"] = ["new", "Basic", None]
    new.loc[3:9, "n_orders"] = np.nan
    new["城市"] = "深圳"
    before = X.iloc[:50]
    for frame in (new, pl.from_pandas(new)):
        table = model.count_unknown(frame).set_index("feature")
        assert table.index.tolist() == X.columns.tolist()
        assert table["n_other"]["plan"] == 2
        assert table["n_other"].drop(["plan", "城市"]).sum() == 0
        assert table["n_other"]["城市"] == 50
        assert table["n_missing"]["n_orders"] == 7
        expected = before["plan"].iloc[3:].isna().sum() + 1
        assert table["n_missing"]["plan"] == expected
    shares = table["training_share_missing"]
    assert shares["plan"] == pytest.approx(X["plan"].isna().mean())
    assert shares["n_orders"] == 0.0
    assert table["training_share_other"].tolist() == [0.0] * 6


def test_rare_categories_count_as_other_in_training_too(model):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"city": ["big"] * 990 + [f"village {k}" for k in range(10)]})
    weights = np.where(X["city"] == "big", 1.0, 2.0)
    model.fit(X, rng.random(1000) < 0.5, sample_weight=weights)
    table = model.count_unknown(X.iloc[:0])
    assert table["n_other"].tolist() == [0]
    # Each village stands for two customers, which is fewer than the ten wanted.
    assert table["training_share_other"][0] == pytest.approx(20 / 1010)
