"""Reading y and the weights: two classes, the second in sorted order is churn."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from crmml._utils._sklearn import check_sample_weight
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def read_target(y: Any) -> NDArray[Any]:
    """Check labels: one a customer, none missing, not a measured quantity.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels of any spelling.

    Returns
    -------
    ndarray of shape (n_samples,)
        The labels, in their natural dtype.

    Raises
    ------
    NotEnoughHistoryError
        If there are fewer than two.
    SchemaError
        If labels are missing.
    ValueError
        If they are a measured quantity or not one a customer.
    """
    if isinstance(y, pd.Series) and not isinstance(y.dtype, np.dtype):
        # scikit-learn would turn pandas' nullable booleans and integers into floats.
        y = y.to_numpy(dtype=object, na_value=None)
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    _check_count(len(labels))
    n_missing = int(pd.isna(labels).sum())
    if n_missing:
        raise SchemaError(
            f"y is missing (NaN or None) in {n_missing} of {len(labels)} rows. "
            "Leave those customers out of training."
        )
    if labels.dtype == object and len({type(label) for label in labels}) == 1:
        labels = np.array(labels.tolist())
    check_classification_targets(labels)
    return labels


def read_weights(sample_weight: Any, X: Any) -> NDArray[np.float64]:
    """Check weights: finite, not negative, one a row of X; ones when None.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, all are zero, or their number differs.
    """
    weights: NDArray[np.float64] = check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    return weights


def check_classes(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the two classes in sorted order, the second being churn.

    Raises
    ------
    NotEnoughHistoryError
        If there are fewer than two customers, or all are of one class.
    SchemaError
        If there are more than two classes.
    """
    _check_count(len(labels))
    classes = np.unique(labels)
    if len(classes) == 1:
        raise NotEnoughHistoryError(
            f"y has one class only in {len(labels)} customers: a model needs "
            "customers who left and customers who stayed. Take an earlier cutoff, "
            "a longer horizon or more customers."
        )
    if len(classes) > 2:
        raise SchemaError(
            "Only binary classification is supported. The type of the target is "
            f"multiclass: y has {len(classes)} classes. Give two, stayed and left."
        )
    return classes


def _check_count(n_customers: int) -> None:
    if n_customers < 2:
        raise NotEnoughHistoryError(
            f"At least 2 customers are needed to learn from, got {n_customers} "
            f"(n_samples={n_customers} with a positive weight)."
        )
