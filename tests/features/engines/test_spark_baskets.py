"""Baskets in Spark give the tables that baskets in this process give."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from crmml.association import AssociationRules, FrequentItemsets, SequentialRules
from crmml.exceptions import DataQualityWarning, LimitError, SchemaError


def make_lines(seed, n_lines=600):
    """Make order lines with repetitions; items in Chinese, empty and quoted."""
    rng = np.random.default_rng(seed)
    labels = np.array(["茶杯", "牛奶", "", "O'Brien", 'x"y', "a,b", "z", "NaN"])
    skewed = rng.integers(0, len(labels), (2, n_lines)).min(axis=0)
    return pd.DataFrame(
        {"order_id": rng.integers(0, 120, n_lines), "product_id": labels[skewed]}
    )


@pytest.mark.parametrize(
    ("min_support", "kind"),
    [(1, "all"), (9, "closed"), (0.05, "maximal"), (0.28, "all")],
)
def test_itemsets_are_the_same(spark, min_support, kind):
    lines = make_lines(seed=1)
    here = FrequentItemsets(min_support, kind=kind).fit(lines)
    there = FrequentItemsets(min_support, kind=kind).fit(spark.createDataFrame(lines))
    assert there.n_baskets_ == here.n_baskets_
    assert len(here.itemsets_) >= 5
    pd.testing.assert_frame_equal(there.itemsets_, here.itemsets_)


def test_no_threshold_loses_an_itemset_at_the_boundary(spark):
    # Shares at which products with the number of baskets are rounded up.
    lines = pd.DataFrame({"order_id": range(100), "product_id": ["b"] * 93 + ["a"] * 7})
    assert 0.07 * 100 > 7
    for min_support in (0.07, 7):
        found = FrequentItemsets(min_support).fit(spark.createDataFrame(lines))
        assert found.itemsets_["count"].tolist() == [93, 7]
    found = FrequentItemsets(8).fit(spark.createDataFrame(lines))
    assert found.itemsets_["count"].tolist() == [93]


@pytest.mark.parametrize("min_count", [2, 11, 49, 97])
def test_each_count_is_its_own_threshold(spark, min_count):
    lines = make_lines(seed=min_count)
    here = FrequentItemsets(min_count).fit(lines).itemsets_
    there = FrequentItemsets(min_count).fit(spark.createDataFrame(lines)).itemsets_
    pd.testing.assert_frame_equal(there, here)


def test_rules_and_offers_are_the_same(spark):
    lines = make_lines(seed=2)
    arguments = {
        "min_lift": 1.0,
        "exclude": ["z"],
        "consequent_items": ["茶杯", "牛奶"],
        "measures": "all",
        "max_length": 3,
        "max_p_value": 1.0,
    }
    here = AssociationRules(3, 0.2, **arguments).fit(lines)
    there = AssociationRules(3, 0.2, **arguments).fit(spark.createDataFrame(lines))
    assert len(here.rules_) > 5
    pd.testing.assert_frame_equal(there.rules_, here.rules_)
    pd.testing.assert_frame_equal(there.itemsets_, here.itemsets_)
    baskets = [["茶杯"], ["", "O'Brien"], []]
    pd.testing.assert_frame_equal(there.predict(baskets), here.predict(baskets))


def test_numbers_are_items_and_orders_may_be_text(spark):
    lines = make_lines(seed=3)
    codes, _ = pd.factorize(lines["product_id"])
    lines = pd.DataFrame({"单": "o" + lines["order_id"].astype(str), "货 品": codes})
    names = {"order_column": "单", "item_column": "货 品"}
    here = FrequentItemsets(5, **names).fit(lines).itemsets_
    there = FrequentItemsets(5, **names).fit(spark.createDataFrame(lines)).itemsets_
    pd.testing.assert_frame_equal(there, here)


def test_several_columns_make_an_order_and_days_are_those_of_utc(spark):
    # 23:30 in New York, the zone of the session, is a day later in UTC.
    rows = [
        ("a", datetime(2024, 3, 10, 0, 30, tzinfo=UTC), "x"),
        ("a", datetime(2024, 3, 10, 23, 59, tzinfo=UTC), "y"),
        ("a", datetime(2024, 3, 11, 3, 30, tzinfo=UTC), "x"),
        ("b", datetime(2024, 3, 11, 3, 30, tzinfo=UTC), "x"),
        ("b", datetime(1969, 12, 31, 23, 59, tzinfo=UTC), "y"),
    ]
    names = {"order_column": ["who", "at"], "item_column": "what"}
    lines = pd.DataFrame(rows, columns=["who", "at", "what"])
    frame = spark.createDataFrame(rows, "who string, at timestamp, what string")
    here = FrequentItemsets(1, **names).fit(lines)
    there = FrequentItemsets(1, **names).fit(frame)
    assert there.n_baskets_ == here.n_baskets_ == 4
    pd.testing.assert_frame_equal(there.itemsets_, here.itemsets_)
    naive = [(who, at.replace(tzinfo=None), what) for who, at, what in rows]
    frame = spark.createDataFrame(naive, "who string, at timestamp_ntz, what string")
    there = FrequentItemsets(1, **names).fit(frame)
    pd.testing.assert_frame_equal(there.itemsets_, here.itemsets_)


def test_missing_orders_and_items_are_counted(spark):
    rows = [("1", "x"), ("1", "y"), (None, "x"), ("2", None), ("3", None), ("3", "x")]
    lines = pd.DataFrame(rows, columns=["order_id", "product_id"], dtype="str")
    frame = spark.createDataFrame(rows, "order_id string, product_id string")
    found = []
    for X in (lines, frame):
        with pytest.warns(DataQualityWarning) as caught:
            found.append(FrequentItemsets(1).fit(X))
        assert [str(one.message) for one in caught] == [
            "1 of 6 order lines have no 'order_id'; they are left out.",
            "2 of 6 order lines have no 'product_id'; they are left out.",
        ]
    here, there = found
    assert there.n_baskets_ == here.n_baskets_ == 3
    pd.testing.assert_frame_equal(there.itemsets_, here.itemsets_)


def test_the_session_and_its_catalogue_stay_as_they_were(spark):
    def look():
        settings = spark.sparkContext.getConf().getAll()
        # Statements given to the session may have changed what is not in there.
        shown = [tuple(row) for row in spark.sql("SET").collect()]
        cached = spark.sparkContext._jsc.getPersistentRDDs().size()
        return settings, shown, spark.catalog.listTables(), cached

    before = look()
    FrequentItemsets(9).fit(spark.createDataFrame(make_lines(seed=4)))
    assert look() == before


def test_nothing_frequent_is_an_empty_table(spark):
    frame = spark.createDataFrame(make_lines(seed=5))
    assert len(FrequentItemsets(1000).fit(frame).itemsets_) == 0


def test_more_itemsets_than_allowed_stop_the_search(spark):
    frame = spark.createDataFrame(make_lines(seed=6))
    n_itemsets = FrequentItemsets(3).fit(frame).n_itemsets_
    with pytest.raises(LimitError, match=f"max_itemsets={n_itemsets - 1} itemsets"):
        FrequentItemsets(3, max_itemsets=n_itemsets - 1).fit(frame)
    assert FrequentItemsets(3, max_itemsets=n_itemsets).fit(frame).n_itemsets_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"must_contain": ["牛奶"]}, "must_contain and hierarchy: not for a Spark"),
        ({"hierarchy": {"z": "rest"}}, "must_contain and hierarchy: not for a Spark"),
        ({"algorithm": "apriori"}, "there is FP-growth only"),
        ({"order_column": "Bon"}, "no column 'Bon', only 'order_id', 'product_id'"),
        ({"exclude": ["?"]}, "exclude: 1 of 1 items are in no basket"),
    ],
)
def test_what_spark_cannot_do_is_refused(spark, arguments, message):
    frame = spark.createDataFrame(make_lines(seed=7))
    with pytest.raises(SchemaError, match=message):
        FrequentItemsets(9, **arguments).fit(frame)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("order_id double, product_id string", "'order_id': ids cannot be of type dou"),
        ("order_id long, product_id double", "'product_id': items must be text or"),
        ("order_id long, product_id string, Order_ID long", "differ at most in case"),
    ],
)
def test_unfit_columns_are_refused(spark, schema, message):
    with pytest.raises(SchemaError, match=message):
        FrequentItemsets(1).fit(spark.createDataFrame([], schema))


def test_weights_are_refused(spark):
    frame = spark.createDataFrame(make_lines(seed=8))
    weights = np.ones(FrequentItemsets(9).fit(frame).n_baskets_, dtype=int)
    for given in (weights, "order_id"):
        with pytest.raises(SchemaError, match="sample_weight: not for a Spark"):
            FrequentItemsets(9).fit(frame, sample_weight=given)


def test_what_looks_at_single_baskets_is_refused(spark):
    lines = make_lines(seed=8)
    rules = AssociationRules(9).fit(lines)
    with pytest.raises(SchemaError, match="baskets must be a long table"):
        rules.validate(spark.createDataFrame(lines))


def test_sequential_rules_read_lines_from_spark(spark):
    rng = np.random.default_rng(9)
    hours = pd.to_timedelta(24 * rng.integers(0, 60, 400), unit="h")
    lines = pd.DataFrame(
        {
            "customer_id": rng.integers(0, 20, 400),
            "timestamp": pd.Timestamp("2024-02-20") + hours,
            "product_id": rng.choice(["茶", "杯", "碗"], 400),
        }
    )
    schema = "customer_id long, timestamp timestamp_ntz, product_id string"
    frame = spark.createDataFrame(lines, schema)
    model = SequentialRules(3, max_gap="10D")
    here = model.fit(lines).rules_
    pd.testing.assert_frame_equal(model.fit(frame).rules_, here)
