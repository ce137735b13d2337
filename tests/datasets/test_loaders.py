import importlib.metadata

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import (
    load_bank_marketing,
    load_caravan,
    load_cdnow,
    load_complete_journey,
    load_diapers_and_beer,
    load_mlc_churn,
    load_telco_churn,
    load_tv_churn,
)
from crmml.exceptions import MissingExtraError

LOADERS = [
    load_bank_marketing,
    load_caravan,
    load_cdnow,
    load_complete_journey,
    load_mlc_churn,
    load_telco_churn,
    load_tv_churn,
]


@pytest.mark.parametrize("load", LOADERS)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    load, monkeypatch
):
    def refuse(distribution):
        raise importlib.metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(importlib.metadata, "files", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install .crmml\[demo\]"):
        load()


@pytest.mark.parametrize(
    ("load", "shape", "n_positive"),
    [
        (load_telco_churn, (7043, 19), 1869),
        (load_mlc_churn, (5000, 19), 707),
        (load_caravan, (5822, 85), 348),
        (load_bank_marketing, (45211, 15), 5289),
        (load_tv_churn, (9379, 46), 449),
    ],
)
def test_flat_tables_have_the_published_size_and_number_of_positives(
    load, shape, n_positive
):
    X, y, *_ = load()
    assert X.shape == shape
    assert y.shape == shape[:1]
    assert y.dtype == "int64"
    assert set(y) == {0, 1}
    assert y.sum() == n_positive
    assert X.columns.is_unique
    assert y.name not in X.columns


def test_telco_total_charges_are_missing_exactly_in_the_first_month():
    X, _ = load_telco_churn()
    pd.testing.assert_series_equal(
        X["total_charges"].isna(), X["tenure"] == 0, check_names=False
    )
    assert X.isna().sum().sum() == 11


def test_bank_marketing_has_no_column_known_only_after_the_call():
    X, _ = load_bank_marketing()
    assert "duration" not in X.columns
    assert X.notna().all().all()
    assert (X["poutcome"] == "unknown").any()


def test_tv_costs_are_apart_from_the_features_and_make_losing_a_customer_dear():
    X, _, costs = load_tv_churn()
    assert costs.columns.tolist() == ["tp_cost", "fp_cost", "fn_cost", "tn_cost"]
    assert (costs["tn_cost"] == 0).all()
    assert (costs["fn_cost"] > costs["fp_cost"]).all()
    assert not set(costs.columns) & set(X.columns)


def test_cdnow_equals_a_plain_reading_of_the_file():
    purchases = load_cdnow()
    path = next(
        f.locate()
        for f in importlib.metadata.files("lifetimes")
        if f.name == "CDNOW_master.txt"
    )
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    assert purchases["customer_id"].tolist() == [row[0] for row in rows]
    assert purchases["date"].dt.strftime("%Y%m%d").tolist() == [row[1] for row in rows]
    assert purchases["number_of_cds"].tolist() == [int(row[2]) for row in rows]
    assert purchases["dollar_value"].tolist() == [float(row[3]) for row in rows]
    assert purchases["customer_id"].nunique() == 23570


def test_cdnow_sample_is_part_of_the_master_under_the_same_ids():
    master, sample = load_cdnow(), load_cdnow(sample=True)
    assert sample["customer_id"].nunique() == 2357
    assert sample["sample_id"].iloc[0] == "0001"
    part = master[master["customer_id"].isin(sample["customer_id"])]
    # The sample is in the order of its own ids.
    columns = part.columns.tolist()
    pd.testing.assert_frame_equal(
        part.sort_values(columns, ignore_index=True),
        sample[columns].sort_values(columns, ignore_index=True),
    )


def test_everyone_in_cdnow_first_bought_in_the_first_quarter_of_1997():
    first = load_cdnow().groupby("customer_id")["date"].min()
    assert first.min() == pd.Timestamp("1997-01-01")
    assert first.max() == pd.Timestamp("1997-03-25")


def test_complete_journey_has_the_published_size_and_becomes_tables():
    journey = load_complete_journey()
    lines = journey.transactions
    assert lines.shape == (1469307, 11)
    assert lines["household_id"].nunique() == 2469
    assert lines["basket_id"].nunique() == 155848
    assert journey.products["product_id"].is_unique
    assert lines["product_id"].isin(journey.products["product_id"]).mean() > 0.99
    assert journey.demographics["household_id"].is_unique
    assert journey.demographics["household_id"].isin(lines["household_id"]).all()
    assert journey.coupon_redemptions.shape == (2102, 4)
    tables = journey.to_tables()
    assert tables.observed_until == lines["transaction_timestamp"].max()


def test_diapers_and_beer_has_the_textbook_figures_and_is_new_at_each_call():
    baskets = load_diapers_and_beer()
    diapers = np.array(["Diapers" in basket for basket in baskets])
    beer = np.array(["Beer" in basket for basket in baskets])
    support = (diapers & beer).mean()
    assert support == 0.6
    assert support / diapers.mean() == pytest.approx(0.75)
    assert support / diapers.mean() / beer.mean() == pytest.approx(1.25)
    assert sum(len(basket) for basket in baskets) == 18
    baskets[0].append("Wine")
    assert load_diapers_and_beer()[0] == ["Bread", "Milk"]
