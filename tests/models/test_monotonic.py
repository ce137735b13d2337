"""Known signs: swept over many customers, and refused where they cannot hold."""

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.models import TreeChurnClassifier


@pytest.fixture
def model(model):
    """Long enough in training to go the wrong way if it could."""
    longer = {"n_steps": 200} if "n_steps" in model.get_params() else {}
    return model.set_params(**longer)


@pytest.fixture(scope="module")
def rough():
    """700 customers whose risk goes up and down along both numbers."""
    rng = np.random.default_rng(11)
    n = 700
    X = pd.DataFrame(
        {
            "n_complaints": rng.poisson(3, n).astype(float),
            "spend": rng.lognormal(3.0, 1.0, n),
            "age": rng.uniform(18, 90, n).round(),
            "plan": rng.choice(["basic", "plus", "pro"], n),
        }
    )
    log_odds = (
        0.5 * (X["n_complaints"] - 3) * np.where(X["plan"] == "pro", -1.0, 1.0)
        + 2.0 * np.cos(2.0 * (np.log(X["spend"]) - 3.0))
        + 0.05 * (X["age"] - 50)
    )
    y = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    X.loc[rng.random(n) < 0.1, "n_complaints"] = np.nan
    X.loc[rng.random(n) < 0.1, "spend"] = np.nan
    return X, y


def sweep(model, X, feature, grid):
    """Log-odds of every customer, shape (n_customers, n_grid), along one feature."""
    rows = X.loc[X.index.repeat(len(grid))]
    rows = rows.assign(**{feature: np.tile(grid, len(X))})
    return model.decision_function(rows).reshape(len(X), len(grid))


# Every customer's sums are rounded anew; boosting adds up single precision.
ROUNDING = 1e-12


@pytest.mark.parametrize("sign", [1, -1])
def test_risk_moves_one_way_only_along_a_feature_of_known_sign(model, rough, sign):
    X, y = rough
    signs = {"n_complaints": sign, "spend": -sign}
    model.set_params(monotonic=signs).fit(X, y)
    some = X.iloc[:60]
    for feature, direction in signs.items():
        known = X[feature].dropna()
        grid = np.concatenate(
            [
                [known.min() - 1e9, known.min() - 1.0],
                np.sort(known.sample(80, random_state=0)),
                np.linspace(known.min(), known.max(), 80),
                [known.max() + 1.0, known.max() + 1e9],
            ]
        )
        steps = direction * np.diff(sweep(model, some, feature, np.sort(grid)))
        assert steps.min() >= -ROUNDING
    churn = model.predict_proba(X)[:, 1]
    assert churn.mean() == pytest.approx(y.mean(), abs=0.05)


def test_without_known_signs_risk_goes_both_ways(model, rough):
    X, y = rough
    grid = np.linspace(0, 60, 100)
    steps = np.diff(sweep(model.fit(X, y), X.iloc[:60], "spend", grid))
    assert steps.min() < -ROUNDING
    assert steps.max() > ROUNDING


def test_a_sign_that_is_true_costs_next_to_nothing(model, rough):
    X, y = rough
    free = model.fit(X, y).predict_proba(X)[:, 1]
    bound = model.set_params(monotonic={"age": 1}).fit(X, y).predict_proba(X)[:, 1]
    assert np.corrcoef(free, bound)[0, 1] > 0.9
    assert np.ptp(sweep(model, X.iloc[:1], "age", np.linspace(18, 90, 20))) > 0.3


def test_missing_values_stand_aside(model):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 6, 900).astype(float)
    missing = rng.random(900) < 0.3
    y = rng.random(900) < np.where(missing, 0.9, 0.1 + 0.05 * x)
    X = pd.DataFrame({"calls": np.where(missing, np.nan, x)})
    for sign in (1, -1):
        model.set_params(monotonic={"calls": sign}).fit(X, y)
        new = pd.DataFrame({"calls": [0.0, 5.0, np.nan]})
        low, high, unknown = model.predict_proba(new)[:, 1]
        assert sign * (high - low) >= -ROUNDING
        assert unknown > max(low, high) + 0.2


def test_booleans_durations_and_columns_of_no_use_may_have_signs(model, customers):
    X, y = customers
    X = X.assign(constant=1.0, empty=np.nan)
    names = ["newsletter", "tenure", "constant", "empty"]
    for sign in (1, -1):
        model.set_params(monotonic=dict.fromkeys(names, sign)).fit(X, y)
        off, on = (
            model.decision_function(X.assign(newsletter=value))
            for value in (False, True)
        )
        assert (sign * (on - off)).min() >= -ROUNDING
        days = [pd.Timedelta(k, "D") for k in (0, 10, 400, 5000)]
        risks = [model.decision_function(X.assign(tenure=day)) for day in days]
        assert (sign * np.diff(risks, axis=0)).min() >= -ROUNDING


def test_columns_of_an_array_are_named_by_position(model):
    X = np.random.default_rng(0).normal(size=(300, 2))
    model.set_params(monotonic={"x1": -1}).fit(X, np.sin(3 * X[:, 1]) > 0)
    grid = np.column_stack([np.zeros(200), np.linspace(-3, 3, 200)])
    assert np.diff(model.decision_function(grid)).max() <= ROUNDING


@pytest.mark.parametrize(
    ("monotonic", "message"),
    [
        ({"plan": 1}, "monotonic names categories: 'plan'"),
        ({"Spend": 1, "n_complaints": 1}, "does not have: 'Spend'"),
        ({"spend": 0}, r"1 .* or -1 .*, got 'spend': 0"),
        ({"spend": 2}, "'spend': 2"),
        ({"spend": True}, "'spend': True"),
        ({"spend": 0.5}, "'spend': 0.5"),
        ({"spend": "up"}, "'spend': 'up'"),
        ({"spend": None}, "'spend': None"),
    ],
)
def test_what_cannot_be_honoured_is_refused(model, rough, monotonic, message):
    X, y = rough
    with pytest.raises(SchemaError, match=message):
        model.set_params(monotonic=monotonic).fit(X, y)


def test_monotonic_is_a_dictionary(model, rough):
    with pytest.raises(ValueError, match="monotonic"):
        model.set_params(monotonic=[1, -1]).fit(*rough)


@pytest.mark.parametrize("shrinkage", [0.0, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("seed", range(4))
def test_smoothing_keeps_what_splits_promise(shrinkage, seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(1500, 3)), columns=["a", "b", "c"])
    log_odds = X["a"] + np.sin(5 * X["a"]) + X["a"] * X["b"] + X["c"]
    y = rng.random(1500) < 1 / (1 + np.exp(-log_odds))
    model = TreeChurnClassifier(
        max_depth=8, min_leaf_size=3, shrinkage=shrinkage, monotonic={"a": 1}
    ).fit(X, y)
    tree, smoothed = model._grown.classifier.tree_, model._smoothed

    def below(node):
        if tree.children_left[node] < 0:
            return [node]
        return below(tree.children_left[node]) + below(tree.children_right[node])

    asked = np.nonzero(tree.feature == 0)[0]
    assert len(asked) > 2
    for node in asked:
        left = smoothed[below(tree.children_left[node])]
        right = smoothed[below(tree.children_right[node])]
        # A handful of additions.
        assert left.max() <= right.min() + 1e-12


def test_columns_with_labels_that_are_no_text_are_called_by_position():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)))
    y = X[0] > 0
    with pytest.raises(SchemaError, match="labels are not all text, are called x0"):
        TreeChurnClassifier(monotonic={0: 1}).fit(X, y)
    TreeChurnClassifier(monotonic={"x0": 1}).fit(X, y)
