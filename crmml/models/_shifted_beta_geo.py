"""sBG: contracts that are renewed, or not, at the end of each period."""

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaln, digamma
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._sklearn import fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models._maximum_likelihood import (
    Floats,
    Objective,
    check_maximum,
    maximise,
)
from crmml.models._purchase_summary import read_columns, refuse_rows
from crmml.models._target import read_weights

_NAMES = ("alpha", "beta")


class ShiftedBetaGeoModel(BaseEstimator):
    """Shifted-beta-geometric model of contract renewals.

    At the end of each period a customer gives notice with a probability of the
    customer's own, beta distributed with alpha and beta over customers. Of all, the
    share that leaves at the end of period t, and that is still there after it, are

    ``P(t) = B(alpha+1, beta+t-1) / B(alpha, beta)`` and
    ``S(t) = B(alpha, beta+t) / B(alpha, beta)``.

    Retention rises with age, not because customers grow loyal but because those who
    would leave have left: ``r(t) = (beta+t-1) / (alpha+beta+t-1)``.

    Attributes
    ----------
    params_ : pandas.Series of shape (2,)
        ``alpha``, ``beta``.
    standard_errors_ : pandas.Series of shape (2,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : float
        Sum of the weights it was fitted to.

    References
    ----------
    .. [1] Fader, P. S. and Hardie, B. G. S. (2007). How to project customer retention.
       Journal of Interactive Marketing 21(1). https://doi.org/10.1002/dir.20074

    Examples
    --------
    The high-end segment of the paper, in per cent of customers over seven years:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import ShiftedBetaGeoModel
    >>> there = np.array([100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1])
    >>> periods = pd.DataFrame({"n_periods": [1, 2, 3, 4, 5, 6, 7, 7]})
    >>> churned = [1, 1, 1, 1, 1, 1, 1, 0]
    >>> share = np.append(-np.diff(there), there[-1])
    >>> model = ShiftedBetaGeoModel().fit(periods, churned, sample_weight=10 * share)
    >>> model.params_.round(3).to_dict()
    {'alpha': 0.668, 'beta': 3.806}
    >>> model.predict_survival([0, 1, 12]).round(3)
    array([1.   , 0.851, 0.378])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Find the parameters under which the renewals are most likely.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            Column ``n_periods``: of who left, the period at whose end they did; of who
            is still there, how many periods were completed. Whole numbers from 1 on.
        y : array-like of shape (n_customers,)
            1 where the customer left, 0 where not (yet).
        sample_weight : array-like of shape (n_customers,), default=None
            How many customers a row stands for.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        SchemaError
            If the column is missing or holds what cannot be.
        NotEnoughHistoryError
            If nobody left, or everybody did after one period.
        DegenerateFitError
            If the customers do not determine the parameters.
        """
        periods = _read_periods(X)
        churned = np.asarray(y, dtype=np.float64)
        if churned.shape != periods.shape or not np.isin(churned, (0, 1)).all():
            raise SchemaError(
                f"y must hold 0 or 1 for each of {len(periods)} rows of X, and 1 means "
                "the customer left."
            )
        weight = read_weights(sample_weight, X)
        n_left = float(weight @ churned)
        if n_left == 0 or periods.max(initial=0) < 2:
            raise NotEnoughHistoryError(
                f"{n_left:.0f} of {weight.sum():.0f} customers left, within "
                f"{periods.max(initial=0):.0f} periods. The model needs some who left "
                "and at least two periods. Take a longer history."
            )
        found = maximise(_objective(periods, churned, weight), np.zeros(2))
        hint = "Where they run away, all customers leave at one rate: count that."
        check_maximum(found, _NAMES, float(weight.sum()), hint)
        names = list(_NAMES)
        self.params_ = pd.Series(np.exp(found.log_parameters), index=names)
        self.n_customers_ = float(weight.sum())
        covariance = found.covariance(self.n_customers_)
        self.standard_errors_ = self.params_ * np.sqrt(np.diag(covariance))
        self.log_likelihood_ = found.mean_log_likelihood * self.n_customers_
        return self

    def predict_survival(self, n_periods: Any) -> NDArray[np.float64]:
        """Tell which share of new customers is still there after some periods.

        Parameters
        ----------
        n_periods : array-like of shape (n,)
            Numbers of periods, from 0 on.

        Returns
        -------
        ndarray of shape (n,)
            Shares in [0, 1], falling with the number of periods.
        """
        check_is_fitted(self, "params_")
        return self._survival(_check_periods(n_periods, least=0))

    def predict_retention_rate(self, n_periods: Any) -> NDArray[np.float64]:
        """Tell which share of those there in a period renews at its end.

        Parameters
        ----------
        n_periods : array-like of shape (n,)
            The period, 1 for the first.

        Returns
        -------
        ndarray of shape (n,)
            Retention rates in (0, 1), rising with the period.
        """
        check_is_fitted(self, "params_")
        alpha, beta = self.params_
        t = _check_periods(n_periods, least=1)
        rate: NDArray[np.float64] = (beta + t - 1) / (alpha + beta + t - 1)
        return rate

    def predict_expected_renewals(self, X: Any, n_periods: int) -> NDArray[np.float64]:
        """Expect how often each customer, now there, will yet renew.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            Column ``n_periods``: periods completed so far, from 0 on.
        n_periods : int
            How many renewals ahead to look.

        Returns
        -------
        ndarray of shape (n_customers,)
            Expected renewals among the next `n_periods`.
        """
        check_is_fitted(self, "params_")
        done = _read_periods(X, least=0)
        n_periods = check_count(n_periods, "n_periods")
        ahead = np.arange(1, n_periods + 1)
        distinct, index = np.unique(done, return_inverse=True)
        later = self._survival(distinct[:, None] + ahead).sum(axis=1)
        expected: NDArray[np.float64] = (later / self._survival(distinct))[index]
        return expected

    def _survival(self, periods: Floats) -> Floats:
        alpha, beta = self.params_
        share: Floats = np.exp(betaln(alpha, beta + periods) - betaln(alpha, beta))
        return share


def _read_periods(X: Any, least: int = 1) -> Floats:
    periods = read_columns(X, ["n_periods"])["n_periods"]
    refuse_rows(
        (periods < least) | (periods != np.floor(periods)),
        "n_periods",
        "is no whole number, or too small,",
        f"it must hold whole numbers from {least} on: periods completed",
    )
    return periods


def _check_periods(n_periods: Any, least: int) -> Floats:
    periods = np.asarray(n_periods, dtype=np.float64)
    n_bad = int((~(periods >= least) | (periods != np.floor(periods))).sum())
    if n_bad:
        raise SchemaError(
            f"n_periods must hold whole numbers from {least} on, and does not in "
            f"{n_bad} of {periods.size} places."
        )
    return periods


def _objective(periods: Floats, churned: Floats, weight: Floats) -> Objective:
    share = weight / weight.sum()
    # Who left renewed once less often than there were periods.
    renewed = periods - churned

    def objective(point: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(point)
        value = betaln(alpha + churned, beta + renewed) - betaln(alpha, beta)
        both = digamma(alpha + beta) - digamma(alpha + beta + periods)
        slope_alpha = digamma(alpha + churned) - digamma(alpha) + both
        slope_beta = digamma(beta + renewed) - digamma(beta) + both
        slopes = np.array([share @ slope_alpha * alpha, share @ slope_beta * beta])
        return float(share @ value), slopes

    return objective
