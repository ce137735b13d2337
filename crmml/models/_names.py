"""Which column is which: by exact name in a frame, by position in an array."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from crmml._utils._frames import column_names, find_repeated, is_frame, join_texts
from crmml.exceptions import SchemaError
from crmml.models._columns import Columns, read_array, read_frame

# scikit-learn's own words, so that whoever searches for them finds them.
_MISMATCH = "The feature names should match those that were passed during fit.\n"


def read_training(estimator: Any, X: Any, y: Any) -> tuple[list[str], Columns]:
    """Read X in fit and set ``n_features_in_`` and ``feature_names_in_``.

    Parameters
    ----------
    estimator : estimator
        Gets the two attributes.
    X : dataframe or array-like of shape (n_samples, n_features)
        The training data.
    y : array-like
        Only asked whether it is there.

    Returns
    -------
    names : list of str
        Column names; ``x0``, ``x1``, ... where X has none.
    columns : Columns
        The columns.

    Raises
    ------
    SchemaError
        If names are repeated, or a column cannot be used.
    """
    if not is_frame(X):
        X = _as_array(X)
        X, _ = validate_data(estimator, X, y, **_ARRAY_RULES)
        names = [f"x{j}" for j in range(X.shape[1])]
        return names, read_array(X, names)
    _refuse_repeated(column_names(X))
    validate_data(estimator, X, y, skip_check_array=True)
    names = column_names(X)
    if not names:
        raise SchemaError(
            f"Found X with 0 feature(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    if not hasattr(estimator, "feature_names_in_"):
        names = [f"x{j}" for j in range(len(names))]
        X = X.set_axis(names, axis=1)
    return names, read_frame(X, names)


def read_batch(estimator: Any, X: Any, names: list[str]) -> Columns:
    """Read X after fit: columns by name, further columns ignored, no rows needed.

    Parameters
    ----------
    estimator : estimator
        Fitted; not changed.
    X : dataframe or array-like of shape (n_samples, n_features)
        The batch.
    names : list of str
        Names that :func:`read_training` returned.

    Returns
    -------
    Columns
        The columns in the order of training.

    Raises
    ------
    SchemaError
        If columns are missing, renamed or repeated, all named at once, or a column
        cannot be used.
    ValueError
        If an array has another number of columns.
    """
    if not is_frame(X):
        rules = {**_ARRAY_RULES, "ensure_min_samples": 0}
        X = validate_data(estimator, _as_array(X), reset=False, **rules)
        return read_array(X, names)
    found = column_names(X)
    if hasattr(estimator, "feature_names_in_") and _are_names(found):
        _refuse_repeated(found, among=names)
        _refuse_missing(found, names)
        return read_frame(X, names)
    # Names on one side only: scikit-learn warns, and positions decide.
    validate_data(estimator, X, reset=False, skip_check_array=True)
    if not _are_names(found):
        X, found = X.set_axis(names, axis=1), names
    columns = read_frame(X, found)
    return columns


_ARRAY_RULES: dict[str, Any] = {"dtype": None, "ensure_all_finite": False}


def _as_array(X: Any) -> Any:
    """Keep nested lists of mixed types from becoming text altogether."""
    if isinstance(X, (list, tuple)) and np.asarray(X).dtype.kind in "US":
        return np.array(X, dtype=object)
    return X


def _are_names(columns: Iterable[Any]) -> bool:
    return all(isinstance(column, str) for column in columns)


def _refuse_repeated(found: list[Any], among: list[str] | None = None) -> None:
    repeated = find_repeated(
        found if among is None else [name for name in found if name in among]
    )
    if repeated:
        raise SchemaError(
            f"X has repeated column names: {join_texts(list(map(repr, repeated)))}. "
            "Rename or drop the repetitions."
        )


def _refuse_missing(found: list[str], names: list[str]) -> None:
    missing = sorted(set(names) - set(found))
    if not missing:
        return
    message = _MISMATCH
    unseen = sorted(set(found) - set(names))
    if unseen:
        message += "Feature names unseen at fit time:\n" + _listed(unseen)
    message += "Feature names seen at fit time, yet now missing:\n" + _listed(missing)
    raise SchemaError(
        f"{message}Names must match exactly, also in case and blanks; "
        "further columns are ignored and the order is free."
    )


def _listed(names: list[str]) -> str:
    return join_texts([f"- {name}\n" for name in names], "", "- and {} more\n")
