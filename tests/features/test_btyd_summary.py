"""The buy-till-you-die summary against the package that made it known."""

import importlib.util
import math
import sys
import types
import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmml._utils._extras import find_packaged_file
from crmml.datasets import load_cdnow
from crmml.exceptions import SchemaError
from crmml.features import BTYDSummary
from crmml.tables import Transactions

CUTOFF = "1997-10-01"


@pytest.fixture(scope="module")
def cdnow():
    return load_cdnow(sample=True)


@pytest.fixture(scope="module")
def lifetimes_summary():
    """The function alone: the package imports dill, to write files, and old SciPy."""
    path = find_packaged_file("lifetimes", "utils.py", extra="demo")
    spec = importlib.util.spec_from_file_location("lifetimes_utils", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # It sets an option of pandas that has no effect any more, hence a warning.
        warnings.simplefilter("ignore")
        patch.setitem(sys.modules, "dill", types.ModuleType("dill"))
        with pd.option_context("mode.chained_assignment", None):
            spec.loader.exec_module(module)
    return module.summary_data_from_transaction_data


def summarise(purchases, cutoff, **parameters):
    table = Transactions(
        purchases, customer_id="customer_id", timestamp="date", amount="dollar_value"
    )
    return BTYDSummary(**parameters).fit_transform(table, cutoff)


@pytest.mark.parametrize(("unit", "days"), [("1D", 1), ("7D", 7)])
def test_cdnow_is_summarised_as_lifetimes_does(cdnow, lifetimes_summary, unit, days):
    found = summarise(cdnow, CUTOFF, unit=unit)
    expected = lifetimes_summary(
        cdnow[cdnow["date"] < CUTOFF],
        "customer_id",
        "date",
        "dollar_value",
        observation_period_end=CUTOFF,
        freq="D",
        freq_multiplier=days,
    )
    assert len(found) == 2_357
    # lifetimes says 0 where there is no repeat purchase to average. Its sums are of
    # floats, hence the tolerance.
    assert (found["monetary_value"].isna() == (found["frequency"] == 0)).all()
    assert (found.pop("unit_days") == days).all()
    assert (found.pop("grain_days") == 1).all()
    assert_frame_equal(found.fillna({"monetary_value": 0.0}), expected, rtol=1e-12)


def test_every_order_counts_where_the_grain_is_the_order():
    """Two orders on the first day, then one with two lines an hour apart."""
    instants = ["2024-01-01", "2024-01-01T12:00", "2024-01-09", "2024-01-09T01:00"]
    sales = pd.DataFrame(
        {
            "customer_id": 1,
            "date": [*instants, "2024-01-11"],
            "order": [7, 8, 9, 9, 10],
            "dollar_value": [10.0, 4.0, 5.0, 3.0, 1.0],
        }
    )
    table = Transactions(
        sales,
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
        order_id="order",
    )
    names = ["frequency", "recency", "T", "monetary_value", "unit_days", "grain_days"]
    summary = BTYDSummary(grain="order").fit_transform(table, "2024-01-11")
    assert summary.columns.tolist() == names
    assert summary.to_numpy().tolist() == [[2.0, 8.0, 10.0, 6.0, 1.0, 0.0]]
    summary = BTYDSummary().fit_transform(table, "2024-01-11")
    assert summary.to_numpy().tolist() == [[1.0, 8.0, 10.0, 8.0, 1.0, 1.0]]


@settings(max_examples=15)
@given(data=st.data())
def test_orders_are_summarised_as_defined(worlds, noon, data):
    """Days are compared with their definition among all other features."""
    day = 86_400_000_000
    world = data.draw(worlds([noon], [day]))
    cutoff = pd.Timestamp(noon, unit="us")
    found = BTYDSummary(grain="order").fit_transform(world.tables(), cutoff)
    for customer, row in found.iterrows():
        orders = {}
        for line in world.transactions:
            recorded = line["recorded_at"] if world.is_recorded else line["timestamp"]
            known = recorded is not None and max(recorded, line["timestamp"]) < noon
            if line["customer_id"] == customer and known:
                alone = ("at", line["timestamp"])
                key = alone if line["order_id"] is None else line["order_id"]
                orders.setdefault(key, []).append((line["timestamp"], line["amount"]))
        if not orders:
            assert row["frequency"] == 0
            assert row[["recency", "T", "monetary_value"]].isna().all()
            continue
        sums = sorted(
            (min(at for at, _ in lines), sum(amount for _, amount in lines))
            for lines in orders.values()
        )
        repeats = [amount for _, amount in sums[1:]]
        mean = sum(repeats) / len(repeats) / 1e6 if repeats else math.nan
        expected = [
            len(repeats),
            (sums[-1][0] - sums[0][0]) / day,
            (noon - sums[0][0]) / day,
            mean,
            1,
            0,
        ]
        assert row.tolist() == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unit": 7}, "unit must be a duration.* no unit"),
        ({"unit": "0D"}, "unit must be a duration.* > 0"),
        ({"grain": "week"}, r"grain must be one of \('day', 'order'\), got 'week'"),
        ({"grain": None}, "grain must be one of"),
    ],
)
def test_units_and_grains_that_cannot_be_used_are_named(cdnow, parameters, message):
    with pytest.raises(SchemaError, match=message):
        summarise(cdnow, CUTOFF, **parameters)
