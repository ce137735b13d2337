import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import AssociationRules, FrequentItemsets
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables, Transactions

BASKETS = st.lists(
    st.lists(st.sampled_from("abcd"), max_size=4), min_size=1, max_size=9
)


@settings(max_examples=40, deadline=None)
@given(baskets=BASKETS, data=st.data())
def test_a_weight_counts_like_as_many_equal_baskets_in_every_rule(baskets, data):
    n = len(baskets)
    weights = data.draw(st.lists(st.integers(1, 5), min_size=n, max_size=n))
    repeated = [b for b, w in zip(baskets, weights, strict=True) for _ in range(w)]
    rules = AssociationRules(0.2, 0.3, max_p_value=1.0, measures=["cosine", "phi"])
    expected = rules.fit(repeated).rules_
    rules.fit(baskets, sample_weight=weights)
    pd.testing.assert_frame_equal(rules.rules_, expected)


@pytest.mark.parametrize("weights", [np.ones(5), [1] * 5, pd.Series([1] * 5)])
def test_weights_of_one_change_nothing(diapers_and_beer, weights):
    plain = AssociationRules(0.4).fit(diapers_and_beer)
    weighted = AssociationRules(0.4).fit(diapers_and_beer, sample_weight=weights)
    pd.testing.assert_frame_equal(weighted.rules_, plain.rules_)
    pd.testing.assert_frame_equal(weighted.itemsets_, plain.itemsets_)


LINES = {
    "order_id": ["x", "y", "x", "z", "y"],
    "product_id": ["啤酒", "啤酒", "尿布", "茶", "茶"],
    "金额": [300, 1, 300, 5, 1],
}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("kind", [int, float])
def test_a_column_of_order_lines_gives_the_weights(make, kind):
    lines = make({**LINES, "金额": [kind(one) for one in LINES["金额"]]})
    table = FrequentItemsets(2).fit(lines, sample_weight="金额").itemsets_
    counts = {
        tuple(sorted(s)): n
        for s, n in zip(table["itemsets"], table["count"], strict=True)
    }
    assert counts == {
        ("啤酒",): 301,
        ("尿布",): 300,
        ("啤酒", "尿布"): 300,
        ("茶",): 6,
    }
    assert table["support"].tolist()[0] == 301 / 306


def test_a_column_of_a_parquet_file_gives_the_weights(tmp_path):
    lines = pd.DataFrame(LINES)
    lines.to_parquet(tmp_path / "lines.parquet")
    expected = FrequentItemsets(2).fit(lines, sample_weight="金额").itemsets_
    found = FrequentItemsets(2).fit(tmp_path, sample_weight="金额").itemsets_
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2, 3], "must name a column here"),
        ("missing", "no column 'missing'"),
        ("product_id", "several values in 2 of 3 baskets"),
        ("text", "column 'text' must be numeric"),
        ("gap", "1 of 3 weights are missing"),
        ("below", "1 of 3 weights are missing, below 1"),
        ("half", "3 of 3 weights are missing, below 1 or no whole"),
    ],
)
def test_weights_of_order_lines_are_checked_by_name(weights, message):
    lines = pd.DataFrame(LINES).assign(
        text=["p", "q", "p", "r", "q"],
        gap=[1, 2, 1, np.nan, 2],
        below=[1, 2, 1, -3, 2],
        half=[0.5] * 5,
    )
    for model in (FrequentItemsets(1), AssociationRules(1)):
        with pytest.raises(SchemaError, match=message):
            model.fit(lines, sample_weight=weights)


def test_a_column_cannot_weigh_lists_or_customer_tables():
    transactions = Transactions(
        pd.DataFrame(LINES).assign(c=1, t="2024-01-01"),
        customer_id="c",
        timestamp="t",
        order_id="order_id",
        product_id="product_id",
    )
    for X in ([["a"]], CustomerTables(transactions=transactions), transactions):
        with pytest.raises(SchemaError, match="only long tables of order lines"):
            FrequentItemsets(1).fit(X, sample_weight="金额")


@pytest.mark.parametrize("algorithm", ["fpgrowth", "apriori", "hmine"])
def test_textbook_algorithms_refuse_what_they_would_pass_over(algorithm):
    for model in (FrequentItemsets(1), AssociationRules(1)):
        model.set_params(algorithm=algorithm)
        with pytest.raises(SchemaError, match="knows no sample_weight"):
            model.fit([["a", "b"]], sample_weight=[2])
    mixed = {"hierarchy": {"a": "x"}, "level": "mixed"}
    model = FrequentItemsets(1, algorithm=algorithm, **mixed)
    with pytest.raises(SchemaError, match="knows no level='mixed'"):
        model.fit([["a", "b"]])
    # At one level there are plain items again.
    FrequentItemsets(1, algorithm=algorithm, hierarchy={"a": "x"}).fit([["a", "b"]])
