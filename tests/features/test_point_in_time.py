"""No feature knows the future: the property that this library exists for."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import crmml.features

DAY = 86_400_000_000
WINDOWS = ["1D", "7D"]
EDGES = [DAY, 2 * DAY, 7 * DAY, 14 * DAY]
LOGS = ("transactions", "complaints", "surveys", "events")
MILLIONTHS = st.integers(-(10**9), 10**9)
CHANGES = {
    "amount": MILLIONTHS,
    "order_id": st.sampled_from([None, 1, 2, 9]),
    "product_id": st.sampled_from([None, 1, 9]),
    "category": st.sampled_from([None, "tea", "news"]),
    "discount": MILLIONTHS,
    "score": MILLIONTHS,
    "expectation": MILLIONTHS,
    "event_type": st.sampled_from([None, "login", "news"]),
    "value": MILLIONTHS,
}
NEW = {
    "transactions": {"amount": 10**9, "order_id": 1, "category": "later"},
    "complaints": {"resolved_at": None},
    "surveys": {"score": 10**9},
    "events": {"event_type": "later", "value": 10**9},
}
"""Rows to add."""


def when(microseconds):
    return pd.Timestamp(microseconds, unit="us")


def scramble(data, rows, cutoff, instants):
    """Delete, repeat, change and add rows that were not known at the cutoff."""
    later = st.integers(cutoff, cutoff + 40 * DAY)
    anyone = st.sampled_from(["a", "b", "a2", "b3", "007", "newcomer"])
    result = []
    for row in rows:
        is_future = row["timestamp"] >= cutoff
        recorded = row.get("recorded_at")
        is_unknown = recorded is None or recorded >= cutoff
        fate = data.draw(st.sampled_from(["keep", "delete", "repeat", "change"]))
        if not (is_future or is_unknown) or fate == "keep":
            result.append(row)
        elif fate == "repeat":
            result += [row, row]
        elif fate == "change":
            changed = dict(row)
            changed |= {
                name: data.draw(CHANGES[name]) for name in row if name in CHANGES
            }
            changed["customer_id"] = data.draw(anyone)
            # What was recorded too late may have happened at any time.
            changed["timestamp"] = data.draw(
                later if is_future else st.one_of(later, st.sampled_from(instants))
            )
            changed["recorded_at"] = data.draw(st.one_of(st.none(), later))
            result.append(changed)
    return data.draw(st.permutations(result))


def additions(data, cutoff, template):
    later = st.integers(cutoff, cutoff + 40 * DAY)
    anyone = st.sampled_from(["a", "b", "007", "newcomer"])
    return [
        {
            **template,
            "customer_id": data.draw(anyone),
            "timestamp": data.draw(later),
            "recorded_at": data.draw(st.one_of(st.none(), later)),
        }
        for _ in range(data.draw(st.integers(0, 3)))
    ]


def later_or_never(data, value, cutoff):
    """Move an instant at or after the cutoff to another one, or away."""
    if value is not None and value < cutoff:
        return value
    return data.draw(st.one_of(st.none(), st.integers(cutoff, cutoff + 40 * DAY)))


def change_the_future(data, world, cutoff):
    instants = [row["timestamp"] for row in world.transactions]
    logs = {name: getattr(world, name) for name in LOGS}
    if not world.is_recorded:
        # The column is not declared, so every row was known when it happened.
        logs = {
            name: [{**row, "recorded_at": row["timestamp"]} for row in rows]
            for name, rows in logs.items()
        }
    logs["complaints"] = [
        {**row, "resolved_at": later_or_never(data, row["resolved_at"], cutoff)}
        for row in logs["complaints"]
    ]
    for name, rows in logs.items():
        template = NEW[name]
        logs[name] = scramble(data, rows, cutoff, instants) + additions(
            data, cutoff, template
        )
    if not world.is_recorded:
        logs = {name: keep_only_happened(rows, cutoff) for name, rows in logs.items()}
    people = [
        {
            **row,
            **{
                name: later_or_never(data, row[name], cutoff)
                for name in ("joined_at", "left_at", "card_at")
            },
        }
        for row in world.customers
    ]
    return world.but(customers=people, **logs)


def keep_only_happened(rows, cutoff):
    """Without recording times, a changed row must really lie in the future."""
    return [
        {**row, "timestamp": max(row["timestamp"], row["recorded_at"] or cutoff)}
        for row in rows
    ]


@settings(max_examples=5)
@given(data=st.data())
def test_nothing_at_or_after_the_cutoff_changes_a_feature(
    worlds, every_builder, noon, data
):
    cutoff = data.draw(st.sampled_from([noon, noon - 12 * 3_600_000_000]))
    world = data.draw(worlds([cutoff], EDGES, crowd=3))
    features = every_builder(WINDOWS)
    learning = crmml.features.ComplaintRate(windows=WINDOWS, prior_weight="7D")
    features = crmml.features.FeatureSet([*features.builders, learning])
    before = features.fit_transform(world.tables(), when(cutoff))
    changed = change_the_future(data, world, cutoff)
    after = features.transform(changed.tables(), when(cutoff))
    assert_frame_equal(after, before, check_exact=True)
    # Nor what is learned in fit.
    anew = features.fit_transform(changed.tables(), when(cutoff))
    assert_frame_equal(anew, before, check_exact=True)


def test_the_property_would_see_a_leak(every_builder, noon, make_full_tables):
    """The same comparison fails for an event a microsecond earlier."""
    rows = {"customer_id": ["a", "a"], "amount": [1.0, 2.0], "order_id": [1, 2]}
    features = every_builder(WINDOWS)
    complaints = pd.DataFrame({"customer_id": ["b"], "timestamp": [when(noon)]})
    results = [
        features.fit_transform(
            make_full_tables(
                pd.DataFrame({**rows, "timestamp": [when(noon - DAY), when(at)]}),
                complaints=complaints.assign(resolved_at=when(noon)),
            ),
            when(noon),
        )
        for at in (noon, noon - 1)
    ]
    with pytest.raises(AssertionError):
        assert_frame_equal(*results)


@settings(max_examples=2)
@given(data=st.data())
def test_many_cutoffs_at_once_equal_one_at_a_time(worlds, every_builder, noon, data):
    hour = 3_600_000_000
    # Two at the same time of day, one at another, one a microsecond later.
    cutoffs = [noon - 2 * DAY, noon - 7 * hour, noon, noon + 1]
    world = data.draw(worlds(cutoffs, EDGES, crowd=3))
    tables, features = world.tables(), every_builder(WINDOWS)
    together = features.fit_transform(tables, [when(one) for one in cutoffs])
    for cutoff in cutoffs:
        alone = features.transform(tables, when(cutoff))
        assert_frame_equal(together.loc[when(cutoff)], alone, check_exact=True)


@settings(max_examples=6)
@given(data=st.data())
def test_windows_in_hours_equal_one_cutoff_at_a_time(worlds, noon, data):
    builder = crmml.features.FeatureSet(
        [
            crmml.features.RFM(windows=["90min", "36h", None]),
            crmml.features.ComplaintRate(windows=["36h", None]),
        ]
    )
    cutoffs = [noon - 5_400_000_000, noon]
    world = data.draw(worlds(cutoffs, [5_400_000_000, 36 * 3_600_000_000]))
    tables = world.tables()
    together = builder.fit_transform(tables, [when(one) for one in cutoffs])
    for cutoff in cutoffs:
        alone = builder.transform(tables, when(cutoff))
        assert_frame_equal(together.loc[when(cutoff)], alone, check_exact=True)


def test_every_builder_is_public(builder_classes):
    assert set(builder_classes) <= set(crmml.features.__all__)
    assert len(builder_classes) >= 4


def test_an_order_lies_where_its_first_line_known_by_then_lies(make_tables):
    """The first line, of 1 January, was recorded on the 20th."""
    lines = pd.DataFrame(
        {
            "customer_id": "a",
            "order_id": 1,
            "amount": 1.0,
            "timestamp": ["2024-01-10", "2024-01-01"],
            "recorded_at": ["2024-01-10", "2024-01-20"],
        }
    )
    tables = make_tables(lines)
    cutoffs = ["2024-01-15", "2024-01-25"]
    found = crmml.features.RFM(windows="20D").fit_transform(tables, cutoffs)
    # On the 25th the order began 24 days ago, though one of its lines did not.
    assert found["n_orders_20d"].tolist() == [1, 0]
    assert found["total_spend_20d"].tolist() == [1.0, 1.0]
