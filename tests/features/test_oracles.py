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
NOON = pd.Timestamp("2024-03-10T12:00").value // 1000
CUTOFFS = [NOON - 3 * DAY - DAY // 4, NOON]
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


def population_rate(world, window):
    """All complaints over all months of who was a customer at the first cutoff."""
    cutoff = CUTOFFS[0]
    gone = {
        row["customer_id"]
        for row in world.customers
        if row["left_at"] is not None and row["left_at"] < cutoff
    }
    n, months = 0, 0
    rows = [*world.transactions, *world.customers]
    for one in {row["customer_id"] for row in rows} - gone:
        bought = known_rows(world, world.transactions, one, cutoff)
        age = tenure(world, bought, one, cutoff)
        if age is not None:
            calls = known_rows(world, world.complaints, one, cutoff)
            n += sum(within(row["timestamp"], cutoff, window) for row in calls)
            months += min(age, window or age) / MONTH
    return n / months


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
            f"shrunk_complaints_per_month{end}": (
                len(own) + population_rate(world, window) * 10 * DAY / MONTH
            )
            / ((min(spans, default=MONTH) + 10 * DAY) / MONTH),
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


def order_key(row):
    is_alone = row["order_id"] is None
    return ("at", row["timestamp"]) if is_alone else ("order", row["order_id"])


def group(rows, key):
    """Rows that have a key, by it."""
    groups = {}
    for row in rows:
        if key(row) is not None:
            groups.setdefault(key(row), []).append(row)
    return groups


def divide(numerator, denominator):
    return numerator / denominator if denominator else math.nan


def returns(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    features = {}
    for end, window in WINDOWS.items():
        own = [row for row in bought if within(row["timestamp"], cutoff, window)]
        back = [row["amount"] for row in own if row["amount"] < 0]
        gross = sum(row["amount"] for row in own if row["amount"] > 0)
        orders = [
            [row["amount"] for row in lines] for lines in group(own, order_key).values()
        ]
        cancelled = [one for one in orders if min(one) < 0 and sum(one) <= 0]
        features |= {
            f"n_returns{end}": len(back),
            f"return_rate{end}": divide(len(back), len(own)),
            f"cancellation_rate{end}": divide(len(cancelled), len(orders)),
            f"gross_spend{end}": gross / 1e6,
            f"returned_amount{end}": -sum(back) / 1e6,
            f"returned_share{end}": divide(-sum(back), gross),
        }
    return features


def btyd_summary(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    ago = group(bought, lambda row: (cutoff - 1 - row["timestamp"]) // DAY)
    units = {"unit_days": 7, "grain_days": 1}
    if not ago:
        nothing = ("recency", "T", "monetary_value")
        return {"frequency": 0, **dict.fromkeys(nothing, math.nan), **units}
    first, last = max(ago), min(ago)
    repeats = [row["amount"] for day in ago if day < first for row in ago[day]]
    return {
        "frequency": len(ago) - 1,
        "recency": (first - last) / 7,
        "T": (first + 1) / 7,
        "monetary_value": divide(sum(repeats), (len(ago) - 1) * 1e6),
        **units,
    }


def survey_scores(world, customer, cutoff):
    answers = known_rows(world, world.surveys, customer, cutoff)
    last = max((row["timestamp"] for row in answers), default=math.nan)
    features = {"days_since_last_survey": in_days(cutoff - last)}
    for end, window in WINDOWS.items():
        own = [row for row in answers if within(row["timestamp"], cutoff, window)]
        scores = [
            (row["timestamp"], row["score"]) for row in own if row["score"] is not None
        ]
        gaps = [
            (row["timestamp"], row["score"] - row["expectation"])
            for row in own
            if row["score"] is not None and row["expectation"] is not None
        ]
        features[f"n_surveys{end}"] = len(own)
        for name, found in (("score", scores), ("gap_to_expectation", gaps)):
            features |= {
                f"last_{name}{end}": max(found, default=(0, math.nan))[1] / 1e6,
                f"mean_{name}{end}": divide(
                    sum(value for _, value in found), len(found) * 1e6
                ),
            }
    return features


def purchases(rows):
    return [row for row in rows if row["amount"] > 0]


def largest(sizes, n):
    """The keys of the largest sizes; of equal ones, the first in order."""
    return sorted(sizes, key=lambda key: (-sizes[key], key))[:n]


def learned(world, rows):
    """Rows of all customers that fit may learn from."""
    people = {row["customer_id"] for row in rows}
    return [row for one in people for row in known_rows(world, rows, one, CUTOFFS[0])]


def product_mix(world, customer, cutoff):
    bought = purchases(known_rows(world, world.transactions, customer, cutoff))
    seen = group(purchases(learned(world, world.transactions)), in_category)
    sizes = {one: sum(row["amount"] for row in rows) for one, rows in seen.items()}
    features = {}
    for end, window in WINDOWS.items():
        own = [row for row in bought if within(row["timestamp"], cutoff, window)]
        parts = {
            one: sum(row["amount"] for row in rows)
            for one, rows in group(own, in_category).items()
        }
        whole = sum(parts.values())
        entropy = -sum(part / whole * math.log(part / whole) for part in parts.values())
        features |= {
            f"n_products{end}": len(group(own, lambda row: row["product_id"])),
            f"n_categories{end}": len(parts),
            f"category_entropy{end}": abs(entropy) if parts else math.nan,
            f"top_category_share{end}": divide(max(parts.values(), default=0), whole),
        }
        for one in largest(sizes, 2):
            name = f"category_share{end}_of_{one}"
            features[name] = divide(parts.get(one, 0), whole)
    return features


def in_category(row):
    return row["category"]


def seasonality(world, customer, cutoff):
    bought = purchases(known_rows(world, world.transactions, customer, cutoff))
    days = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
    months = "march april may june july august september october november december"
    buckets = {
        **{f"on_{day}day": ("weekday", i) for i, day in enumerate(days)},
        **{f"at_{i:02}h": ("hour", i) for i in range(24)},
        **{f"in_{name}": ("month", 3 + i) for i, name in enumerate(months.split())},
        "in_january": ("month", 1),
        "in_february": ("month", 2),
    }
    whole = sum(row["amount"] for row in bought)
    spent = dict.fromkeys(buckets.values(), 0)
    for row in bought:
        at = pd.Timestamp(row["timestamp"], unit="us")
        places = {"weekday": at.weekday(), "hour": at.hour, "month": at.month}
        for place in places.items():
            spent[place] += row["amount"]
    return {
        f"spend_share_{name}": divide(spent[place], whole)
        for name, place in buckets.items()
    }


def discounts(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    features = {}
    for end, window in WINDOWS.items():
        lines = [
            row
            for row in bought
            if within(row["timestamp"], cutoff, window) and row["amount"] >= 0
        ]
        reduced = [row["discount"] for row in lines if (row["discount"] or 0) > 0]
        paid = sum(row["amount"] for row in lines)
        features |= {
            f"n_discounted_lines{end}": len(reduced),
            f"discounted_line_share{end}": divide(len(reduced), len(lines)),
            f"total_discount{end}": sum(reduced) / 1e6,
            f"discount_share{end}": divide(sum(reduced), sum(reduced) + paid),
        }
    return features


def usage_events(world, customer, cutoff):
    log = known_rows(world, world.events, customer, cutoff)
    kinds = group(learned(world, world.events), lambda row: row["event_type"])
    kinds = largest({kind: len(rows) for kind, rows in kinds.items()}, 2)
    last = max((row["timestamp"] for row in log), default=math.nan)
    features = {"days_since_last_event": in_days(cutoff - last)}
    for end, window in WINDOWS.items():
        own = [row for row in log if within(row["timestamp"], cutoff, window)]
        features[f"n_events{end}"] = len(own)
        for kind in kinds:
            values = [row["value"] or 0 for row in own if row["event_type"] == kind]
            features[f"n_events{end}_of_{kind}"] = len(values)
            features[f"event_value{end}_of_{kind}"] = sum(values) / 1e6
    return features


def custom_aggregation(world, customer, cutoff):
    bought = known_rows(world, world.transactions, customer, cutoff)
    features = {}
    for end, window in WINDOWS.items():
        own = [row for row in bought if within(row["timestamp"], cutoff, window)]
        found = [
            row["amount"]
            for row in own
            # Null meets no condition, whichever way it is asked.
            if (row["category"] in {"tea", "O'Brien"} and row["amount"] >= -1_500_000)
            or (row["discount"] is not None and row["amount"] < row["discount"])
        ]
        features[f"own{end}"] = divide(sum(found), len(found) * 1e6)
    return features


def customer_attributes(world, customer, cutoff):
    own = [row for row in world.customers if row["customer_id"] == customer]
    row = own[0] if own else dict.fromkeys(["joined_at", "card_at", *TOLD])
    ages = {"account_age_days": "joined_at", "days_since_card_at": "card_at"}
    features = {
        name: in_days(cutoff - (row[column] or math.inf))
        for name, column in ages.items()
    }
    known = {name: age if age > 0 else math.nan for name, age in features.items()}
    income = math.nan if row["income"] is None else row["income"] / 1e6
    told = {"city": row["city"], "income": income, "is_vip": row["is_vip"]}
    age = known.pop("account_age_days")
    return {"account_age_days": age, **told, **known}


TOLD = ["city", "income", "is_vip"]

PEOPLE = ("a", "b", "007", "客户", "silent")

ORACLES = {
    "RFM": ({"windows": [None, "36h", "7D"]}, rfm),
    "Activity": ({"windows": ["1D", "7D"]}, activity),
    "BTYDSummary": ({"unit": "7D"}, btyd_summary),
    "ComplaintRate": (
        {"windows": [None, "36h", "7D"], "prior_weight": "10D"},
        complaint_rate,
    ),
    "CustomAggregation": (
        {
            "name": "own",
            "how": "mean",
            "value": "amount",
            "where": "(category IN ('tea', 'O''Brien') AND amount >= -1.5)"
            " OR amount < discount",
            "windows": [None, "36h", "7D"],
        },
        custom_aggregation,
    ),
    "CustomerAttributes": (
        {"fixed": ["city", "income", "is_vip", "card_at"]},
        customer_attributes,
    ),
    "Discounts": ({"windows": [None, "36h", "7D"]}, discounts),
    "InterPurchase": ({"windows": [None, "36h", "7D"]}, inter_purchase),
    "ProductMix": ({"windows": [None, "36h", "7D"], "n_categories": 2}, product_mix),
    "Returns": ({"windows": [None, "36h", "7D"]}, returns),
    "Seasonality": ({"by": ["weekday", "hour", "month"]}, seasonality),
    "SurveyScores": ({"windows": [None, "36h", "7D"]}, survey_scores),
    "Tenure": ({}, tenure_days),
    "Trend": ({"windows": ["36h", "7D"]}, trend),
    "UsageEvents": ({"windows": [None, "36h", "7D"], "n_types": 2}, usage_events),
}


def test_every_builder_has_an_oracle(builder_classes):
    assert set(builder_classes) == set(ORACLES)


@settings(max_examples=8)
@given(data=st.data())
def test_features_equal_their_definition(worlds, builder_classes, data):
    cutoffs = CUTOFFS
    edges = [36 * DAY // 24, DAY, 2 * DAY, 7 * DAY, 14 * DAY]
    world = data.draw(worlds(cutoffs, edges, crowd=3))
    tables = world.tables()
    # Everyone at every cutoff, known or not, silent or not, in no order.
    people = data.draw(
        st.permutations(
            [
                *("anchor", "nobody"),
                *(f"{one}{i}" for one in PEOPLE for i in ("", "2", "3")),
            ]
        )
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
    for name in ("city", "is_vip"):
        values = found.pop(name)
        values = [None if pd.isna(value) else value for value in values]
        assert values == [row[name] for row in expected]
    # Quotients of exact sums: the last bits are all that a formula can differ in.
    pd.testing.assert_frame_equal(
        found,
        pd.DataFrame(expected, index=found.index)[list(found)],
        rtol=1e-12,
        atol=0,
        check_dtype=False,
    )
