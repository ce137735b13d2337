"""Compiled loops and SQL compute the same, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmml._utils._blocks import run_in_blocks
from crmml._utils._durations import MICROSECOND
from crmml.features import RFM, Activity, FeatureSet, Tenure, _compute
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import _GROUP_HOWS, _HOWS, Declarations, Feature
from crmml.features._in_process import aggregate_in_process
from crmml.tables._spine import build_spine

DAY = 86_400_000_000
WINDOWS = ["1D", "3D"]


class EveryAggregation(PointInTimeBuilder):
    """Every grain, how and window that can be declared, of amounts with their sign."""

    def declare(self, ask):
        groups = ("by_order", "by_day", "by_product_id", "by_category")
        known = [(grain, how) for grain in _HOWS for how in _HOWS[grain]]
        known += [(grain, how) for grain in groups for how in _GROUP_HOWS]
        features = []
        for grain, how in known:
            for length in (None, 1, 3):
                if how == "first" and length is not None:
                    continue
                value = None if grain in {"order", "day", "gap"} else "amount"
                found = ask.aggregate(
                    *("transactions", how, value),
                    grain=grain,
                    window=length and length * DAY * MICROSECOND,
                )
                features.append(Feature(f"{grain} {how} {length}", found))
        return features


def compute(features, tables, cutoffs, *, many_rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_compute, "MANY_ROWS", many_rows)
        return features.fit_transform(tables, cutoffs)


def assert_both_ways_equal(features, tables, cutoffs):
    by_sql = compute(features, tables, cutoffs, many_rows=10**12)
    by_loops = compute(features, tables, cutoffs, many_rows=0)
    assert_frame_equal(by_sql, by_loops, check_exact=True)
    return by_sql


@settings(max_examples=8)
@given(data=st.data())
def test_loops_equal_sql_for_every_builder(worlds, every_builder, noon, data):
    cutoffs = [noon - 2 * DAY, noon - 7 * DAY // 24, noon, noon + 1]
    world = data.draw(worlds(cutoffs, [DAY, 3 * DAY]))
    instants = [pd.Timestamp(one, unit="us") for one in cutoffs]
    assert_both_ways_equal(every_builder(WINDOWS), world.tables(), instants)


@settings(max_examples=8)
@given(data=st.data())
def test_loops_equal_sql_for_every_aggregation(worlds, noon, data):
    """Builders ask for some combinations of grain, how and window only."""
    cutoffs = [noon - 2 * DAY, noon - 7 * DAY // 24, noon]
    world = data.draw(worlds(cutoffs, [DAY, 3 * DAY]))
    instants = [pd.Timestamp(one, unit="us") for one in cutoffs]
    features = EveryAggregation()
    assert_both_ways_equal(features, world.tables(), instants)


def test_loops_know_every_aggregation(make_full_tables, sales, every_builder):
    for recorded in (False, True):
        if recorded:
            sales = sales.assign(recorded_at=sales["timestamp"])
        tables = make_full_tables(sales)
        asked = Declarations(tables)
        for features in (every_builder(WINDOWS), EveryAggregation()):
            features.fit(tables, "2024-04-01").declare(asked)
        spine = build_spine(tables, "2024-04-01")
        found = aggregate_in_process(asked.aggregations, tables, spine)
        assert found.keys() == asked.aggregations.keys()
        assert {len(values) for values in found.values()} == {len(spine.cutoff)}


@pytest.mark.parametrize("ids", ["integers", "text", "no order id"])
def test_loops_equal_sql_for_many_customers(ids, make_tables):
    rng = np.random.default_rng(0)
    n = 60_000
    sales = pd.DataFrame(
        {
            "customer_id": rng.integers(0, 9_000, n),
            "timestamp": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 200 * 86_400, n), unit="s"),
            "amount": rng.normal(10, 20, n).round(2),
            "order_id": rng.integers(0, 25_000, n),
        }
    )
    if ids == "text":
        sales = sales.astype({"customer_id": str, "order_id": str})
    elif ids == "no order id":
        sales = sales.drop(columns="order_id")
    features = FeatureSet([RFM(windows=[None, "30D"]), Tenure(), Activity()])
    months = pd.date_range("2024-02-01", periods=4, freq="MS")
    result = assert_both_ways_equal(features, make_tables(sales), list(months))
    assert len(result) > 30_000


def test_a_sum_beyond_64_bits_is_left_to_sql(make_tables):
    n = 3
    sales = pd.DataFrame(
        {
            "customer_id": ["a"] * n,
            "timestamp": pd.date_range("2024-01-01", periods=n),
            "amount": [8.9e12] * n,
        }
    )
    result = assert_both_ways_equal(RFM(), make_tables(sales), "2024-02-01")
    assert result["total_spend"].tolist() == [n * 8.9e12]


def test_threads_cover_every_row_once():
    for n in (0, 1, 5, 300_001):
        seen = np.zeros(n, dtype=int)

        def mark(rows, first, last):
            rows[first:last] += 1

        run_in_blocks(mark, n, seen)
        assert (seen == 1).all()


def test_many_events_are_enough_for_loops(make_tables, sales):
    tables = make_tables(sales)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_compute, "MANY_ROWS", len(sales))
        assert _compute.uses_loops(1, tables)
        patch.setattr(_compute, "MANY_ROWS", len(sales) + 1)
        assert not _compute.uses_loops(1, tables)
