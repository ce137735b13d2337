"""Exact Shapley values of one decision tree, feature by feature."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from crmml._utils._derived import StoresFields

# Numbers per array while Shapley values are added up.
_CELLS = 2**17


@dataclass(frozen=True)
class SplitTree(StoresFields):
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

    @cached_property
    def players(self) -> "Players":
        """What the paths to the leaves ask."""
        return _list_players(self)


@dataclass(frozen=True)
class Players:
    """The conditions of each path, brought together by the feature they are about.

    A path has one player a feature; shorter paths are filled up with players without
    conditions, who change nothing.

    Attributes
    ----------
    leaves : ndarray of shape (n_leaves,)
        Where the paths end.
    features : ndarray of shape (n_players, n_leaves)
        The feature of each.
    shares : ndarray of shape (n_players, n_leaves)
        Share of the training customers who meet the conditions.
    nodes, go_left : ndarray of shape (n_conditions, n_players, n_leaves)
        A condition is which way to go at a node; -1 stands for none.
    """

    leaves: NDArray[np.int64]
    features: NDArray[np.int64]
    shares: NDArray[np.float64]
    nodes: NDArray[np.int64]
    go_left: NDArray[np.bool_]


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
    players = tree.players
    base = float(tree.value[players.leaves] @ players.shares.prod(axis=0))
    values = np.empty((len(goes_left), n_features))
    # Some customers at a time, since each takes a number a player and leaf.
    step = _CELLS // players.features.size + 1
    for start in range(0, len(goes_left), step):
        rows = slice(start, start + step)
        values[rows] = _split(tree, goes_left[rows], n_features)
    return base, values


def _split(
    tree: SplitTree, goes_left: NDArray[np.bool_], n_features: int
) -> NDArray[np.float64]:
    players = tree.players
    shape = (*players.features.shape, len(goes_left))
    meets = np.ones(shape, dtype=np.bool_)
    # Where there is no condition, everybody meets it.
    asked = np.vstack([goes_left.T, np.ones((1, shape[2]), dtype=np.bool_)])
    for nodes, go_left in zip(players.nodes, players.go_left, strict=True):
        meets &= asked[nodes] == go_left[:, :, None]
    shares = players.shares[:, :, None]
    integral = np.zeros(shape)
    for t, mass in zip(*_quadrature(shape[0] // 2 + 1), strict=True):
        left_out = shares * (1.0 - t)
        factors = np.where(meets, left_out + t, left_out)
        integral += mass * factors.prod(axis=0) / factors
    shapley = (meets - shares) * integral * tree.value[players.leaves][:, None]
    at = players.features[:, :, None] + n_features * np.arange(shape[2])
    sums = np.bincount(at.ravel(), shapley.ravel(), n_features * shape[2])
    return np.asarray(sums, np.float64).reshape(shape[2], n_features)


def _list_players(tree: SplitTree) -> Players:
    """Follow every path."""
    paths: list[tuple[int, dict[int, _Player]]] = []
    waiting: list[tuple[int, dict[int, _Player]]] = [(0, {})]
    while waiting:
        node, players = waiting.pop()
        if tree.left[node] < 0:
            paths.append((node, players))
            continue
        feature = int(tree.feature[node])
        before = players.get(feature, _Player())
        for child, left in ((tree.left[node], True), (tree.right[node], False)):
            after = _Player(
                (*before.conditions, (node, left)),
                before.share * float(tree.weight[child] / tree.weight[node]),
            )
            waiting.append((int(child), {**players, feature: after}))
    return _fill_up(paths)


@dataclass(frozen=True)
class _Player:
    """All conditions that a path sets on one feature."""

    conditions: tuple[tuple[int, bool], ...] = ()
    share: float = 1.0


def _fill_up(paths: list[tuple[int, dict[int, _Player]]]) -> Players:
    """Bring paths to one length."""
    found = [player for _, players in paths for player in players.values()]
    n_conditions = max((len(player.conditions) for player in found), default=0)
    shape = (max(len(players) for _, players in paths) or 1, len(paths))
    features = np.zeros(shape, dtype=np.int64)
    shares = np.ones(shape)
    nodes = np.full((n_conditions, *shape), -1)
    go_left = np.ones((n_conditions, *shape), dtype=np.bool_)
    for path, (_, players) in enumerate(paths):
        for place, (feature, player) in enumerate(players.items()):
            features[place, path] = feature
            shares[place, path] = player.share
            for k, condition in enumerate(player.conditions):
                nodes[k, place, path], go_left[k, place, path] = condition
    leaves = np.array([leaf for leaf, _ in paths])
    return Players(leaves, features, shares, nodes, go_left)


@cache
def _quadrature(n_points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and masses of Gauss and Legendre on the interval from 0 to 1."""
    points, masses = np.polynomial.legendre.leggauss(n_points)
    return (points + 1.0) / 2.0, masses / 2.0
