"""What would help: the smallest change that brings a customer's risk down."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml._utils._frames import is_frame
from crmml.exceptions import SchemaError
from crmml.models._columns import BOOLEAN, NUMBER, TEXT, Columns, read_frame
from crmml.models._reason_words import Words, read_words
from crmml.models._what_would_help_levers import NumberRange, make_lever
from crmml.models._what_would_help_search import Customers, Plan, Values, make_plans

_COLUMNS = {
    "row": "int64",
    "change": "int64",
    "feature": object,
    "value": object,
    "new_value": object,
    "probability": "float64",
    "new_probability": "float64",
    "is_enough": "bool",
    "advice": object,
}


def what_would_help(
    model: Any,
    X: Any,
    changeable: Mapping[str, NumberRange | Sequence[Any] | Mapping[Any, float]],
    *,
    threshold: float,
    max_changes: int = 2,
    language: str = "en",
    names: Mapping[str, str] | None = None,
    templates: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Find the smallest changes that bring customers' probability to a threshold.

    Parameters
    ----------
    model : classifier
        Fitted, with ``predict_proba`` whose second column is churn; of crmml or not.
    X : dataframe of shape (n_samples, n_features)
        The customers, as for ``model.predict_proba``.
    changeable : dict
        What the company can change, by feature: for a number a :class:`NumberRange`;
        for text, booleans and numbers alike a list of the values on offer, or a
        dictionary of values and their costs (1 each in a list).
    threshold : float
        The probability of leaving that must not be exceeded, between 0 and 1.
    max_changes : int, default=2
        How many features may be changed for one customer.
    language : {"en", "zh"}, default="en"
        The language of the advice, English or Chinese.
    names : mapping of str to str, default=None
        Readable names by feature, as in ``explain``.
    templates : mapping of str to str, default=None
        A sentence in place of "change", with ``{name}``, ``{value}``,
        ``{new_value}``, ``{risk}`` and ``{new_risk}`` in braces; and the words "yes"
        and "no".

    Returns
    -------
    DataFrame
        At least one row a customer, in the order of X, with the columns

        - ``row``: position in X, from 0; ``change``: 1 for the first change, and so on;
        - ``feature``, ``value``, ``new_value``: what is changed, from and to what;
        - ``probability``, ``new_probability``: before and after, changes being made
          one after the other;
        - ``is_enough``: whether all changes together reach the threshold;
        - ``advice``: a sentence.

        A customer already at or below the threshold, and one whom no change helps
        enough, has a single row without a feature; the latter's ``new_probability`` is
        the lowest that was found.

    Raises
    ------
    SchemaError
        If the model, X, threshold or what may be changed cannot be used.

    See Also
    --------
    crmml.models.LogisticChurnClassifier.explain : Why the risk is what it is.

    Notes
    -----
    One feature is tried first, and the cheapest change that suffices is taken: the
    cost of a number's change is its part of the range times `cost`, of another value
    its cost. Of the step function of crmml's trees and boosting every step is tried,
    so that this is exact; so it is for lists and for steps of your own. For other
    models 65 points of the range are tried, and the first that suffices is moved back
    by bisection to where it just does: exact to a billionth of the range where the
    answer is monotone in the feature, such as the straight lines of
    ``LogisticChurnClassifier(linear=True)``; elsewhere a dip between two points may be
    missed.

    If no single feature suffices, the most effective one is changed and a second one
    is searched for, and so on; at last, earlier changes are made as small as the later
    ones allow. This is greedy: a cheaper pair may exist. A missing value is not
    changed, as nobody knows from what.

    The answer is the model's. That customers who are given another contract will stay
    like those who chose it, only an experiment can tell.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier, what_would_help
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> model = LogisticChurnClassifier(C=1e6).fit(X, y)
    >>> offers = {"contract": ["yearly"]}
    >>> what_would_help(model, X.head(1), offers, threshold=0.5)["advice"][0]
    'contract: yearly instead of monthly, risk 20 % instead of 60 %'
    """
    words = read_words(language, names, templates)
    max_changes = check_count(max_changes, "max_changes")
    _check_arguments(model, X, changeable, threshold)
    frame: nw.DataFrame[Any] = nw.from_native(X, eager_only=True)
    values = _read_changeable(frame, changeable)
    customers = Customers(model, frame, values)
    levers = [make_lever(model, name, allowed) for name, allowed in changeable.items()]
    every = np.arange(len(frame))
    before = customers.score(every, {})
    at_risk = before > threshold
    start = Plan(every[at_risk], {}, before[at_risk], suffices=False)
    plans = make_plans(customers, levers, start, threshold, max_changes)
    plans.append(Plan(every[~at_risk], {}, before[~at_risk], suffices=True))
    rows = [row for plan in plans for row in _tell(plan, customers, before, words)]
    columns = zip(*rows, strict=True) if rows else [()] * len(_COLUMNS)
    table = pd.DataFrame(
        {
            name: pd.Series(column, dtype=dtype)
            for (name, dtype), column in zip(_COLUMNS.items(), columns, strict=True)
        }
    )
    return table.sort_values(["row", "change"], ignore_index=True)


def _check_arguments(
    model: Any, X: Any, changeable: Mapping[str, Any], threshold: float
) -> None:
    if not hasattr(model, "predict_proba"):
        raise SchemaError(
            f"model must have predict_proba, got {type(model).__name__}; take a "
            "classifier that gives probabilities."
        )
    if not is_frame(X):
        raise SchemaError(
            f"X must be a dataframe, got {type(X).__name__}: changes go by the names "
            "of columns."
        )
    is_number = isinstance(threshold, (int, float, np.number))
    if not is_number or isinstance(threshold, bool) or not 0 < threshold < 1:
        raise SchemaError(f"threshold must lie between 0 and 1, got {threshold!r}.")
    if not isinstance(changeable, Mapping) or not changeable:
        raise SchemaError(
            "changeable must be a dictionary that says for at least one feature what "
            "it may be changed to."
        )


def _read_changeable(frame: nw.DataFrame[Any], changeable: Mapping[str, Any]) -> Values:
    """Values of the features that may be changed, missing ones as NaN or None."""
    missing = [name for name in changeable if name not in frame.columns]
    if missing:
        raise SchemaError(f"changeable names columns that X does not have: {missing}.")
    found: Columns = read_frame(frame.to_native(), list(changeable))
    values: Values = {}
    for j, (name, allowed) in enumerate(changeable.items()):
        kind, column = found.kinds[j], found.arrays[j]
        wants_number = isinstance(allowed, NumberRange)
        if wants_number and kind in (BOOLEAN, TEXT):
            raise SchemaError(
                f"changeable[{name!r}] is a NumberRange, and the column holds {kind} "
                "values; list the values on offer instead."
            )
        if wants_number:
            values[name] = np.full(len(frame), np.nan) if kind != NUMBER else column
        else:
            _check_offers(name, kind, allowed)
            values[name] = _as_objects(kind, column)
    return values


def _check_offers(name: str, kind: str, offers: Any) -> None:
    """Refuse values that the column cannot hold; any will do where it is empty."""
    if not isinstance(offers, Iterable) or isinstance(offers, str):
        # Refused where the values to try are listed.
        return
    n_bad = sum(not _fits(offer, kind) for offer in offers)
    if n_bad:
        raise SchemaError(
            f"changeable[{name!r}] offers {n_bad} values that are no {kind}, which is "
            "what the column holds."
        )


def _fits(offer: Any, kind: str) -> bool:
    if kind == TEXT:
        return isinstance(offer, str)
    if kind == BOOLEAN:
        return isinstance(offer, bool)
    is_number = isinstance(offer, (int, float)) and not isinstance(offer, bool)
    return kind != NUMBER or (is_number and math.isfinite(offer))


def _as_objects(kind: str, column: Any) -> Any:
    """Values as Python objects, None where missing."""
    objects = np.empty(len(column), dtype=object)
    as_flag = kind == BOOLEAN
    for i, value in enumerate(column.tolist()):
        is_missing = value is None or value != value
        objects[i] = None if is_missing else bool(value) if as_flag else value
    return objects


def _tell(
    plan: Plan, customers: Customers, before: Any, words: Words
) -> list[tuple[Any, ...]]:
    """Rows of the table for the customers of one plan."""
    if not plan.changes or not plan.suffices:
        return [
            (row, 1, None, None, None, before[row], p, plan.suffices, None)
            for row, p in zip(plan.rows.tolist(), plan.probability, strict=True)
        ]
    told = []
    made: Values = {}
    old = before[plan.rows]
    for k, (feature, new_values) in enumerate(plan.changes.items(), start=1):
        made[feature] = new_values
        is_last = k == len(plan.changes)
        new = plan.probability if is_last else customers.score(plan.rows, made)
        current = customers.current[feature][plan.rows]
        columns = (plan.rows, current, new_values, old, new)
        listed = [column.tolist() for column in columns]
        for row, value, new_value, p, q in zip(*listed, strict=True):
            advice = words.change(feature, value, new_value, p, q)
            told.append((row, k, feature, value, new_value, p, q, True, advice))
        old = new
    return told
