import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint

from crmml.association import AssociationRules
from crmml.exceptions import DataQualityWarning, LeakageError, SchemaError
from crmml.tables import CustomerTables, Transactions


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    n = 600
    segments = rng.choice(["新客", "老客", "vip"], n)
    baskets = [
        rng.choice(list("abcdefg"), rng.integers(1, 5)).tolist() for _ in range(n)
    ]
    for basket, segment in zip(baskets, segments, strict=True):
        if segment == "vip" and "a" in basket:
            basket.append("b")
    return baskets, segments


@pytest.fixture(scope="module")
def rules(data):
    return AssociationRules(0.02, 0.1).fit(data[0])


def rank_slowly(rules, baskets, n_offers, min_count):
    """Walk through the rules in their order."""
    held, n, found = [set(one) for one in baskets], len(baskets), {}
    for rule in rules.rules_.itertuples():
        if len(rule.consequents) > 1:
            continue
        (item,) = rule.consequents
        first = sum(rule.antecedents <= one for one in held)
        then = sum(item in one for one in held)
        both = sum(rule.antecedents | {item} <= one for one in held)
        if first < min_count or both * n <= first * then:
            continue
        score, _ = proportion_confint(both, first, 0.05, "wilson")
        key = (-round(score, 12), -both, rule.Index)
        if item not in found or key < found[item][0]:
            found[item] = key, (rule.antecedents, first, both, both * n / first / then)
    best = sorted((key, item, row) for item, (key, row) in found.items())
    return [(item, *row, -key[0]) for key, item, row in best[:n_offers]]


@pytest.mark.parametrize(("n_offers", "min_count"), [(5, 10), (2, 40)])
def test_offers_are_those_of_counting_each_segment_by_hand(
    data, rules, n_offers, min_count
):
    baskets, segments = data
    table = rules.cross_sell(baskets, segments, n_offers=n_offers, min_count=min_count)
    assert table["segment"].unique().tolist() == sorted(set(segments))
    for segment, own in table.groupby("segment"):
        inside = [b for b, s in zip(baskets, segments, strict=True) if s == segment]
        expected = rank_slowly(rules, inside, n_offers, min_count)
        assert own["rank"].tolist() == list(range(1, len(expected) + 1))
        assert (own["n_baskets"] == len(inside)).all()
        for row, (item, left, first, both, lift, score) in zip(
            own.itertuples(), expected, strict=True
        ):
            assert (row.item, row.antecedents) == (item, left)
            assert (row.antecedent_count, row.count) == (first, both)
            assert row.n_open == first - both
            assert row.confidence == both / first
            assert row.lift == pytest.approx(lift, rel=1e-12)
            assert row.score == pytest.approx(score, abs=1e-11)


def test_what_holds_in_one_segment_is_offered_there_alone(data, rules):
    table = rules.cross_sell(*data, n_offers=1)
    table = table.set_index("segment")
    first = table.loc["vip"]
    assert (first["item"], first["antecedents"]) == ("b", frozenset("a"))
    assert table.drop("vip")["score"].max() < first["score"] - 0.2


def test_customer_tables_take_segments_by_customer_and_long_tables_a_column(
    data, rules
):
    baskets, segments = data
    lines = pd.DataFrame(
        [
            (f"{k:04}", order, segment, item)
            for order, (basket, segment) in enumerate(zip(*data, strict=True))
            for k, item in [(order, item) for item in basket]
        ],
        columns=["customer", "order_id", "kind", "product_id"],
    ).assign(day="2024-01-01")
    expected = rules.cross_sell(baskets, segments)
    by_customer = lines.groupby("customer")["kind"].first()
    tables = CustomerTables(
        transactions=Transactions(
            lines,
            customer_id="customer",
            timestamp="day",
            order_id="order_id",
            product_id="product_id",
        )
    )
    shuffled = lines.sample(frac=1, random_state=0)
    for X, given in [
        (tables, by_customer.sample(frac=1, random_state=0)),
        (tables, by_customer.to_dict()),
        (shuffled, "kind"),
        (pl.DataFrame(shuffled.to_dict("list")), "kind"),
    ]:
        pd.testing.assert_frame_equal(rules.cross_sell(X, given), expected)


def test_orders_at_or_after_the_cutoff_change_no_offer(data):
    baskets, segments = data
    lines = pd.DataFrame(
        [
            (k, s, item)
            for k, (b, s) in enumerate(zip(*data, strict=True))
            for item in b
        ],
        columns=["order", "kind", "item"],
    )
    lines["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines["order"], "D")
    cutoff = lines["day"].iloc[0] + pd.Timedelta("400D")

    def make_tables(frame):
        return CustomerTables(
            transactions=Transactions(
                frame,
                customer_id="order",
                timestamp="day",
                order_id="order",
                product_id="item",
            )
        )

    by_customer = pd.Series(segments)
    tables = make_tables(lines)
    rules = AssociationRules(0.02, 0.1).fit(tables, cutoff=cutoff)
    expected = rules.cross_sell(baskets[:400], segments[:400])
    changed = lines.assign(item=lines["item"].where(lines["day"] < cutoff, "g"))
    for some in (tables, make_tables(changed)):
        found = rules.cross_sell(some, by_customer, cutoff=cutoff)
        pd.testing.assert_frame_equal(found, expected)
    assert not rules.cross_sell(tables, by_customer).equals(expected)
    with pytest.raises(LeakageError):
        rules.cross_sell(tables, by_customer, cutoff="2024-03-01")


def test_baskets_without_a_segment_are_left_out_and_counted(rules):
    baskets = [["a", "b"]] * 20 + [["c"]] * 10
    with pytest.warns(
        DataQualityWarning, match="10 of 30 baskets belong to no segment"
    ):
        table = rules.cross_sell(baskets, ["x"] * 20 + [None] * 10)
    # In x everything is in every basket, so nothing has a lift.
    assert len(table) == 0
    assert "n_open" in table.columns


@pytest.mark.parametrize(
    ("segments", "options", "message"),
    [
        (["x"], {}, "one label for each of the 2 baskets, got 1"),
        (7, {}, "one label for each of the 2 baskets, got int"),
        ("kind", {}, "names a column, but the baskets are no order lines"),
        (["x", "y"], {"n_offers": 0}, "n_offers"),
        (["x", "y"], {"min_count": 0}, "min_count"),
    ],
)
def test_arguments_are_checked_by_name(rules, segments, options, message):
    with pytest.raises(SchemaError, match=message):
        rules.cross_sell([["a"], ["b"]], segments, **options)


def test_baskets_of_which_none_has_a_segment_are_refused(rules):
    lines = pd.DataFrame(
        {"order_id": [1, 2], "product_id": ["a", "b"], "kind": [None, None]}
    ).astype({"kind": object})
    for baskets, segments in [([["a"], ["b"]], [None, float("nan")]), (lines, "kind")]:
        with pytest.raises(SchemaError, match="segments: none of the 2 baskets"):
            rules.cross_sell(baskets, segments)


def test_segments_of_order_lines_and_tables_are_checked(rules):
    lines = pd.DataFrame(
        {
            "order_id": [1, 1, 2],
            "product_id": ["a", "b", "a"],
            "kind": ["x", "y", "x"],
            "day": ["2024-01-01"] * 3,
            "id": ["p", "p", "q"],
        }
    )
    with pytest.raises(SchemaError, match="several values in 1 of 2 baskets"):
        rules.cross_sell(lines, "kind")
    with pytest.raises(SchemaError, match="must name a column"):
        rules.cross_sell(lines, ["x", "y"])
    with pytest.raises(SchemaError, match="no column 'nothing'"):
        rules.cross_sell(lines, "nothing")
    tables = CustomerTables(
        transactions=Transactions(
            lines,
            customer_id="id",
            timestamp="day",
            order_id="order_id",
            product_id="product_id",
        )
    )
    with pytest.raises(SchemaError, match="knows none of the 2 customers"):
        rules.cross_sell(tables, {7: "x"})
    with pytest.raises(SchemaError, match="by customer id for customer tables"):
        rules.cross_sell(tables, ["x", "y"])
    with pytest.raises(SchemaError, match="repeats 1 customers"):
        rules.cross_sell(tables, pd.Series(["x", "y"], index=["p", "p"]))
