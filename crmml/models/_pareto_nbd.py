"""Pareto/NBD: customers may leave at any time, at a rate of their own."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.special import digamma, exprel, gammaln

from crmml._utils._blocks import sum_over_blocks
from crmml._utils._durations import Duration
from crmml.models import _pareto_nbd_kernel as kernel
from crmml.models._maximum_likelihood import Floats, Objective
from crmml.models._purchase_effects import Effect, as_table, fill_rows
from crmml.models._purchase_model import PurchaseModel
from crmml.models._purchase_summary import PurchaseSummary, guess_rate


class ParetoNBDModel(PurchaseModel):
    """Pareto/NBD model of repeat buying and silent leaving.

    While there, a customer buys as a Poisson process with rate lambda and leaves for
    good at rate mu. Over customers, lambda is gamma distributed with shape r and rate
    alpha, and mu with s and beta. With x, t_x and T for frequency, recency and T,

    ``L = Gamma(r+x) alpha^r beta^s / Gamma(r) * [(alpha+T)^-(r+x) (beta+T)^-s +
    s * integral from t_x to T of (alpha+u)^-(r+x) (beta+u)^-(s+1) du]``.

    Parameters
    ----------
    unit : duration, default="1D"
        The unit of recency and T in the data, such as ``"7D"`` for weeks: that of
        :class:`crmml.features.BTYDSummary`. alpha and beta are in this unit.
    covariates : list of str, default=None
        Numeric columns of X that tell customers apart from the start, such as how they
        came. They multiply a customer's purchase rate by ``exp(c @ z)`` and the rate of
        leaving by ``exp(d @ z)``: alpha stands for ``alpha exp(-c @ z)`` and beta for
        ``beta exp(-d @ z)`` then.

    Attributes
    ----------
    params_ : pandas.Series of shape (4 + 2 * n_covariates,)
        ``r``, ``alpha``, ``s``, ``beta``; then c as ``purchase:<covariate>`` and d as
        ``dropout:<covariate>``.
    standard_errors_ : pandas.Series of shape (4 + 2 * n_covariates,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : int
        How many customers it was fitted to.

    See Also
    --------
    BetaGeoModel : Customers leave after a purchase; faster, fits about as well.

    Notes
    -----
    The integral is the difference of two hypergeometric functions; both, and their
    derivatives, are summed as series of positive terms, so nothing overflows or
    cancels, for whichever of alpha and beta is larger.

    References
    ----------
    .. [1] Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987). Counting your
       customers: who are they and what will they do next? Management Science 33(1).
       https://doi.org/10.1287/mnsc.33.1.1
    .. [2] Fader, P. S. and Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD
       model and related expressions. http://brucehardie.com/notes/009/
    .. [3] Fader, P. S. and Hardie, B. G. S. (2007). Incorporating time-invariant
       covariates into the Pareto/NBD and BG/NBD models.
       http://brucehardie.com/notes/019/

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> from crmml.features import BTYDSummary
    >>> from crmml.models import ParetoNBDModel
    >>> purchases = load_cdnow(sample=True)[["customer_id", "date"]]
    >>> purchases = purchases.rename(columns={"date": "timestamp"})
    >>> weekly = BTYDSummary(unit="7D").fit_transform(purchases, "1997-10-01")
    >>> model = ParetoNBDModel(unit="7D").fit(weekly)
    >>> model.params_.round(2).to_dict()
    {'r': 0.55, 'alpha': 10.59, 's': 0.65, 'beta': 12.79}
    """

    _names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    _times: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    _hint: ClassVar[str] = (
        "Where s or beta run away, hardly anybody seems to leave, or all do at one "
        "rate: take a longer history or more customers, or let everybody go on at "
        "their frequency / T. Where r does, all buy at one rate, or with a rhythm: try "
        "the RegularBetaGeoModel."
    )
    _effects: ClassVar[tuple[Effect, ...]] = (
        Effect("purchase", "alpha", -1.0),
        Effect("dropout", "beta", -1.0),
    )

    def __init__(
        self, *, unit: Duration = "1D", covariates: Sequence[str] | None = None
    ) -> None:
        super().__init__(unit=unit)
        self.covariates = covariates

    def _start(self, summary: PurchaseSummary) -> Floats:
        return np.log([*guess_rate(summary), 0.5, 0.5])

    def _objective(self, summary: PurchaseSummary) -> Objective:
        if summary.covariates is not None:
            return self._layout().objective(kernel.add_up_own, summary)
        counts, index = np.unique(summary.frequency, return_inverse=True)
        weights = np.bincount(index, summary.weight).astype(np.float64)
        times = (summary.frequency, summary.recency, summary.age, summary.weight)
        n_rows, n_customers = len(summary.age), summary.n_customers

        def objective(point: Floats) -> tuple[float, Floats]:
            parameters = np.exp(point)
            r, alpha, s, beta = parameters
            sums = sum_over_blocks(kernel.add_up, n_rows, 5, parameters, *times)
            sums[0] += weights @ (gammaln(r + counts) - gammaln(r))
            sums[1] += weights @ (digamma(r + counts) - digamma(r))
            sums /= n_customers
            sums += [
                r * np.log(alpha) + s * np.log(beta),
                np.log(alpha),
                r / alpha,
                np.log(beta),
                s / beta,
            ]
            return sums[0], sums[1:] * parameters

        return objective

    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        columns = (summary.frequency, summary.recency, summary.age)
        return fill_rows(kernel.alive, len(summary.age), as_table(parameters), *columns)

    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        r, alpha, s, beta = parameters
        until = beta + summary.age
        decay = np.log1p(length / until)
        # The mean time there in the span; at s = 1 it is the limit, a logarithm.
        share = decay * exprel((1 - s) * decay)
        rate = (r + summary.frequency) / (alpha + summary.age)
        expected: Floats = rate * until * share
        return expected
