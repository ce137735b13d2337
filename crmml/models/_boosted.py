"""Gradient-boosted trees: the strongest ranking, with exact reasons."""

from collections.abc import Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

import joblib
import numpy as np
import xgboost as xgb
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
from crmml.models._boosting import boost, find_n_trees
from crmml.models._design import FlatDesign, sum_by_feature
from crmml.models._encoder import Encoded


class BoostedChurnClassifier(BaseChurnClassifier):
    r"""Gradient-boosted trees on mixed data (XGBoost), explained by TreeSHAP.

    The log-odds of leaving are the sum of many small trees, each fitted to what the
    ones before it left unexplained,

    .. math:: \log\frac{p}{1-p} = b + \eta \sum_{m=1}^{M} t_m(x).

    Parameters
    ----------
    n_estimators : int, default=200
        Number of trees. Few underfit; many follow the training data too closely,
        the sooner the larger `learning_rate`.
    learning_rate : float, default=0.05
        Share of each tree's step that is taken, above 0 and at most 1.
    max_depth : int, default=3
        Splits from root to leaf: 1 adds up effects of single features, more let that
        many features interact.
    min_child_weight : float, default=5.0
        Smallest sum of ``p (1 - p)`` in a leaf. Larger values give calmer trees.
    reg_lambda : float, default=1.0
        Penalty on the squared leaf values.
    subsample : float, default=0.7
        Share of the customers each tree sees, drawn anew; 1 takes all.
    colsample_bynode : float, default=0.5
        Share of the columns each split may choose from; 1 takes all.
    random_state : int, RandomState instance or None, default=0
        Seeds the draws. None gives another model at every fit.
    n_jobs : int, default=None
        Threads, in fit and afterwards. None means 1, -1 all cores; it changes no
        result.
    early_stopping : bool, default=False
        Whether to hold out one customer in six, drawn by the seed, and to stop when
        50 more trees do not lower their log-loss. The model is then fitted anew, to
        all customers, with as many trees as were best; `n_estimators` is the most.
    monotonic : dict of str to {-1, 1}, default=None
        Known signs, such as ``{"n_complaints": 1}``: as the number rises, the risk
        never falls (1), or never rises (-1), all else equal and whatever the number.
        Missing values may differ either way.
    tune : bool, default=False
        Whether to choose `max_depth`, `learning_rate` and, by early
        stopping, the number of trees by the log-loss in three folds of the training
        customers, stratified and drawn by the seed.
    verbose : bool, default=True
        Whether to show progress when fit takes more than a few seconds; nothing is
        shown in batch jobs.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.
    tuned_params_ : dict
        What ``tune=True`` chose; empty without.
    n_trees_ : int
        Number of trees, `n_estimators` unless early stopping found another.
    booster_ : xgboost.Booster
        The trees, on columns of crmml's own making: numbers as they are, one column
        a category.

    See Also
    --------
    LogisticChurnClassifier : Nearly as good on many tables, and a plain sum.

    Notes
    -----
    Numbers are compared in single precision. Missing values take the branch that
    served them best in training. Classes are not reweighted, so probabilities mean
    what they say. With `subsample` below 1 a row is drawn or not whatever its weight,
    so that a weight of 2 equals the row twice on average only.

    ``contributions`` are TreeSHAP values [1]_, computed by XGBoost in single
    precision; the rounding, about 1e-6, is spread in proportion so that they add up.

    References
    ----------
    .. [1] S. M. Lundberg et al. (2020). From local explanations to global
       understanding with explainable AI for trees. Nature Machine Intelligence 2.
       doi:10.1038/s42256-019-0138-9

    Examples
    --------
    Whoever called more than twice left.

    >>> import pandas as pd
    >>> from crmml.models import BoostedChurnClassifier
    >>> X = pd.DataFrame({"n_calls": [0, 1, 2, 3, 4] * 40})
    >>> y = X["n_calls"] > 2
    >>> model = BoostedChurnClassifier().fit(X, y)
    >>> model.predict(pd.DataFrame({"n_calls": [0, 2, 3, 4]}))
    array([False, False,  True,  True])
    >>> model.explain(pd.DataFrame({"n_calls": [4]}), n_reasons=1)["reason"][0]
    'n_calls: 4 (typical: 2), raises the risk'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseChurnClassifier._parameter_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="right")],
        "max_depth": [Interval(Integral, 1, 20, closed="both")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "colsample_bynode": [Interval(Real, 0, 1, closed="right")],
        "early_stopping": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }
    _candidates: ClassVar[list[dict[str, Any]]] = [
        {
            "max_depth": depth,
            "learning_rate": rate,
            "n_estimators": 2000,
            "early_stopping": True,
        }
        for depth in (2, 3, 5)
        for rate in (0.03, 0.1)
    ]

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        learning_rate: float = 0.05,
        max_depth: int = 3,
        min_child_weight: float = 5.0,
        reg_lambda: float = 1.0,
        subsample: float = 0.7,
        colsample_bynode: float = 0.5,
        random_state: int | RandomState | None = 0,
        n_jobs: int | None = None,
        early_stopping: bool = False,
        monotonic: Mapping[str, int] | None = None,
        tune: bool = False,
        verbose: bool = True,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.subsample = subsample
        self.colsample_bynode = colsample_bynode
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.early_stopping = early_stopping
        self.monotonic = monotonic
        self.tune = tune
        self.verbose = verbose

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        self._design = FlatDesign.learn(self._encoder, encoded, flagged=self._signs)
        matrix = self._design.matrix(encoded)
        share = float(np.average(churned, weights=weights))
        parameters = self._parameters(settings, share)
        n_trees, shown = settings.n_estimators, settings.verbose
        if settings.early_stopping:
            n_trees = find_n_trees(
                parameters, matrix, churned, weights, n_trees, shown=shown
            )
        self.n_trees_ = n_trees
        self.booster_ = boost(
            parameters, matrix, churned, weights, n_trees, shown=shown
        )

    def _parameters(self, settings: SimpleNamespace, share: float) -> dict[str, Any]:
        """Parameters in the words of XGBoost."""
        return {
            "objective": "binary:logistic",
            # Given, so that it is not estimated in single precision.
            "base_score": share,
            "tree_method": "hist",
            "eta": settings.learning_rate,
            "max_depth": settings.max_depth,
            "min_child_weight": settings.min_child_weight,
            "lambda": settings.reg_lambda,
            "subsample": settings.subsample,
            "colsample_bynode": settings.colsample_bynode,
            "monotone_constraints": tuple(self._design.signs(self._signs).tolist()),
            "seed": check_random_state(settings.random_state).randint(2**31 - 1),
            "nthread": joblib.effective_n_jobs(settings.n_jobs),
            "verbosity": 0,
        }

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        if encoded.n_rows == 0:
            return np.empty(0)
        return self._margins(self._design.matrix(encoded))

    def _margins(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        margins = self.booster_.inplace_predict(matrix, predict_type="margin")
        return np.asarray(margins, dtype=np.float64)

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        if encoded.n_rows == 0:
            return 0.0, np.empty((0, len(encoded.arrays)))
        matrix = self._design.matrix(encoded)
        shap = self.booster_.predict(
            xgb.DMatrix(matrix, nthread=1), pred_contribs=True
        ).astype(np.float64)
        values = sum_by_feature(
            shap[:, :-1], self._design.features, len(encoded.arrays)
        )
        base = float(shap[0, -1])
        rounding = self._margins(matrix) - base - values.sum(axis=1)
        size = np.abs(values)
        total = size.sum(axis=1, keepdims=True)
        shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
        return base, values + shares * rounding[:, None]
