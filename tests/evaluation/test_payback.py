"""Payback: the first period whose values have added up to the cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import compute_payback
from crmml.exceptions import NotEnoughHistoryError, SchemaError

VALUES = st.lists(st.floats(0, 100), min_size=1, max_size=20)


@given(values=VALUES, cost=st.floats(0, 500), more=st.floats(0, 100))
def test_a_dearer_customer_pays_back_no_earlier(values, cost, more):
    cheap, dear = (
        compute_payback(values, acquisition_cost=one)["is_paid_back"]
        for one in (cost, cost + more)
    )
    assert dear.sum() <= cheap.sum()
    # Values are not negative, so what is paid back stays so.
    assert cheap.is_monotonic_increasing


def test_rounding_does_not_put_it_off():
    table = compute_payback([0.1] * 3, acquisition_cost=0.3)
    assert table["is_paid_back"].tolist() == [False, False, True]
    assert np.allclose(table["net_value"], [-0.2, -0.1, 0])


def test_what_never_pays_is_never_paid_back():
    assert not compute_payback([1, 1], acquisition_cost=3)["is_paid_back"].any()


def test_bad_arguments_are_refused():
    with pytest.raises(SchemaError, match="values"):
        compute_payback([1, np.nan], acquisition_cost=1)
    with pytest.raises(SchemaError, match="acquisition_cost"):
        compute_payback([1], acquisition_cost=-1)
    with pytest.raises(NotEnoughHistoryError):
        compute_payback([], acquisition_cost=1)
