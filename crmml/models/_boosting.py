"""Training XGBoost: how many trees, and a bar that grows with them."""

from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from crmml._utils._progress import ProgressBar
from crmml.models._tuning import hold_out

# Trees without a smaller log-loss on customers held out before it is given up.
_PATIENCE = 50


class _Bar(xgb.callback.TrainingCallback):
    """Tells a bar about every tree."""

    def __init__(self, bar: ProgressBar) -> None:
        super().__init__()
        self._bar = bar

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Advance; False means go on."""
        self._bar.advance()
        return False


def boost(
    parameters: dict[str, Any],
    matrix: NDArray[np.float32],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_trees: int,
    *,
    shown: bool,
) -> xgb.Booster:
    """Fit so many trees.

    Parameters
    ----------
    parameters : dict
        Of XGBoost.
    matrix : ndarray of shape (n_samples, n_columns)
        Numbers, NaN where missing.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.
    n_trees : int
        How many.
    shown : bool
        Whether progress may be shown.

    Returns
    -------
    xgboost.Booster
        The trees.
    """
    data = xgb.DMatrix(matrix, label=churned, weight=weights, nthread=1)
    with ProgressBar("Boosting trees", n_trees, shown=shown) as bar:
        return xgb.train(parameters, data, n_trees, callbacks=[_Bar(bar)])


def find_n_trees(
    parameters: dict[str, Any],
    matrix: NDArray[np.float32],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_trees: int,
    *,
    shown: bool,
) -> int:
    """Find the number of trees that is best for customers held out.

    Parameters
    ----------
    parameters : dict
        Of XGBoost; its seed draws who is held out.
    matrix : ndarray of shape (n_samples, n_columns)
        Numbers, NaN where missing.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.
    n_trees : int
        The most to try.
    shown : bool
        Whether progress may be shown.

    Returns
    -------
    int
        From 1 to `n_trees`.
    """
    parts = [
        xgb.DMatrix(matrix[rows], label=churned[rows], weight=weights[rows], nthread=1)
        for rows in hold_out(churned, parameters["seed"])
    ]
    with ProgressBar("Finding the number of trees", n_trees, shown=shown) as bar:
        booster = xgb.train(
            {**parameters, "eval_metric": "logloss"},
            parts[0],
            n_trees,
            evals=[(parts[1], "held_out")],
            early_stopping_rounds=_PATIENCE,
            callbacks=[_Bar(bar)],
            verbose_eval=False,
        )
    return int(booster.best_iteration) + 1
