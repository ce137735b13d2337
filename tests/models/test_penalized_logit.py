import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from crmml.models._penalized_logit import Cone, fit_penalized_logit


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    design = rng.normal(size=(400, 6)) * [1.0, 1.0, 1.0, 1.0, 1.0, 20.0]
    log_odds = design @ [0.5, -0.5, 0.3, -0.4, 0.0, 0.02] - 0.7
    churned = (rng.random(400) < expit(log_odds)).astype(float)
    return design, churned, rng.uniform(0.5, 2.0, 400)


def objective(problem, strength, centre=None):
    design, churned, weights = problem
    columns = np.column_stack([np.ones(len(design)), design])

    def loss(coef):
        log_odds = columns @ coef
        away = coef.copy() if centre is None else coef - centre
        away[0] *= centre is not None
        fit = weights @ (np.logaddexp(0.0, log_odds) - churned * log_odds)
        return fit + strength * (away @ away) / 2

    return loss


def test_a_centre_of_zero_is_plain_ridge_but_for_the_intercept(problem):
    loss = objective(problem, 2.0, np.zeros(7))
    found = fit_penalized_logit(*problem, 0.5, centre=np.zeros(7))
    peer = minimize(loss, np.zeros(7), method="BFGS", options={"gtol": 1e-6}).x
    # BFGS works with numerical gradients.
    np.testing.assert_allclose(found, peer, atol=1e-4)


def test_a_cone_that_does_not_bind_changes_nothing(problem):
    plain = fit_penalized_logit(*problem, 1.0)
    # The first three coefficients are about 0.5, -0.5, 0.3.
    signs = np.diag([1.0, -1.0, 1.0])
    found = fit_penalized_logit(*problem, 1.0, [Cone(0, signs)])
    np.testing.assert_allclose(found, plain, atol=1e-6)


def test_a_cone_that_binds_is_the_constrained_optimum(problem):
    # The first four coefficients never fall from one to the next.
    rising = np.linalg.inv(np.eye(4) - np.eye(4, k=-1))
    found = fit_penalized_logit(*problem, 1.0, [Cone(0, rising)])
    steps = np.diff(found[1:5], prepend=0.0)
    assert steps.min() >= -1e-15
    loss = objective(problem, 1.0)
    constraint = {"type": "ineq", "fun": lambda coef: np.diff(coef[1:5], prepend=0.0)}
    peer = minimize(
        loss,
        np.zeros(7),
        method="SLSQP",
        constraints=constraint,
        options={"ftol": 1e-12, "maxiter": 500},
    )
    # SLSQP works with numerical gradients.
    np.testing.assert_allclose(found, peer.x, atol=1e-3)
    assert loss(found) <= peer.fun + 1e-6


def test_a_centre_on_the_edge_of_a_cone_is_where_a_strong_penalty_stays(problem):
    centre = np.array([-0.7, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0])
    found = fit_penalized_logit(*problem, 1e-9, [Cone(0, np.eye(2))], centre)
    np.testing.assert_allclose(found, centre, atol=1e-5)
    assert found[1:3].min() >= 0.0
