"""The training panel: features and label of each customer at each cutoff."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.labels._label import WindowLabel
from crmml.tables import CustomerTables
from crmml.tables._spine import build_spine


@dataclass(frozen=True)
class Panel:
    """Rows of features with their label and cutoff."""

    X: pd.DataFrame
    y: NDArray[np.int64]
    cutoffs: pd.Series
    n_unlabelled: int
    """Rows left out because the customer was gone before the label window."""


def make_panel(
    tables: CustomerTables,
    cutoffs: Any,
    features: PointInTimeBuilder,
    label: WindowLabel,
) -> Panel:
    """Compute features and labels of the customers who could still leave.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    cutoffs : str, datetime or list of them
        The snapshots.
    features : FeatureSet or feature builder
        Fitted.
    label : WindowLabel
        The definition of churn.

    Returns
    -------
    Panel
        Rows of all snapshots, those without a label left out and counted.
    """
    spine = build_spine(tables, cutoffs, active_within=label.active_horizon)
    # Rows are named by cutoff and customer, however many cutoffs there are.
    spine = replace(spine, is_single=False)
    labels = label.transform(tables, spine=spine)
    X = features.transform(tables, spine=spine)
    is_known = labels.notna().to_numpy()
    return Panel(
        X[is_known],
        labels[is_known].to_numpy(dtype=np.int64),
        spine.to_frame(tables)["cutoff"][is_known].reset_index(drop=True),
        int((~is_known).sum()),
    )


def check_parts(features: Any, label: Any, classifier: Any) -> None:
    """Refuse parts of a pipeline that cannot do their part.

    Raises
    ------
    SchemaError
        If one is something else than its name says.
    """
    wanted = [
        ("features", features, PointInTimeBuilder, "a FeatureSet"),
        ("label", label, WindowLabel, "a label such as Inactivity('28D')"),
    ]
    for name, given, kind, hint in wanted:
        if not isinstance(given, kind):
            found = type(given).__name__
            raise SchemaError(f"{name} must be {hint}, got {found}.")
    if label.name != "churn":
        raise SchemaError(
            "label must say who leaves, as Inactivity('28D') and ContractEnd('90D') "
            f"do; {label!r} gives {label.name}, a number for a regressor."
        )
    if not hasattr(classifier, "predict_proba"):
        raise SchemaError(
            "classifier must have predict_proba, as LogisticChurnClassifier() has, "
            f"got {type(classifier).__name__}."
        )


def check_trainable(y: NDArray[np.int64], label: WindowLabel) -> None:
    """Refuse to train where there is nothing to tell apart.

    Raises
    ------
    NotEnoughHistoryError
        If fewer than two rows, or only one outcome.
    """
    n_churned = int(y.sum())
    if len(y) < 2 or n_churned in {0, len(y)}:
        raise NotEnoughHistoryError(
            f"Of {len(y)} customers in the training snapshots {n_churned} left and "
            f"{len(y) - n_churned} stayed; both are needed. Add cutoffs, or change "
            f"the horizon of {label!r}."
        )
