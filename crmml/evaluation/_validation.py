"""One reading of labels and scores for every metric, and one home for its errors."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import NotEnoughHistoryError, SchemaError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

# Spellings of "stayed" and "left" that need no explanation.
_NUMERIC_CLASSES = ({0, 1}, {-1, 1})


def check_labels_and_scores(
    y_true: Any,
    y_score: Any,
    *,
    pos_label: Any = None,
    is_probability: bool = False,
    score_name: str = "y_score",
) -> tuple[Bools, Floats]:
    """Read true labels and scores; positions count, an index does not.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels of at most two classes.
    y_score : array-like of shape (n_samples,)
        Scores, a higher one meaning more likely to leave.
    pos_label : object, default=None
        The label of a customer who left. None: 1 or True, and the labels must be 0 and
        1, -1 and 1, or booleans.
    is_probability : bool, default=False
        Whether scores outside [0, 1] are refused.
    score_name : str, default="y_score"
        The argument's name, for messages.

    Returns
    -------
    churned : ndarray of bool of shape (n_samples,)
        True where the customer left.
    scores : ndarray of float of shape (n_samples,)
        The scores.

    Raises
    ------
    SchemaError
        If shapes, labels or scores are not as above.
    NotEnoughHistoryError
        If there is no row at all.
    """
    labels = _check_column(y_true, "y_true")
    scores = _check_scores(_check_column(y_score, score_name), score_name)
    _check_lengths(labels, scores, score_name)
    if is_probability:
        _check_unit_interval(scores, score_name)
    return _check_labels(labels, pos_label, "y_true"), scores


def check_labels_and_decisions(
    y_true: Any, y_pred: Any, *, pos_label: Any = None
) -> tuple[Bools, Bools]:
    """Read true labels and decisions in the same labels.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        True and predicted labels of at most two classes.
    pos_label : object, default=None
        The label of a customer who left, or is called; as above.

    Returns
    -------
    churned, called : ndarray of bool of shape (n_samples,)
        Who left, and who is called.

    Raises
    ------
    SchemaError
        If shapes or labels are not as above.
    NotEnoughHistoryError
        If there is no row at all.
    """
    labels, decisions = _check_column(y_true, "y_true"), _check_column(y_pred, "y_pred")
    _check_lengths(labels, decisions, "y_pred")
    return (
        _check_labels(labels, pos_label, "y_true"),
        _check_labels(decisions, pos_label, "y_pred"),
    )


def check_probabilities(y_proba: Any, name: str) -> Floats:
    """Read probabilities where there are no labels yet; none at all is fine.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples,)
        Probabilities.
    name : str
        The argument's name, for messages.

    Returns
    -------
    ndarray of float of shape (n_samples,)
        The probabilities.

    Raises
    ------
    SchemaError
        If one is missing, not numeric or outside [0, 1].
    """
    proba = check_scores(y_proba, name)
    _check_unit_interval(proba, name)
    return proba


def check_scores(y_score: Any, name: str) -> Floats:
    """Read finite scores where there are no labels.

    Parameters
    ----------
    y_score : array-like of shape (n_samples,)
        Scores.
    name : str
        The argument's name, for messages.

    Returns
    -------
    ndarray of float of shape (n_samples,)
        The scores.

    Raises
    ------
    SchemaError
        If one is missing, infinite or not numeric.
    """
    return _check_scores(_check_column(y_score, name), name)


def check_both_classes(churned: Bools, what: str) -> None:
    """Refuse data in which nobody left, for measures that divide by the leavers.

    Parameters
    ----------
    churned : ndarray of bool of shape (n_samples,)
        True where the customer left.
    what : str
        The measure, for the message.

    Raises
    ------
    NotEnoughHistoryError
        If no row is a leaver.
    """
    if not churned.any():
        raise NotEnoughHistoryError(
            f"{what} needs at least one customer who left; y_true has 0 among "
            f"{len(churned)} rows. Use a longer horizon or more customers, or check "
            "pos_label."
        )


def _check_lengths(labels: NDArray[Any], others: NDArray[Any], name: str) -> None:
    if len(labels) != len(others):
        raise SchemaError(
            f"y_true has {len(labels)} rows and {name} has {len(others)}: pass one "
            "value for each label, in the same order."
        )
    if len(labels) == 0:
        raise NotEnoughHistoryError(
            f"y_true and {name} have 0 rows; at least one customer is needed."
        )


def _check_column(values: Any, name: str) -> NDArray[Any]:
    column = np.asarray(values)
    if column.ndim != 1:
        raise SchemaError(
            f"{name} must have one dimension, got shape {column.shape}. Of a "
            "predict_proba result pass the column of those who leave, [:, 1]."
        )
    n_missing = int(pd.isna(column).sum())
    if n_missing:
        raise SchemaError(
            f"{name} has {n_missing} missing values among {len(column)} rows; drop or "
            "fill them first."
        )
    return column


def to_floats(values: NDArray[Any], name: str) -> Floats:
    """Turn numbers into floats; text is no number, even if it looks like one.

    Parameters
    ----------
    values : ndarray
        What the caller gave, without missing values.
    name : str
        The argument's name, for the message.

    Returns
    -------
    ndarray of float of the same shape
        The numbers.

    Raises
    ------
    SchemaError
        If there is anything else.
    """
    is_text = values.dtype.kind in "USMm" or (
        values.dtype.kind == "O"
        and any(isinstance(v, (str, bytes)) for v in values.flat)
    )
    try:
        if not is_text:
            return values.astype(np.float64)
    except (TypeError, ValueError):
        # The cause quotes a value, so it must not travel with our error.
        pass
    raise SchemaError(f"{name} must be numeric, got dtype {values.dtype}.")


def _check_scores(column: NDArray[Any], name: str) -> Floats:
    scores = to_floats(column, name)
    n_infinite = int(np.isinf(scores).sum())
    if n_infinite:
        raise SchemaError(
            f"{name} has {n_infinite} infinite values among {len(scores)} rows; "
            "scores must be finite."
        )
    return scores


def _check_unit_interval(scores: Floats, name: str) -> None:
    n_outside = int(((scores < 0) | (scores > 1)).sum())
    if n_outside:
        raise SchemaError(
            f"{name} must be probabilities in [0, 1]; {n_outside} of {len(scores)} "
            "values lie outside. A score that only ranks belongs in the measures of "
            "ranking (is_probability=False where that is an argument)."
        )


def _check_labels(labels: NDArray[Any], pos_label: Any, name: str) -> Bools:
    classes = pd.unique(labels)
    if len(classes) > 2:
        raise SchemaError(
            f"{name} must have two classes, got {len(classes)}. Turn it into left or "
            "stayed first."
        )
    if pos_label is None:
        found = {_as_number(value) for value in classes}
        if not any(found <= allowed for allowed in _NUMERIC_CLASSES):
            raise SchemaError(
                f"{name} must hold 0 and 1, -1 and 1, or booleans (1 or True: the "
                "customer left). For other labels say pos_label=, the label of a "
                "customer who left."
            )
        pos_label = 1
    elif len(classes) == 2 and pos_label not in classes.tolist():
        raise SchemaError(
            f"pos_label={pos_label!r} is not among the two classes of {name}; check "
            "its spelling and type."
        )
    return np.asarray(labels == pos_label, dtype=np.bool_)


def _as_number(value: Any) -> float | None:
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return float(value)
    return None
