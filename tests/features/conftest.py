"""Every builder there is, found by walking the package."""

import importlib
import inspect
import pkgutil

import pandas as pd
import pytest

import crmml.features
from crmml.features import FeatureSet
from crmml.features._builder import PointInTimeBuilder


def _find_builders():
    modules = [
        importlib.import_module(f"crmml.features.{module.name}")
        for module in pkgutil.iter_modules(crmml.features.__path__)
    ]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, PointInTimeBuilder)
    }
    found -= {PointInTimeBuilder, FeatureSet}
    return {
        kind.__name__: kind for kind in sorted(found, key=lambda kind: kind.__name__)
    }


@pytest.fixture(scope="session")
def builder_classes():
    """All classes of builders, by name; a new one is tested without being listed."""
    return _find_builders()


ARGUMENTS = {
    "CustomAggregation": {
        "name": "own",
        "how": "mean",
        "value": "amount",
        "where": "amount > 0",
    },
    "CustomerAttributes": {"fixed": ["city", "income", "is_vip", "card_at"]},
}
"""Of builders that cannot be made without."""


@pytest.fixture(scope="session")
def make_builder(builder_classes):
    """Make a builder, over given windows if it has any."""

    def make(name, windows=None):
        kind, arguments = builder_classes[name], ARGUMENTS.get(name, {})
        if windows is not None and "windows" in inspect.signature(kind).parameters:
            arguments = {**arguments, "windows": windows}
        return kind(**arguments)

    return make


@pytest.fixture(scope="session")
def every_builder(builder_classes, make_builder):
    """Make one set of all builders, those with windows over given windows."""

    def make(windows):
        return FeatureSet([make_builder(name, windows) for name in builder_classes])

    return make


@pytest.fixture(scope="session")
def make_full_tables(make_tables):
    """Make tables that hold what any builder needs, of sales."""

    def make(sales, **given):
        seen = sales[["customer_id", "timestamp"]]
        amount = sales["amount"]
        tables = {
            "complaints": seen,
            "surveys": seen.assign(score=amount, expectation=amount / 2),
            "events": seen.assign(event_type="login", value=amount),
        }
        people = given.pop("customers", seen.iloc[:1][["customer_id"]])
        told = {"city": "北京", "income": 1.5, "is_vip": True}
        told["card_at"] = pd.Timestamp("2024-01-02")
        joined = {"joined_at": "2023-12-01"} if "joined_at" not in people else {}
        tables["customers"] = people.assign(**told, **joined)
        goods = {"product_id": 1, "category": "tea", "discount": 0.5}
        return make_tables(sales.assign(**goods), **{**tables, **given})

    return make
