"""What buy-till-you-die models share: fitting, and questions about each customer."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import YEAR, Duration, check_duration
from crmml._utils._sklearn import fit_context
from crmml.models._declared_units import check_units
from crmml.models._maximum_likelihood import Floats, Maximum, Objective
from crmml.models._money import integrate_discounted, read_money
from crmml.models._purchase_effects import Effect, Effects, read_names
from crmml.models._purchase_estimate import Estimate
from crmml.models._purchase_fit import ScaledCustomers, scale_customers
from crmml.models._purchase_summary import (
    PurchaseSummary,
    check_can_repeat,
    new_customer,
    read_summary,
)


class PurchaseModel(BaseEstimator, metaclass=ABCMeta):
    """Customers who buy at a rate of their own until, unseen, they leave for good."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    _names: ClassVar[tuple[str, ...]]
    """Names of the parameters, all of them positive."""
    _times: ClassVar[tuple[str, ...]]
    """Those of them that are times, in units."""
    _hint: ClassVar[str]
    """What to do where the fit is degenerate."""
    _effects: ClassVar[tuple[Effect, ...]] = ()
    """What covariates, columns that are none by default, act on."""
    covariates: Sequence[str] | None = None
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
            :class:`crmml.features.BTYDSummary` makes them, times in `unit`, and any
            covariates; further columns are ignored.
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
        customers = self._prepare(X)
        found = customers.climb(self._objective, self._start(customers.summary))
        self._adopt(found, customers)
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
        summary, least = self._read(X), np.finfo(np.float64).tiny
        return np.maximum(self._alive(self._own(summary), summary), least)

    def predict_alive_interval(self, X: Any, *, coverage: float = 0.9) -> pd.DataFrame:
        """Say how far that is known; the error of parameters goes on to log-odds.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in fit.
        coverage : float, default=0.9
            Share of intervals that hold the true probability, in (0, 1).

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 2)
            Columns ``lower`` and ``upper``, probabilities, rows in the order of X.
        """
        summary = self._read(X)
        return self._known(summary).interval(
            lambda own: logit(self._alive(own, summary)), expit, coverage
        )

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
        summary, length = self._read(X), self._in_units(horizon)
        return self._expect(self._own(summary), summary, length)

    def predict_purchases_interval(
        self, X: Any, horizon: Duration, *, coverage: float = 0.9
    ) -> pd.DataFrame:
        """Say how far the expected purchases are known.

        The error of the parameters goes on to the logarithm of the expectation (delta
        method). How far single customers scatter around expectations is not in it.

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
        summary, length = self._read(X), self._in_units(horizon)
        return self._known(summary).interval(
            lambda own: np.log(self._expect(own, summary, length)), np.exp, coverage
        )

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
            Money per purchase, such as :class:`GammaGammaModel` expects.
        margin : float
            What is earned of it, as a fraction, in (0, 1].
        discount_rate : float
            By how much money loses value per year, as a fraction in [0, 1).

        Returns
        -------
        ndarray of shape (n_customers,)
            Money.
        """
        summary, length = self._read(X), self._in_units(horizon)
        money = read_money(spend, len(summary.age), margin, discount_rate)
        worth = self._discount(summary, length, discount_rate)
        return np.asarray(margin * money * worth)

    def _discount(
        self, summary: PurchaseSummary, length: float, discount_rate: float
    ) -> Floats:
        """Expect purchases, each worth less the later it comes."""
        own, years = (
            self._own(summary),
            check_duration(self.unit, "unit") / YEAR,
        )
        force = float(np.log1p(discount_rate) * years)
        return integrate_discounted(
            lambda until: self._expect(own, summary, until), length, force
        )

    def predict_new_customer_purchases(
        self, horizon: Duration, *, covariates: Mapping[str, float] | None = None
    ) -> float:
        """Expect the repeat purchases of a customer who has just bought first.

        Parameters
        ----------
        horizon : duration
            How long from the first purchase on.
        covariates : mapping of str to float, default=None
            The customer's values, where the model has covariates.

        Returns
        -------
        float
            Expected repeat purchases in the horizon.
        """
        new = new_customer(self._layout().read_values(covariates))
        return float(self._expect(self._own(new), new, self._in_units(horizon))[0])

    def _prepare(self, X: Any) -> ScaledCustomers:
        """Read customers and check that something can be learned from them."""
        self._grain = check_units(X, self.unit)
        everyone, layout = self._read(X), self._layout()
        check_can_repeat(everyone, len(layout.all_names))
        return scale_customers(everyone, layout, self._times)

    def _adopt(self, found: Maximum, customers: ScaledCustomers) -> None:
        """Take over what the likelihood says, if it says something."""
        estimate = customers.estimate(found, self._hint)
        self.params_, self.standard_errors_ = estimate.params, estimate.standard_errors
        self.log_covariance_ = estimate.log_covariance
        self.log_likelihood_ = customers.log_likelihood(found)
        self.n_customers_ = int(customers.summary.n_customers)

    def _layout(self) -> Effects:
        """Say which parameters and coefficients there are."""
        return Effects(self._names, self._effects, read_names(self.covariates))

    def _own(self, summary: PurchaseSummary) -> Floats:
        """Parameters of each customer; of all, where there are no covariates."""
        check_is_fitted(self, "params_")
        return self._layout().own(self.params_, summary.covariates)

    def _known(self, summary: PurchaseSummary) -> Estimate:
        """Say how surely these customers' parameters are known."""
        check_is_fitted(self, "params_")
        covariance = self.log_covariance_.to_numpy()
        return Estimate(self._layout(), self.params_, covariance, summary.covariates)

    def _in_units(self, horizon: Duration) -> float:
        length = check_duration(horizon, "horizon")
        return float(length / check_duration(self.unit, "unit"))

    def _expect(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        later = self._while_alive(parameters, summary, length)
        return np.asarray(self._alive(parameters, summary) * later)

    def _read(self, X: Any) -> PurchaseSummary:
        """Read and check X, whose units must be those of the model."""
        check_units(X, self.unit, self._grain)
        return replace(read_summary(X), covariates=self._layout().read(X))

    @abstractmethod
    def _start(self, summary: PurchaseSummary) -> Floats:
        """Guess the parameters."""

    @abstractmethod
    def _objective(self, summary: PurchaseSummary) -> Objective:
        """Return the mean log-likelihood as a function of the point."""

    @abstractmethod
    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        """Probability to be there at the cutoff."""

    @abstractmethod
    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        """Expect purchases in a span, in units, of who is there at the cutoff."""
