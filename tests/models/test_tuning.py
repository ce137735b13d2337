"""Parameters chosen by validation inside fit, and training that knows when to stop."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from crmml.exceptions import NotEnoughHistoryError
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NeuralChurnClassifier,
)
from crmml.models._tuning import hold_out, log_loss

NAMES = [
    "BoostedChurnClassifier",
    "LogisticChurnClassifier",
    "LogitLeafChurnClassifier",
    "NeuralChurnClassifier",
    "TreeChurnClassifier",
]


@pytest.fixture(params=NAMES)
def tuned(request, new_model, monkeypatch):
    """A model whose few candidates make tuning quick."""
    model = new_model(request.param, tune=True)
    few = {
        "BoostedChurnClassifier": [
            {"max_depth": depth, "n_estimators": 300, "early_stopping": True}
            for depth in (1, 3)
        ],
        "NeuralChurnClassifier": [{"alpha": 1.0}, {"alpha": 100.0}],
    }
    if request.param in few:
        monkeypatch.setattr(type(model), "_candidates", few[request.param])
    return model


def test_what_was_chosen_is_told_and_used(tuned, customers):
    X, y = customers
    tuned.fit(X, y)
    assert tuned.tuned_params_ in tuned._candidates
    # The constructor's own parameters stay as they were.
    assert tuned.get_params() == clone(tuned).get_params()
    by_hand = clone(tuned).set_params(tune=False, **tuned.tuned_params_).fit(X, y)
    assert by_hand.tuned_params_ == {}
    np.testing.assert_array_equal(tuned.predict_proba(X), by_hand.predict_proba(X))


def test_tuning_is_the_same_again(tuned, customers):
    X, y = customers
    first = tuned.fit(X, y).predict_proba(X)
    again = clone(tuned).fit(X, y)
    assert again.tuned_params_ == tuned.tuned_params_
    np.testing.assert_array_equal(again.predict_proba(X), first)


def test_tuning_respects_known_signs(tuned, customers):
    X, y = customers
    tuned.set_params(monotonic={"n_orders": -1}).fit(X, y)
    risks = [tuned.decision_function(X.assign(n_orders=k)) for k in range(12)]
    # Sums of a few numbers in double precision.
    assert np.diff(risks, axis=0).max() <= 1e-12


def test_noise_gets_a_stronger_penalty_than_a_clear_curve():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(600, 8))).add_prefix("x")
    noise = rng.random(600) < 0.4
    clear = rng.random(600) < 1 / (1 + np.exp(-6 * np.sin(2 * X["x0"])))
    chosen = [
        LogisticChurnClassifier(tune=True).fit(X, y).tuned_params_["C"]
        for y in (noise, clear)
    ]
    assert chosen[0] < chosen[1]


def test_the_best_of_the_candidates_is_taken(customers):
    X, y = customers
    model = LogisticChurnClassifier(tune=True)
    # Near zero all effects vanish, and so does all that was learned.
    type(model)._candidates, before = [{"C": 1e-9}, {"C": 1.0}], type(model)._candidates
    try:
        assert model.fit(X, y).tuned_params_ == {"C": 1.0}
    finally:
        type(model)._candidates = before


def test_log_loss_is_the_weighted_mean_of_minus_the_log_likelihood():
    churned, weights = np.array([1.0, 0.0]), np.array([1.0, 3.0])
    # Probabilities 0.8 and 0.4.
    log_odds = np.log([4.0, 2.0 / 3.0])
    expected = -(np.log(0.8) + 3 * np.log(0.6)) / 4
    assert log_loss(log_odds, churned, weights) == pytest.approx(expected)


def test_one_customer_in_six_is_held_out_in_proportion():
    churned = np.arange(120) % 4 == 0
    learned, held = hold_out(churned * 1.0, seed=3)
    assert sorted([*learned, *held]) == list(range(120))
    assert len(held) == 20
    assert churned[held].sum() == 5


@pytest.mark.parametrize("switch", ["tune", "early_stopping"])
def test_too_few_of_a_class_are_said(switch):
    X = pd.DataFrame({"x": np.arange(30.0)})
    model = BoostedChurnClassifier(**{switch: True})
    with pytest.raises(NotEnoughHistoryError, match="1 who left and 29 who stayed"):
        model.fit(X, np.arange(30) == 4)


@pytest.mark.parametrize(
    ("model", "fitted"),
    [
        (BoostedChurnClassifier(n_estimators=500, learning_rate=0.3), "n_trees_"),
        (NeuralChurnClassifier(n_nets=1, n_steps=500, alpha=0.1), "n_steps_"),
    ],
)
def test_early_stopping_stops_where_noise_begins(model, fitted):
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(400, 6))).add_prefix("x")
    y = rng.random(400) < 1 / (1 + np.exp(-X["x0"]))
    late = pd.DataFrame(rng.normal(size=(4000, 6))).add_prefix("x")
    truth = rng.random(4000) < 1 / (1 + np.exp(-late["x0"]))
    losses = []
    for early_stopping in (False, True):
        model.set_params(early_stopping=early_stopping).fit(X, y)
        log_odds = model.decision_function(late)
        losses.append(log_loss(log_odds, truth * 1.0, np.ones(4000)))
    assert getattr(model, fitted) < 300
    assert losses[1] < losses[0]


def test_early_stopping_fits_all_customers_anew(customers):
    X, y = customers
    stopped = BoostedChurnClassifier(n_estimators=300, early_stopping=True).fit(X, y)
    plain = BoostedChurnClassifier(n_estimators=stopped.n_trees_).fit(X, y)
    np.testing.assert_array_equal(stopped.predict_proba(X), plain.predict_proba(X))
