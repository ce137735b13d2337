"""Trees of scikit-learn and XGBoost as data that are checked before native code."""

import json
from typing import Any, NoReturn

import numpy as np
import xgboost as xgb

from crmml._utils._sklearn import Tree
from crmml.exceptions import ModelFileError
from crmml.scoring._checks import is_row, is_tree, require
from crmml.scoring._kinds import State

_MOST_THREADS = 1024
_NODE_ROWS = ("left_children", "right_children", "split_indices", "split_conditions")


def tree_state(tree: Tree) -> State:
    """Take a tree of scikit-learn apart, field by field.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        The tree.

    Returns
    -------
    dict of str to object
        Sizes and one array per field, so that a field more or less in another version
        does not matter.
    """
    found = tree.__getstate__()
    nodes = found["nodes"]
    return {
        "n_features": int(tree.n_features),
        "n_classes": np.asarray(tree.n_classes, dtype=np.int64),
        "max_depth": int(found["max_depth"]),
        "values": np.ascontiguousarray(found["values"]),
        "nodes": {
            name: np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names
        },
    }


def build_tree(state: State) -> Tree:
    """Put a tree of scikit-learn together.

    Parameters
    ----------
    state : dict of str to object
        As :func:`tree_state` gave it.

    Returns
    -------
    sklearn.tree._tree.Tree
        The tree.

    Raises
    ------
    ModelFileError
        If a walk through it could leave it, or never end.
    """
    rows, n_features = state["nodes"], state["n_features"]
    n_classes, values = state["n_classes"], state["values"]
    left, right = rows.get("left_child"), rows.get("right_child")
    require(is_tree(left, right), "decision tree")
    size = len(left)
    asked = rows.get("feature")
    fits = is_row(asked, "i", size) and is_row(n_classes, "i")
    fits = fits and bool((n_classes > 0).all()) and 0 < n_features < 2**31
    fits = fits and bool((asked < n_features).all() and (asked[left >= 0] >= 0).all())
    shape = (size, len(n_classes), int(n_classes.max(initial=0)))
    require(fits and values.shape == shape and values.dtype == np.float64, "tree")
    tree = Tree(int(n_features), n_classes.astype(np.intp), len(n_classes))
    empty = tree.__getstate__()["nodes"]
    require(set(rows) == set(empty.dtype.names), "decision tree of this scikit-learn")
    nodes = np.zeros(size, dtype=empty.dtype)
    for name in empty.dtype.names:
        require(is_row(rows[name], "iuf", size), "decision tree")
        nodes[name] = rows[name]
    depth = int(state["max_depth"])
    tree.__setstate__(
        {"max_depth": depth, "node_count": size, "nodes": nodes, "values": values}
    )
    return tree


def booster_state(booster: xgb.Booster) -> State:
    """Write a booster in XGBoost's own JSON, which every later version reads.

    Parameters
    ----------
    booster : xgboost.Booster
        The trees.

    Returns
    -------
    dict of str to object
        The text, and how many threads it uses.
    """
    settings = json.loads(booster.save_config())
    n_threads = int(settings["learner"]["generic_param"]["nthread"])
    text = bytes(booster.save_raw("json"))
    return {"json": np.frombuffer(text, dtype=np.uint8), "n_threads": n_threads}


def build_booster(state: State) -> xgb.Booster:
    """Read a booster, once all its places and numbers are known to be sound.

    XGBoost does not check what it loads.

    Parameters
    ----------
    state : dict of str to object
        As :func:`booster_state` gave it.

    Returns
    -------
    xgboost.Booster
        The trees.

    Raises
    ------
    ModelFileError
        If a walk through a tree could leave it, or never end.
    """
    require(is_row(state["json"], "u") and state["json"].dtype == np.uint8, "booster")
    text = state["json"].tobytes()
    n_threads = state["n_threads"]
    require(type(n_threads) is int and 0 <= n_threads <= _MOST_THREADS, "booster")
    try:
        found = json.loads(text, parse_constant=_refuse)
        _check_booster(found["learner"])
        booster = xgb.Booster()
        booster.load_model(bytearray(text))
    except (KeyError, TypeError, ValueError, xgb.core.XGBoostError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            "Stored trees cannot be read: the file is damaged, or of a newer XGBoost. "
            f"This is XGBoost {xgb.__version__}."
        ) from error
    booster.set_param({"nthread": n_threads})
    return booster


def _refuse(text: str) -> NoReturn:
    raise ModelFileError("Stored trees hold numbers that are not finite.")


def _check_booster(learner: dict[str, Any]) -> None:
    """Check that there is one group of trees on numbers, and each tree is one."""
    model = learner["gradient_booster"]["model"]
    trees, sizes = model["trees"], learner["learner_model_param"]
    n_features = int(sizes["num_feature"])
    starts = model["iteration_indptr"]
    fits = learner["gradient_booster"]["name"] == "gbtree"
    fits = fits and sizes["num_class"] == "0" and sizes["num_target"] == "1"
    fits = fits and int(model["gbtree_model_param"]["num_trees"]) == len(trees)
    fits = fits and model["tree_info"] == [0] * len(trees)
    fits = fits and starts == sorted(starts)
    fits = fits and starts[:1] == [0] and starts[-1] == len(trees)
    fits = fits and not any(model.get("cats", {}).values())
    require(fits and 0 < n_features < 2**31, "booster")
    for number, tree in enumerate(trees):
        require(tree["id"] == number, "booster")
        _check_tree(tree, n_features)


def _check_tree(tree: dict[str, Any], n_features: int) -> None:
    sizes = tree["tree_param"]
    size = int(sizes["num_nodes"])
    rows = {
        name: np.asarray(values)
        for name, values in tree.items()
        if isinstance(values, list) and not name.startswith("categories")
    }
    asked = rows["split_indices"]
    fits = all(is_row(row, "iuf", size) for row in rows.values())
    fits = fits and set(_NODE_ROWS) <= set(rows)
    fits = fits and is_tree(rows["left_children"], rows["right_children"])
    fits = fits and is_row(asked, "i") and bool((asked < n_features).all())
    fits = fits and bool((asked >= 0).all())
    fits = fits and all(bool(np.isfinite(row).all()) for row in rows.values())
    fits = fits and not rows.get("split_type", np.zeros(1)).any()
    fits = fits and not any(
        tree[name] for name in tree if name.startswith("categories")
    )
    fits = fits and int(sizes["num_feature"]) == n_features
    require(fits and sizes["size_leaf_vector"] in {"0", "1"}, "booster")
