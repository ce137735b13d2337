"""Gamma-gamma: what a customer spends per purchase, drawn towards the others' mean."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import digamma, gammaln
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import fit_context
from crmml.exceptions import DataQualityWarning, NotEnoughHistoryError
from crmml.models._declared_units import check_grain
from crmml.models._maximum_likelihood import (
    Floats,
    Objective,
    check_maximum,
    maximise,
)
from crmml.models._purchase_summary import read_columns, refuse_rows

_NAMES = ("p", "q", "v")
_STRONG = 0.3
"""Correlation of spend and frequency from which on the model misleads."""


class GammaGammaModel(BaseEstimator):
    """Gamma-gamma model of the mean spend per purchase.

    A customer's purchases vary around a mean of the customer's own as a gamma
    distribution with shape p and rate nu, and nu is gamma distributed over customers
    with shape q and rate v. With x repeat purchases of mean value m,

    ``L = Gamma(px+q) / (Gamma(px) Gamma(q)) * v^q m^(px-1) x^(px) / (v + xm)^(px+q)``,

    and the expected mean spend is ``p (v + xm) / (px + q - 1)``: the more purchases,
    the closer to the customer's own mean.

    Attributes
    ----------
    params_ : pandas.Series of shape (3,)
        ``p``, ``q``, and ``v`` in the currency of the data.
    standard_errors_ : pandas.Series of shape (3,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum, of customers who bought again.
    n_customers_ : int
        How many they are.
    correlation_ : float
        Correlation of frequency and spend among them; the model takes it to be 0.

    See Also
    --------
    BetaGeoModel : How often they will buy.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using
       iso-value curves for customer base analysis. Journal of Marketing Research
       42(4). https://doi.org/10.1509/jmkr.2005.42.4.415
    .. [2] Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary
       value. http://brucehardie.com/notes/025/

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> from crmml.features import BTYDSummary
    >>> from crmml.models import GammaGammaModel
    >>> names = {"date": "timestamp", "dollar_value": "amount"}
    >>> purchases = load_cdnow(sample=True).rename(columns=names)
    >>> columns = ["customer_id", "timestamp", "amount"]
    >>> weekly = BTYDSummary(unit="7D").fit_transform(purchases[columns], "1997-10-01")
    >>> model = GammaGammaModel().fit(weekly)
    >>> model.params_.round(2).to_dict()
    {'p': 6.25, 'q': 3.74, 'v': 15.44}
    >>> model.predict_expected_spend(weekly).mean().round(2)
    np.float64(35.25)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    _grain: float | None = None

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the parameters under which the spends are most likely.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            Columns ``frequency`` and ``monetary_value`` as
            :class:`crmml.features.BTYDSummary` makes them; customers with frequency 0
            have no repeat spend and are left out.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        SchemaError
            If a column is missing or holds what cannot be, such as a spend of zero.
        NotEnoughHistoryError
            If fewer than three customers bought again.
        DegenerateFitError
            If the customers do not determine the parameters.

        Warns
        -----
        DataQualityWarning
            If spend goes with frequency, which the model rules out.
        """
        x, mean = _read_spend(X)
        bought = x > 0
        x, mean = x[bought], mean[bought]
        if len(x) < len(_NAMES):
            raise NotEnoughHistoryError(
                f"{len(x)} customers bought again, and the model has {len(_NAMES)} "
                "parameters. Take a longer history or more customers."
            )
        self.correlation_ = _check_correlation(x, mean)
        scale = float(mean.mean())
        found = maximise(_objective(x, mean / scale), np.log([1.0, 2.0, 1.0]))
        hint = (
            "Where p runs away, everybody always spends the same; where q does, all "
            "customers are alike: then take their mean spend."
        )
        check_maximum(found, _NAMES, len(x), hint)
        units = np.array([1.0, 1.0, scale])
        names = list(_NAMES)
        self.params_ = pd.Series(np.exp(found.log_parameters) * units, index=names)
        covariance = found.covariance(len(x))
        self.standard_errors_ = self.params_ * np.sqrt(np.diag(covariance))
        total = found.mean_log_likelihood * len(x)
        self.log_likelihood_ = float(total - len(x) * np.log(scale))
        self.n_customers_ = len(x)
        self._grain = check_grain(X, None)
        return self

    def predict_expected_spend(self, X: Any) -> NDArray[np.float64]:
        """Expect each customer's mean spend per purchase.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.

        Returns
        -------
        ndarray of shape (n_customers,)
            Money per purchase; for frequency 0 the mean of all customers. Missing
            where q is below 1, for then a mean over customers does not exist.
        """
        check_is_fitted(self, "params_")
        check_grain(X, self._grain)
        x, mean = _read_spend(X)
        p, q, v = self.params_
        weight = p * x + q - 1
        spend = p * (v + x * mean)
        spend[weight <= 0] = np.nan
        expected: Floats = spend / np.where(weight > 0, weight, 1.0)
        return expected


def _read_spend(X: Any) -> tuple[Floats, Floats]:
    x = read_columns(X, ["frequency"])["frequency"]
    refuse_rows(x < 0, "frequency", "is negative", "it counts repeat purchases")
    mean = read_columns(X, ["monetary_value"], missing_where=x == 0)["monetary_value"]
    refuse_rows(
        (x > 0) & (mean <= 0),
        "monetary_value",
        "is not above zero, although frequency is,",
        "leave gifts and returns out beforehand, or those customers",
    )
    refuse_rows(
        (x == 0) & (mean != 0),
        "monetary_value",
        "is not 0 or missing, although frequency is 0,",
        "it is the mean of repeat purchases, without the first",
    )
    return x, mean


def _check_correlation(x: Floats, mean: Floats) -> float:
    if x.min() == x.max() or mean.min() == mean.max():
        return 0.0
    correlation = float(np.corrcoef(x, mean)[0, 1])
    # With few customers even unrelated numbers go together by chance.
    if abs(correlation) > max(_STRONG, 3 / np.sqrt(len(x))):
        warnings.warn(
            f"Spend per purchase goes with frequency (correlation {correlation:.2f}), "
            "and the gamma-gamma model takes them to be unrelated. Fit it to groups of "
            "customers who buy about as often, or predict spend by regression.",
            DataQualityWarning,
            stacklevel=4,
        )
    return correlation


def _objective(x: Floats, mean: Floats) -> Objective:
    counts, index = np.unique(x, return_inverse=True)
    weights = np.bincount(index).astype(np.float64)
    spend, n = x * mean, len(x)
    log_spend = x * np.log(spend)
    mean_log_spend, mean_log = log_spend.mean(), np.log(mean).mean()

    def objective(point: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(point)
        shape = p * counts
        whole = weights @ (gammaln(shape + q) - gammaln(shape)) / n - gammaln(q)
        both = np.log(v + spend)
        among = (x @ both) / n
        nearer = 1.0 / (v + spend)
        value = whole + q * np.log(v) + p * mean_log_spend - mean_log
        value -= p * among + q * both.mean()
        slope_p = weights @ (counts * (digamma(shape + q) - digamma(shape))) / n
        slope_q = weights @ digamma(shape + q) / n - digamma(q) + np.log(v)
        slopes = [
            slope_p + mean_log_spend - among,
            slope_q - both.mean(),
            q / v - (p * (x @ nearer) / n + q * nearer.mean()),
        ]
        return float(value), np.array(slopes) * [p, q, v]

    return objective
