"""(M)BG/CNBD-k: customers who buy with a rhythm, until they leave."""

from collections.abc import Sequence
from dataclasses import replace
from math import lgamma, log
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import gammaln

from crmml._utils._arguments import check_count
from crmml._utils._durations import Duration
from crmml._utils._sklearn import fit_context
from crmml.exceptions import DegenerateFitError, SchemaError
from crmml.models._beta_geo import BetaGeoModel
from crmml.models._maximum_likelihood import Floats, Maximum
from crmml.models._purchase_summary import (
    PurchaseSummary,
    read_columns,
    read_summary,
    refuse_rows,
)

_LARGEST_K = 20
"""At k = 20 gaps between purchases vary by a fifth: more is a subscription."""
_LARGEST_GIVEN_K = 50
"""Beyond it the terms of very keen customers overflow."""
_PATIENCE = 2
"""The search for k ends when the likelihood has fallen so often in a row."""


class RegularBetaGeoModel(BetaGeoModel):
    """(M)BG/CNBD-k model: customers with a rhythm, who silently leave.

    As :class:`ModifiedBetaGeoModel`, but times between a customer's purchases are
    Erlang distributed with shape k and the customer's own rate lambda: for k = 1
    purchases come at random, and the larger k the more regularly, with a coefficient of
    variation of ``1 / sqrt(k)``. A regular customer who is overdue has left more
    surely. With n = r + kx and w = (T - t_x) / (alpha + T),

    ``L = B(a, b+x+1) / B(a, b) * C * Gamma(n) alpha^r / Gamma(r) * [(alpha+T)^-n sum
    over j < k of (n)_j / j! w^j + a / (b+x) (alpha+t_x)^-n]`` where
    ``C = Gamma(x) / Gamma(kx) * t_x^((k-1)x)``, 1 for x = 0,

    or, where the first purchase cannot be the last, with b - 1 for b, and without the
    second part for x = 0.

    Parameters
    ----------
    unit : duration, default="1D"
        The unit of recency and T in the data, such as ``"7D"`` for weeks: that of
        :class:`crmml.features.BTYDSummary`. alpha is in this unit.
    k : int, default=None
        The regularity, up to 50; 1 for none. None finds the one, up to 20, under which
        the customers are most likely.
    leave_after_first : bool, default=True
        Whether customers can leave right after the first purchase (MBG/CNBD-k), or
        after repeat purchases only (BG/CNBD-k).
    log_gaps : str, default=None
        A column of X, read in fit: the sum of the natural logarithms of the times, in
        units, between a customer's purchases; 0 after one purchase. It makes the choice
        of k much surer.
    covariates : list of str, default=None
        As in :class:`BetaGeoModel`.

    Attributes
    ----------
    k_ : int
        The regularity.
    log_likelihoods_ : pandas.Series
        The log-likelihood by k, for each that was tried.
    params_ : pandas.Series of shape (4 + 2 * n_covariates,)
        ``r``, ``alpha``, ``a``, ``b``, of stages: k make a purchase, so that lambda is
        k times the rate of purchases. Then coefficients of covariates.
    standard_errors_ : pandas.Series of shape (4 + 2 * n_covariates,)
        Their standard errors given k, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : int
        How many customers it was fitted to.

    See Also
    --------
    ModifiedBetaGeoModel : The same for k = 1; its forecasts are faster.
    ShiftedBetaGeoModel : Contracts, which are renewed by the clock.

    Notes
    -----
    C belongs to the density of the last of x purchases, the others lying anywhere
    before it, for the summary does not tell where. With `log_gaps` it is ``exp((k-1)
    log_gaps) / Gamma(k)^x``, the density of all of them. Either way log-likelihoods
    compare over k and with those of :class:`BetaGeoModel`, and the parameters given k
    are the same.

    Expected purchases have no closed form for k > 1; they are summed stage by stage,
    exactly.

    References
    ----------
    .. [1] Reutterer, T., Platzer, M. and Schroeder, N. (2021). Leveraging purchase
       regularity for predicting customer behavior the easy way. International Journal
       of Research in Marketing 38(1). https://doi.org/10.1016/j.ijresmar.2020.09.002
    .. [2] Platzer, M. and Reutterer, T. (2016). Ticking away the moments: timing
       regularity helps to better predict customer activity. Marketing Science 35(5).
       https://doi.org/10.1287/mksc.2015.0963

    Examples
    --------
    Customers who buy about every two weeks, and each with the chance of one in ten to
    leave:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import RegularBetaGeoModel
    >>> rng = np.random.default_rng(0)
    >>> pace, leaves = rng.gamma(6, 1 / 4, (3_000, 1)), rng.beta(2, 18, 3_000)
    >>> times = (rng.gamma(3, 1, (3_000, 100)) / pace).cumsum(axis=1)
    >>> n_before = rng.geometric(leaves)[:, None] - 1
    >>> bought = (times < 52) & (np.arange(100) < n_before)
    >>> X = pd.DataFrame({"frequency": bought.sum(axis=1), "T": 52.0})
    >>> X["recency"] = (times * bought).max(axis=1)
    >>> model = RegularBetaGeoModel(unit="7D").fit(X)
    >>> model.k_
    3
    >>> model.params_.round(1).to_dict()
    {'r': 5.9, 'alpha': 3.9, 'a': 1.9, 'b': 16.2}
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BetaGeoModel._parameter_constraints,
        "leave_after_first": ["boolean"],
    }

    def __init__(
        self,
        *,
        unit: Duration = "1D",
        k: int | None = None,
        leave_after_first: bool = True,
        log_gaps: str | None = None,
        covariates: Sequence[str] | None = None,
    ) -> None:
        super().__init__(unit=unit, covariates=covariates)
        self.k = k
        self.leave_after_first = leave_after_first
        self.log_gaps = log_gaps

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the parameters under which the purchases are most likely.

        Parameters
        ----------
        X : dataframe of shape (n_customers, n_columns)
            As in :meth:`BetaGeoModel.fit`.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        SchemaError
            If k is no whole number from 1 to 50, or a column is missing or holds what
            cannot be, such as repeat purchases at the instant of the first.
        NotEnoughHistoryError
            If there are fewer customers than parameters, or nobody bought again.
        DegenerateFitError
            If the customers do not determine the parameters, or buy by the clock.

        Warns
        -----
        DataQualityWarning
            If they hardly do.
        """
        candidates = self._candidates()
        customers, gaps = self._prepare(X), self._read_gaps(X)
        start, summary = self._start(customers.summary), customers.summary
        found: dict[int, Maximum] = {}
        best = 0
        for k in candidates:
            self.k_ = k
            # Equal rates of purchases, hence more stages in the same time.
            quicker = start - np.log(k) * np.isin(self._names, self._times)
            one = customers.climb(self._objective, quicker)
            mean = _log_rhythm(summary, k, gaps, customers.age) / summary.n_customers
            found[k] = replace(one, mean_log_likelihood=one.mean_log_likelihood + mean)
            best = max(found, key=lambda k: found[k].mean_log_likelihood)
            if k - best >= _PATIENCE:
                break
        if self.k is None and best == _LARGEST_K:
            raise DegenerateFitError(
                f"The fit did not converge: the likelihood rises up to k = {best}. "
                "Customers buy by the clock, as under a contract: see "
                "ShiftedBetaGeoModel, or BetaBinomialModel where they may skip a turn; "
                "or say k."
            )
        self.k_ = best
        self._adopt(found[best], customers)
        self.log_likelihoods_ = pd.Series(
            {k: customers.log_likelihood(one) for k, one in found.items()}
        )
        return self

    def _candidates(self) -> Sequence[int]:
        """Say which k to try."""
        if self.k is None:
            return range(1, _LARGEST_K + 1)
        k = check_count(self.k, "k")
        if k > _LARGEST_GIVEN_K:
            raise SchemaError(
                f"k must be at most {_LARGEST_GIVEN_K}, got {k}: who buys so regularly "
                "has a contract, see ShiftedBetaGeoModel."
            )
        return [k]

    def _dies_at_once(self) -> bool:
        return self.leave_after_first

    def _stages(self) -> int:
        return self.k_

    def _read(self, X: Any) -> PurchaseSummary:
        summary = super()._read(X)
        if self.k != 1:
            refuse_rows(
                (summary.frequency > 0) & (summary.recency == 0),
                "recency",
                "is 0, although frequency is not,",
                "with a rhythm, nobody buys again at the same instant: count what was "
                "bought on one day as one purchase (grain='day' in BTYDSummary), or "
                "set k=1",
            )
        return summary

    def _read_gaps(self, X: Any) -> float | None:
        """Sum up the logarithms of times between purchases, where they are known."""
        if self.log_gaps is None:
            return None
        name, hint = self.log_gaps, "without a repeat purchase it is 0"
        column = read_columns(X, [name], hint=hint)[name]
        summary = read_summary(X)
        x, again = summary.frequency, summary.recency > 0
        refuse_rows((x == 0) & (column != 0), name, "is not 0", hint)
        # Gaps that add up to the recency have the largest logarithms if they are equal.
        most = np.log(summary.recency[again] / x[again])
        beyond = np.zeros(len(x), dtype=bool)
        beyond[again] = column[again] > x[again] * (most + 1e-9 * (1 + np.abs(most)))
        refuse_rows(
            beyond,
            name,
            "is above frequency * ln(recency / frequency)",
            f"times between purchases must be in the unit of the model, {self.unit!r}, "
            "and add up to recency",
        )
        return float(column.sum())

    def _while_alive(
        self, parameters: Floats, summary: PurchaseSummary, length: float
    ) -> Floats:
        return self._sum_stages(parameters, summary, length)


def _log_rhythm(
    summary: PurchaseSummary, k: int, log_gaps: float | None, unit: float
) -> float:
    """Sum ln C: what a rhythm of k makes of the purchases within the history."""
    again = summary.frequency > 0
    x, weight = summary.frequency[again], summary.weight[again]
    if log_gaps is not None:
        n_gaps = float(weight @ x)
        return (k - 1) * (log_gaps - n_gaps * log(unit)) - n_gaps * lgamma(k)
    # At k = 1 purchases at the instant of the first are allowed, and C is 1.
    since = np.log(summary.recency[again]) if k > 1 else np.zeros_like(x)
    logs = gammaln(x) - gammaln(k * x) + (k - 1) * x * since
    return float(weight @ logs)
