"""Penalised logistic regression: leaning somewhere, with coefficients in cones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

# Newton's method is exact but squares the number of columns.
_NEWTON_COLUMNS = 400


@dataclass(frozen=True)
class Cone:
    """Coefficients that may only be sums, of weights 0 and more, of some directions.

    Attributes
    ----------
    start : int
        The first of the coefficients.
    directions : ndarray of shape (n_coefficients, n_coefficients)
        One direction a column; independent of each other.
    """

    start: int
    directions: NDArray[np.float64]

    @property
    def place(self) -> slice:
        """Where the coefficients are."""
        return slice(self.start, self.start + len(self.directions))


def fit_penalized_logit(
    design: NDArray[np.float64],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    C: float,  # noqa: N803
    cones: Sequence[Cone] = (),
    centre: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    r"""Minimise the summed log-loss and a penalty on squared coefficients.

    .. math:: \sum_i w_i \log\bigl(1 + e^{-(2 y_i - 1)(b_0 + x_i^\top b)}\bigr)
              + \frac{1}{2C} \lVert b - c \rVert^2

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_columns)
        The columns.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.
    C : float
        Inverse strength of the penalty.
    cones : sequence of Cone, default=()
        Where some of the coefficients have to be.
    centre : ndarray of shape (n_columns + 1,), default=None
        What coefficients lean towards, the intercept first, which leans as well;
        inside the cones. None means 0 and an intercept as it comes.

    Returns
    -------
    ndarray of shape (n_columns + 1,)
        The intercept, then the coefficients.
    """
    if centre is None and not cones:
        return _fit_plain(design, churned, weights, C)
    n_columns = design.shape[1]
    # One column a direction, so that all a cone asks for is a sign.
    turned = np.column_stack([np.ones(len(design)), design])
    floor = np.full(n_columns + 1, -np.inf)
    for cone in cones:
        turned[:, 1:][:, cone.place] = design[:, cone.place] @ cone.directions
        floor[1:][cone.place] = 0.0
    strength = np.full(n_columns + 1, 1.0 / C)
    start = np.zeros(n_columns + 1)
    if centre is None:
        strength[0] = 0.0
        share = np.average(churned, weights=weights)
        start[0] = np.log(share / (1.0 - share))
        centre = np.zeros(n_columns + 1)
    else:
        start = _turn_back(centre, cones)
    # Steps of like size in all directions: the diagonal of the second derivative.
    curvature = 0.25 * (weights @ turned**2) + _penalty_diagonal(strength, cones)
    scale = 1.0 / np.sqrt(np.where(curvature > 0.0, curvature, 1.0))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Give value and gradient in scaled directions."""
        steps = point * scale
        log_odds = turned @ steps
        distance = _turn(steps, cones) - centre
        value = weights @ (np.logaddexp(0.0, log_odds) - churned * log_odds)
        pull = strength * distance
        gradient = turned.T @ (weights * (expit(log_odds) - churned))
        gradient += _turn_gradient(pull, cones)
        return float(value + 0.5 * pull @ distance), gradient * scale

    found = minimize(
        loss,
        start / scale,
        jac=True,
        method="L-BFGS-B",
        bounds=[(low, None) for low in floor],
        options={"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-8},
    )
    return _turn(found.x * scale, cones)


def _fit_plain(
    design: NDArray[np.float64],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    C: float,  # noqa: N803
) -> NDArray[np.float64]:
    """Fit by scikit-learn, which knows neither cones nor a centre."""
    few = design.shape[1] <= _NEWTON_COLUMNS
    solver = LogisticRegression(
        C=C,
        solver="newton-cholesky" if few else "lbfgs",
        tol=1e-8 if few else 1e-4,
        max_iter=100 if few else 2000,
    ).fit(design, churned, sample_weight=weights)
    return np.append(solver.intercept_, solver.coef_[0])


def _turn(steps: NDArray[np.float64], cones: Sequence[Cone]) -> NDArray[np.float64]:
    """Coefficients, the intercept first, of so many steps in each direction."""
    coef = steps.copy()
    for cone in cones:
        coef[1:][cone.place] = cone.directions @ steps[1:][cone.place]
    return coef


def _turn_back(coef: NDArray[np.float64], cones: Sequence[Cone]) -> NDArray[np.float64]:
    """Find the steps that lead to coefficients inside the cones."""
    steps = coef.copy()
    for cone in cones:
        inside = np.linalg.solve(cone.directions, coef[1:][cone.place])
        steps[1:][cone.place] = np.maximum(inside, 0.0)
    return steps


def _turn_gradient(
    gradient: NDArray[np.float64], cones: Sequence[Cone]
) -> NDArray[np.float64]:
    """Gradient by steps, from that by coefficients."""
    turned = gradient.copy()
    for cone in cones:
        turned[1:][cone.place] = cone.directions.T @ gradient[1:][cone.place]
    return turned


def _penalty_diagonal(
    strength: NDArray[np.float64], cones: Sequence[Cone]
) -> NDArray[np.float64]:
    """Second derivative of the penalty by each step."""
    diagonal = strength.copy()
    for cone in cones:
        part = diagonal[1:][cone.place]
        diagonal[1:][cone.place] = part @ cone.directions**2
    return diagonal
