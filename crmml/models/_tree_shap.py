"""Exact Shapley values of one decision tree, feature by feature."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SplitTree:
    """A binary tree in arrays, one entry a node; children are -1 at leaves.

    Attributes
    ----------
    left, right : ndarray of shape (n_nodes,)
        Children.
    feature : ndarray of shape (n_nodes,)
        The feature a node asks about.
    weight : ndarray of shape (n_nodes,)
        Training customers in the node.
    value : ndarray of shape (n_nodes,)
        Log-odds of the node.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    weight: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class _Player:
    """All conditions that a path to a leaf sets on one feature."""

    feature: int
    nodes: list[int]
    go_left: list[bool]
    share: float


def shapley_values(
    tree: SplitTree, goes_left: NDArray[np.bool_], n_features: int
) -> tuple[float, NDArray[np.float64]]:
    r"""Split the value of each customer's leaf over the features.

    The game is that of TreeSHAP: where a feature is left out, customers follow both
    branches in the proportions of training. For one leaf of value v it is a product
    over the features on its path, of o (1 if the customer meets the conditions) or,
    left out, r (the training share that meets them), so the Shapley value is

    .. math:: \phi_f = v (o_f - r_f) \int_0^1 \prod_{g \ne f}
              \bigl(o_g t + r_g (1 - t)\bigr)\,dt,

    the integral of a polynomial, which Gauss-Legendre quadrature gives exactly.

    Parameters
    ----------
    tree : SplitTree
        The tree.
    goes_left : ndarray of shape (n_samples, n_nodes)
        Whether a customer would go left at a node, for all nodes.
    n_features : int
        Number of features.

    Returns
    -------
    base : float
        Mean leaf value over the training customers.
    values : ndarray of shape (n_samples, n_features)
        With `base` they add up to the leaf's value.
    """
    base = 0.0
    values = np.zeros((len(goes_left), n_features))
    for leaf, players in _paths(tree):
        base += tree.value[leaf] * float(np.prod([p.share for p in players]))
        if players:
            _add_leaf(values, float(tree.value[leaf]), players, goes_left)
    return float(base), values


def _paths(tree: SplitTree) -> list[tuple[int, list[_Player]]]:
    """Every leaf with the players on its path."""
    found = []
    waiting: list[tuple[int, dict[int, _Player]]] = [(0, {})]
    while waiting:
        node, players = waiting.pop()
        if tree.left[node] < 0:
            found.append((node, list(players.values())))
            continue
        feature = int(tree.feature[node])
        before = players.get(feature, _Player(feature, [], [], 1.0))
        for child, left in ((tree.left[node], True), (tree.right[node], False)):
            after = _Player(
                feature,
                [*before.nodes, node],
                [*before.go_left, left],
                before.share * float(tree.weight[child] / tree.weight[node]),
            )
            waiting.append((int(child), {**players, feature: after}))
    return found


@cache
def _quadrature(n_points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and masses of Gauss and Legendre on the interval from 0 to 1."""
    points, masses = np.polynomial.legendre.leggauss(n_points)
    return (points + 1.0) / 2.0, masses / 2.0


def _add_leaf(
    values: NDArray[np.float64],
    leaf_value: float,
    players: list[_Player],
    goes_left: NDArray[np.bool_],
) -> None:
    """Add one leaf's Shapley values to those of all customers."""
    meets = np.column_stack(
        [(goes_left[:, p.nodes] == np.array(p.go_left)).all(axis=1) for p in players]
    )
    # Customers who meet the same conditions share the result.
    codes = meets @ (1 << np.arange(len(players), dtype=np.int64))
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    outcome = meets[first].astype(np.float64)
    share = np.array([p.share for p in players])
    points, masses = _quadrature(len(players) // 2 + 1)
    t = points[:, None, None]
    factors = outcome * t + share * (1.0 - t)
    others = factors.prod(axis=2, keepdims=True) / factors
    integral = np.tensordot(masses, others, axes=1)
    shapley = leaf_value * (outcome - share) * integral
    for k, player in enumerate(players):
        values[:, player.feature] += shapley[which, k]
