"""BG/NBD: customers may leave after each repeat purchase, at a rate of their own."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmml._utils._blocks import sum_over_blocks
from crmml._utils._durations import Duration
from crmml.exceptions import SchemaError
from crmml.models._beta_geo_kernel import add_up, add_up_own, expect_while_alive
from crmml.models._maximum_likelihood import Floats, Objective
from crmml.models._purchase_effects import Effect, as_table, fill_rows
from crmml.models._purchase_model import PurchaseModel
from crmml.models._purchase_summary import PurchaseSummary, guess_rate
from crmml.models._regular_beta_geo_kernel import expect_by_stages


class BetaGeoModel(PurchaseModel):
    """Beta-geometric/NBD model of repeat buying and silent leaving.

    While there, a customer buys as a Poisson process with rate lambda; after each
    repeat purchase the customer leaves for good with probability p. Over customers,
    lambda is gamma distributed with shape r and rate alpha, and p is beta distributed
    with a and b. With x, t_x and T for frequency, recency and T,

    ``L = B(a, b+x) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r) * [(alpha+T)^-(r+x) +
    (x > 0) a / (b+x-1) (alpha+t_x)^-(r+x)]``.

    Parameters
    ----------
    unit : duration, default="1D"
        The unit of recency and T in the data, such as ``"7D"`` for weeks: that of
        :class:`crmml.features.BTYDSummary`. alpha is in this unit.
    covariates : list of str, default=None
        Numeric columns of X that tell customers apart from the start, such as how they
        came. They multiply a customer's purchase rate by ``exp(c @ z)`` and the odds to
        leave after a purchase by ``exp(d @ z)``: alpha stands for ``alpha exp(-c @ z)``
        and a for ``a exp(d @ z)`` then.

    Attributes
    ----------
    params_ : pandas.Series of shape (4 + 2 * n_covariates,)
        ``r``, ``alpha``, ``a``, ``b``; then c as ``purchase:<covariate>`` and d as
        ``dropout:<covariate>``.
    standard_errors_ : pandas.Series of shape (4 + 2 * n_covariates,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : int
        How many customers it was fitted to.

    See Also
    --------
    ModifiedBetaGeoModel : Customers can leave right after the first purchase, too.
    ParetoNBDModel : Customers can leave at any time.
    crmml.features.BTYDSummary : Makes X from transactions.

    Notes
    -----
    Who bought once is certainly still there: the model lets customers leave after a
    repeat purchase only. Exact maximum likelihood with analytic derivatives; equal
    customers are computed once.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your
       customers" the easy way: an alternative to the Pareto/NBD model. Marketing
       Science 24(2). https://doi.org/10.1287/mksc.1040.0098
    .. [2] Fader, P. S. and Hardie, B. G. S. (2007). Incorporating time-invariant
       covariates into the Pareto/NBD and BG/NBD models.
       http://brucehardie.com/notes/019/

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> from crmml.features import BTYDSummary
    >>> from crmml.models import BetaGeoModel
    >>> purchases = load_cdnow(sample=True)[["customer_id", "date"]]
    >>> purchases = purchases.rename(columns={"date": "timestamp"})
    >>> weekly = BTYDSummary(unit="7D").fit_transform(purchases, "1997-10-01")
    >>> model = BetaGeoModel(unit="7D").fit(weekly)
    >>> model.params_.round(2).to_dict()
    {'r': 0.24, 'alpha': 4.39, 'a': 0.81, 'b': 2.48}
    >>> model.predict_expected_purchases(weekly, horizon="39W").sum().round()
    np.float64(1631.0)
    """

    _names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    _times: ClassVar[tuple[str, ...]] = ("alpha",)
    _hint: ClassVar[str] = (
        "Where a or b run away, hardly anybody seems to leave, or all do at one rate: "
        "take a longer history or more customers, or let everybody go on at their "
        "frequency / T. Where r does, all buy at one rate, or with a rhythm: try the "
        "RegularBetaGeoModel."
    )
    _effects: ClassVar[tuple[Effect, ...]] = (
        Effect("purchase", "alpha", -1.0),
        Effect("dropout", "a", 1.0),
    )

    def __init__(
        self, *, unit: Duration = "1D", covariates: Sequence[str] | None = None
    ) -> None:
        super().__init__(unit=unit)
        self.covariates = covariates

    def _dies_at_once(self) -> bool:
        """Whether the first purchase may be the last."""
        return False

    def _stages(self) -> int:
        """In how many unseen steps a customer comes to the next purchase."""
        return 1

    def _start(self, summary: PurchaseSummary) -> Floats:
        return np.log([*guess_rate(summary), 1.0, 2.0])

    def _objective(self, summary: PurchaseSummary) -> Objective:
        options = (self._dies_at_once(), self._stages())
        if summary.covariates is not None:
            return self._layout().objective(add_up_own, summary, *options)
        counts, index = np.unique(summary.frequency, return_inverse=True)
        weights = np.bincount(index, summary.weight).astype(np.float64)
        times = (summary.frequency, summary.recency, summary.age, summary.weight)
        n_rows, n_customers = len(summary.age), summary.n_customers

        def objective(point: Floats) -> tuple[float, Floats]:
            parameters = np.exp(point)
            sums = sum_over_blocks(add_up, n_rows, 5, parameters, *options, *times)
            sums += _count_terms(parameters, counts, weights, *options)
            return sums[0] / n_customers, sums[1:] * parameters / n_customers

        return objective

    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        r, alpha, a, b = parameters
        x, at_once = summary.frequency, self._dies_at_once()
        # What the odds are for who bought once only does not matter where such stay.
        shape = b + x if at_once else b + np.maximum(x, 1) - 1
        n = r + self._stages() * x
        silence = n * np.log((alpha + summary.age) / (alpha + summary.recency))
        waited = (summary.age - summary.recency) / (alpha + summary.age)
        odds = np.log(shape / a) - silence + _log_stages(n, waited, self._stages())
        alive: Floats = expit(odds)
        return alive if at_once else np.where(x > 0, alive, 1.0)

    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        columns = (summary.frequency, summary.age, length)
        options = (as_table(parameters), self._dies_at_once())
        found = fill_rows(expect_while_alive, len(summary.age), *options, *columns)
        # The series overflows where nearly everybody leaves at once.
        lost = np.flatnonzero(~np.isfinite(found))
        if len(lost):
            own = parameters[:, lost] if parameters.ndim == 2 else parameters
            found[lost] = self._sum_stages(own, summary.take(lost), length)
        return found

    def _sum_stages(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        """Expect purchases stage by stage, which takes longer and never overflows.

        Raises
        ------
        SchemaError
            If there are too many stages.
        """
        columns = (summary.frequency, summary.recency, summary.age, length)
        options = (as_table(parameters), self._dies_at_once(), self._stages())
        found = fill_rows(expect_by_stages, len(summary.age), *options, *columns)
        n_missing = int(np.isnan(found).sum())
        if n_missing:
            raise SchemaError(
                f"The horizon is too long to say what {n_missing} of {len(found)} "
                "customers will buy: they buy very often, and their history is very "
                "short beside it. Choose a shorter horizon."
            )
        return found


def _count_terms(
    parameters: Floats,
    counts: Floats,
    weights: Floats,
    dies_at_once: bool,
    n_stages: int,
) -> Floats:
    """Sum what depends on the number of purchases alone, with its derivatives."""
    r, alpha, a, b = parameters
    steps, shifted = n_stages * counts, counts + float(dies_at_once)
    value = gammaln(r + steps) - gammaln(r) + r * np.log(alpha)
    value += gammaln(a + b) - gammaln(b) + gammaln(b + shifted)
    value -= gammaln(a + b + shifted)
    both = digamma(a + b) - digamma(a + b + shifted)
    slopes = [
        value,
        digamma(r + steps) - digamma(r) + np.log(alpha),
        np.full_like(counts, r / alpha),
        both,
        both + digamma(b + shifted) - digamma(b),
    ]
    sums: Floats = np.array([weights @ one for one in slopes])
    return sums


def _log_stages(n: Floats, waited: Floats, n_stages: int) -> Floats:
    """Take the logarithm of ``sum over j < k of (n)_j / j! waited^j``."""
    term = total = np.ones_like(waited)
    for j in range(1, n_stages):
        term = term * (n + j - 1) / j * waited
        total = total + term
    return np.log(total)
