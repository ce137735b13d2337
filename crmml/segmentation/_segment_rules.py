"""A segment in one line: a few conditions that most members meet, and few others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from crmml._utils._arguments import check_count
from crmml.segmentation._columns import Matrix
from crmml.segmentation._profile import list_segments, read_segments

Members = NDArray[np.bool_]


@dataclass(frozen=True)
class _Range:
    """Values above `low` and up to `high`."""

    low: float = -np.inf
    high: float = np.inf

    def __str__(self) -> str:
        if self.low == -np.inf:
            return f"<= {self.high:g}"
        if self.high == np.inf:
            return f"> {self.low:g}"
        return f"in ({self.low:g}, {self.high:g}]"


def compute_segment_rules(
    features: Any, labels: Any, *, max_conditions: int = 3
) -> pd.DataFrame:
    """Describe every segment by one line of conditions, and say how well it does.

    For each segment a shallow decision tree tells members from others. Of its leaves,
    the one is taken that agrees best with the segment; its thresholds are rounded to
    three digits, and the line is replayed on all customers as it is printed.

    Parameters
    ----------
    features : dataframe or array-like of shape (n_customers, n_features)
        One row per customer: numbers, booleans and missing values, which meet no
        condition.
    labels : array-like of shape (n_customers,)
        The segment of each row, by position: numbers or names.
    max_conditions : int, default=3
        Most splits on the way to a leaf. Two on one column become a range.

    Returns
    -------
    pandas.DataFrame
        One row per segment, the largest first: segment, rule (such as ``"n_orders >
        5 and total_spend <= 90"``), n_customers (members), n_matched (customers that
        meet the rule), precision (share of members among those), recall (share of the
        members that meet it) and accuracy (share of all customers on whom rule and
        segment agree).

    Raises
    ------
    SchemaError
        If columns hold text, dates or infinite numbers, labels are missing or their
        number is wrong, or `max_conditions` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import compute_segment_rules
    >>> features = pd.DataFrame({"n_orders": [1, 2, 3, 8, 9]})
    >>> rules = compute_segment_rules(features, ["few", "few", "few", "many", "many"])
    >>> rules[["segment", "rule", "accuracy"]]
      segment             rule  accuracy
    0     few  n_orders <= 5.5       1.0
    1    many   n_orders > 5.5       1.0
    """
    max_conditions = check_count(max_conditions, "max_conditions")
    table, segments = read_segments(features, labels)
    matrix = table.to_numpy()
    names = [str(name) for name in table.columns]
    # Trees would send missing values where it suits them, which no line can say.
    filled = np.where(np.isnan(matrix), _find_medians(matrix), matrix)
    rows = []
    for segment in list_segments(segments):
        inside = (segments == segment).to_numpy()
        conditions = _find_conditions(filled, inside, max_conditions)
        matched = _replay(matrix, conditions)
        both = int((matched & inside).sum())
        rule = " and ".join(f"{names[j]} {limits}" for j, limits in conditions.items())
        rows.append(
            (
                segment,
                rule or "everyone",
                int(inside.sum()),
                int(matched.sum()),
                both / matched.sum() if matched.any() else np.nan,
                both / inside.sum(),
                float((matched == inside).mean()),
            )
        )
    columns = ["segment", "rule", "n_customers", "n_matched"]
    return pd.DataFrame(rows, columns=[*columns, "precision", "recall", "accuracy"])


def _find_medians(matrix: Matrix) -> Matrix:
    return np.array(
        [np.median(x[~np.isnan(x)]) if (~np.isnan(x)).any() else 0.0 for x in matrix.T]
    )


def _find_conditions(
    filled: Matrix, inside: Members, max_conditions: int
) -> dict[int, _Range]:
    """Return the ranges of the columns on the way to the best leaf."""
    tree = DecisionTreeClassifier(
        max_depth=max_conditions, class_weight="balanced", random_state=0
    ).fit(filled, inside)
    candidates = [
        {j: _round(limits) for j, limits in path.items()}
        for path in _list_paths(tree.tree_)
    ]
    return max(candidates, key=lambda path: _agree(_replay(filled, path), inside))


def _list_paths(tree: Any) -> list[dict[int, _Range]]:
    """List the way to every node, shorter ones before those that they lead to."""
    paths: list[dict[int, _Range]] = []
    waiting: list[tuple[int, dict[int, _Range]]] = [(0, {})]
    while waiting:
        node, path = waiting.pop(0)
        paths.append(path)
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            continue
        column, cut = int(tree.feature[node]), float(tree.threshold[node])
        limits = path.get(column, _Range())
        waiting.append((left, {**path, column: _Range(limits.low, cut)}))
        waiting.append((right, {**path, column: _Range(cut, limits.high)}))
    return paths


def _round(limits: _Range) -> _Range:
    return _Range(float(f"{limits.low:.3g}"), float(f"{limits.high:.3g}"))


def _replay(matrix: Matrix, conditions: dict[int, _Range]) -> Members:
    matched: Members = np.ones(len(matrix), dtype=bool)
    for j, limits in conditions.items():
        matched &= (matrix[:, j] > limits.low) & (matrix[:, j] <= limits.high)
    return matched


def _agree(matched: Members, inside: Members) -> float:
    """Members of both among the members of either."""
    either = int((matched | inside).sum())
    return int((matched & inside).sum()) / either if either else 0.0
