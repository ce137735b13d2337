"""The plan that is shown is the one that runs."""

from collections import Counter

import pandas as pd
import pytest
import sqlglot
import sqlglot.expressions as exp
from pandas.testing import assert_frame_equal

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import (
    RFM,
    CustomerAttributes,
    FeatureSet,
    InterPurchase,
    ProductMix,
    Tenure,
)
from crmml.features import _compute as compute
from crmml.tables._spine import build_spine

CUTOFFS = ["2024-02-15", "2024-03-15"]


@pytest.fixture
def tables(make_full_tables, sales):
    return make_full_tables(sales)


def test_each_table_is_scanned_once_whatever_is_asked(tables, every_builder):
    plan = every_builder(["7D", "30D"]).explain(tables, CUTOFFS)
    tree = sqlglot.parse_one(plan.sql, read=plan.dialect)
    names = Counter(table.name for table in tree.find_all(exp.Table))
    scanned = plan.scans["table"].tolist()
    assert sorted(scanned) == [
        *["complaints", "customers", "events", "surveys", "transactions"]
    ]
    assert {name: names[name] for name in scanned} == dict.fromkeys(scanned, 1)


def test_the_sql_shown_gives_the_features(tables, every_builder):
    features = every_builder(["7D"])
    plan = features.explain(tables, CUTOFFS)
    tree = sqlglot.parse_one(plan.sql, read=plan.dialect)
    with tables.engine.lend("spine", build_spine(tables, CUTOFFS).rows):
        found = tables.engine.run(tree).to_pandas()
    expected = features.fit_transform(tables, CUTOFFS)
    assert plan.features == expected.columns.tolist()
    assert plan.n_rows == len(expected)
    found = found.astype(expected.dtypes)
    assert_frame_equal(found, expected.reset_index(drop=True), check_exact=True)


def test_columns_are_those_that_are_read_as_the_user_named_them(make_tables, sales):
    people = pd.DataFrame(
        {"customer_id": ["a"], "joined_at": ["2024-01-01"], "城市": ["北京"]}
    )
    tables = make_tables(sales, customers=people)
    features = FeatureSet([Tenure(), CustomerAttributes(fixed=["城市"])])
    scans = features.explain(tables, CUTOFFS[0]).scans.set_index("table")
    assert scans["columns"].to_dict() == {
        "transactions": ["customer_id", "timestamp"],
        "customers": ["customer_id", "joined_at", "城市"],
    }
    orders = RFM().explain(tables, CUTOFFS[0]).scans
    assert orders["columns"].tolist() == [
        ["customer_id", "timestamp", "amount", "order_id"]
    ]


def test_edges_are_cutoffs_and_starts_of_windows(tables):
    plan = RFM(windows=["7D", None]).explain(tables, CUTOFFS)
    assert plan.edges["transactions"].tolist() == [
        pd.Timestamp(day) for day in ["2024-02-08", "2024-02-15", "2024-03-08"]
    ] + [pd.Timestamp("2024-03-15")]
    assert plan.scans["n_buckets"].tolist() == [5]
    assert plan.cutoffs == [pd.Timestamp(cutoff) for cutoff in CUTOFFS]


def test_what_is_found_cutoff_by_cutoff_is_said_with_the_reason(make_tables, sales):
    features = FeatureSet([InterPurchase(), ProductMix(), RFM()])
    rows = sales.assign(category="tea", product_id=1)
    paths = {}
    for name, data in {
        "known at once": rows,
        "known late": rows.assign(recorded_at=rows["timestamp"]),
    }.items():
        found = features.explain(make_tables(data), CUTOFFS).aggregations
        is_each = found["path"] == "found at each cutoff"
        assert (found["reason"].ne("") == is_each).all()
        paths[name] = set(found["grain"][is_each])
        assert found["window"].isna().all()
        reasons = found.set_index("grain")["reason"]
        assert "same category may lie in several" in reasons["by_category"].iloc[0]
    assert paths["known at once"] == {"by_category", "by_product_id"}
    assert paths["known late"] == {"by_category", "by_product_id", "gap"}


def test_the_choice_of_method_is_the_one_that_computing_makes(tables, monkeypatch):
    plan = RFM().explain(tables, CUTOFFS)
    assert (plan.method, plan.reason) == ("SQL", "fewer than 100,000 rows")
    monkeypatch.setattr(compute, "MANY_ROWS", plan.n_rows)
    assert RFM().explain(tables, CUTOFFS).method == "compiled loops"
    monkeypatch.setattr(compute, "MANY_ROWS", 1_000_000)
    assert RFM().explain(tables, CUTOFFS).method == "SQL"


def test_explaining_fits_nothing_and_uses_what_was_fitted(make_tables, sales):
    tables = make_tables(sales.assign(category="tea"))
    others = make_tables(sales.assign(category="茶"))
    mix = ProductMix()
    assert "category_share_of_茶" in mix.explain(others, CUTOFFS).features
    assert not hasattr(mix, "feature_names_out_")
    mix.fit(tables, CUTOFFS)
    assert "category_share_of_tea" in mix.explain(others, CUTOFFS).features


def test_the_plan_reads_well_in_text_and_in_html(make_tables, sales):
    plan = RFM(windows="36h").explain(make_tables(sales), CUTOFFS[0])
    assert "count of orders, last 36h" in repr(plan)
    assert "SELECT" not in repr(plan)
    shown = plan._repr_html_()
    assert "&quot;transactions&quot;" in shown
    assert "&lt;" in shown


def test_bad_input_is_refused_as_in_transform(make_tables, sales):
    tables = make_tables(sales)
    with pytest.raises(NotEnoughHistoryError):
        RFM().explain(tables, "2030-01-01")
    with pytest.raises(SchemaError, match="customers: this table is needed"):
        CustomerAttributes(fixed=["x"]).explain(tables, CUTOFFS)
