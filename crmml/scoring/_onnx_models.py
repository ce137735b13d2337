"""The churn classifiers as operators of ONNX."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from crmml.exceptions import ModelFileError
from crmml.models._additive import AdditiveLogit
from crmml.models._boosted import BoostedChurnClassifier
from crmml.models._columns import EMPTY, TEXT
from crmml.models._design import NO_CODE, FlatDesign
from crmml.models._effects import CategoryTerm, CurveTerm, LineTerm
from crmml.models._encoder import FIRST_CATEGORY, MISSING, OTHER, FrameEncoder
from crmml.models._grown_tree import GrownTree
from crmml.models._logistic import LogisticChurnClassifier
from crmml.models._logit_leaf import LogitLeafChurnClassifier
from crmml.models._tree import TreeChurnClassifier
from crmml.scoring._onnx_graph import OUTPUT, Graph

_LARGEST = 1e30
"""Numbers beyond are cut, as :class:`FlatDesign` does."""


def read_inputs(graph: Graph, encoder: FrameEncoder) -> dict[int, str]:
    """Declare an input for each feature of use: numbers, or codes of categories.

    Parameters
    ----------
    graph : Graph
        Where to.
    encoder : FrameEncoder
        Knows the features.

    Returns
    -------
    dict of int to str
        By feature, float64 with NaN, or int64 codes; shape (n, 1).

    Raises
    ------
    ModelFileError
        If an empty text is a category, which in ONNX stands for a missing one, or a
        feature has no name or that of the result.
    """
    found = {}
    for j, (name, kind) in enumerate(zip(encoder.names_, encoder.kinds_, strict=True)):
        if kind == EMPTY:
            continue
        if str(name) in ("", OUTPUT):
            raise ModelFileError(
                f"A feature is named {str(name)!r}. In ONNX an input needs a name, and "
                f"{OUTPUT!r} is that of the result: rename the feature."
            )
        value = graph.read(str(name), is_text=kind == TEXT)
        if kind == TEXT:
            value = _encode(graph, value, encoder.categories_[j], str(name))
        found[j] = value
    return found


def _encode(graph: Graph, value: str, categories: list[str], name: str) -> str:
    if "" in categories:
        raise ModelFileError(
            f"{name!r} has the empty text as a category. ONNX knows no missing text, "
            "so that the empty one stands for it: give that category a name."
        )
    return graph.add(
        "LabelEncoder",
        value,
        domain="ai.onnx.ml",
        keys_strings=["", *categories],
        values_int64s=[
            MISSING,
            *range(FIRST_CATEGORY, FIRST_CATEGORY + len(categories)),
        ],
        default_int64=OTHER,
    )


def add_log_odds(graph: Graph, model: Any, inputs: Mapping[int, str]) -> str:
    """Add the operators of a classifier.

    Parameters
    ----------
    graph : Graph
        Where to.
    model : churn classifier
        Fitted.
    inputs : mapping of int to str
        What :func:`read_inputs` returned.

    Returns
    -------
    str
        Log-odds of leaving, shape (n, 1).

    Raises
    ------
    ModelFileError
        If it is a classifier that has no such operators.
    """
    if not inputs:
        raise _no_features()
    if isinstance(model, LogisticChurnClassifier):
        return _add_additive(graph, model._logit, inputs)
    if isinstance(model, TreeChurnClassifier):
        leaf = _find_leaf(graph, model._grown, inputs)
        return graph.look_up(model._splits.value, leaf)
    if isinstance(model, LogitLeafChurnClassifier):
        return _add_logit_leaf(graph, model, inputs)
    if isinstance(model, BoostedChurnClassifier):
        return _add_boosted(graph, model, inputs)
    raise ModelFileError(
        f"{type(model).__name__} cannot be written as ONNX, which has no operator for "
        "its normal scores. LogisticChurnClassifier, TreeChurnClassifier, "
        "BoostedChurnClassifier and LogitLeafChurnClassifier can."
    )


def _add_additive(graph: Graph, logit: AdditiveLogit, inputs: Mapping[int, str]) -> str:
    total = graph.constant([[logit.intercept]])
    parts = [_add_term(graph, term, inputs[j]) for j, term in logit.terms.items()]
    for part in parts:
        total = graph.add("Add", total, part)
    return total


def _add_term(graph: Graph, term: Any, value: str) -> str:
    if isinstance(term, CategoryTerm):
        return graph.look_up(term.table, value)
    if isinstance(term, LineTerm):
        past = graph.add("Sub", value, graph.constant([[term.mean]]))
        rise = graph.add("Mul", past, graph.constant([[term.slope]]))
        found = graph.add("Add", rise, graph.constant([[term.constant]]))
    else:
        found = _add_curve(graph, term, value)
    step = graph.constant([[term.step]])
    return graph.add("Where", graph.is_missing(value), step, found)


def _add_curve(graph: Graph, term: CurveTerm, value: str) -> str:
    """Evaluate the cubic of the piece in which a number lies."""
    curve = term.curve
    if curve is None:
        return graph.add("Sub", value, value)
    at = graph.count_below(value, curve.breaks)
    past = graph.limit(value, float(curve.breaks[0]), float(curve.breaks[-1]))
    past = graph.add("Sub", past, graph.look_up(curve.starts, at))
    past = graph.add("Mul", past, graph.look_up(curve.rates, at))
    found = graph.look_up(curve.cubic, at)
    for coefficients in (curve.square, curve.slope, curve.level):
        found = graph.add("Mul", found, past)
        found = graph.add("Add", found, graph.look_up(coefficients, at))
    return found


def _add_matrix(graph: Graph, design: FlatDesign, inputs: Mapping[int, str]) -> str:
    """Lay out the columns of the design, in single precision as the trees compare."""
    blocks, order = [], []
    for j in np.unique(design.features).tolist():
        columns = np.flatnonzero(design.features == j)
        codes = design.codes[columns]
        is_text = not (codes == NO_CODE).any()
        if is_text:
            known = graph.constant(codes.reshape(1, -1), np.int64)
            blocks.append(graph.cast(graph.add("Equal", inputs[j], known), "FLOAT"))
        else:
            number = graph.cast(graph.limit(inputs[j], -_LARGEST, _LARGEST), "FLOAT")
            flag = graph.cast(graph.is_missing(inputs[j]), "FLOAT")
            blocks += [number if code == NO_CODE else flag for code in codes]
        order += columns.tolist()
    places = graph.constant(np.argsort(order), np.int64)
    return graph.add("Gather", graph.beside(blocks), places, axis=1)


def _find_leaf(graph: Graph, grown: GrownTree, inputs: Mapping[int, str]) -> str:
    """Find the number of each customer's leaf, which single precision holds exactly."""
    tree = grown.classifier.tree_
    if not len(grown.design.features):
        raise _no_features()
    threshold = tree.threshold.astype(np.float32)
    # A number in single precision is at most a threshold if it is at most the largest
    # such number that is.
    below = np.nextafter(threshold, np.float32(-np.inf))
    threshold = np.where(threshold > tree.threshold, below, threshold)
    leaves = np.flatnonzero(tree.children_left < 0)
    found = _add_trees(
        graph,
        _add_matrix(graph, grown.design, inputs),
        mode="BRANCH_LEQ",
        trees=[
            {
                "left": tree.children_left,
                "right": tree.children_right,
                "feature": np.maximum(tree.feature, 0),
                "threshold": threshold,
                "missing_left": tree.missing_go_to_left,
                "value": np.arange(tree.node_count),
            }
        ],
    )
    return graph.cast(found, "INT64") if len(leaves) else found


def _add_trees(
    graph: Graph, matrix: str, *, mode: str, trees: list[dict[str, Any]]
) -> str:
    """Add trees whose leaves' values are summed, shape (n, 1), single precision."""
    nodes: dict[str, list[Any]] = {}
    leaves: dict[str, list[Any]] = {}
    for number, tree in enumerate(trees):
        is_leaf = np.asarray(tree["left"]) < 0
        size, ends = len(is_leaf), np.flatnonzero(is_leaf)
        columns: dict[str, Any] = {
            "treeids": [number] * size,
            "nodeids": range(size),
            "featureids": np.asarray(tree["feature"]).tolist(),
            "values": np.where(is_leaf, 0, tree["threshold"]).tolist(),
            "modes": np.where(is_leaf, "LEAF", mode).tolist(),
            "truenodeids": np.where(is_leaf, 0, tree["left"]).tolist(),
            "falsenodeids": np.where(is_leaf, 0, tree["right"]).tolist(),
            "missing_value_tracks_true": np.asarray(tree["missing_left"], int).tolist(),
        }
        for name, values in columns.items():
            nodes.setdefault(f"nodes_{name}", []).extend(values)
        values = np.asarray(tree["value"], np.float64)[ends].tolist()
        for name, own in (
            ("treeids", [number] * len(ends)),
            ("nodeids", ends.tolist()),
            ("ids", [0] * len(ends)),
            ("weights", values),
        ):
            leaves.setdefault(f"target_{name}", []).extend(own)
    return graph.add(
        "TreeEnsembleRegressor",
        matrix,
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="NONE",
        aggregate_function="SUM",
        **nodes,
        **leaves,
    )


def _add_logit_leaf(
    graph: Graph, model: LogitLeafChurnClassifier, inputs: Mapping[int, str]
) -> str:
    """Compute the log-odds by every group's model, and take those of the own group."""
    leaf = _find_leaf(graph, model._grown, inputs)
    place = np.zeros(model._grown.classifier.tree_.node_count, np.int64)
    place[list(model._logits)] = range(len(model._logits))
    own = graph.add("Gather", graph.constant(place, np.int64), leaf)
    every = [_add_additive(graph, one, inputs) for one in model._logits.values()]
    return graph.add("GatherElements", graph.beside(every), own, axis=1)


def _add_boosted(
    graph: Graph, model: BoostedChurnClassifier, inputs: Mapping[int, str]
) -> str:
    if not len(model._design.features):
        raise _no_features()
    learner = json.loads(model.booster_.save_raw("json"))["learner"]
    share = float(learner["learner_model_param"]["base_score"].strip("[]"))
    trees = [
        {
            "left": tree["left_children"],
            "right": tree["right_children"],
            "feature": tree["split_indices"],
            "threshold": np.array(tree["split_conditions"], np.float32),
            "missing_left": tree["default_left"],
            # XGBoost keeps the values of leaves where others have thresholds.
            "value": np.array(tree["split_conditions"], np.float32),
        }
        for tree in learner["gradient_booster"]["model"]["trees"]
    ]
    matrix = _add_matrix(graph, model._design, inputs)
    margin = _add_trees(graph, matrix, mode="BRANCH_LT", trees=trees)
    base = float(np.log(share / (1 - share)))
    return graph.add("Add", graph.cast(margin, "DOUBLE"), graph.constant([[base]]))


def _no_features() -> ModelFileError:
    return ModelFileError(
        "The model uses no feature: all were constant or missing in training. There is "
        "nothing to export."
    )
