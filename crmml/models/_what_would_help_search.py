"""The search for the smallest change: one feature first, then a second, and so on."""

from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from crmml.models._what_would_help_levers import Lever

# Rows that are scored together.
_BLOCK = 100_000
# Of one step of the grid: what is left is a billionth of the range.
_HALVINGS = 24

Floats = NDArray[np.float64]
Values = dict[Any, NDArray[Any]]


class Customers:
    """A batch whose features can be replaced before it is scored.

    Parameters
    ----------
    model : classifier
        Has ``predict_proba``; the second column is churn.
    frame : narwhals.DataFrame
        The batch.
    current : dict of ndarray
        The changeable columns: float64 with NaN, or objects with None, if missing.
    """

    def __init__(self, model: Any, frame: nw.DataFrame[Any], current: Values) -> None:
        self._model = model
        self._frame = frame
        self.current = current

    def score(self, rows: NDArray[np.int64], changed: Values) -> Floats:
        """Probabilities of leaving of the given rows, after the given changes."""
        parts = [np.empty(0)]
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            part = self._frame[rows[block].tolist(), :]
            for feature, values in changed.items():
                part = _replace(part, feature, values[block])
            proba = np.asarray(self._model.predict_proba(part.to_native()))
            parts.append(proba[:, 1].astype(np.float64))
        return np.concatenate(parts)


@dataclass(frozen=True)
class Found:
    """The best use of one lever, for each of some customers.

    Attributes
    ----------
    cost : ndarray of shape (n,)
        Of the smallest change that suffices; infinite where none does.
    value : ndarray of shape (n,)
        The new value: of that change or, where none suffices, of the most effective.
    probability : ndarray of shape (n,)
        With that value; infinite where nothing can be changed.
    """

    cost: Floats
    value: NDArray[Any]
    probability: Floats


def pull(
    customers: Customers,
    lever: Lever,
    rows: NDArray[np.int64],
    others: Values,
    threshold: float,
) -> Found:
    """Find the smallest change of one feature that brings customers to the threshold.

    Parameters
    ----------
    customers : Customers
        The batch.
    lever : Lever
        The feature and its candidates.
    rows : ndarray of shape (n,)
        Whom to look at.
    others : dict of ndarray of shape (n,)
        What else has been changed about them.
    threshold : float
        The probability that must not be exceeded.

    Returns
    -------
    Found
        For each of `rows`.
    """
    now = customers.current[lever.feature][rows]
    new, cost = _candidates(lever, now)
    n, m = new.shape
    possible = np.isfinite(cost)
    at, candidate = np.nonzero(possible)
    probability = np.full((n, m), np.inf)
    if len(at):
        tried = {feature: values[at] for feature, values in others.items()}
        tried[lever.feature] = new[at, candidate]
        probability[at, candidate] = customers.score(rows[at], tried)
    suffices = probability <= threshold
    best = np.where(
        suffices.any(axis=1),
        np.argmin(np.where(suffices, cost, np.inf), axis=1),
        np.argmin(probability, axis=1),
    )
    each = np.arange(n)
    found = Found(
        np.where(suffices.any(axis=1), cost[each, best], np.inf),
        new[each, best],
        probability[each, best],
    )
    if not lever.bisect:
        return found
    return _bisect(customers, lever, rows, others, threshold, found)


def _candidates(lever: Lever, now: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
    """Return new values and costs, shape (n, n_candidates); infinite if not allowed."""
    n, m = len(now), len(lever.low)
    if not lever.is_number:
        new = np.broadcast_to(lever.low, (n, m))
        same = np.array([[a is None or a == b for b in lever.low] for a in now])
        return new, np.where(same.reshape(n, m), np.inf, lever.costs)
    value = now.astype(np.float64)[:, None]
    # Of an interval in which all values do, the nearest.
    near = np.clip(value, lever.low, lever.high)
    cost = np.abs(near - value) * lever.costs
    forbidden = np.isnan(value) | (cost == 0.0)
    if lever.direction == "up":
        forbidden = forbidden | (near < value)
    elif lever.direction == "down":
        forbidden = forbidden | (near > value)
    return near, np.where(forbidden, np.inf, cost)


def _bisect(
    customers: Customers,
    lever: Lever,
    rows: NDArray[np.int64],
    others: Values,
    threshold: float,
    found: Found,
) -> Found:
    """Move from the first candidate that suffices back to where it just does."""
    at = np.nonzero(np.isfinite(found.cost))[0]
    if len(at) == 0:
        return found
    now = customers.current[lever.feature][rows[at]]
    good = found.value[at].astype(np.float64)
    # The candidate before did not suffice, or there was none and the customer is there.
    step = lever.low[1] - lever.low[0]
    back = good - np.sign(good - now) * step
    # At an end of the range there is no candidate before.
    back = np.clip(back, lever.low[0], lever.low[-1])
    bad = np.where(good > now, np.maximum(back, now), np.minimum(back, now))
    tried = {feature: values[at] for feature, values in others.items()}
    probability = found.probability[at].copy()
    for _ in range(_HALVINGS):
        middle = (good + bad) / 2.0
        scored = customers.score(rows[at], {**tried, lever.feature: middle})
        enough = scored <= threshold
        good, bad = np.where(enough, middle, good), np.where(enough, bad, middle)
        probability = np.where(enough, scored, probability)
    cost, value, final = found.cost.copy(), found.value.copy(), found.probability.copy()
    cost[at] = np.abs(good - now) * lever.costs[0]
    value[at], final[at] = good, probability
    return replace(found, cost=cost, value=value, probability=final)


@dataclass(frozen=True)
class Plan:
    """Changes to the same features, for customers who need just these.

    Attributes
    ----------
    rows : ndarray of shape (n,)
        The customers.
    changes : dict of ndarray of shape (n,)
        New values by feature, in the order in which they are made.
    probability : ndarray of shape (n,)
        With all of them.
    suffices : bool
        Whether the threshold is reached.
    """

    rows: NDArray[np.int64]
    changes: Values
    probability: Floats
    suffices: bool


def make_plans(
    customers: Customers, levers: list[Lever], start: Plan, threshold: float, n: int
) -> list[Plan]:
    """Search for the smallest change, of one more feature at a time.

    Parameters
    ----------
    customers : Customers
        The batch.
    levers : list of Lever
        What may be changed.
    start : Plan
        Customers above the threshold, with what has been changed already.
    threshold : float
        The probability that must not be exceeded.
    n : int
        How many further features may be changed.

    Returns
    -------
    list of Plan
        Together for all customers of `start`, each once.
    """
    free = [lever for lever in levers if lever.feature not in start.changes]
    if n == 0 or not free or len(start.rows) == 0:
        return [start] if len(start.rows) else []
    found = [
        pull(customers, lever, start.rows, start.changes, threshold) for lever in free
    ]
    costs = np.column_stack([one.cost for one in found])
    reached = np.column_stack([one.probability for one in found])
    enough = np.isfinite(costs).any(axis=1)
    # The cheapest that suffices or, where none does, the most effective.
    choice = np.where(enough, costs.argmin(axis=1), reached.argmin(axis=1))
    helps = enough | (reached.min(axis=1) < start.probability)
    plans = [_select(start, np.nonzero(~helps)[0])] if not helps.all() else []
    for k, (lever, one) in enumerate(zip(free, found, strict=True)):
        for done in (True, False):
            at = np.nonzero(helps & (choice == k) & (enough == done))[0]
            if len(at) == 0:
                continue
            before = _select(start, at)
            changes = {**before.changes, lever.feature: one.value[at]}
            plan = Plan(before.rows, changes, one.probability[at], suffices=done)
            if done:
                plans.append(_trim(customers, levers, plan, threshold))
            else:
                plans += make_plans(customers, levers, plan, threshold, n - 1)
    return plans


def _trim(
    customers: Customers, levers: list[Lever], plan: Plan, threshold: float
) -> Plan:
    """Make earlier changes as small as the later ones allow."""
    changes, probability = dict(plan.changes), plan.probability
    by_feature = {lever.feature: lever for lever in levers}
    for feature in list(changes)[:-1]:
        others = {name: changes[name] for name in changes if name != feature}
        found = pull(customers, by_feature[feature], plan.rows, others, threshold)
        smaller = np.isfinite(found.cost)
        changes[feature] = np.where(smaller, found.value, changes[feature])
        probability = np.where(smaller, found.probability, probability)
    return replace(plan, changes=changes, probability=probability)


def _select(plan: Plan, at: NDArray[np.int64]) -> Plan:
    return Plan(
        plan.rows[at],
        {feature: values[at] for feature, values in plan.changes.items()},
        plan.probability[at],
        plan.suffices,
    )


def _replace(
    frame: nw.DataFrame[Any], feature: Any, values: NDArray[Any]
) -> nw.DataFrame[Any]:
    """Put values into a column: numbers as floats, the rest as what it is."""
    listed = values.tolist()
    kind: Any = nw.String
    if all(isinstance(value, bool) for value in listed):
        kind = nw.Boolean
    elif all(isinstance(value, (int, float)) for value in listed):
        kind = nw.Float64
    column = nw.new_series(
        feature, listed, kind, backend=nw.get_native_namespace(frame)
    )
    return frame.with_columns(column)
