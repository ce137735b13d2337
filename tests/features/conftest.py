"""Every builder there is, found by walking the package."""

import importlib
import inspect
import pkgutil

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


@pytest.fixture(scope="session")
def every_builder(builder_classes):
    """Make one set of all builders, those with windows over given windows."""

    def make(windows):
        return FeatureSet(
            [
                kind(windows=windows) if "windows" in kind().get_params() else kind()
                for kind in builder_classes.values()
            ]
        )

    return make
