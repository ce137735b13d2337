"""BG/BB: customers who buy, or not, at each of a row of opportunities."""

from typing import Any, ClassVar

import numpy as np
from scipy.special import betaln, digamma

from crmml._utils._durations import YEAR, check_duration
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models._declared_units import check_units
from crmml.models._maximum_likelihood import Floats, Objective
from crmml.models._purchase_fit import ScaledCustomers
from crmml.models._purchase_model import PurchaseModel
from crmml.models._purchase_summary import PurchaseSummary, read_summary, refuse_rows


class BetaBinomialModel(PurchaseModel):
    """Beta-geometric/beta-binomial model: purchases at given opportunities.

    At each opportunity, such as a yearly appeal or a month, a customer who is still
    there buys with probability p; before each, the customer leaves for good with
    probability theta. Over customers, p is beta distributed with alpha and beta, theta
    with gamma and delta. After n opportunities, x of them taken, the last at t_x,

    ``L = B(alpha+x, beta+n-x) / B(alpha, beta) * B(gamma, delta+n) / B(gamma, delta)
    + sum over i from 0 to n-t_x-1 of B(alpha+x, beta+t_x-x+i) / B(alpha, beta)
    * B(gamma+1, delta+t_x+i) / B(gamma, delta)``.

    Parameters
    ----------
    unit : duration, default="1D"
        The time from one opportunity to the next, such as ``"365D"``: recency and T
        count opportunities after the first purchase, and T may be 0.

    Attributes
    ----------
    params_ : pandas.Series of shape (4,)
        ``alpha``, ``beta``, ``gamma``, ``delta``.
    standard_errors_ : pandas.Series of shape (4,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : int
        How many customers it was fitted to.

    See Also
    --------
    BetaGeoModel : Purchases at any time.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Shang, J. (2010). Customer-base analysis
       in a discrete-time noncontractual setting. Marketing Science 29(6).
       https://doi.org/10.1287/mksc.1100.0580

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import BetaBinomialModel
    >>> rng = np.random.default_rng(0)
    >>> buys, leaves = rng.beta(1.2, 0.8, 50_000), rng.beta(0.7, 2.8, 50_000)
    >>> lifetime = rng.geometric(leaves) - 1
    >>> year = np.arange(1, 7)
    >>> gift = (rng.random((50_000, 6)) < buys[:, None]) & (year <= lifetime[:, None])
    >>> donors = pd.DataFrame({"frequency": gift.sum(axis=1), "T": 6})
    >>> donors["recency"] = (gift * year).max(axis=1)
    >>> model = BetaBinomialModel(unit="365D").fit(donors)
    >>> model.params_.round(1).to_dict()
    {'alpha': 1.2, 'beta': 0.8, 'gamma': 0.7, 'delta': 2.7}
    """

    _names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    _times: ClassVar[tuple[str, ...]] = ()
    _hint: ClassVar[str] = (
        "Where parameters run away, all customers buy, or leave, alike: take more "
        "opportunities or more customers."
    )

    def _read(self, X: Any) -> PurchaseSummary:
        check_units(X, self.unit, self._grain)
        # Who came at the last opportunity has had no other yet.
        summary = read_summary(X, may_be_new=True)
        for name, values in (("recency", summary.recency), ("T", summary.age)):
            hint = "it must count opportunities, one per unit"
            refuse_rows(values != np.floor(values), name, "is no whole number", hint)
        refuse_rows(
            summary.frequency > summary.recency,
            "frequency",
            "is above recency",
            "there is at most one purchase an opportunity, the last at recency",
        )
        return summary

    def _prepare(self, X: Any) -> ScaledCustomers:
        customers = super()._prepare(X)
        most = customers.summary.age.max()
        if most < 2:
            raise NotEnoughHistoryError(
                f"Customers had {most:.0f} opportunity at most, which does not tell "
                "who skipped it from who left. The model needs at least two "
                "opportunities: take a longer history."
            )
        return customers

    def _start(self, summary: PurchaseSummary) -> Floats:
        return np.log([1.0, 1.0, 0.5, 3.0])

    def _objective(self, summary: PurchaseSummary) -> Objective:
        weight = summary.weight / summary.n_customers

        def objective(point: Floats) -> tuple[float, Floats]:
            parameters = np.exp(point)
            value, slopes = _log_likelihood(parameters, summary)
            return float(weight @ value), (slopes @ weight) * parameters

        return objective

    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        n = summary.age
        here, _ = _log_terms(parameters, summary.frequency, n, 0.0)
        value, _ = _log_likelihood(parameters, summary)
        probability: Floats = np.exp(here - value)
        return probability

    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        if length != np.floor(length):
            raise SchemaError(
                f"horizon must be a whole number of units, is {length:.6g} of them."
            )
        alpha, beta, gamma, delta = parameters
        x, n = summary.frequency, summary.age
        buys = (alpha + x) / (alpha + beta + n)
        stays = np.zeros_like(n)
        for opportunity in range(1, int(length) + 1):
            later = betaln(gamma, delta + n + opportunity)
            stays += np.exp(later - betaln(gamma, delta + n))
        expected: Floats = buys * stays
        return expected

    def _discount(
        self, summary: PurchaseSummary, length: float, discount_rate: float
    ) -> Floats:
        """Expect purchases, each worth less the later its opportunity comes."""
        parameters = self.params_.to_numpy()
        years = check_duration(self.unit, "unit") / YEAR
        alive = self._alive(parameters, summary)
        value, before = np.zeros_like(alive), np.zeros_like(alive)
        self._while_alive(parameters, summary, length)
        for opportunity in range(1, int(length) + 1):
            until = self._while_alive(parameters, summary, float(opportunity))
            value += (until - before) * (1 + discount_rate) ** -(opportunity * years)
            before = until
        discounted: Floats = alive * value
        return discounted


def _log_terms(
    parameters: Floats, x: Floats, tried: Floats, left: float
) -> tuple[Floats, Floats]:
    """One way to have lived: `tried` opportunities, and gone after them, or not.

    `left` is 1 for gone, 0 for not. Returns the log-probability and its derivatives, of
    shape (4, n).
    """
    alpha, beta, gamma, delta = parameters
    misses = tried - x
    value = betaln(alpha + x, beta + misses) - betaln(alpha, beta)
    value = value + betaln(gamma + left, delta + tried) - betaln(gamma, delta)
    buying = digamma(alpha + beta) - digamma(alpha + beta + tried)
    leaving = digamma(gamma + delta) - digamma(gamma + delta + left + tried)
    slopes = np.stack(
        [
            digamma(alpha + x) - digamma(alpha) + buying,
            digamma(beta + misses) - digamma(beta) + buying,
            digamma(gamma + left) - digamma(gamma) + leaving,
            digamma(delta + tried) - digamma(delta) + leaving,
        ]
    )
    return value, slopes


def _log_likelihood(
    parameters: Floats, summary: PurchaseSummary
) -> tuple[Floats, Floats]:
    """Log-likelihood of each row, and its derivatives of shape (4, n)."""
    x, last, n = summary.frequency, summary.recency, summary.age
    value, slopes = _log_terms(parameters, x, n, 0.0)
    largest = int((n - last).max(initial=0))
    for i in range(largest):
        is_one = last + i < n
        tried = np.where(is_one, last + i, n)
        term, term_slopes = _log_terms(parameters, x, tried, 1.0)
        term = np.where(is_one, term, -np.inf)
        both = np.logaddexp(value, term)
        share = np.exp(term - both)
        slopes += share * (term_slopes - slopes)
        value = both
    return value, slopes
