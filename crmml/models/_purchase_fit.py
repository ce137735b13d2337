"""Fitting buy-till-you-die models in units that suit every table."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from crmml.models._maximum_likelihood import (
    Floats,
    Maximum,
    Objective,
    check_maximum,
    maximise,
)
from crmml.models._purchase_effects import CovariateScale, Effects, learn_scale
from crmml.models._purchase_estimate import Estimate
from crmml.models._purchase_summary import PurchaseSummary

_SAMPLES = (2_000, 20_000)
"""Sizes of the samples of distinct customers that show the way to all of them."""
_OF_COEFFICIENTS = (
    " Where a coefficient does, a few customers far from the others decide it: take "
    "the logarithm of a covariate with a long tail, or join rare categories."
)


@dataclass(frozen=True)
class ScaledCustomers:
    """Customers in units in which sizes of parameters mean the same everywhere."""

    summary: PurchaseSummary
    effects: Effects
    age: float
    """The unit of time: a typical age."""
    is_time: Floats
    """1 for parameters that are times, 0 for others."""
    scale: CovariateScale | None

    def climb(
        self, objective_of: Callable[[PurchaseSummary], Objective], start: Floats
    ) -> Maximum:
        """Find the parameters under which these customers are most likely."""
        rng = np.random.default_rng(0)
        n_rows = len(self.summary.weight)
        samples = [
            objective_of(self.summary.take(np.sort(rng.choice(n_rows, n, False))))
            for n in _SAMPLES
            if n * 3 < n_rows
        ]
        point = np.zeros(len(self.effects.all_names))
        point[: len(start)] = start
        return maximise(objective_of(self.summary), point, samples)

    def estimate(self, found: Maximum, hint: str) -> Estimate:
        """Return what a maximum says, in the data's units.

        Raises
        ------
        DegenerateFitError
            If it says nothing, with the hint what to do.
        """
        names, n_customers = self.effects.all_names, self.summary.n_customers
        if self.scale is not None:
            hint += _OF_COEFFICIENTS
        check_maximum(found, names, n_customers, hint)
        covariance = found.covariance(n_customers)
        point = found.log_parameters
        if self.scale is not None:
            back = self.scale.back(self.effects)
            point, covariance = back @ point, back @ covariance @ back.T
        params = self.effects.describe(point + self.is_time * np.log(self.age))
        return Estimate(self.effects, params, covariance, None)

    def log_likelihood(self, found: Maximum) -> float:
        """Return the log-likelihood in the data's units of time."""
        total = found.mean_log_likelihood * self.summary.n_customers
        if not self.is_time.any():
            return float(total)
        # Each purchase has a density per unit of time.
        n_purchases = float(self.summary.weight @ self.summary.frequency)
        return float(total - n_purchases * np.log(self.age))


def scale_customers(
    everyone: PurchaseSummary, effects: Effects, times: tuple[str, ...]
) -> ScaledCustomers:
    """Let equal customers be one row, and measure in units of their own.

    Parameters
    ----------
    everyone : PurchaseSummary
        All customers.
    effects : Effects
        The parameters, and what covariates do to them.
    times : tuple of str
        Which parameters are times.

    Returns
    -------
    ScaledCustomers
        The same customers.

    Raises
    ------
    SchemaError
        If a covariate says nothing.
    """
    scale = None
    if everyone.covariates is not None:
        scale = learn_scale(everyone.covariates, effects.covariates)
        standard = scale.standardise(everyone.covariates)
        everyone = replace(everyone, covariates=standard)
    age = float(np.average(everyone.age)) if times else 1.0
    is_time = np.isin(effects.all_names, times).astype(np.float64)
    summary = everyone.compressed().in_units_of(age)
    return ScaledCustomers(summary, effects, age, is_time, scale)
