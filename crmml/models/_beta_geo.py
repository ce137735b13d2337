"""BG/NBD: customers may leave after each repeat purchase, at a rate of their own."""

from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmml._utils._blocks import run_in_blocks, sum_over_blocks
from crmml.models._beta_geo_kernel import add_up, expect_while_alive
from crmml.models._maximum_likelihood import Floats, Objective
from crmml.models._purchase_model import PurchaseModel
from crmml.models._purchase_summary import PurchaseSummary, guess_rate


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

    Attributes
    ----------
    params_ : pandas.Series of shape (4,)
        ``r``, ``alpha``, ``a``, ``b``.
    standard_errors_ : pandas.Series of shape (4,)
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
        "take a longer history or more customers."
    )
    _dies_at_once: ClassVar[bool] = False

    def _start(self, summary: PurchaseSummary) -> Floats:
        return np.array([*guess_rate(summary), 1.0, 2.0])

    def _objective(self, summary: PurchaseSummary) -> Objective:
        counts, index = np.unique(summary.frequency, return_inverse=True)
        weights = np.bincount(index, summary.weight).astype(np.float64)
        shifted = (counts + self._dies_at_once).astype(np.float64)
        times = (summary.frequency, summary.recency, summary.age, summary.weight)
        n_rows, n_customers = len(summary.age), summary.n_customers

        def objective(point: Floats) -> tuple[float, Floats]:
            parameters = np.exp(point)
            sums = sum_over_blocks(
                add_up, n_rows, 5, parameters, self._dies_at_once, *times
            )
            sums += _count_terms(parameters, counts, shifted, weights)
            return sums[0] / n_customers, sums[1:] * parameters / n_customers

        return objective

    def _alive(self, parameters: Floats, summary: PurchaseSummary) -> Floats:
        r, alpha, a, b = parameters
        x = summary.frequency
        # What the odds are for who bought once only does not matter where such stay.
        shape = b + x if self._dies_at_once else b + np.maximum(x, 1) - 1
        silence = np.log((alpha + summary.age) / (alpha + summary.recency))
        alive: Floats = expit(np.log(shape) - np.log(a) - (r + x) * silence)
        return alive if self._dies_at_once else np.where(x > 0, alive, 1.0)

    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        out = np.empty_like(summary.age)
        columns = (summary.frequency, summary.age, length)
        options = (parameters, self._dies_at_once)

        def loop(first: int, last: int) -> None:
            expect_while_alive(*options, *columns, first, last, out)

        run_in_blocks(loop, len(out))
        return out


def _count_terms(
    parameters: Floats, counts: Floats, shifted: Floats, weights: Floats
) -> Floats:
    """Sum what depends on the number of purchases alone, with its derivatives."""
    r, alpha, a, b = parameters
    value = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
    value += gammaln(a + b) - gammaln(b) + gammaln(b + shifted)
    value -= gammaln(a + b + shifted)
    both = digamma(a + b) - digamma(a + b + shifted)
    slopes = [
        value,
        digamma(r + counts) - digamma(r) + np.log(alpha),
        np.full_like(counts, r / alpha),
        both,
        both + digamma(b + shifted) - digamma(b),
    ]
    sums: Floats = np.array([weights @ one for one in slopes])
    return sums
