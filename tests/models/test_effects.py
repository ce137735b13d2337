from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import BSpline

from crmml.models._effects import (
    BEND_SCALE,
    DEGREE,
    CategoryTerm,
    CurveTerm,
    LineTerm,
)


@pytest.fixture
def numbers():
    numbers = np.random.default_rng(3).gamma(2.0, 10.0, 400).round()
    numbers[:40] = np.nan
    return numbers


def test_a_weight_counts_like_repeated_numbers(numbers):
    known = numbers[~np.isnan(numbers)]
    weights = np.random.default_rng(0).integers(1, 4, len(known))
    once = CurveTerm.learn(known, weights.astype(float))
    repeated = CurveTerm.learn(np.repeat(known, weights), np.ones(weights.sum()))
    np.testing.assert_allclose(once.design(known), repeated.design(known), atol=1e-9)


def test_columns_average_zero_over_known_numbers(numbers):
    term = CurveTerm.learn(numbers, np.ones(400))
    means = term.design(numbers)[~np.isnan(numbers), :-1].mean(axis=0)
    # Bends are scaled by 33 on values of order one.
    np.testing.assert_allclose(means, 0.0, atol=1e-10)


def test_the_penalty_is_the_squared_second_derivative(numbers):
    term = CurveTerm.learn(numbers, np.ones(400))
    bends = np.random.default_rng(1).normal(size=term.basis.shape[1] - 1)
    curve = BSpline(term.knots, term.basis[:, 1:] @ bends, DEGREE).derivative(2)
    places = np.unique(term.knots)
    bending = sum(
        quad(lambda u: float(curve(u)) ** 2, low, high)[0]
        for low, high in pairwise(places)
    )
    # The basis integrates over a grid of a thousand points.
    assert bending / BEND_SCALE**2 == pytest.approx((bends**2).sum(), rel=1e-3)


@pytest.mark.parametrize("shape", [CurveTerm, LineTerm])
def test_the_effect_is_the_design_times_the_coefficients(numbers, shape):
    term = shape.learn(numbers, np.ones(400))
    design = term.design(numbers)
    coef = np.random.default_rng(2).normal(size=design.shape[1])
    term.accept(coef)
    # Values up to a hundred, in double precision.
    np.testing.assert_allclose(term.effect(numbers), design @ coef, atol=1e-10)
    term.shift(0.25)
    np.testing.assert_allclose(term.effect(numbers), design @ coef - 0.25, atol=1e-10)


def test_a_curve_is_constant_beyond_the_training_range(numbers):
    term = CurveTerm.learn(numbers, np.ones(400))
    term.accept(np.ones(term.design(numbers).shape[1]))
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    beyond = term.effect(np.array([low - 100.0, high + 1e9]))
    assert beyond.tolist() == term.effect(np.array([low, high])).tolist()


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e300, -5.0])
@pytest.mark.parametrize("shape", [CurveTerm, LineTerm])
def test_a_constant_number_has_no_effect(value, shape):
    numbers = np.full(10, value)
    term = shape.learn(numbers, np.ones(10))
    assert not term.design(numbers).any()
    term.accept(np.zeros(term.design(numbers).shape[1]))
    assert term.effect(np.array([value, value + 1.0, np.nan])).tolist() == [0.0] * 3


def test_codes_that_did_not_occur_have_no_effect_of_their_own():
    term = CategoryTerm.learn(np.array([2, 2, 3]), ["a", "b"], scale=1.0)
    assert term.design(np.array([0, 1, 2, 3])).tolist() == [
        [0, 0],
        [0, 0],
        [1, 0],
        [0, 1],
    ]
    term.accept(np.array([0.5, -0.5]))
    assert term.effect(np.array([0, 1, 2, 3])).tolist() == [0.0, 0.0, 0.5, -0.5]
    assert term.labels("plan") == ["plan=a", "plan=b"]
