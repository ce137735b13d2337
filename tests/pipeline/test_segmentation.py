"""From tables to segments: as of a cutoff, by rules that stay."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from crmml.exceptions import SchemaError
from crmml.features import RFM, Activity, FeatureSet, InterPurchase
from crmml.pipeline import SegmentationPipeline
from crmml.segmentation import (
    KMeansSegmenter,
    LifecycleSegmenter,
    RFMSegmenter,
    compute_migration_matrix,
)


def _make_pipeline(segmenter=None):
    return SegmentationPipeline(features=RFM(), segmenter=segmenter or RFMSegmenter())


def test_segments_are_those_of_features_and_segmenter_by_hand(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    found = pipeline.predict(shop, cutoff="2024-06-01")
    features = RFM().fit(shop, "2024-03-01")
    segmenter = RFMSegmenter().fit(features.transform(shop, "2024-03-01"))
    later = features.transform(shop, "2024-06-01")
    assert found["customer_id"].tolist() == later.index.tolist()
    assert found["segment"].tolist() == segmenter.predict(later).tolist()


def test_events_after_the_cutoff_change_no_segment(company, declare_sales):
    sales = company.transactions
    cutoff = pd.Timestamp("2024-03-01")
    whole = declare_sales(sales)
    cut = declare_sales(sales[sales["timestamp"] < cutoff])
    expected = _make_pipeline().fit(whole, cutoff).predict(whole, cutoff)
    found = _make_pipeline().fit(cut, cutoff).predict(cut, cutoff)
    pd.testing.assert_frame_equal(found, expected)


def test_several_snapshots_are_learned_from_together(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs=["2024-03-01", "2024-06-01"])
    one = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    assert pipeline.n_customers_ > one.n_customers_


def test_a_roster_is_honoured_in_its_order(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    everyone = pipeline.predict(shop, cutoff="2024-03-01")
    some = everyone["customer_id"].tolist()[5:0:-1]
    found = pipeline.predict(shop, cutoff="2024-03-01", customers=some)
    assert found["customer_id"].tolist() == some
    segments = everyone.set_index("customer_id")["segment"]
    assert found["segment"].tolist() == segments[some].tolist()


def test_migration_is_that_of_two_predictions(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    dates = ["2024-03-01", "2024-09-01"]
    expected = compute_migration_matrix(
        *(pipeline.predict(shop, cutoff) for cutoff in dates), share=True
    )
    pd.testing.assert_frame_equal(pipeline.migrate(shop, dates, share=True), expected)


def test_the_profile_shares_out_the_value(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    profile = pipeline.profile(shop, "2024-03-01", value="total_spend")
    assert profile["n_customers"].sum() == pipeline.n_customers_
    assert profile["value_share"].sum() == pytest.approx(1)


def test_a_refit_keeps_the_numbers(shop):
    pipeline = _make_pipeline(KMeansSegmenter(3)).fit(shop, cutoffs="2024-03-01")
    before = pipeline.predict(shop, "2024-04-01")["segment"].to_numpy()
    pipeline.refit(shop, "2024-04-01")
    after = pipeline.predict(shop, "2024-04-01")["segment"].to_numpy()
    assert np.mean(before == after) > 0.8


def test_stages_of_life_go_through_the_pipeline(shop):
    features = FeatureSet([RFM(), InterPurchase(), Activity(windows="90D")])
    pipeline = SegmentationPipeline(features=features, segmenter=LifecycleSegmenter())
    stages = pipeline.fit(shop, "2024-06-01").predict(shop, "2024-06-01")
    assert {"Stable", "Lapsed"} <= set(stages["segment"])


def test_parts_and_dates_that_do_not_fit_are_refused(shop):
    pipeline = _make_pipeline().fit(shop, cutoffs="2024-03-01")
    with pytest.raises(SchemaError, match="predict takes one cutoff"):
        pipeline.predict(shop, cutoff=["2024-03-01", "2024-04-01"])
    with pytest.raises(SchemaError, match="migrate needs two cutoffs"):
        pipeline.migrate(shop, "2024-03-01")
    with pytest.raises(SchemaError, match="RFMSegmenter has no refit"):
        pipeline.refit(shop, "2024-04-01")
    with pytest.raises(SchemaError, match="features must be a FeatureSet, got str"):
        SegmentationPipeline(features="RFM", segmenter=RFMSegmenter()).fit(shop, "2024")
    with pytest.raises(SchemaError, match="got str, which has no fit"):
        clone(pipeline).set_params(segmenter="rfm").fit(shop, "2024-03-01")
