"""What builders learn in fit, and from which events."""

import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.features import RFM, FeatureSet, ProductMix, UsageEvents
from crmml.tables import make_spine

FIRST, SECOND = "2024-02-01", "2024-03-01"


@pytest.fixture
def sales():
    return pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b", "a", "a"],
            "timestamp": pd.to_datetime(
                [
                    *(f"2024-01-0{day}" for day in range(1, 5)),
                    "2024-02-01",
                    "2024-02-20",
                ]
            ),
            "amount": [10.0, 20.0, 10.0, -90.0, 500.0, 600.0],
            "category": ["tea", "cup", "7d", "return", "later", "later still"],
        }
    )


def test_categories_come_from_purchases_before_the_earliest_cutoff(make_tables, sales):
    """By spend; of two equal ones the first in order; returns are no purchases."""
    tables = make_tables(sales)
    mix = ProductMix().fit(tables, [SECOND, FIRST])
    assert mix.categories_ == ["cup", "7d", "tea"]
    assert ProductMix(n_categories=2).fit(tables, FIRST).categories_ == ["cup", "7d"]
    assert "later" in ProductMix().fit(tables, SECOND).categories_
    lines = make_tables(sales.drop(columns="amount"))
    assert ProductMix().fit(lines, FIRST).categories_ == ["7d", "cup", "return", "tea"]
    spine = make_spine(tables, [FIRST, SECOND])
    found = ProductMix()
    found.fit_transform(tables, spine=spine)
    assert found.categories_ == mix.categories_


def test_what_was_recorded_late_is_not_learned(make_tables, sales):
    late = sales.assign(recorded_at=sales["timestamp"])
    late.loc[1, "recorded_at"] = pd.Timestamp(FIRST)
    assert ProductMix().fit(make_tables(late), FIRST).categories_ == ["7d", "tea"]


def test_what_was_learned_stays(make_tables, sales):
    """A new category in later tables has no column, a vanished one keeps its own."""
    mix = ProductMix().fit(make_tables(sales), FIRST)
    other = make_tables(sales.assign(category="coffee"))
    found = mix.transform(other, FIRST)
    assert found.columns.tolist() == mix.get_feature_names_out().tolist()
    assert (found["category_share_of_cup"] == 0).all()
    assert (found["top_category_share"] == 1).all()
    assert (found["category_entropy"] == 0).all()


def test_a_window_and_a_category_of_its_name_are_told_apart(make_tables, sales):
    mix = ProductMix(windows=[None, "7D"]).fit(make_tables(sales), FIRST)
    names = mix.get_feature_names_out().tolist()
    assert len(names) == len(set(names))
    assert {"category_share_of_7d", "category_share_7d_of_7d"} <= set(names)


def test_categories_that_are_numbers_are_learned_as_such(make_tables, sales):
    tables = make_tables(sales.assign(category=[7, 8, 9, 1, 2, 3]))
    mix = ProductMix(n_categories=1)
    found = mix.fit_transform(tables, FIRST)
    assert mix.categories_ == [8]
    assert found["category_share_of_8"].tolist() == pytest.approx([2 / 3, 0.0])


def test_types_of_events_come_from_before_the_earliest_cutoff(make_tables, sales):
    log = sales.rename(columns={"category": "event_type", "amount": "value"})
    usage = UsageEvents(n_types=2).fit(make_tables(sales, events=log), FIRST)
    assert usage.event_types_ == ["7d", "cup"]
    untyped = make_tables(sales, events=log.drop(columns="event_type"))
    usage = UsageEvents()
    found = usage.fit_transform(untyped, FIRST)
    assert usage.event_types_ == []
    assert found["event_value"].to_dict() == {"a": 30.0, "b": -80.0}


def test_a_set_learns_in_copies(make_tables, sales):
    mix = ProductMix()
    both = FeatureSet([RFM(), mix]).fit(make_tables(sales), FIRST)
    assert not hasattr(mix, "categories_")
    assert both.builders_[1].categories_ == ["cup", "7d", "tea"]
    nested = FeatureSet([both]).fit(make_tables(sales), FIRST)
    assert nested.feature_names_out_ == both.feature_names_out_


@pytest.mark.parametrize("n", [0, -1, 2.0, True, None, "2"])
def test_numbers_of_features_are_whole_and_positive(make_tables, sales, n):
    tables = make_tables(sales, events=sales[["customer_id", "timestamp"]])
    for builder in (ProductMix(n_categories=n), UsageEvents(n_types=n)):
        with pytest.raises(SchemaError, match="must be a whole number of at least 1"):
            builder.fit(tables, FIRST)


def test_what_is_missing_is_named(make_tables, sales):
    bare = make_tables(sales[["customer_id", "timestamp"]])
    with pytest.raises(SchemaError, match="product_id is needed"):
        ProductMix().fit(bare, FIRST)
    with pytest.raises(SchemaError, match=r"events=Events\(\.\.\.\)"):
        UsageEvents().fit(bare, FIRST)
