"""A decision tree in words."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.models._columns import BOOLEAN
from crmml.models._design import NO_CODE, FlatDesign
from crmml.models._encoder import FIRST_CATEGORY, MISSING, FrameEncoder
from crmml.models._reason_words import format_number

_INDENT = "|   "


def write_rules(
    tree: Any,
    design: FlatDesign,
    encoder: FrameEncoder,
    smoothed: NDArray[np.float64] | None = None,
) -> str:
    """Write a fitted tree as indented rules.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        The fitted tree.
    design : FlatDesign
        Says which column asks about what.
    encoder : FrameEncoder
        Knows names, categories and where values were missing.
    smoothed : ndarray of shape (n_nodes,), default=None
        Predicted churn share of every node, where it is one.

    Returns
    -------
    str
        The rules.
    """
    lines: list[str] = []
    waiting = [(0, "", "all customers")]
    while waiting:
        node, indent, condition = waiting.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            customers = f"{format_number(tree.weighted_n_node_samples[node])} customers"
            left_share = f"{tree.value[node, 0, 1]:.1%} left"
            outcome = (
                f"{left_share} ({customers})"
                if smoothed is None
                else f"{smoothed[node]:.1%} leave ({customers}, {left_share})"
            )
            lines.append(f"{indent}{condition}: {outcome}")
            continue
        if node:
            lines.append(f"{indent}{condition}")
            indent += _INDENT
        yes, no = _conditions(tree, node, design, encoder)
        # The last one put in comes out first.
        waiting += [(right, indent, no), (left, indent, yes)]
    return "\n".join(lines)


def _conditions(
    tree: Any, node: int, design: FlatDesign, encoder: FrameEncoder
) -> tuple[str, str]:
    """Conditions of the left and of the right branch."""
    column = tree.feature[node]
    feature, code = int(design.features[column]), int(design.codes[column])
    name = encoder.names_[feature]
    if code != NO_CODE:
        return _category_conditions(name, feature, code, design, encoder)
    if not np.isfinite(tree.threshold[node]):
        return f"{name} is known", f"{name} is missing"
    if encoder.kinds_[feature] == BOOLEAN:
        conditions = [f"{name} is False", f"{name} is True"]
    else:
        threshold = format_number(tree.threshold[node], digits=6)
        conditions = [f"{name} <= {threshold}", f"{name} > {threshold}"]
    if encoder.has_missing_[feature]:
        side = 0 if tree.missing_go_to_left[node] else 1
        conditions[side] += " or missing"
    return conditions[0], conditions[1]


def _category_conditions(
    name: Any, feature: int, code: int, design: FlatDesign, encoder: FrameEncoder
) -> tuple[str, str]:
    """Say which category goes where: its column is 0 on the left, 1 on the right."""
    categories = encoder.categories_[feature]
    present = {FIRST_CATEGORY + k for k in range(len(categories))}
    if encoder.has_missing_[feature]:
        present.add(MISSING)
    alone = int((design.features == feature).sum()) == 1
    rest = sorted(present - {code})
    if alone and len(rest) == 1:
        # Of two values the one that has no column.
        otherwise = f"{name} is {_spell(rest[0], categories)}"
    elif code == MISSING:
        otherwise = f"{name} is known"
    else:
        otherwise = f"{name} is not {_spell(code, categories)}"
    return otherwise, f"{name} is {_spell(code, categories)}"


def _spell(code: int, categories: list[str]) -> str:
    if code >= FIRST_CATEGORY:
        return categories[code - FIRST_CATEGORY]
    return "missing" if code == MISSING else "another value"
