"""The same tables give the same results in every engine."""

import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from crmml.labels import ContractEnd, FutureSpend, Inactivity, NextPurchase
from crmml.tables import make_spine

CUTOFFS = ["2024-03-08", "2024-03-11T12:00"]
WINDOW = "7D"
LABELS = [
    Inactivity("3D", gap="1D"),
    ContractEnd("10D"),
    FutureSpend("10D"),
    NextPurchase("10D"),
]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_every_result_is_the_same(
    engine, carry, declare, frames, every_builder, is_recorded
):
    own = frames(seed=1, kind="text", is_recorded=is_recorded)
    here, there = declare(own), declare(own, carry)
    assert there.engine.dialect == engine
    assert repr(there) == repr(here)
    assert_frame_equal(there.quality(), here.quality())
    assert_frame_equal(make_spine(there, CUTOFFS), make_spine(here, CUTOFFS))
    features = every_builder([WINDOW])
    expected = features.fit_transform(here, CUTOFFS)
    found = features.fit_transform(there, CUTOFFS)
    # Sums are exact integers; what is left is the rounding of a few divisions.
    assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9)
    for label in LABELS:
        assert_series_equal(
            label.transform(there, CUTOFFS), label.transform(here, CUTOFFS)
        )
