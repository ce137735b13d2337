"""The contract of scikit-learn, for every estimator found by walking the package."""

import importlib
import inspect
import pkgutil

import pytest
from sklearn.base import (
    ClassifierMixin,
    ClusterMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

import crmml
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.segmentation import KMeansSegmenter

# Builders, rules and pipelines take tables, which these checks cannot make.
PACKAGES = ("models", "segmentation")
KINDS = (ClassifierMixin, ClusterMixin, RegressorMixin, TransformerMixin)

# What is checked holds at any size, so small instances are enough.
SMALL = {
    "BoostedChurnClassifier": {"n_estimators": 20},
    "KMeansSegmenter": {"k_range": (2, 3), "n_init": 1},
    "NeuralChurnClassifier": {"n_nets": 2, "n_steps": 100},
}


def find_estimators():
    """Every public class of the named subpackages that scikit-learn can check."""
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


def make_small(name, estimator):
    return estimator(**SMALL.get(name, {}))


WIDTH = "the check's table has no recency, frequency and money: not three columns"
NAMES = "the check subtracts predictions; segments are names"
HELD_OUT = "customers are held out row by row, whatever their weight"

RFM_FAILURES = {
    "check_dtype_object": WIDTH,
    "check_estimators_dtypes": WIDTH,
    "check_estimators_fit_returns_self": WIDTH,
    "check_estimators_overwrite_params": WIDTH,
    "check_estimators_pickle": "money is missing for buyers, which is refused",
    "check_fit2d_1sample": WIDTH,
    "check_fit_check_is_fitted": WIDTH,
    "check_fit_idempotent": WIDTH,
    "check_methods_sample_order_invariance": NAMES,
    "check_methods_subset_invariance": NAMES,
    "check_n_features_in": WIDTH,
    "check_n_features_in_after_fitting": WIDTH,
    "check_positive_only_tag_during_fit": WIDTH,
    "check_readonly_memmap_input": WIDTH,
}


def expected_failed_checks(estimator):
    """Checks that an estimator fails, each with the reason."""
    if type(estimator).__name__ == "RFMSegmenter":
        return RFM_FAILURES
    parameters = estimator.get_params()
    if parameters.get("tune") or parameters.get("early_stopping"):
        return {"check_sample_weight_equivalence_on_dense_data": HELD_OUT}
    return {}


ESTIMATORS = find_estimators()


@parametrize_with_checks(
    [
        *(make_small(name, estimator) for name, estimator in ESTIMATORS.items()),
        # A number of segments that is given takes another way than one that is chosen.
        KMeansSegmenter(n_clusters=2),
        BoostedChurnClassifier(n_estimators=20, early_stopping=True),
        LogisticChurnClassifier(tune=True),
    ],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def test_the_walk_finds_the_estimators():
    assert "LogisticChurnClassifier" in ESTIMATORS
    assert {"KMeansSegmenter", "RFMSegmenter", "SkewScaler"} <= set(ESTIMATORS)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_repr_of_a_default_instance_is_short(name):
    assert repr(ESTIMATORS[name]()) == f"{name}()"
