"""How good a list of fixed length is: the k customers with the highest scores."""

from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml.evaluation._gain import count_captured
from crmml.evaluation._validation import check_both_classes, check_labels_and_scores
from crmml.exceptions import NotEnoughHistoryError


def compute_top_k_summary(
    y_true: Any, y_score: Any, *, top_k: int, pos_label: Any = None
) -> pd.Series:
    """Measure the list of the k customers with the highest scores.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Any ranking, a higher score meaning more likely to leave.
    top_k : int
        Length of the list, from 1 to n_samples.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.Series of float
        ``n_called``: k; ``churners``: leavers on the list, a fraction where a tie was
        shared; ``precision``: churners / k; ``recall``: churners / all leavers;
        ``lift``: precision divided by the overall churn rate.

    Raises
    ------
    SchemaError
        If `top_k` is no whole number of at least 1, labels have more than two classes,
        lengths differ, or a value is missing or infinite.
    NotEnoughHistoryError
        If there is no leaver, or there are fewer than `top_k` rows.

    See Also
    --------
    lift_score : The same for a share of the customers.

    Notes
    -----
    Ties at the end of the list are shared as in :func:`lift_score`.

    Examples
    --------
    >>> from crmml.evaluation import compute_top_k_summary
    >>> compute_top_k_summary([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], top_k=1)
    n_called     1.0
    churners     1.0
    precision    1.0
    recall       0.5
    lift         2.0
    dtype: float64
    """
    top_k = check_count(top_k, "top_k")
    churned, scores = check_labels_and_scores(y_true, y_score, pos_label=pos_label)
    check_both_classes(churned, "compute_top_k_summary")
    if len(churned) < top_k:
        raise NotEnoughHistoryError(
            f"top_k={top_k} needs at least {top_k} rows, got {len(churned)}; lower it."
        )
    captured = count_captured(churned, scores, np.array([top_k]))[0]
    return pd.Series(
        {
            "n_called": float(top_k),
            "churners": captured,
            "precision": captured / top_k,
            "recall": captured / churned.sum(),
            "lift": captured / top_k / churned.mean(),
        }
    )
