"""Every feature that a builder makes has a readable name in both languages."""

import pandas as pd
import pytest

import crmml.features
from crmml.exceptions import SchemaError
from crmml.features import FeatureSet, describe_features

CUTOFF = "2024-03-01"
OWN = {"CustomAggregation", "FeatureSet", "describe_features"}


def make_builders():
    """All builders, with and without windows where they take them."""
    builders = []
    for name in sorted(set(crmml.features.__all__) - OWN):
        kind = getattr(crmml.features, name)
        try:
            builders += [kind(), kind(windows=["30D", "12h"])]
        except TypeError:
            builders.append(kind())
    return builders


@pytest.fixture
def tables(make_tables, sales):
    at = pd.to_datetime(["2024-01-05", "2024-02-05"])

    def frame(**columns):
        return pd.DataFrame({"customer_id": ["a", "b"], **columns})

    return make_tables(
        sales.assign(product_id="cup", category="茶", discount=0.5),
        complaints=frame(timestamp=at, resolved_at=at),
        surveys=frame(timestamp=at, score=[1.0, 2.0], expectation=[2.0, 2.0]),
        customers=frame(joined_at=at),
        events=frame(timestamp=at, event_type=["login", "来电"], value=[1.0, 2.0]),
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_feature_of_every_builder_has_a_name_of_its_own(tables, language):
    named = {}
    for builder in make_builders():
        try:
            builder.fit(tables, CUTOFF)
        except SchemaError:
            # It takes other windows, or its own arguments; the plain one is there too.
            continue
        names = builder.get_feature_names_out()
        described = describe_features(names, language)
        assert set(described) == set(names), type(builder).__name__
        named.update(described)
    assert len(named) > 100
    assert len(set(named.values())) == len(named)
    if language == "en":
        assert all(
            name.replace("来电", "").replace("茶", "").isascii()
            for name in named.values()
        )


def test_names_tell_window_bucket_and_type():
    names = [
        "n_orders_90d",
        "spend_share_on_monday",
        "spend_share_7d_at_09h",
        "spend_share_in_march",
        "n_events_12h_of_来电",
        "event_value_of_n_orders_30d",
        "category_share_of_tea",
    ]
    assert list(describe_features(names).values()) == [
        "orders, last 90 days",
        "share of spend on Monday %",
        "share of spend at 09:00, last 7 days %",
        "share of spend in March %",
        "events (来电), last 12 hours",
        "value of events (n_orders_30d)",
        "share of spend on tea %",
    ]
    assert list(describe_features(names, "zh").values()) == [
        "近90天订单数",
        "周一消费占比%",
        "近7天9点消费占比%",
        "3月消费占比%",
        "近12小时来电事件数",
        "n_orders_30d事件数值合计",
        "tea消费占比%",
    ]


@pytest.mark.parametrize("name", ["orders", "my_n_orders", "n_orders_x", "n_orders_"])
def test_a_name_of_the_users_own_is_left_alone(name):
    assert describe_features([name]) == {}


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(SchemaError, match="language must be 'en' or 'zh', got 'de'"):
        describe_features([], "de")


def test_a_feature_set_needs_no_more_than_its_columns(tables):
    both = FeatureSet([crmml.features.RFM(), crmml.features.Tenure()])
    columns = both.fit_transform(tables, cutoffs=CUTOFF).columns
    assert describe_features(columns)["tenure_days"] == "days as a customer"
