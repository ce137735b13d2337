"""Customers as models see them, and the classifiers under test."""

import numpy as np
import pandas as pd
import pytest

import crmml.models

# Small and quick; what is tested holds at any size.
SMALL = {
    "BoostedChurnClassifier": {"n_estimators": 20},
    "NeuralChurnClassifier": {"n_nets": 2, "n_steps": 50},
}


def make_model(name, **parameters):
    return getattr(crmml.models, name)(**{**SMALL.get(name, {}), **parameters})


CLASSIFIERS = [name for name in crmml.models.__all__ if name.endswith("Classifier")]


@pytest.fixture(params=CLASSIFIERS)
def model(request):
    return make_model(request.param)


@pytest.fixture
def new_model():
    return make_model


@pytest.fixture(scope="session")
def customers():
    """300 customers of mixed columns: numbers, text, booleans, durations, missing."""
    rng = np.random.default_rng(7)
    n = 300
    recency = rng.gamma(2.0, 20.0, n)
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.3, 0.2])
    logits = 0.03 * (recency - 40) + np.where(plan == "basic", 0.8, -0.6)
    X = pd.DataFrame(
        {
            "days_since_last_purchase": np.where(
                rng.random(n) < 0.1, np.nan, recency.round(1)
            ),
            "n_orders": rng.poisson(4, n),
            "plan": pd.Series(plan, dtype=object).where(rng.random(n) > 0.05, None),
            "newsletter": rng.random(n) < 0.4,
            "tenure": pd.to_timedelta(rng.integers(1, 900, n), unit="D"),
            "城市": rng.choice(["上海", "北京", "广州"], n),
        }
    )
    return X, (rng.random(n) < 1 / (1 + np.exp(-logits))).astype(int)
