"""What is known of parameters, and how far predictions are known for it."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmml.exceptions import SchemaError
from crmml.models._maximum_likelihood import Floats
from crmml.models._purchase_effects import Effects

_STEP = 1e-4
"""Step of central differences in log-parameters: error about 1e-8, relative."""


@dataclass(frozen=True)
class Estimate:
    """Parameters and coefficients, their errors, and whom they are asked about."""

    effects: Effects
    params: pd.Series
    covariance: Floats
    """Of the logarithms of parameters, and of coefficients."""
    covariates: Floats | None
    """Of shape (n_customers, n_covariates)."""

    @property
    def log_covariance(self) -> pd.DataFrame:
        """The covariance by name."""
        names = self.params.index
        return pd.DataFrame(self.covariance, index=names, columns=names)

    @property
    def standard_errors(self) -> pd.Series:
        """Standard errors: of parameters themselves, not of their logarithms."""
        rise = self.params.where(self.effects.is_positive, 1.0)
        return rise * np.sqrt(np.diag(self.covariance))

    def interval(
        self,
        predict: Callable[[Floats], Floats],
        back: Callable[[Floats], Floats],
        coverage: float,
    ) -> pd.DataFrame:
        """Carry the error of parameters on to predictions (delta method).

        Parameters
        ----------
        predict : callable
            From parameters to predictions on a scale without bounds, of shape
            (n_customers,); infinite ones are certain.
        back : callable
            From that scale to the one of the answer.
        coverage : float
            Share of intervals that hold the truth, in (0, 1).

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 2)
            Columns ``lower`` and ``upper``.

        Raises
        ------
        SchemaError
            If coverage is not in (0, 1).
        """
        is_number = isinstance(coverage, Real) and not isinstance(coverage, bool)
        if not is_number or not 0 < coverage < 1:
            raise SchemaError(f"coverage must lie in (0, 1), got {coverage!r}.")

        def at(point: Floats) -> Floats:
            return predict(self.effects.parameters(point, self.covariates))

        point = self.effects.point(self.params)
        middle = at(point)
        is_certain = np.isinf(middle)
        # A coefficient of 0.01 a unit may matter: no step is longer than its error.
        steps = _STEP * np.minimum(1.0, np.sqrt(np.diag(self.covariance)))
        slopes = []
        for step, length in zip(np.diag(steps), steps, strict=True):
            ahead, behind = at(point + step), at(point - step)
            rise = np.subtract(
                ahead, behind, where=~is_certain, out=np.zeros(len(middle))
            )
            slopes.append(rise / (2 * length))
        gradient = np.array(slopes)
        variance = np.einsum("jn,jk,kn->n", gradient, self.covariance, gradient)
        reach = ndtri((1 + coverage) / 2) * np.sqrt(variance)
        limits = {"lower": back(middle - reach), "upper": back(middle + reach)}
        return pd.DataFrame(limits)
