"""The usual measures of a churn classifier in one row."""

from typing import Any

import pandas as pd
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from crmml.evaluation._gain import lift_score
from crmml.evaluation._validation import check_labels_and_scores

_NAN = float("nan")


def compute_classification_summary(
    y_true: Any, y_score: Any, *, is_probability: bool = True, pos_label: Any = None
) -> pd.Series:
    """Ranking and probability measures of one set of scores.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
    y_score : array-like of shape (n_samples,)
        Scores, a higher one meaning more likely to leave.
    is_probability : bool, default=True
        Whether `y_score` are probabilities. With False (days since the last purchase,
        say) ``brier`` and ``log_loss`` are NaN.
    pos_label : object, default=None
        The label of a customer who left, where `y_true` holds other labels.

    Returns
    -------
    pandas.Series of float
        Indexed by measure:

        - ``n``: customers; ``base_rate``: share of them who left;
        - ``auc``: area under the ROC curve, the chance that a leaver is ranked above
          one who stays, ties counting one half;
        - ``average_precision``: area under the precision-recall curve, summed in steps;
        - ``brier``: mean squared error of the probability;
        - ``log_loss``: mean negative log-likelihood in nats; probabilities of exactly
          0 and 1 are moved inwards by 2.2e-16;
        - ``top_decile_lift``: :func:`lift_score` at one tenth.

    Raises
    ------
    SchemaError
        If labels have more than two classes, lengths differ, a value is missing or
        infinite, or a probability lies outside [0, 1].
    NotEnoughHistoryError
        If there is no row.

    See Also
    --------
    compute_gain_table : Lift by decile.
    compute_reliability_table : Predicted beside observed rates.

    Notes
    -----
    One class only: a snapshot in which nobody or everybody left still has a base rate,
    a Brier score and a log-loss. What needs both classes is NaN and not an error, so
    that one quiet month does not lose the other rows of a backtest.

    Examples
    --------
    The pairs (leaver, stayer) are ranked right in three cases of four.

    >>> from crmml.evaluation import compute_classification_summary
    >>> summary = compute_classification_summary([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1])
    >>> float(summary["auc"]), round(float(summary["brier"]), 4)
    (0.75, 0.185)
    """
    churned, scores = check_labels_and_scores(
        y_true, y_score, pos_label=pos_label, is_probability=is_probability
    )
    has_leavers, both = churned.any(), churned.any() and not churned.all()
    return pd.Series(
        {
            "n": len(churned),
            "base_rate": churned.mean(),
            "auc": roc_auc_score(churned, scores) if both else _NAN,
            "average_precision": (
                average_precision_score(churned, scores) if both else _NAN
            ),
            "brier": brier_score_loss(churned, scores) if is_probability else _NAN,
            "log_loss": (
                log_loss(churned, scores, labels=[False, True])
                if is_probability
                else _NAN
            ),
            "top_decile_lift": lift_score(churned, scores) if has_leavers else _NAN,
        },
        dtype="float64",
    )
