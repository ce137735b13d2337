"""Gradient-boosted trees: the strongest ranking, with exact reasons."""

from numbers import Integral, Real
from typing import Any, ClassVar

import joblib
import numpy as np
import xgboost as xgb
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
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

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had any.
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
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="right")],
        "max_depth": [Interval(Integral, 1, 20, closed="both")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "colsample_bynode": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

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

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        self._design = FlatDesign.learn(self._encoder, encoded)
        share = float(np.average(churned, weights=weights))
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        parameters = {
            "objective": "binary:logistic",
            # Given, so that it is not estimated in single precision.
            "base_score": share,
            "tree_method": "hist",
            "eta": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "lambda": self.reg_lambda,
            "subsample": self.subsample,
            "colsample_bynode": self.colsample_bynode,
            "seed": int(seed),
            "nthread": joblib.effective_n_jobs(self.n_jobs),
            "verbosity": 0,
        }
        data = xgb.DMatrix(
            self._design.matrix(encoded), label=churned, weight=weights, nthread=1
        )
        self.booster_ = xgb.train(parameters, data, self.n_estimators)

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        if encoded.n_rows == 0:
            return np.empty(0)
        matrix = self._design.matrix(encoded)
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
        rounding = self._log_odds(encoded) - base - values.sum(axis=1)
        size = np.abs(values)
        total = size.sum(axis=1, keepdims=True)
        shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
        return base, values + shares * rounding[:, None]
