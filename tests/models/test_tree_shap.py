"""The fast Shapley values against the definition, summed over all subsets."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from crmml.models._tree_shap import SplitTree, shapley_values


def expected_value(tree, goes_left, known, node=0):
    """Mean leaf value when only the features in `known` are followed."""
    left, right = tree.left[node], tree.right[node]
    if left < 0:
        return tree.value[node]
    if tree.feature[node] in known:
        child = left if goes_left[node] else right
        return expected_value(tree, goes_left, known, child)
    return sum(
        tree.weight[child]
        / tree.weight[node]
        * expected_value(tree, goes_left, known, child)
        for child in (left, right)
    )


def brute_force(tree, goes_left, n_features):
    values = np.zeros(n_features)
    for f in range(n_features):
        others = [g for g in range(n_features) if g != f]
        for size in range(n_features):
            share = factorial(size) * factorial(n_features - size - 1)
            for subset in combinations(others, size):
                gain = expected_value(tree, goes_left, {*subset, f})
                gain -= expected_value(tree, goes_left, set(subset))
                values[f] += share / factorial(n_features) * gain
    return values


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("depth", [1, 3, 6])
def test_equal_to_the_sum_over_all_subsets(seed, depth):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 7)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=200) > 0
    fitted = DecisionTreeClassifier(max_depth=depth, random_state=seed).fit(X, y).tree_
    # Seven columns of five features, as categories share a feature.
    owner = np.array([0, 1, 2, 3, 4, 4, 4, -1])
    tree = SplitTree(
        left=fitted.children_left,
        right=fitted.children_right,
        feature=owner[np.maximum(fitted.feature, -1)],
        weight=fitted.weighted_n_node_samples,
        value=rng.normal(size=fitted.node_count),
    )
    goes_left = X[:20, np.maximum(fitted.feature, 0)] <= fitted.threshold
    base, values = shapley_values(tree, goes_left, 5)
    expected = np.array([brute_force(tree, row, 5) for row in goes_left])
    # Both add a few hundred products of order one.
    np.testing.assert_allclose(values, expected, atol=1e-12)
    leaves = fitted.apply(X[:20])
    np.testing.assert_allclose(
        base + values.sum(axis=1), tree.value[leaves], atol=1e-12
    )


def test_a_tree_of_one_leaf_gives_nothing_to_anyone():
    tree = SplitTree(
        left=np.array([-1]),
        right=np.array([-1]),
        feature=np.array([-1]),
        weight=np.array([5.0]),
        value=np.array([-1.5]),
    )
    base, values = shapley_values(tree, np.zeros((3, 1), dtype=bool), 2)
    assert base == -1.5
    assert values.tolist() == [[0.0, 0.0]] * 3
