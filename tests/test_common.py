"""The contract of scikit-learn, for every estimator found by walking the package."""

import importlib
import inspect
import pkgutil

import pytest
from sklearn.base import ClassifierMixin, ClusterMixin, TransformerMixin
from sklearn.utils.estimator_checks import parametrize_with_checks

import crmml

# Builders, rules and pipelines take tables, which these checks cannot make.
PACKAGES = ("models", "segmentation")
KINDS = (ClassifierMixin, ClusterMixin, TransformerMixin)

# What is checked holds at any size, so small instances are enough.
SMALL = {
    "BoostedChurnClassifier": {"n_estimators": 20},
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


# The checks make tables of other widths.
NEED_OTHER_WIDTHS = (
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_fit2d_1sample",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
)


def expected_failed_checks(estimator):
    """Checks that an estimator fails, each with the reason."""
    if type(estimator).__name__ == "RFMSegmenter":
        reason = "X is recency, frequency and money: three columns, no more, no fewer"
        return dict.fromkeys(NEED_OTHER_WIDTHS, reason)
    return {}


ESTIMATORS = find_estimators()


@parametrize_with_checks(
    [make_small(name, estimator) for name, estimator in ESTIMATORS.items()],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def test_the_walk_finds_the_estimators():
    assert "LogisticChurnClassifier" in ESTIMATORS
    assert "KMeansSegmenter" in ESTIMATORS


@pytest.mark.parametrize("name", ESTIMATORS)
def test_repr_of_a_default_instance_is_short(name):
    assert repr(ESTIMATORS[name]()) == f"{name}()"
