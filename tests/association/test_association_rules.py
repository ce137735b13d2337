import pickle
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from crmml.association import AssociationRules, FrequentItemsets
from crmml.exceptions import CrmmlError, SchemaError
from crmml.tables import CustomerTables, Transactions


def test_diapers_and_beer_has_the_figures_of_the_textbooks(diapers_and_beer):
    rules = AssociationRules(0.6, 0.7).fit(diapers_and_beer)
    keys = zip(rules.rules_["antecedents"], rules.rules_["consequents"], strict=True)
    table = dict(zip(keys, rules.rules_.to_dict("records"), strict=True))
    forth = table[frozenset(["Diapers"]), frozenset(["Beer"])]
    back = table[frozenset(["Beer"]), frozenset(["Diapers"])]
    assert (forth["support"], forth["confidence"], forth["lift"]) == (0.6, 0.75, 1.25)
    assert (back["support"], back["confidence"], back["lift"]) == (0.6, 1.0, 1.25)
    assert (forth["count"], forth["antecedent_count"]) == (3, 4)
    assert rules.rules_.columns.tolist() == [
        "antecedents",
        "consequents",
        "antecedent_count",
        "consequent_count",
        "count",
        "support",
        "confidence",
        "lift",
        "leverage",
        "conviction",
        "zhang",
        "jaccard",
    ]


def test_the_itemsets_are_those_of_frequent_itemsets(diapers_and_beer):
    rules = AssociationRules(0.4, max_length=2).fit(diapers_and_beer)
    itemsets = FrequentItemsets(0.4, max_length=2).fit(diapers_and_beer)
    pd.testing.assert_frame_equal(rules.itemsets_, itemsets.itemsets_)
    assert rules.n_baskets_ == itemsets.n_baskets_ == 5


@pytest.mark.parametrize("n_baskets", [20, 25, 49, 98, 100, 1000])
def test_sixteen_of_twenty_reach_a_confidence_of_four_fifths(n_baskets):
    baskets = [["a", "b"]] * 16 + [["a"]] * 4 + [["c"]] * (n_baskets - 20)
    table = AssociationRules(1, 0.8).fit(baskets).rules_
    assert frozenset("a") in set(table["antecedents"])


def test_confidence_lies_between_support_and_one_and_lift_is_symmetric():
    rng = np.random.default_rng(7)
    baskets = [rng.choice(9, size=5).tolist() for _ in range(80)]
    table = AssociationRules(1, 0.0).fit(baskets).rules_
    assert (table["support"] <= table["confidence"]).all()
    assert (table["confidence"] <= 1).all()
    certain = table["confidence"] == 1
    assert certain.any()
    assert (np.isinf(table["conviction"]) == certain).all()
    mirrored = table.merge(
        table,
        left_on=["antecedents", "consequents"],
        right_on=["consequents", "antecedents"],
    )
    assert len(mirrored) == len(table)
    assert (mirrored["lift_x"] == mirrored["lift_y"]).all()


def test_order_of_baskets_and_algorithm_change_nothing():
    rng = np.random.default_rng(2)
    baskets = [rng.choice(list("abcdefg"), size=4).tolist() for _ in range(50)]
    expected = AssociationRules(3, 0.2).fit(baskets)
    for algorithm in ("fpgrowth", "apriori", "hmine"):
        model = AssociationRules(3, 0.2, algorithm=algorithm).fit(baskets[::-1])
        pd.testing.assert_frame_equal(model.rules_, expected.rules_)


def test_minimum_lift_filters_rules_but_not_itemsets(diapers_and_beer):
    every = AssociationRules(0.4, 0.0).fit(diapers_and_beer)
    some = AssociationRules(0.4, 0.0, min_lift=1.25).fit(diapers_and_beer)
    expected = every.rules_[every.rules_["lift"] >= 1.25].reset_index(drop=True)
    assert 0 < len(expected) < len(every.rules_)
    pd.testing.assert_frame_equal(some.rules_, expected)
    pd.testing.assert_frame_equal(some.itemsets_, every.itemsets_)


def test_customer_tables_give_the_same_rules_as_lists(diapers_and_beer):
    lines = pd.DataFrame(
        [
            {"customer": "c", "day": f"2024-01-{day:02}", "order": day, "item": item}
            for day, basket in enumerate(diapers_and_beer, start=1)
            for item in basket
        ]
    )
    tables = CustomerTables(
        transactions=Transactions(
            lines,
            customer_id="customer",
            timestamp="day",
            order_id="order",
            product_id="item",
        )
    )
    expected = AssociationRules(0.4).fit(diapers_and_beer).rules_
    pd.testing.assert_frame_equal(AssociationRules(0.4).fit(tables).rules_, expected)
    named = AssociationRules(0.4, order_column="order", item_column="item").fit(lines)
    pd.testing.assert_frame_equal(named.rules_, expected)


def test_text_is_one_line_for_each_rule_in_order(diapers_and_beer):
    rules = AssociationRules(0.4, 0.7).fit(diapers_and_beer)
    lines = rules.to_text(n=1000).splitlines()
    assert len(lines) == len(rules.rules_) > 10
    assert "{Diapers} -> {Beer}: support 0.60, confidence 0.75, lift 1.25" in lines
    assert rules.to_text().splitlines() == lines[:10]
    assert AssociationRules(5).fit(diapers_and_beer).to_text() == ""


def test_small_supports_keep_four_digits():
    rules = AssociationRules(1).fit([["啤酒", "尿布"]] + [["米"]] * 80)
    assert rules.to_text(1) == (
        "{啤酒} -> {尿布}: support 0.0123, confidence 1.00, lift 81.00"
    )


def test_recommending_changes_nothing_and_threads_may_share_a_model():
    rng = np.random.default_rng(3)
    baskets = [rng.choice(10, size=4).tolist() for _ in range(60)]
    rules = AssociationRules(2, 0.2).fit(baskets)
    before = pickle.dumps(rules)
    expected = rules.predict(baskets)
    results = []

    def work():
        results.append(rules.predict(baskets))
        with pytest.raises(CrmmlError):
            rules.predict(["no basket"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    for result in results:
        pd.testing.assert_frame_equal(result, expected)
    assert pickle.dumps(rules) == before
    pd.testing.assert_frame_equal(pickle.loads(before).predict(baskets), expected)


def test_an_unfitted_model_says_so():
    with pytest.raises(NotFittedError):
        AssociationRules().predict([["a"]])
    with pytest.raises(NotFittedError):
        AssociationRules().to_text()


@pytest.mark.parametrize(
    "parameter",
    [
        {"min_confidence": -0.1},
        {"min_confidence": 1.1},
        {"min_confidence": float("nan")},
        {"min_confidence": "0.3"},
        {"min_lift": -1.0},
        {"min_lift": float("inf")},
        {"max_rules": 0},
        {"min_support": True},
        {"algorithm": "fpmax"},
    ],
    ids=str,
)
def test_parameters_are_checked_by_name(parameter):
    (name,) = parameter
    with pytest.raises(ValueError, match=name):
        AssociationRules(**parameter).fit([["a"]])


@pytest.mark.parametrize("n", [0, 2.5, True])
def test_the_number_of_lines_is_checked(n, diapers_and_beer):
    rules = AssociationRules(0.4).fit(diapers_and_beer)
    with pytest.raises(SchemaError, match="n must be a whole number"):
        rules.to_text(n)


def test_parameters_survive_cloning():
    rules = AssociationRules(5, 0.5, min_lift=2.0, max_rules=7, item_column="商品")
    assert clone(rules).get_params() == rules.get_params()
