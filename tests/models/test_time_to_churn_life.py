"""Survival, incidence, quantiles and means against numerical integration."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from crmml.models import _time_to_churn_life as life


@pytest.fixture(params=range(3))
def hazards(request):
    """Two reasons, five customers, four periods; some have no hazard for a while."""
    rng = np.random.default_rng(request.param)
    by_reason = rng.uniform(0, 0.4, (2, 5, 4))
    by_reason[:, 0, 1] = 0.0
    by_reason[0, 1, :] = 0.0
    passed = rng.uniform(0, 1, 5)
    passed[2] = 0.0
    return life.Hazards(by_reason, passed)


def rate(hazards, i, t):
    """Rate of leaving of one customer at a time from now, for each reason."""
    m = min(int(np.floor(t + hazards.passed[i])), 3)
    h = hazards.by_reason[:, i, m]
    total = h.sum()
    return h / total * -np.log1p(-total) if total > 0 else np.zeros(2)


def survival(hazards, i, t):
    edges = [
        e - hazards.passed[i] for e in range(1, 4) if 0 < e - hazards.passed[i] < t
    ]
    points = [0.0, *edges, t]
    logs = sum(
        quad(lambda u: rate(hazards, i, u).sum(), a + 1e-12, b - 1e-12)[0]
        for a, b in pairwise(points)
    )
    return np.exp(-logs)


TIMES = np.array([0.0, 0.05, 0.7, 1.0, 2.35, 3.9, 6.0])


def test_survival_is_the_exponential_of_the_integrated_rate(hazards):
    found = life.compute_survival(hazards, TIMES)
    expected = [[survival(hazards, i, t) for t in TIMES] for i in range(5)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_incidence_is_the_integral_of_rate_and_survival(hazards):
    for k in range(2):
        found = life.compute_incidence(hazards, TIMES, k)
        for i in range(5):
            edges = [e - hazards.passed[i] for e in range(1, 4)]
            for t, value in zip(TIMES, found[i], strict=True):
                points = [0.0, *[e for e in edges if 0 < e < t], t]
                expected = sum(
                    quad(
                        lambda u, i=i, k=k: (
                            rate(hazards, i, u)[k] * survival(hazards, i, u)
                        ),
                        a + 1e-12,
                        b - 1e-12,
                    )[0]
                    for a, b in pairwise(points)
                )
                assert value == pytest.approx(expected, abs=1e-8)


def test_survival_and_incidences_add_up_to_one(hazards):
    lost = sum(life.compute_incidence(hazards, TIMES, k) for k in range(2))
    np.testing.assert_allclose(
        lost + life.compute_survival(hazards, TIMES), 1.0, rtol=1e-13
    )


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_quantiles_invert_survival(hazards, share):
    times = life.compute_quantile(hazards, share)
    for i, t in enumerate(times):
        one = life.Hazards(hazards.by_reason[:, [i]], hazards.passed[[i]])
        found = life.compute_survival(one, np.array([t]))[0, 0]
        assert found == pytest.approx(1 - share, rel=1e-9)


@pytest.mark.parametrize("until", [0.0, 0.3, 2.0, 10.0])
def test_the_restricted_mean_is_the_area_under_survival(hazards, until):
    found = life.compute_restricted_mean(hazards, until)
    grid = np.linspace(0, until, 20_001)
    area = np.trapezoid(life.compute_survival(hazards, grid), grid, axis=1)
    # The trapezoid's error on 20,000 pieces.
    np.testing.assert_allclose(found, area, atol=1e-6)


def test_small_probabilities_keep_their_digits():
    tiny = life.Hazards(np.full((1, 1, 2), 1e-14), np.zeros(1))
    assert life.compute_incidence(tiny, np.array([1.0]), 0)[0, 0] == pytest.approx(
        1e-14, rel=1e-9
    )
