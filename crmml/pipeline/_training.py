"""Fit a classifier to closed snapshots and, if asked, calibrate it on a later one."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from crmml._utils._durations import say_duration
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.labels._label import WindowLabel
from crmml.pipeline._panel import check_trainable

CALIBRATIONS = (None, "sigmoid", "isotonic", "temperature")

_LEAST = 10
"""Fewest leavers and stayers to calibrate on."""


def fit_classifier(
    classifier: Any,
    X: pd.DataFrame,
    y: NDArray[Any],
    cutoffs: pd.Series,
    *,
    label: WindowLabel,
    calibration: str | None,
) -> tuple[Any, Any]:
    """Fit a clone, and what turns its scores into probabilities.

    Parameters
    ----------
    classifier : estimator
        With ``predict_proba``.
    X : pandas.DataFrame of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Who left.
    cutoffs : pandas.Series of shape (n_samples,)
        The snapshot of each row.
    label : WindowLabel
        The definition of churn.
    calibration : str or None
        Method of :class:`sklearn.calibration.CalibratedClassifierCV`.

    Returns
    -------
    fitted, calibrated : estimator
        The same one without calibration.

    Raises
    ------
    NotEnoughHistoryError
        If rows or outcomes do not suffice.
    SchemaError
        If there is no such method.
    """
    if calibration not in CALIBRATIONS:
        raise SchemaError(
            f"calibration must be one of {CALIBRATIONS}, got {calibration!r}."
        )
    check_trainable(y, label)
    if calibration is None:
        fitted = clone(classifier).fit(X, y)
        return fitted, fitted
    latest = cutoffs.max()
    is_latest = (cutoffs == latest).to_numpy()
    is_closed = (cutoffs + label.window[1] <= latest).to_numpy()
    if not is_closed.any():
        raise NotEnoughHistoryError(
            f"calibration={calibration!r} needs a snapshot whose label window of "
            f"{say_duration(label.window[1])} had closed by the latest one to "
            f"train on, {latest}, which is kept for calibrating. Add earlier cutoffs."
        )
    n_left = int(y[is_latest].sum())
    n_stayed = int(is_latest.sum()) - n_left
    if min(n_left, n_stayed) < _LEAST:
        raise NotEnoughHistoryError(
            f"calibration={calibration!r} needs {_LEAST} customers of each outcome in "
            f"the latest training snapshot, {latest}, where {n_left} left and "
            f"{n_stayed} stayed. Leave it out, or choose another cutoff."
        )
    check_trainable(y[is_closed], label)
    fitted = clone(classifier).fit(X[is_closed], y[is_closed])
    # With a frozen estimator every row of this snapshot is calibrated on.
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method=calibration)
    return fitted, calibrated.fit(X[is_latest], y[is_latest])
