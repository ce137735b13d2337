"""Money to come, learned from features: who will buy at all, and for how much."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import xgboost as xgb
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from crmml._utils._sklearn import Interval, fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models._design import FlatDesign
from crmml.models._encoder import FrameEncoder
from crmml.models._names import read_batch, read_training
from crmml.models._target import read_weights

Floats = NDArray[np.float64]


class LifetimeValueRegressor(RegressorMixin, BaseEstimator):
    r"""Two-part boosted model of what customers will spend.

    Most customers spend nothing in a coming period and few spend much, which one
    regression serves badly. So one model says whether, another how much,

    .. math:: E[y \mid x] = c \, P(y > 0 \mid x) \, E[y \mid y > 0, x],

    the first boosted trees on a logistic loss, the second on the gamma deviance, whose
    fit is a mean rather than a median. The factor c makes predictions add up to what
    the customers of fit spent.

    Parameters
    ----------
    n_estimators : int, default=200
        Number of trees of each part.
    learning_rate : float, default=0.05
        Share of each tree's step that is taken, above 0 and at most 1.
    max_depth : int, default=3
        Splits from root to leaf.
    min_child_weight : float, default=5.0
        Smallest weight in a leaf. Larger values give calmer trees.
    random_state : int, RandomState instance or None, default=0
        Seeds the draws of columns. None gives another model at every fit.
    n_jobs : int, default=None
        Threads. None means 1, -1 all cores; it changes no result.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.
    share_of_buyers_ : float
        Share of customers in fit who spent anything.
    correction_ : float
        The factor c; far from 1, the two parts do not fit.

    See Also
    --------
    BetaGeoModel : Needs nothing but purchases, and looks further ahead.
    crmml.labels.FutureSpend : Makes y.

    References
    ----------
    .. [1] Duan, N., Manning, W. G., Morris, C. N. and Newhouse, J. P. (1983). A
       comparison of alternative models for the demand for medical care. Journal of
       Business & Economic Statistics 1(2). doi:10.1080/07350015.1983.10509330

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import LifetimeValueRegressor
    >>> X = pd.DataFrame({"n_orders": [0, 1, 2, 3] * 100})
    >>> spent = np.array([0.0, 0.0, 20.0, 50.0] * 100)
    >>> model = LifetimeValueRegressor().fit(X, spent)
    >>> model.predict(pd.DataFrame({"n_orders": [0, 2, 3]})).round()
    array([ 0., 20., 49.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="right")],
        "max_depth": [Interval(Integral, 1, 20, closed="both")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
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
        random_state: int | RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn what customers spend.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            One row a customer: numbers, booleans, durations and text; missing values
            are information.
        y : array-like of shape (n_samples,)
            Money spent, not negative.
        sample_weight : array-like of shape (n_samples,), default=None
            How many customers a row stands for.

        Returns
        -------
        self
            The fitted regressor.

        Raises
        ------
        NotEnoughHistoryError
            If nobody spent anything.
        SchemaError
            If y is negative or missing, or a column cannot be used.
        """
        names, columns = read_training(self, X, y)
        spent = _read_spend(y)
        check_consistent_length(X, spent)
        weights = read_weights(sample_weight, X)
        self._encoder = FrameEncoder().fit(columns, names, weights)
        encoded = self._encoder.encode(columns)
        self._design = FlatDesign.learn(self._encoder, encoded)
        matrix = self._design.matrix(encoded)
        bought = (spent > 0) & (weights > 0)
        if not bought.any():
            raise NotEnoughHistoryError(
                f"None of {len(spent)} customers spent anything: y is 0 throughout. "
                "Take a longer horizon."
            )
        self.share_of_buyers_ = float(np.average(bought, weights=weights))
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._whether = None
        if self.share_of_buyers_ < 1:
            self._whether = self._boost(
                "binary:logistic", self.share_of_buyers_, matrix, bought, weights
            )
        # In units of the mean, so that single precision and penalties do not see
        # the currency.
        self._mean = float(np.average(spent[bought], weights=weights[bought]))
        part = (matrix[bought], spent[bought] / self._mean, weights[bought])
        self._how_much = self._boost("reg:gamma", 1.0, *part)
        raw = self._predict_raw(matrix)
        self.correction_ = float((weights @ spent) / (weights @ raw))
        return self

    def predict(self, X: Any) -> Floats:
        """Expect what each customer spends.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            Money, above 0.
        """
        check_is_fitted(self, "correction_")
        columns = read_batch(self, X, self._encoder.names_)
        if columns.n_rows == 0:
            return np.empty(0)
        matrix = self._design.matrix(self._encoder.encode(columns))
        expected: Floats = self.correction_ * self._predict_raw(matrix)
        return expected

    def _predict_raw(self, matrix: Any) -> Floats:
        amount = np.asarray(self._how_much.inplace_predict(matrix), np.float64)
        if self._whether is not None:
            amount = amount * self._whether.inplace_predict(matrix)
        return np.asarray(self._mean * amount, np.float64)

    def _boost(
        self, objective: str, base: float, matrix: Any, target: Any, weights: Floats
    ) -> xgb.Booster:
        parameters = {
            "objective": objective,
            # Given, so that it is not estimated in single precision.
            "base_score": base,
            "tree_method": "hist",
            "eta": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "colsample_bynode": 0.5,
            "seed": self._seed,
            "nthread": joblib.effective_n_jobs(self.n_jobs),
            "verbosity": 0,
        }
        data = xgb.DMatrix(matrix, label=target, weight=weights, nthread=1)
        return xgb.train(parameters, data, self.n_estimators)

    def __sklearn_tags__(self) -> Any:
        """Take missing values and text; y must not be negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags


def _read_spend(y: Any) -> Floats:
    spent = np.asarray(column_or_1d(y, warn=True), dtype=np.float64)
    n_missing, n_negative = int((~np.isfinite(spent)).sum()), int((spent < 0).sum())
    if n_missing:
        raise SchemaError(
            f"y is missing or infinite (NaN, inf) in {n_missing} of {len(spent)} rows. "
            "Leave those customers out of training."
        )
    if n_negative:
        raise SchemaError(
            f"y is negative in {n_negative} of {len(spent)} rows: customers who sent "
            "back more than they bought. Set them to 0, or leave them out."
        )
    return spent
