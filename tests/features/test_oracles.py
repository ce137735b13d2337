"""Every feature against a plain Python loop over its definition."""

import math
import statistics
from fractions import Fraction
from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.features import FeatureSet
from crmml.tables import make_spine

DAY = 86_400_000_000
MONTH = 30.4375 * DAY
WINDOWS = {"": None, "_36h": 36 * DAY // 24, "_7d": 7 * DAY}
DAY_WINDOWS = {"_1d": DAY, "_7d": 7 * DAY}


def known_rows(world, rows, customer, cutoff):
    """Rows of a customer that had happened, and were known, before the cutoff."""
    return [
        row
        for row in rows
        if row["customer_id"] == customer
        and row["timestamp"] < cutoff
        and (
            not world.is_recorded
            or (row["recorded_at"] is not None and row["recorded_at"] < cutoff)
        )
    ]


def within(instant, cutoff, window):
    return window is None or instant >= cutoff - window


def first_lines(purchases):
    """The instant of each order's first line."""
    orders = {}
    for row in purchases:
        key = row["order_id"]
        key = ("at", row["timestamp"]) if key is None else ("order", key)
        orders[key] = min(row["timestamp"], orders.get(key, math.inf))
    return list(orders.values())


def count_orders(purchases, cutoff, window):
    return sum(within(first, cutoff, window) for first in first_lines(purchases))


def spend(purchases, cutoff, window):
    """In millionths, so that sums are exact."""
    return sum(
        row["amount"] for row in purchases if within(row["timestamp"], cutoff, window)
    )


def active_days(purchases, cutoff, window):
    """Periods of 24 hours counted back from the cutoff: the last holds cutoff - 1us."""
    return len(
        {
            (cutoff - 1 - row["timestamp"]) // DAY
            for row in purchases
            if within(row["timestamp"], cutoff, window)
        }
    )


def tenure(world, purchases, customer, cutoff):
    """In microseconds, None for who neither joined nor bought."""
    starts = [row["timestamp"] for row in purchases]
    starts += [
        row["joined_at"]
        for row in world.customers
        if row["customer_id"] == customer
        and row["joined_at"] is not None
        and row["joined_at"] < cutoff
    ]
    return cutoff - min(starts) if starts else None


def in_days(microseconds):
    return microseconds / DAY


def rfm(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    last = max((row["timestamp"] for row in bought), default=None)
    recency = math.nan if last is None else in_days(cutoff - last)
    features = {"days_since_last_purchase": recency}
    for end, window in WINDOWS.items():
        features[f"n_orders{end}"] = count_orders(bought, cutoff, window)
        features[f"total_spend{end}"] = spend(bought, cutoff, window) / 1e6
    return features


def activity(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    features = {}
    for end, window in DAY_WINDOWS.items():
        orders = count_orders(bought, cutoff, window)
        money = spend(bought, cutoff, window)
        orders_before = count_orders(bought, cutoff, 2 * window) - orders
        money_before = spend(bought, cutoff, 2 * window) - money
        features |= {
            f"n_orders{end}": orders,
            f"n_active_days{end}": active_days(bought, cutoff, window),
            f"n_orders_change{end}": orders - orders_before,
            f"total_spend{end}": money / 1e6,
            f"total_spend_change{end}": (money - money_before) / 1e6,
        }
    return features


def complaint_rate(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    calls = known_rows(world, world.complaints, customer, cutoff)
    last = max((row["timestamp"] for row in calls), default=None)
    recency = math.nan if last is None else in_days(cutoff - last)
    features = {"days_since_last_complaint": recency}
    age = tenure(world, bought, customer, cutoff)
    for end, window in WINDOWS.items():
        own = [row for row in calls if within(row["timestamp"], cutoff, window)]
        waits = [
            row["resolved_at"] - row["timestamp"]
            for row in own
            if row["resolved_at"] is not None and row["resolved_at"] < cutoff
        ]
        spans = [span for span in (age, window) if span is not None]
        orders = count_orders(bought, cutoff, window)
        features |= {
            f"n_complaints{end}": len(own),
            f"complaints_per_order{end}": len(own) / max(orders, 1),
            f"complaints_per_month{end}": len(own)
            * MONTH
            / max(min(spans, default=0), MONTH),
            f"mean_days_to_resolve{end}": (
                in_days(sum(waits)) / len(waits) if waits else math.nan
            ),
            f"n_open_complaints{end}": len(own) - len(waits),
        }
    return features


def tenure_days(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    age = tenure(world, bought, customer, cutoff)
    return {"tenure_days": math.nan if age is None else in_days(age)}


def trend(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    features = {}
    for end, window in {"_36h": 36 * DAY // 24, "_7d": 7 * DAY}.items():
        for name, count, unit in (("orders", count_orders, 1), ("spend", spend, 1e6)):
            sums = [0, *[count(bought, cutoff, k * window) for k in (1, 2, 3)]]
            x = [wide - narrow for narrow, wide in pairwise(sums)]
            now, *before = [max(one, 0) for one in x]
            both = 2 * now + sum(before)
            features[f"{name}_ratio{end}"] = 2 * now / both if both else math.nan
            # Through three points, the middle one does not tilt the line.
            features[f"{name}_slope{end}"] = 2 * (x[0] - x[2]) / (4 * unit)
    return features


def inter_purchase(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    last = max((row["timestamp"] for row in bought), default=None)
    began = sorted(first_lines(bought))
    features = {}
    for end, window in WINDOWS.items():
        gaps = [
            after - before
            for before, after in pairwise(began)
            if within(after, cutoff, window)
        ]
        mean = std = cv = late = math.nan
        if gaps:
            mean = sum(gaps) / (len(gaps) * DAY)
            late = in_days(Fraction(cutoff - last) - Fraction(sum(gaps), len(gaps)))
        if len(gaps) > 1:
            std = statistics.stdev(gaps) / DAY
            cv = std / mean if mean else math.nan
        features |= {
            f"mean_gap_days{end}": mean,
            f"std_gap_days{end}": std,
            f"cv_gap{end}": cv,
            f"days_overdue{end}": float(late),
        }
    return features


ORACLES = {
    "RFM": ({"windows": [None, "36h", "7D"]}, rfm),
    "Activity": ({"windows": ["1D", "7D"]}, activity),
    "ComplaintRate": ({"windows": [None, "36h", "7D"]}, complaint_rate),
    "InterPurchase": ({"windows": [None, "36h", "7D"]}, inter_purchase),
    "Tenure": ({}, tenure_days),
    "Trend": ({"windows": ["36h", "7D"]}, trend),
}


def test_every_builder_has_an_oracle(builder_classes):
    assert set(builder_classes) == set(ORACLES)


@settings(max_examples=25)
@given(data=st.data())
def test_features_equal_their_definition(worlds, builder_classes, noon, data):
    cutoffs = [noon - 3 * DAY - DAY // 4, noon]
    edges = [36 * DAY // 24, DAY, 2 * DAY, 7 * DAY, 14 * DAY]
    world = data.draw(worlds(cutoffs, edges))
    tables = world.tables()
    # Everyone at every cutoff, known or not, silent or not, in no order.
    people = data.draw(
        st.permutations(["a", "b", "007", "客户", "silent", "anchor", "nobody"])
    )
    instants = [pd.Timestamp(cutoff, unit="us") for cutoff in cutoffs]
    spine = make_spine(tables, instants, customers=people)
    builders = [builder_classes[name](**given) for name, (given, _) in ORACLES.items()]
    found = FeatureSet(builders).fit_transform(tables, spine=spine)
    expected = [
        {k: v for _, oracle in ORACLES.values() for k, v in oracle(world, *key).items()}
        for key in [(one, cutoff) for cutoff in cutoffs for one in people]
    ]
    assert list(found.index.get_level_values("customer_id")) == people * 2
    # Quotients of exact sums: the last bit is all that a formula can differ in.
    pd.testing.assert_frame_equal(
        found,
        pd.DataFrame(expected, index=found.index),
        rtol=1e-12,
        atol=0,
        check_dtype=False,
    )
