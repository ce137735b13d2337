"""Weighted measures: a weight of k is a customer who is there k times."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation._value_measures import WeightedMeasures

CUSTOMER = st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 4))


@given(customers=st.lists(CUSTOMER, min_size=1, max_size=12))
def test_weights_are_repetitions(customers):
    actual, forecast, weight = np.array(customers, dtype=np.float64).T
    found = WeightedMeasures(actual, forecast).measure(weight)
    times = weight.astype(int)
    a, f = np.repeat(actual, times), np.repeat(forecast, times)
    if not a.sum():
        assert np.isnan(found).all()
        return
    alone = WeightedMeasures(a, f).measure(np.ones(len(a)))
    np.testing.assert_allclose(found, alone, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.mae, np.abs(f - a).mean())
    np.testing.assert_allclose(found.bias, f.sum() / a.sum() - 1, atol=1e-12)


def test_customers_who_are_all_alike_have_no_order():
    found = WeightedMeasures(np.ones(4), np.arange(4.0)).measure(np.ones(4))
    assert np.isnan(found.gini)
