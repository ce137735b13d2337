"""Maximum likelihood in the logarithms of positive parameters.

A large table costs little more than a small one: a sample of it says where the maximum
lies and how the likelihood bends there, and with that curvature each full evaluation
brings two more digits.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from crmml.exceptions import DataQualityWarning, DegenerateFitError

Floats: TypeAlias = NDArray[np.float64]
Objective: TypeAlias = Callable[[Floats], tuple[float, Floats]]
"""From log-parameters to mean log-likelihood and its gradient."""

LARGEST_LOG = 14.0
"""A parameter beyond e to this power, or below its inverse, runs away."""
_FARTHEST = 2 * LARGEST_LOG
_STEP = 1e-4
"""Step of the central differences of the gradient: error about 1e-8, relative."""
_FLAT = 1e-9
"""Mean curvature below this is no curvature: rounding errors are as large."""
_UNSURE = 1.5
"""Standard error of a log-parameter: its size is known to a factor of 4 only."""
_UNKNOWN = 5.0
"""Standard error of a log-parameter: its size is not known to a factor of 100."""


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is largest, and how it bends there."""

    log_parameters: Floats
    mean_log_likelihood: float
    curvature: Floats
    """Minus the Hessian of the mean log-likelihood; (n_parameters, n_parameters)."""

    def covariance(self, n_customers: float) -> Floats:
        """Return the covariance of the estimated log-parameters."""
        inverse = np.linalg.inv(self.curvature * n_customers)
        return np.asarray(inverse, dtype=np.float64)


def maximise(
    objective: Objective, start: Floats, sample: Objective | None = None
) -> Maximum:
    """Find the maximum of a likelihood.

    Parameters
    ----------
    objective : callable
        The mean log-likelihood of all customers and its gradient.
    start : ndarray of shape (n_parameters,)
        Log-parameters to start from.
    sample : callable, optional
        The same of a sample, where all customers are many.

    Returns
    -------
    Maximum
        The maximum.
    """
    if sample is None:
        point = _climb(objective, start)
        return _polish(objective, point, _curvature(objective, point))
    point = _climb(sample, start)
    return _polish(objective, point, _curvature(sample, point))


def check_maximum(
    maximum: Maximum, names: Sequence[str], n_customers: float, hint: str
) -> None:
    """Refuse a maximum that says nothing, and warn of one that says little.

    Parameters
    ----------
    maximum : Maximum
        What was found.
    names : sequence of str
        Names of the parameters.
    n_customers : float
        How many customers it was fitted to.
    hint : str
        What to do when the fit is degenerate.

    Raises
    ------
    DegenerateFitError
        If a parameter runs away, or the likelihood is flat.
    """
    size = np.abs(maximum.log_parameters)
    away = [name for name, one in zip(names, size, strict=True) if one > LARGEST_LOG]
    if away:
        raise DegenerateFitError(
            f"The fit did not converge: the likelihood keeps rising as {away} run "
            f"towards 0 or infinity. {hint}"
        )
    is_peak = np.linalg.eigvalsh(maximum.curvature)[0] > _FLAT
    errors = np.full(len(names), np.inf)
    if is_peak:
        errors = np.sqrt(np.diag(maximum.covariance(n_customers)))
    if errors.max() > _UNKNOWN:
        raise DegenerateFitError(
            f"The fit did not converge: the likelihood of {n_customers:.0f} customers "
            f"is flat, so that they do not tell {list(names)} apart. {hint}"
        )
    unsure = [name for name, one in zip(names, errors, strict=True) if one > _UNSURE]
    if unsure:
        warnings.warn(
            f"{n_customers:.0f} customers hardly tell how large {unsure} are (standard "
            f"error of the logarithm above {_UNSURE}). {hint}",
            DataQualityWarning,
            stacklevel=4,
        )


def _climb(objective: Objective, start: Floats) -> Floats:
    """Climb from far away."""

    def descend(point: Floats) -> tuple[float, Floats]:
        # A step too far must not overflow; the slope there leads back.
        value, gradient = objective(np.clip(point, -_FARTHEST, _FARTHEST))
        return -value, -gradient

    # Steps are a few numbers long; L-BFGS-B would wake the threads of BLAS for them.
    found = minimize(
        descend, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500}
    )
    return np.asarray(found.x, dtype=np.float64)


def _polish(objective: Objective, point: Floats, curvature: Floats) -> Maximum:
    """Take Newton's steps with a fixed curvature, for as long as they help."""
    value, gradient = objective(point)
    for _ in range(30):
        if not np.linalg.eigvalsh(curvature)[0] > _FLAT:
            break
        step = np.linalg.solve(curvature, gradient)
        if np.abs(step).max() < 1e-11:
            break
        further = point + step
        next_value, next_gradient = objective(further)
        slope, next_slope = np.abs(gradient).max(), np.abs(next_gradient).max()
        is_better = next_slope < slope and next_value > value - 1e-9
        if not is_better:
            if slope < 1e-9:
                break
            further = _climb(objective, point)
            if np.abs(further - point).max() < 1e-9:
                break
            next_value, next_gradient = objective(further)
            curvature = _curvature(objective, further)
        point, value, gradient = further, next_value, next_gradient
    return Maximum(point, value, _curvature(objective, point))


def _curvature(objective: Objective, point: Floats) -> Floats:
    """Differentiate the gradient once more, by central differences."""
    n = len(point)
    hessian = np.empty((n, n))
    for j in range(n):
        step = np.zeros(n)
        step[j] = _STEP
        above, below = objective(point + step)[1], objective(point - step)[1]
        hessian[j] = (above - below) / (2 * _STEP)
    return -(hessian + hessian.T) / 2
