"""Docstrings are contracts: what they list is what there is."""

import importlib
import inspect
import pkgutil
import re
from ast import literal_eval

import numpy as np
import pandas as pd
import pytest
from sklearn.base import ClassifierMixin, ClusterMixin, TransformerMixin

import crmml

PACKAGES = ("models", "segmentation")
KINDS = (ClassifierMixin, ClusterMixin, TransformerMixin)


def find_classes():
    found = {}
    for module in pkgutil.iter_modules(crmml.__path__, "crmml."):
        if module.name.rpartition(".")[2] not in PACKAGES:
            continue
        package = importlib.import_module(module.name)
        for name in package.__all__:
            item = getattr(package, name)
            if inspect.isclass(item) and issubclass(item, KINDS):
                found[name] = item
    return found


def documented(text, section):
    """Names listed in a numpydoc section."""
    lines = inspect.cleandoc(text or "").splitlines()
    listed, inside = [], False
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if below and set(below) == {"-"}:
            inside = line == section
        elif inside and re.match(r"[\w*][\w, *]*( :|$)", line):
            listed += [name.strip(" *") for name in line.split(" :")[0].split(",")]
    return listed


CLASSES = find_classes()


@pytest.mark.parametrize("name", CLASSES)
def test_documented_parameters_are_those_of_init(name):
    signature = inspect.signature(CLASSES[name].__init__)
    expected = list(signature.parameters)[1:]
    assert documented(CLASSES[name].__doc__, "Parameters") == expected


@pytest.mark.parametrize("name", CLASSES)
def test_documented_defaults_are_those_of_init(name):
    for parameter in inspect.signature(CLASSES[name].__init__).parameters.values():
        if parameter.default is inspect.Parameter.empty:
            continue
        pattern = rf"^\s*{parameter.name} : .*default=(.+)$"
        found = re.search(pattern, CLASSES[name].__doc__, re.MULTILINE)
        assert found, f"{parameter.name} has no documented default"
        text = found[1].strip("'\"")
        value = text if isinstance(parameter.default, str) else literal_eval(text)
        assert value == parameter.default


@pytest.mark.parametrize("name", CLASSES)
def test_constraints_cover_every_parameter(name):
    constraints = CLASSES[name]._parameter_constraints
    assert set(constraints) == set(CLASSES[name]().get_params())


@pytest.mark.parametrize("name", CLASSES)
def test_documented_attributes_are_those_after_fit(name):
    rng = np.random.default_rng(0)
    # The names that segments of recency, frequency and money look for.
    names = ["days_since_last_purchase", "n_orders", "total_spend"]
    X = pd.DataFrame(rng.gamma(2.0, 10.0, (120, 3)).round() + 1.0, columns=names)
    estimator = fit_example(CLASSES[name](), X)
    real = {
        attribute
        for attribute in vars(estimator)
        if attribute.endswith("_") and not attribute.startswith("_")
    }
    assert set(documented(CLASSES[name].__doc__, "Attributes")) == real


def fit_example(estimator, X):
    if isinstance(estimator, ClassifierMixin):
        return estimator.fit(X, X["n_orders"] > 15)
    return estimator.fit(X)


@pytest.mark.parametrize("name", CLASSES)
def test_public_methods_document_their_parameters(name):
    for method_name, method in inspect.getmembers(CLASSES[name], inspect.isfunction):
        if method_name.startswith("_") or not method.__module__.startswith("crmml"):
            continue
        expected = [p for p in inspect.signature(method).parameters if p != "self"]
        assert documented(method.__doc__, "Parameters") == expected, method_name
