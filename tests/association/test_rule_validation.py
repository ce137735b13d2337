from fractions import Fraction

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from sklearn.exceptions import NotFittedError

from crmml.association import AssociationRules, FrequentItemsets, RuleValidation
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables, Transactions

BASKETS = st.lists(
    st.lists(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=25
)


def count_slowly(rule, baskets):
    held = [set(basket) for basket in baskets]
    sides = rule.antecedents, rule.consequents, rule.antecedents | rule.consequents
    return [sum(side <= basket for basket in held) for side in sides]


def judge_slowly(first, then, both, n, min_confidence, p_value):
    if not first:
        return "not seen"
    if both * n <= first * then:
        return "gone"
    if Fraction(both, first) < min_confidence:
        return "weaker"
    return "confirmed" if p_value <= 0.05 else "holds"


@settings(max_examples=50, deadline=None)
@given(learned=BASKETS, later=BASKETS)
def test_every_rule_is_counted_and_judged_as_by_hand(learned, later):
    rules = AssociationRules(1, 0.4).fit([*learned, ["a", "b"]])
    result = rules.validate(later)
    n = len(later)
    assert len(result.rules) == rules.n_rules_
    plain = []
    for rule in result.rules.itertuples():
        first, then, both = count_slowly(rule, later)
        assert (rule.antecedent_count, rule.consequent_count) == (first, then)
        assert rule.count == both
        assert rule.support == both / n
        assert (rule.confidence == both / first) if first else np.isnan(rule.confidence)
        if first and then:
            assert rule.lift == pytest.approx(both * n / (first * then), rel=1e-12)
        else:
            assert np.isnan(rule.lift)
        plain.append(hypergeom.sf(both - 1, n, first, then))
    holm = adjust_slowly(plain)
    np.testing.assert_allclose(result.rules["p_value"], holm, rtol=1e-8, atol=1e-14)
    for rule, p_value in zip(result.rules.itertuples(), holm, strict=True):
        counts = rule.antecedent_count, rule.consequent_count, rule.count
        verdict = judge_slowly(*counts, n, Fraction(2, 5), p_value)
        # A p-value beside the level may fall on either side of it.
        if abs(p_value - 0.05) > 1e-9:
            assert rule.verdict == verdict
        assert rule.survives == (rule.verdict in ("confirmed", "holds"))


def adjust_slowly(p_values):
    """Holm (1979)."""
    adjusted, largest = {}, 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(largest, 1.0)
    return [adjusted[place] for place in range(len(p_values))]


def test_learned_measures_stand_beside_and_rows_keep_their_order(diapers_and_beer):
    rules = AssociationRules(0.4, 0.6).fit(diapers_and_beer)
    result = rules.validate(diapers_and_beer)
    for side in ("antecedents", "consequents"):
        assert result.rules[side].tolist() == rules.rules_[side].tolist()
    for name in ("support", "confidence", "lift"):
        # The same baskets have the same measures.
        np.testing.assert_array_equal(result.rules[name], rules.rules_[name])
        np.testing.assert_array_equal(
            result.rules[f"learned_{name}"], rules.rules_[name]
        )


def test_sixteen_of_twenty_survive_at_four_fifths():
    rules = AssociationRules(1, 0.8).fit([["a", "b"], ["c"]])
    later = [["a", "b"]] * 16 + [["a"]] * 4 + [["c"]] * 78
    table = rules.validate(later).rules.set_index("antecedents")
    assert table.loc[[frozenset("a")], "survives"].all()


def test_the_verdict_counts_and_prints_itself(diapers_and_beer):
    rules = AssociationRules(0.4, 0.6).fit(diapers_and_beer)
    result = rules.validate(diapers_and_beer * 20)
    assert isinstance(result, RuleValidation)
    assert str(result) == repr(result) == result.verdict
    assert result.n_survive == result.rules["survives"].sum()
    assert result.n_confirmed == (result.rules["verdict"] == "confirmed").sum() > 0
    assert result.n_baskets == 100
    start = f"{result.n_survive} of {rules.n_rules_} rules survive in 100 later baskets"
    assert result.verdict.startswith(start)


def test_a_stricter_level_confirms_fewer_rules(diapers_and_beer):
    rules = AssociationRules(0.4, 0.6).fit(diapers_and_beer)
    later = diapers_and_beer * 6
    found = [
        rules.validate(later, max_p_value=level).n_confirmed for level in (0, 0.01, 1)
    ]
    assert found[0] == 0
    assert found[0] < found[1] < found[2] == rules.validate(later).n_survive


def test_no_rules_and_no_trials_are_said():
    rules = AssociationRules(2).fit([["a"], ["b"]])
    result = rules.validate([["a"], ["b"]])
    assert result.verdict == (
        "There are no rules to look for in 2 later baskets. No basket has two known "
        "items, one of them frequent: no offer was tried."
    )
    assert len(result.rules) == 0
    assert result.hits["hit_rate"].isna().all()


SALES = pd.DataFrame(
    {
        "id": ["x", "x", "y", "y", "x", "y", "y"],
        "day": ["2024-01-01"] * 2 + ["2024-01-02"] * 2 + ["2024-02-01"] * 3,
        "order": [1, 1, 2, 2, 3, 4, 4],
        "item": ["尿布", "啤酒", "尿布", "啤酒", "尿布", "尿布", "啤酒"],
    }
)


def make_tables(make=pd.DataFrame):
    return CustomerTables(
        transactions=Transactions(
            make(SALES.to_dict("list")),
            customer_id="id",
            timestamp="day",
            order_id="order",
            product_id="item",
        )
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_cutoff_divides_customer_tables_into_learned_and_later(make):
    tables = make_tables(make)
    rules = AssociationRules(1).fit(tables, cutoff="2024-02-01")
    assert rules.n_baskets_ == 2
    result = rules.validate(tables)
    assert result.n_baskets == 2
    assert result.rules["confidence"].tolist() == [1.0, 0.5]
    assert rules.validate(tables, cutoff="2024-02-01").n_baskets == 2


@pytest.mark.parametrize("kind", ["csv", "parquet", "duckdb"])
def test_a_cutoff_divides_files_and_relations_as_well(kind, tmp_path):
    path = tmp_path / f"销售.{kind}"
    source, encoding = path, "utf-8"
    if kind == "csv":
        SALES.to_csv(path, index=False, encoding=(encoding := "gbk"))
    elif kind == "parquet":
        SALES.to_parquet(path)
    else:
        source = duckdb.from_df(SALES)
    tables = CustomerTables(
        transactions=Transactions(
            source,
            customer_id="id",
            timestamp="day",
            order_id="order",
            product_id="item",
            encoding=encoding,
        )
    )
    rules = AssociationRules(1).fit(tables, cutoff="2024-02-01")
    expected = AssociationRules(1).fit(make_tables(), cutoff="2024-02-01")
    pd.testing.assert_frame_equal(rules.rules_, expected.rules_)
    assert rules.validate(tables).n_baskets == 2


def test_rules_are_not_tested_on_what_they_were_learned_from():
    tables = make_tables()
    rules = AssociationRules(1).fit(tables, cutoff="2024-02-01")
    with pytest.raises(LeakageError, match="learned from orders at or after"):
        rules.validate(tables, cutoff="2024-01-15")
    every = AssociationRules(1).fit(tables)
    with pytest.raises(NotEnoughHistoryError, match="no basket"):
        every.validate(tables)
    with pytest.raises(LeakageError):
        every.validate(tables, cutoff="2024-02-01")


def test_orders_after_the_cutoff_change_no_rule():
    expected = AssociationRules(1).fit(make_tables(), cutoff="2024-02-01").rules_
    moved = SALES.assign(item=[*SALES["item"][:4], "奶", "奶", "茶"])
    tables = CustomerTables(
        transactions=Transactions(
            moved,
            customer_id="id",
            timestamp="day",
            order_id="order",
            product_id="item",
        )
    )
    found = AssociationRules(1).fit(tables, cutoff="2024-02-01").rules_
    pd.testing.assert_frame_equal(found, expected)


def test_lines_recorded_after_the_cutoff_are_not_learned_from():
    late = SALES.assign(known=["2024-01-01"] * 3 + ["2024-02-05"] + ["2024-02-01"] * 3)
    tables = CustomerTables(
        transactions=Transactions(
            late,
            customer_id="id",
            timestamp="day",
            order_id="order",
            product_id="item",
            recorded_at="known",
        )
    )
    for model in (AssociationRules(1), FrequentItemsets(1)):
        model.fit(tables, cutoff="2024-02-01")
        assert model.itemsets_["count"].tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_items": 0}, SchemaError, "n_items must be a whole number"),
        ({"max_p_value": 1.5}, SchemaError, "max_p_value must be a number from 0 to 1"),
        ({"max_p_value": "0.1"}, SchemaError, "max_p_value"),
        ({"cutoff": "2024-01-01"}, SchemaError, "cutoff needs baskets with a time"),
    ],
)
def test_arguments_are_checked_by_name(arguments, error, message):
    rules = AssociationRules(1).fit([["a", "b"]])
    with pytest.raises(error, match=message):
        rules.validate([["a", "b"]], **arguments)


def test_other_items_and_no_baskets_are_refused():
    rules = AssociationRules(1).fit([["a", "b"]])
    with pytest.raises(SchemaError, match="learned from text"):
        rules.validate([[1, 2]])
    with pytest.raises(NotEnoughHistoryError, match="no basket"):
        rules.validate([])
    with pytest.raises(NotFittedError):
        AssociationRules().validate([["a"]])
