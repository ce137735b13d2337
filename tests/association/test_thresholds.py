from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.association._thresholds import as_fraction, minimum_count, reaches
from crmml.exceptions import CrmmlError


@pytest.mark.parametrize(
    ("share", "n_baskets", "count"),
    [
        (0.28, 25, 7),  # 0.28 * 25 is 7.000000000000001 in floats
        (0.07, 100, 7),  # so is 0.07 * 100
        (0.29, 100, 29),  # 0.29 * 100 is 28.999999999999996
        (0.8, 20, 16),
        (0.281, 25, 8),
        (1.0, 25, 25),
        (1e-9, 25, 1),
        (np.float64(0.28), 25, 7),
        (np.float32(0.07), 100, 7),
        (Fraction(1, 3), 9, 3),
    ],
)
def test_a_share_means_the_smallest_count_that_reaches_it(share, n_baskets, count):
    assert minimum_count(share, n_baskets) == count


@given(st.integers(1, 999), st.integers(1, 5000))
def test_no_smaller_count_reaches_the_share(thousandths, n_baskets):
    count = minimum_count(thousandths / 1000, n_baskets)
    assert 1000 * count >= thousandths * n_baskets
    assert count == 1 or 1000 * (count - 1) < thousandths * n_baskets


@pytest.mark.parametrize("count", [1, 7, np.int64(7)])
def test_an_integer_is_the_count_itself(count):
    assert minimum_count(count, 25) == count


@pytest.mark.parametrize("value", [True, np.True_])
def test_a_truth_value_is_no_support(value):
    with pytest.raises(CrmmlError, match="min_support must be a share"):
        minimum_count(value, 10)


def test_quotients_on_the_limit_reach_it():
    tops = np.array([16, 3, 7, 15, 1])
    bottoms = np.array([20, 10, 25, 20, 3])
    limits = [0.8, 0.3, 0.28, 0.8, 0.3333333333333334]
    found = [
        bool(reaches(tops[[i]], bottoms[[i]], as_fraction(limit))[0])
        for i, limit in enumerate(limits)
    ]
    assert found == [True, True, True, False, False]


@given(
    st.integers(0, 2**62), st.integers(1, 2**62), st.integers(0, 50), st.integers(1, 50)
)
def test_quotients_are_compared_exactly_at_any_size(top, bottom, above, below):
    limit = Fraction(above, below)
    found = reaches(np.array([top]), np.array([bottom]), limit)
    assert found.tolist() == [Fraction(top, bottom) >= limit]


def test_a_last_unit_beyond_float_precision_decides():
    # 2**60 / (2**60 + 1) and 1 are the same float.
    found = reaches(np.array([2**60, 2**60]), np.array([2**60 + 1, 2**60]), Fraction(1))
    assert found.tolist() == [False, True]
