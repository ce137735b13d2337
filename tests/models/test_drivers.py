import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.models import LogisticChurnClassifier, compute_drivers


@pytest.fixture(scope="module")
def world():
    """The risk rises with silence, falls with orders, bends with age."""
    rng = np.random.default_rng(3)
    n = 3000
    X = pd.DataFrame(
        {
            "silence": rng.uniform(0, 100, n),
            "n_orders": rng.poisson(5, n),
            "age": rng.uniform(-1, 1, n),
            "city": rng.choice(["上海", "北京", "rare"], n, p=[0.5, 0.497, 0.003]),
            "app": rng.random(n) < 0.5,
            "never": np.nan,
        }
    )
    risk = 0.04 * (X["silence"] - 50) - 0.3 * (X["n_orders"] - 5) + 4 * X["age"] ** 2
    risk += 1.0 * (X["city"] == "北京") - 1.5 * X["app"] - 1.0
    y = rng.random(n) < 1 / (1 + np.exp(-risk))
    return LogisticChurnClassifier().fit(X, y), X


def test_importance_is_the_mean_absolute_contribution(world):
    model, X = world
    drivers = compute_drivers(model, X).set_index("feature")
    sizes = model.contributions(X).drop(columns="base").abs().mean()
    for feature, size in sizes.items():
        found = drivers.loc[feature, "mean_abs_contribution"]
        assert found == pytest.approx(size, rel=1e-12)
    assert drivers["share"].sum() == pytest.approx(1.0)
    assert drivers["mean_abs_contribution"].is_monotonic_decreasing


def test_directions_are_those_of_the_simulation(world):
    model, X = world
    drivers = compute_drivers(model, X).set_index("feature")
    assert drivers.loc["silence", ["raises", "lowers"]].tolist() == [
        "high values",
        "low values",
    ]
    assert drivers.loc["n_orders", "raises"] == "low values"
    assert drivers.loc["silence", "direction"] > 0.9
    assert drivers.loc["n_orders", "direction"] < -0.9
    assert abs(drivers.loc["age", "direction"]) < 0.3
    assert drivers.loc["age", "raises"] == "mixed"
    assert drivers.loc["app", ["raises", "lowers"]].tolist() == ["no", "yes"]
    # A value of nine customers among three thousand is not named.
    assert drivers.loc["city", ["raises", "lowers"]].tolist() == ["北京", "上海"]
    assert drivers.loc["never", ["raises", "lowers"]].isna().all()
    assert drivers.loc["never", "share"] == 0.0


def test_words_are_those_of_the_language_and_of_the_user(world):
    model, X = world
    drivers = compute_drivers(
        model, X, language="zh", names={"silence": "沉默天数"}, templates={"no": "没有"}
    ).set_index("feature")
    assert drivers.loc["silence", ["name", "raises"]].tolist() == ["沉默天数", "数值高"]
    assert drivers.loc["app", "raises"] == "没有"


def test_order_of_rows_and_kind_of_frame_change_nothing(world):
    model, X = world
    expected = compute_drivers(model, X)
    shuffled = compute_drivers(model, X.sample(frac=1.0, random_state=1))
    pd.testing.assert_frame_equal(shuffled, expected, rtol=1e-12)
    from_polars = compute_drivers(model, pl.from_pandas(X))
    pd.testing.assert_frame_equal(from_polars, expected, rtol=1e-12)


def test_every_classifier_has_drivers(model, customers):
    X, y = customers
    drivers = compute_drivers(model.fit(X, y), X)
    assert sorted(drivers["feature"]) == sorted(X.columns)
    assert drivers["share"].sum() == pytest.approx(1.0)


def test_an_empty_batch_has_a_table_without_effects(world):
    model, X = world
    drivers = compute_drivers(model, X.head(0))
    assert drivers["mean_abs_contribution"].tolist() == [0.0] * X.shape[1]
    assert drivers.dtypes.tolist() == compute_drivers(model, X).dtypes.tolist()


def test_a_model_without_contributions_is_refused():
    with pytest.raises(SchemaError, match="must be a churn classifier of crmml, got"):
        compute_drivers(object(), pd.DataFrame({"a": [1]}))
