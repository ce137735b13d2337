"""What buy-till-you-die models share: fitting, and questions about each customer."""

from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import Duration, check_duration
from crmml._utils._sklearn import fit_context
from crmml.exceptions import SchemaError
from crmml.models._declared_units import check_units
from crmml.models._maximum_likelihood import Floats, check_maximum, maximise
from crmml.models._money import read_money
from crmml.models._purchase_summary import (
    PurchaseSummary,
    check_can_repeat,
    read_summary,
)

_SAMPLES = (2_000, 20_000)
"""Sizes of the samples of distinct customers that show the way to all of them."""
_STEP = 1e-4
"""Of central differences in log-parameters: error about 1e-8, relative."""
YEAR = pd.Timedelta(365, "D")
_N_NODES = 16
"""Gauss-Legendre nodes; at 16, expectations over a decade are exact to 1e-8."""


class PurchaseModel(BaseEstimator, metaclass=ABCMeta):
    """Customers who buy at a rate of their own until, unseen, they leave for good."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    _names: ClassVar[tuple[str, ...]]
    """Names of the parameters, all of them positive."""
    _times: ClassVar[tuple[str, ...]]
    """Those of them that are times, in units."""
    _hint: ClassVar[str]
    """What to do where the fit is degenerate."""
    _grain: float | None = None

    def __init__(self, *, unit: Duration = "1D") -> None:
        self.unit = unit

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the parameters under which the purchases are most likely.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            Columns ``frequency``, ``recency`` and ``T`` as
            :class:`crmml.features.BTYDSummary` makes them, times in `unit`; further
            columns are ignored.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        SchemaError
            If a column is missing or holds what cannot be.
        NotEnoughHistoryError
            If there are fewer customers than parameters, or nobody bought again.
        DegenerateFitError
            If the customers do not determine the parameters.

        Warns
        -----
        DataQualityWarning
            If they hardly do.
        """
        self._grain = check_units(X, self.unit)
        everyone = self._read(X)
        check_can_repeat(everyone, len(self._names))
        # With a typical age as the unit, sizes of parameters mean the same everywhere.
        scale = float(np.average(everyone.age)) if self._times else 1.0
        summary = everyone.compressed().in_units_of(scale)
        rng = np.random.default_rng(0)
        n_rows = len(summary.weight)
        samples = [
            self._objective(summary.take(np.sort(rng.choice(n_rows, n, replace=False))))
            for n in _SAMPLES
            if n * 3 < n_rows
        ]
        start = np.log(self._start(summary))
        found = maximise(self._objective(summary), start, samples)
        n_customers = summary.n_customers
        check_maximum(found, self._names, n_customers, self._hint)
        units = np.where(np.isin(self._names, self._times), scale, 1.0)
        names = list(self._names)
        self.params_ = pd.Series(np.exp(found.log_parameters) * units, index=names)
        covariance = found.covariance(n_customers)
        self.log_covariance_ = pd.DataFrame(covariance, index=names, columns=names)
        self.standard_errors_ = self.params_ * np.sqrt(np.diag(covariance))
        # Each purchase has a density per unit of time.
        n_purchases = float(everyone.frequency.sum())
        total = found.mean_log_likelihood * n_customers
        self.log_likelihood_ = total - n_purchases * np.log(scale)
        self.n_customers_ = int(n_customers)
        return self

    def predict_alive_probability(self, X: Any) -> NDArray[np.float64]:
        """Tell how likely each customer has not left yet at the cutoff.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.

        Returns
        -------
        ndarray of shape (n_customers,)
            Probabilities in (0, 1].
        """
        check_is_fitted(self, "params_")
        return self._alive(self.params_.to_numpy(), self._read(X))

    def predict_expected_purchases(
        self, X: Any, horizon: Duration
    ) -> NDArray[np.float64]:
        """Expect each customer's number of purchases after the cutoff.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.
        horizon : duration
            How long from the cutoff on, such as ``"39W"``.

        Returns
        -------
        ndarray of shape (n_customers,)
            Expected purchases in ``[cutoff, cutoff + horizon)``.
        """
        check_is_fitted(self, "params_")
        length = self._in_units(horizon)
        return self._expect(self.params_.to_numpy(), self._read(X), length)

    def predict_purchases_interval(
        self, X: Any, horizon: Duration, *, coverage: float = 0.9
    ) -> pd.DataFrame:
        """Say how far the expected purchases are known.

        The error of the parameters is carried on to the logarithm of the expectation
        (delta method). It shrinks with the number of customers in fit; how far a
        single customer's purchases scatter around the expectation is not in it.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.
        horizon : duration
            As in :meth:`predict_expected_purchases`.
        coverage : float, default=0.9
            Share of intervals that hold the true expectation, in (0, 1).

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 2)
            Columns ``lower`` and ``upper``, purchases, rows in the order of X.
        """
        check_is_fitted(self, "params_")
        if not 0 < coverage < 1:
            raise SchemaError(f"coverage must lie in (0, 1), got {coverage!r}.")
        summary, length = self._read(X), self._in_units(horizon)
        point = np.log(self.params_.to_numpy())
        covariance = self.log_covariance_.to_numpy()

        def log_expected(point: Floats) -> Floats:
            return np.log(self._expect(np.exp(point), summary, length))

        slopes = []
        for step in np.eye(len(point)) * _STEP:
            rise = log_expected(point + step) - log_expected(point - step)
            slopes.append(rise / (2 * _STEP))
        gradient = np.array(slopes)
        spread = np.sqrt(np.einsum("jn,jk,kn->n", gradient, covariance, gradient))
        middle, reach = log_expected(point), ndtri((1 + coverage) / 2) * spread
        limits = {"lower": np.exp(middle - reach), "upper": np.exp(middle + reach)}
        return pd.DataFrame(limits)

    def predict_lifetime_value(
        self,
        X: Any,
        horizon: Duration,
        *,
        spend: Any,
        margin: float,
        discount_rate: float,
    ) -> NDArray[np.float64]:
        """Value today what each customer will yet bring.

        With E(u) the expected purchases until u after the cutoff and d the discount
        rate, ``margin * spend * integral of (1+d)^-u dE(u)``, u in years of 365 days.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.
        horizon : duration
            How far to look from the cutoff on.
        spend : float or array-like of shape (n_customers,)
            Money per purchase, such as
            :meth:`GammaGammaModel.predict_expected_spend` gives.
        margin : float
            What is earned of it, as a fraction, in (0, 1].
        discount_rate : float
            By how much money loses value per year, as a fraction in [0, 1).

        Returns
        -------
        ndarray of shape (n_customers,)
            Money.
        """
        check_is_fitted(self, "params_")
        summary, length = self._read(X), self._in_units(horizon)
        money = read_money(spend, len(summary.age), margin, discount_rate)
        worth = self._discount(summary, length, discount_rate)
        return np.asarray(margin * money * worth)

    def _discount(
        self, summary: PurchaseSummary, length: float, discount_rate: float
    ) -> Floats:
        """Expect purchases, each worth less the later it comes."""
        parameters = self.params_.to_numpy()
        years = check_duration(self.unit, "unit") / YEAR
        force = np.log1p(discount_rate) * years
        # By parts; the nodes lie closer where expectations bend most, at the start.
        nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
        bend = length / 20
        reach = np.log1p(length / bend)
        at = bend * np.expm1((nodes + 1) / 2 * reach)
        until: Floats = self._expect(parameters, summary, length)
        until *= np.exp(-force * length)
        if force > 0:
            for u, weight in zip(at, weights * (at + bend) * reach / 2, strict=True):
                lost = force * weight * np.exp(-force * u)
                until += lost * self._expect(parameters, summary, u)
        return until

    def predict_new_customer_purchases(self, horizon: Duration) -> float:
        """Expect the repeat purchases of a customer who has just bought first.

        Parameters
        ----------
        horizon : duration
            How long from the first purchase on.

        Returns
        -------
        float
            Expected repeat purchases in the horizon.
        """
        check_is_fitted(self, "params_")
        new = PurchaseSummary(np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1))
        parameters, length = self.params_.to_numpy(), self._in_units(horizon)
        return float(self._expect(parameters, new, length)[0])

    def _in_units(self, horizon: Duration) -> float:
        unit = check_duration(self.unit, "unit")
        return float(check_duration(horizon, "horizon") / unit)

    def _expect(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        alive = self._alive(parameters, summary)
        expected: Floats = alive * self._while_alive(parameters, summary, length)
        return expected

    def _read(self, X: Any) -> PurchaseSummary:
        """Read and check X, whose units must be those of the model."""
        check_units(X, self.unit, self._grain)
        return read_summary(X)

    @abstractmethod
    def _start(self, summary: PurchaseSummary) -> Floats:
        """Guess the parameters."""

    @abstractmethod
    def _objective(self, summary: PurchaseSummary) -> Any:
        """Return the mean log-likelihood as a function of the log-parameters."""

    @abstractmethod
    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        """Probability to be there at the cutoff."""

    @abstractmethod
    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        """Expect purchases in a span, in units, of who is there at the cutoff."""
