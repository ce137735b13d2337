"""The composed cubics are the spline of the ranks, and behave at the edges."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from crmml.models._piecewise_cubic import PiecewiseCubic
from crmml.models._rank_scale import RankScale


def make(numbers, seed=0, inner=(0.2, 0.5, 0.55)):
    scale = RankScale.learn(numbers, np.ones(len(numbers)))
    knots = np.array([0.0] * 4 + list(inner) + [1.0] * 4)
    coefficients = np.random.default_rng(seed).normal(size=len(knots) - 4)
    return scale, BSpline(knots, coefficients, 3)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", ["normal", "counts", "heavy", "two values"])
def test_it_is_the_spline_of_the_rank(seed, shape):
    rng = np.random.default_rng(seed)
    numbers = {
        "normal": rng.normal(1e6, 3.0, 500),
        "counts": rng.poisson(2.0, 500) * 1.0,
        "heavy": rng.standard_cauchy(500) * 1e5,
        "two values": rng.integers(0, 2, 500) * 1.0,
    }[shape]
    scale, spline = make(numbers, seed)
    curve = PiecewiseCubic.over(scale, spline)
    low, high = numbers.min(), numbers.max()
    asked = np.concatenate([numbers, scale.values, rng.uniform(low, high, 500)])
    # Ranks are rounded to 1e-16 of spread one; slopes are of order one to ten.
    np.testing.assert_allclose(curve(asked), spline(scale(asked)), atol=1e-9)
    lowered = curve.lower(0.25)(asked)
    np.testing.assert_allclose(lowered, curve(asked) - 0.25, atol=1e-12)


def test_beyond_the_ends_it_is_constant_and_unknown_stays_unknown():
    numbers = np.random.default_rng(0).normal(size=100)
    scale, spline = make(numbers)
    curve = PiecewiseCubic.over(scale, spline)
    low, high = numbers.min(), numbers.max()
    found = curve(np.array([-1e308, low - 1.0, low, high, high + 1.0, 1e308, np.nan]))
    first, last = float(spline(0.0)), float(spline(1.0))
    expected = [first] * 3 + [last] * 3 + [np.nan]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("gap", [5e-324, 1e-310, 1e-300, 1e-16])
def test_neighbours_as_close_as_numbers_get_give_finite_values(gap):
    numbers = np.array([0.0, gap] * 10)
    scale, spline = make(numbers)
    curve = PiecewiseCubic.over(scale, spline)
    found = curve(np.array([-1.0, 0.0, gap, 1.0]))
    first, last = float(spline(0.0)), float(spline(1.0))
    np.testing.assert_allclose(found, [first, first, last, last], atol=1e-9)


def test_a_constant_number_gives_one_value():
    scale, spline = make(np.full(20, 7.0))
    found = PiecewiseCubic.over(scale, spline)(np.array([0.0, 7.0, 9.0]))
    np.testing.assert_allclose(found, float(spline(0.5)), atol=1e-12)
