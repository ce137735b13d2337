"""What builders take, give and refuse."""

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, Activity, ComplaintRate, FeatureSet, Tenure
from crmml.tables import make_spine

CUTOFF = "2024-02-15"


def test_rows_are_those_of_the_spine_in_its_order(make_tables, sales, constructor):
    tables = make_tables(sales)
    spine = constructor(
        {
            "customer_id": ["c", "a", "nobody", "a"],
            "cutoff": ["2024-02-15", "2024-03-15", "2024-02-15", "2024-01-15"],
        }
    )
    found = RFM().fit_transform(tables, spine=spine)
    assert found.index.names == ["cutoff", "customer_id"]
    assert found.index.get_level_values("customer_id").tolist() == [
        *["c", "a", "nobody", "a"]
    ]
    assert found["n_orders"].tolist() == [0, 2, 0, 1]
    assert found["total_spend"].tolist() == [0.0, 14.25, 0.0, 10.0]


def test_one_cutoff_is_indexed_by_customer_several_by_both(make_tables, sales):
    tables = make_tables(sales)
    assert RFM().fit_transform(tables, CUTOFF).index.names == ["customer_id"]
    several = RFM().fit_transform(tables, [CUTOFF])
    assert several.index.names == ["cutoff", "customer_id"]
    assert several.index.get_level_values("cutoff").unique().tolist() == [
        pd.Timestamp(CUTOFF)
    ]


@pytest.mark.parametrize("cutoffs", [CUTOFF, [CUTOFF, "2024-03-15"]])
def test_containers_hold_the_same(make_full_tables, sales, cutoffs, every_builder):
    tables = make_full_tables(sales)
    features = every_builder(["7D", "30D"])
    expected = features.fit_transform(tables, cutoffs)
    keys = list(expected.index.names)
    for name, kind in (("polars", pl.DataFrame), ("arrow", pa.Table)):
        found = clone(features).set_output(transform=name)
        found = found.fit_transform(tables, cutoffs)
        assert isinstance(found, kind)
        back = found.to_pandas().astype({"is_vip": "boolean"})
        assert list(back.columns) == [*keys, *features.get_feature_names_out()]
        assert_frame_equal(
            back.set_index(keys), expected, check_exact=True, check_index_type=False
        )
    features.set_output(transform="default")
    assert_frame_equal(features.transform(tables, cutoffs), expected)
    with pytest.raises(SchemaError, match="transform must be one of"):
        features.set_output(transform="spark")


def test_counts_are_integers_and_the_rest_doubles(
    make_full_tables, sales, every_builder
):
    tables = make_full_tables(sales)
    found = every_builder(["7D"]).fit_transform(tables, CUTOFF)
    told = {"city": pd.Series(["北京"]).dtype, "is_vip": "boolean"}
    for name, dtype in found.dtypes.items():
        is_count = name.startswith("n_")
        assert dtype == told.get(name, "int64" if is_count else "float64"), name


def test_no_feature_is_infinite(make_full_tables, sales, every_builder):
    calls = sales[["customer_id", "timestamp"]].assign(resolved_at=sales["timestamp"])
    people = pd.DataFrame({"customer_id": ["z"], "joined_at": ["2024-02-14T23:59:59"]})
    tables = make_full_tables(sales, complaints=calls, customers=people)
    spine = make_spine(tables, CUTOFF, customers=["a", "z", "nobody"])
    found = every_builder(["1D"]).fit_transform(tables, spine=spine)
    assert not np.isinf(found.select_dtypes("number").to_numpy(dtype="float64")).any()


def test_an_empty_spine_has_empty_features(make_full_tables, sales, every_builder):
    tables = make_full_tables(sales)
    features = every_builder(["7D"])
    whole = features.fit_transform(tables, [CUTOFF])
    spine = make_spine(tables, CUTOFF, customers=[])
    found = features.transform(tables, spine=spine)
    assert found.empty
    assert_frame_equal(found, whole.iloc[:0])


def test_each_builder_alone_equals_its_part_of_the_set(make_full_tables, sales):
    tables = make_full_tables(sales)
    builders = [RFM(windows=[None, "7D"]), Activity(), ComplaintRate(), Tenure()]
    together = FeatureSet(builders).fit_transform(tables, [CUTOFF, "2024-03-15"])
    for builder in builders:
        alone = builder.fit_transform(tables, [CUTOFF, "2024-03-15"])
        assert_frame_equal(together[alone.columns], alone, check_exact=True)
    reverse = FeatureSet(builders[::-1]).fit_transform(tables, [CUTOFF, "2024-03-15"])
    assert_frame_equal(reverse[together.columns], together, check_exact=True)


def test_features_of_the_same_name_are_shared_or_refused(make_tables, sales):
    tables = make_tables(sales)
    both = FeatureSet([RFM(windows="30D"), Activity(windows="30D")])
    names = both.fit(tables, CUTOFF).get_feature_names_out().tolist()
    assert len(names) == len(set(names))

    class Impostor(RFM):
        def declare(self, ask):
            first, *rest = Tenure().declare(ask)
            renamed = type(first)("n_orders", first.expression)
            return [renamed, *rest]

    with pytest.raises(SchemaError, match="name 'n_orders' to different features"):
        FeatureSet([RFM(), Impostor()]).fit(tables, CUTOFF)


@pytest.mark.parametrize("builders", [[], [RFM(), "Tenure"], [RFM], [None]])
def test_a_set_needs_builders(make_tables, sales, builders):
    with pytest.raises(SchemaError, match="needs a list of feature builders"):
        FeatureSet(builders).fit(make_tables(sales), CUTOFF)


@pytest.mark.parametrize("kind", [RFM, Activity, ComplaintRate])
@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ("0D", "must be > 0"),
        ("-7D", "must be > 0"),
        (["7D", "-1h"], "must be > 0"),
        (90, "no unit"),
        (7.5, "no unit"),
        (float("nan"), "no unit"),
        (["7D", "168h"], "repeats a length"),
        ([], "windows is empty"),
        ((), "windows is empty"),
        ("a week", "must be a duration"),
        ("1ns", "microsecond"),
        (pd.NaT, "must be a duration"),
        ("400000D", "must be a duration"),
    ],
)
def test_windows_that_cannot_be_used_are_named(
    make_full_tables, sales, kind, windows, message
):
    tables = make_full_tables(sales)
    with pytest.raises(SchemaError, match=message):
        kind(windows=windows).fit(tables, CUTOFF)


def test_days_are_counted_in_windows_of_days(make_tables, sales):
    for windows, message in (("36h", "whole days"), (None, "compares a window")):
        with pytest.raises(SchemaError, match=message):
            Activity(windows=windows).fit(make_tables(sales), CUTOFF)


def test_a_window_longer_than_history_is_all_of_history(make_tables, sales):
    found = RFM(windows=[None, "50000D"]).fit_transform(make_tables(sales), CUTOFF)
    assert (found["n_orders"] == found["n_orders_50000d"]).all()
    assert (found["total_spend"] == found["total_spend_50000d"]).all()


def test_what_a_builder_needs_is_said(make_tables, sales):
    bare = make_tables(sales[["customer_id", "timestamp"]])
    with pytest.raises(SchemaError, match=r"transactions: amount is needed"):
        RFM().fit(bare, CUTOFF)
    with pytest.raises(SchemaError, match=r"complaints=Complaints\(\.\.\.\)"):
        ComplaintRate().fit(bare, CUTOFF)
    people = pd.DataFrame({"customer_id": ["a"], "joined_at": ["2024-01-01"]})
    assert Tenure().fit_transform(make_tables(customers=people), CUTOFF).to_dict() == {
        "tenure_days": {"a": 45.0}
    }
    with pytest.raises(SchemaError, match="transactions: this table is needed"):
        RFM().fit(make_tables(customers=people), CUTOFF)


def test_transform_gives_the_features_of_fit(make_tables, sales):
    """Other tables may hold more columns, and must not hold fewer."""
    rich, poor = make_tables(sales), make_tables(sales[["customer_id", "timestamp"]])
    fitted = Activity().fit(poor, CUTOFF)
    found = fitted.transform(rich, CUTOFF)
    assert found.columns.tolist() == fitted.get_feature_names_out().tolist()
    assert not any("spend" in name for name in found)
    with pytest.raises(SchemaError, match=r"features \['total_spend_30d'.*were fitted"):
        Activity().fit(rich, CUTOFF).transform(poor, CUTOFF)


def test_fit_does_not_learn_from_the_tables(make_full_tables, sales, every_builder):
    """What is fitted on one company's tables holds for another's."""
    tables = make_full_tables(sales)
    other = sales.assign(customer_id="q", amount=1000.0)
    others = make_full_tables(other)
    features = every_builder(["7D"])
    expected = features.fit_transform(tables, CUTOFF)
    found = clone(features).fit(others, "2024-03-15").transform(tables, CUTOFF)
    assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("cutoff", ["2024-01-01", "1999-01-01", "2026-01-01"])
def test_cutoffs_without_data_around_them_are_refused(make_tables, sales, cutoff):
    tables = make_tables(sales)
    with pytest.raises(NotEnoughHistoryError, match="cutoff"):
        RFM().fit(tables, cutoff)
    with pytest.raises(NotEnoughHistoryError, match="cutoff"):
        RFM().fit(tables, CUTOFF).transform(tables, cutoff)


@pytest.mark.parametrize(
    ("spine", "message"),
    [
        ({"customer_id": ["a"]}, r"\['cutoff'\] missing"),
        ({"customer_id": ["a", "a"], "cutoff": [CUTOFF] * 2}, "repeats 1 pairs"),
        ({"customer_id": ["a", None], "cutoff": [CUTOFF] * 2}, "misses 1 of 2"),
        ({"customer_id": [1], "cutoff": [CUTOFF]}, "integer, the tables' are text"),
        ({"customer_id": ["a"], "cutoff": ["soon"]}, "ISO 8601"),
        ({"customer_id": ["a"], "cutoff": [None]}, "missing"),
    ],
)
def test_a_spine_that_cannot_be_used_is_refused(make_tables, sales, spine, message):
    with pytest.raises(SchemaError, match=message):
        RFM().fit_transform(make_tables(sales), spine=pd.DataFrame(spine))
    for arguments in ({}, {"cutoffs": CUTOFF, "spine": pd.DataFrame(spine)}):
        with pytest.raises(SchemaError):
            RFM().fit(make_tables(sales), CUTOFF).transform(
                make_tables(sales), **arguments
            )


def test_several_hundred_cutoffs_are_one_statement(make_tables, sales):
    tables = make_tables(sales)
    cutoffs = pd.date_range("2024-01-02", periods=200, freq="D")
    found = RFM(windows="30D").fit_transform(tables, cutoffs)
    last = RFM(windows="30D").fit_transform(tables, cutoffs[99])
    assert_frame_equal(found.loc[cutoffs[99]], last, check_exact=True)
    assert found.index.get_level_values("cutoff").nunique() == 200


def test_parameters_are_kept_and_cloned(builder_classes, make_builder):
    for name, kind in builder_classes.items():
        parameters = inspect.signature(kind).parameters
        builder = make_builder(name)
        assert set(builder.get_params()) == set(parameters)
        assert repr(clone(builder)) == repr(builder)
        if "windows" in parameters:
            windows = ["7D", "30D"]
            assert make_builder(name, windows).windows is windows
