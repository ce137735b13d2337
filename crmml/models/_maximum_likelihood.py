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

LARGEST_LOG = 9.0
"""A parameter beyond e to this power, or below its inverse, runs away."""
_FARTHEST = LARGEST_LOG + 1
_STEP = 1e-5
"""Step of differences of the gradient: curvature, hence errors, to about 1e-5."""
_SMALLEST_STEP, _LARGEST_STEP, _MOST_STEPS = 1e-11, 1.0, 30
"""Newton's steps in log-parameters: below the first they change nothing, above the
second they leave the neighbourhood of the maximum."""
_STEPS_A_CURVATURE = 6
"""So many steps at most are taken with one curvature, lest that of a sample limp."""
_NOISE = 1e-9
"""Changes of the mean log-likelihood and its gradient below this may be rounding."""
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

    @property
    def is_peak(self) -> bool:
        """Whether it lies within bounds, and the likelihood falls on all sides."""
        within = np.abs(self.log_parameters).max() <= LARGEST_LOG
        return bool(within and np.linalg.eigvalsh(self.curvature)[0] > _FLAT)

    def covariance(self, n_customers: float) -> Floats:
        """Return the covariance of the estimated log-parameters."""
        inverse = np.linalg.inv(self.curvature * n_customers)
        return np.asarray(inverse, dtype=np.float64)


def maximise(
    objective: Objective, start: Floats, samples: Sequence[Objective] = ()
) -> Maximum:
    """Find the maximum of a likelihood.

    Parameters
    ----------
    objective : callable
        The mean log-likelihood of all customers and its gradient.
    start : ndarray of shape (n_parameters,)
        Log-parameters to start from.
    samples : sequence of callables, optional
        The same of samples, small ones first, where all customers are many.

    Returns
    -------
    Maximum
        The maximum.
    """
    found = Maximum(start, -np.inf, np.zeros((len(start), len(start))))
    for one in [*samples, objective]:
        if not found.is_peak:
            # What a sample cannot tell, all customers may: they start afresh.
            point = _climb(one, start)
            found = _polish(one, point, _curvature(one, point))
        else:
            found = _polish(one, found.log_parameters, found.curvature)
    return found


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
    errors = np.full(len(names), np.inf)
    if maximum.is_peak:
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
    return np.clip(np.asarray(found.x, dtype=np.float64), -_FARTHEST, _FARTHEST)


def _polish(objective: Objective, point: Floats, curvature: Floats) -> Maximum:
    """Take Newton's steps with a fixed curvature, for as long as they help."""
    value, gradient = objective(point)
    may_climb = True
    for n_steps in range(_MOST_STEPS):
        if n_steps and n_steps % _STEPS_A_CURVATURE == 0:
            curvature = _curvature(objective, point)
        step = _newton_step(curvature, gradient)
        if np.abs(step).max() < _SMALLEST_STEP:
            break
        if np.abs(step).max() < _LARGEST_STEP:
            next_value, next_gradient = objective(point + step)
            slope, next_slope = np.abs(gradient).max(), np.abs(next_gradient).max()
            if next_slope < slope and next_value > value - _NOISE:
                point, value, gradient = point + step, next_value, next_gradient
                continue
            if slope < _NOISE:
                break
        if not may_climb:
            break
        # The curvature, or the place, is not that of this objective.
        may_climb = False
        point = _climb(objective, point)
        value, gradient = objective(point)
        curvature = _curvature(objective, point)
    return Maximum(point, value, _curvature(objective, point))


def _newton_step(curvature: Floats, gradient: Floats) -> Floats:
    """Step to where a parabola has its top; endless where it has none."""
    if not np.linalg.eigvalsh(curvature)[0] > _FLAT:
        return np.full(len(gradient), np.inf)
    return np.asarray(np.linalg.solve(curvature, gradient), dtype=np.float64)


def _curvature(objective: Objective, point: Floats) -> Floats:
    """Differentiate the gradient once more."""
    n = len(point)
    gradient = objective(point)[1]
    hessian = np.empty((n, n))
    for j in range(n):
        step = np.zeros(n)
        step[j] = _STEP
        hessian[j] = (objective(point + step)[1] - gradient) / _STEP
    return -(hessian + hessian.T) / 2
