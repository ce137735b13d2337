import numpy as np
import pandas as pd
import pytest

from crmml._utils._progress import ProgressBar
from crmml.models import NeuralChurnClassifier
from crmml.models._design import sum_by_feature
from crmml.models._net_training import NetTrainer


@pytest.fixture
def fitted(customers):
    return NeuralChurnClassifier(n_nets=2, n_steps=100).fit(*customers)


def test_contributions_are_gradients_averaged_along_the_straight_line(
    fitted, customers
):
    X, _ = customers
    encoded = fitted._encoder.encode(fitted._read(X.iloc[:5]))
    z = fitted._inputs.matrix(encoded)
    expected = np.zeros_like(z)
    steps = (np.arange(20_000) + 0.5) / 20_000
    for i, row in enumerate(z):
        active = (np.outer(steps, row @ fitted._inner) + fitted._shift > 0).mean(axis=0)
        expected[i] = row * (fitted._inner @ (active * fitted._outer))
    table = fitted.contributions(X.iloc[:5]).drop(columns="base")
    # The midpoint rule misses each kink by at most half a step.
    np.testing.assert_allclose(
        table, sum_by_feature(expected, fitted._inputs.features, 6), atol=1e-3
    )


def test_one_wide_net_gives_the_mean_of_its_nets():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    y = X["a"] * X["b"] > 0
    nets = []
    model = NeuralChurnClassifier(n_nets=3, n_steps=60)
    merge = model._merge
    model._merge = lambda found: nets.extend(found) or merge(found)
    model.fit(X, y)
    z = model._inputs.matrix(model._encoder.encode(model._read(X)))
    log_odds = [np.diff(net.predict_log_proba(z), axis=1)[:, 0] for net in nets]
    np.testing.assert_allclose(
        model.decision_function(X), np.mean(log_odds, axis=0), atol=1e-9
    )


def test_inputs_are_centred_and_missing_numbers_are_average(customers):
    X, y = customers
    model = NeuralChurnClassifier(n_nets=1, n_steps=10).fit(X, y)
    inputs = model._inputs
    z = inputs.matrix(model._encoder.encode(model._read(X)))
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-12)
    missing = X["days_since_last_purchase"].isna().to_numpy()
    assert not z[missing, 0].any()
    known = z[~missing, 0]
    assert known.std() == pytest.approx(1.0)
    assert np.unique(z[:, len(inputs.scales)] > 0).tolist() == [False, True]


def test_interactions_are_found():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(3000, 2)), columns=["a", "b"])
    y = X["a"] * X["b"] > 0
    model = NeuralChurnClassifier(n_nets=2).fit(X[:2000], y[:2000])
    assert model.score(X[2000:], y[2000:]) > 0.9


def test_training_ends_after_the_steps_asked_for_without_a_warning(customers):
    X, y = customers
    model = NeuralChurnClassifier(n_nets=1, n_steps=19).fit(X, y)
    # Two batches of 256 make a round through 300 customers.
    assert model.n_steps_ == 20
    model.set_params(early_stopping=True, n_steps=400).fit(X, y)
    assert 0 < model.n_steps_ < 400


def test_rounds_one_by_one_differ_from_one_go_by_the_order_of_customers_only(customers):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(600, 3))
    churned = (rng.random(600) < 0.4) * 1.0
    how = {"seeds": np.array([1, 2]), "hidden_units": 8, "alpha": 1.0}
    signs = np.zeros(3, dtype=np.int64)
    one_go, one_by_one = (
        NetTrainer(matrix, churned, np.ones(600), signs=signs, **how) for _ in range(2)
    )
    one_go.train(40, ProgressBar("", 40))
    for _ in range(40):
        one_by_one.train_round()
    first, second = one_go.log_odds(matrix), one_by_one.log_odds(matrix)
    assert (first != second).any()
    assert np.corrcoef(first, second)[0, 1] > 0.95
    assert one_go.loss == pytest.approx(one_by_one.loss, rel=0.01)
