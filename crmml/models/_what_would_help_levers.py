"""What may be changed about a customer, and at which values it is worth trying."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.models._boosted import BoostedChurnClassifier
from crmml.models._columns import NUMERIC
from crmml.models._design import NO_CODE
from crmml.models._tree import TreeChurnClassifier

# Values tried in a range where the model has no steps of its own.
_GRID = 64
_SHOWN_DIGITS = 4
_MOST_STEPS = 10_000
_DIRECTIONS = ("any", "up", "down")


@dataclass(frozen=True)
class NumberRange:
    """A range in which a number may be changed; see :func:`what_would_help`.

    Attributes
    ----------
    low, high : float
        The smallest and largest value allowed.
    step : float or None, default=None
        Allow ``low``, ``low + step`` and so on only; None allows everything between.
    direction : {"any", "up", "down"}, default="any"
        Whether the number may only rise or only fall.
    cost : float, default=1.0
        What a change over the whole range costs, in the unit in which changes of
        different features are compared; smaller changes cost their part of it.

    Raises
    ------
    SchemaError
        If the range is empty, or an argument is no number or out of bounds.

    Examples
    --------
    >>> from crmml.models import NumberRange
    >>> NumberRange(20, 80, step=10, direction="down")
    NumberRange(low=20, high=80, step=10, direction='down', cost=1.0)
    """

    low: float
    high: float
    step: float | None = None
    direction: str = "any"
    cost: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        for name in ("low", "high", "cost"):
            _check_finite(getattr(self, name), name)
        if not self.low < self.high:
            raise SchemaError(
                f"low must be below high, got low={self.low!r} and high={self.high!r}."
            )
        if self.cost <= 0:
            raise SchemaError(f"cost must be above 0, got {self.cost!r}.")
        if self.direction not in _DIRECTIONS:
            raise SchemaError(
                f"direction must be one of {list(_DIRECTIONS)}, got {self.direction!r}."
            )
        if self.step is None:
            return
        _check_finite(self.step, "step")
        if not 0 < self.step <= self.high - self.low:
            raise SchemaError(
                f"step must be above 0 and fit into the range, got {self.step!r}."
            )
        if (self.high - self.low) / self.step > _MOST_STEPS:
            raise SchemaError(
                f"step={self.step!r} makes more than {_MOST_STEPS} values; take a "
                "larger one, or None."
            )


@dataclass(frozen=True)
class Lever:
    """One feature and the values to try.

    Attributes
    ----------
    feature : object
        Its name.
    low, high : ndarray of shape (n_candidates,)
        Of a number: intervals, in each of which one value is as good as another, in
        rising order; single points where both are equal. Of other features: the
        values, twice.
    costs : ndarray of shape (n_candidates,)
        Of a number: cost per unit. Of other features: cost of each value.
    bisect : bool
        Whether values between the candidates are allowed and differ.
    direction : str
        Of a number: "any", "up" or "down".
    is_number : bool
        Whether sizes of changes count.
    """

    feature: Any
    low: NDArray[Any]
    high: NDArray[Any]
    costs: NDArray[np.float64]
    bisect: bool = False
    direction: str = "any"
    is_number: bool = True


def make_lever(model: Any, feature: Any, allowed: Any) -> Lever:
    """Find the values of one feature that are worth trying.

    Parameters
    ----------
    model : classifier
        The fitted model; trees tell the steps of their answer.
    feature : object
        Name of the feature.
    allowed : NumberRange, sequence, or mapping to costs
        What the user allows.

    Returns
    -------
    Lever
        The candidates.

    Raises
    ------
    SchemaError
        If nothing is allowed, or a cost is not above 0.
    """
    if isinstance(allowed, NumberRange):
        return _range_lever(model, feature, allowed)
    if isinstance(allowed, str) or not isinstance(allowed, (Sequence, Mapping)):
        raise SchemaError(
            f"changeable[{feature!r}] must be a NumberRange, a list of values or a "
            f"dictionary of values and costs, got {type(allowed).__name__}."
        )
    values = np.empty(len(allowed), dtype=object)
    values[:] = list(allowed)
    costs = list(allowed.values()) if isinstance(allowed, Mapping) else [1.0]
    for cost in costs:
        _check_finite(cost, f"cost in changeable[{feature!r}]")
    if len(values) == 0 or min(costs) <= 0:
        raise SchemaError(
            f"changeable[{feature!r}] must allow at least one value, at costs above 0."
        )
    weights = np.broadcast_to(np.array(costs, np.float64), len(values))
    return Lever(feature, values, values, weights, is_number=False)


def _range_lever(model: Any, feature: Any, allowed: NumberRange) -> Lever:
    low, high = float(allowed.low), float(allowed.high)
    starts = _breakpoints(model, feature)
    bisect = False
    if allowed.step is not None:
        count = int(np.floor((high - low) / allowed.step * (1 + 1e-12)))
        lows = highs = low + allowed.step * np.arange(count + 1)
    elif starts is not None:
        # The answer is constant from one step of the trees to before the next.
        inner = starts[(starts > low) & (starts <= high)]
        lows = np.concatenate([[low], inner])
        highs = np.concatenate([_before(inner), [high]])
        lows[1:], highs[:-1] = (
            _round_up(lows, highs)[1:],
            -_round_up(-highs, -lows)[:-1],
        )
    else:
        lows = highs = np.linspace(low, high, _GRID + 1)
        bisect = True
    costs = np.full(len(lows), allowed.cost / (high - low))
    return Lever(feature, lows, highs, costs, bisect, allowed.direction)


def _breakpoints(model: Any, feature: Any) -> NDArray[np.float64] | None:
    """Numbers at which a tree model's answer may jump, or None for other models."""
    if not isinstance(model, (TreeChurnClassifier, BoostedChurnClassifier)):
        return None
    names = model._encoder.names_
    j = names.index(feature) if feature in names else -1
    if j < 0 or model._encoder.kinds_[j] not in NUMERIC:
        return np.empty(0)
    columns = np.nonzero(
        (model._design.features == j) & (model._design.codes == NO_CODE)
    )
    column = int(columns[0][0])
    if isinstance(model, TreeChurnClassifier):
        tree = model._grown.classifier.tree_
        asked = tree.threshold[tree.feature == column]
        asked = asked[np.isfinite(asked)]
        # These trees go left up to the threshold, and compare single precision.
        below = asked.astype(np.float32)
        below = np.where(below > asked, np.nextafter(below, np.float32(-np.inf)), below)
        starts = np.nextafter(below, np.float32(np.inf))
    else:
        starts = _booster_splits(model, column)
    return np.unique(starts).astype(np.float64)


def _booster_splits(model: BoostedChurnClassifier, column: int) -> NDArray[np.float32]:
    """Thresholds of all trees on one column; trees go left below them."""
    saved = json.loads(model.booster_.save_raw("json"))
    found: list[float] = []
    for tree in saved["learner"]["gradient_booster"]["model"]["trees"]:
        is_split = np.array(tree["left_children"]) >= 0
        is_here = np.array(tree["split_indices"]) == column
        found += np.array(tree["split_conditions"])[is_split & is_here].tolist()
    return np.array(found, dtype=np.float32)


def _before(starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest numbers of single precision below the given ones."""
    return np.nextafter(starts.astype(np.float32), np.float32(-np.inf)).astype(
        np.float64
    )


def _round_up(numbers: NDArray[Any], limits: NDArray[Any]) -> NDArray[Any]:
    """Round up to the digits that sentences show, where that stays within limits.

    Else a split at 3 would be passed by 2.9999998, and be told as 3.
    """
    size = np.abs(np.where(numbers == 0, 1.0, numbers))
    digit = 10.0 ** (np.floor(np.log10(size)) - (_SHOWN_DIGITS - 1))
    rounded = np.ceil(numbers / digit) * digit
    return np.where(rounded <= limits, rounded, numbers)


def _check_finite(value: Any, name: str) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not np.isfinite(float(value)):
        raise SchemaError(f"{name} must be a finite number, got {value!r}.")
