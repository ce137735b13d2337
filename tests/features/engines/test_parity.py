"""The same tables give the same results in every engine."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from crmml.features import RFM
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


def test_features_are_written_by_way_of_this_process(carry, declare, frames, tmp_path):
    own = frames(seed=5, kind="text")
    own = {name: own[name] for name in ("transactions", "customers")}
    here, there = declare(own), declare(own, carry)
    features = RFM(windows=WINDOW).fit(here, CUTOFFS)
    path = tmp_path / "features.parquet"
    n = features.write_parquet(there, CUTOFFS, path)
    found = pd.read_parquet(path).set_index(["cutoff", "customer_id"])
    assert n == len(found)
    expected = features.transform(here, CUTOFFS)
    assert_frame_equal(found, expected, check_index_type=False)
    plan = features.explain(there, CUTOFFS)
    assert plan.method == "SQL"
    assert "outside this process" in plan.reason
