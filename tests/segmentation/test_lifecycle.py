"""Stages of life: rules one by one, the rhythm behind them, and real customers."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, Activity, FeatureSet, InterPurchase
from crmml.segmentation import LifecycleSegmenter
from crmml.segmentation._rhythm import Rhythm, compare_windows, learn_rhythm

COLUMNS = [
    "days_since_last_purchase",
    "n_orders",
    "mean_gap_days",
    "cv_gap",
    "n_orders_90d",
    "n_orders_change_90d",
]
ROW = st.tuples(
    st.none() | st.integers(0, 700),
    st.none() | st.integers(0, 30),
    st.none() | st.integers(0, 200),
    st.none() | st.floats(0, 3),
    st.integers(0, 20),
    st.integers(-20, 20),
)


def _make_frame(rows):
    return pd.DataFrame(rows, columns=COLUMNS, dtype=float)


# Ten days between orders, as if at random: late after 23, lapsed after 46 days.
REGULARS = _make_frame([[5, 12, 10, 1, 9, 0]] * 20)


@pytest.mark.parametrize(
    ("row", "stage"),
    [
        ([None, 0, None, None, 0, 0], "Prospect"),
        ([None, None, None, None, 0, 0], "Prospect"),
        ([5, 1, None, None, 1, 1], "New"),
        ([60, 1, None, None, 1, 1], "Lapsed"),
        ([5, 3, 10, 1, 3, 3], "Developing"),
        ([5, 20, 10, 1, 16, 12], "Developing"),
        ([5, 12, 10, 1, 9, 0], "Stable"),
        ([22, 12, 10, 1, 7, -2], "Stable"),
        ([24, 12, 10, 1, 7, -2], "Declining"),
        ([5, 30, 10, 1, 2, -10], "Declining"),
        ([45, 12, 10, 1, 5, 0], "Declining"),
        ([47, 12, 10, 1, 5, 0], "Lapsed"),
        ([5, 12, 10, 1, 2, 2], "Won back"),
        # All orders ever are recent: nobody to win back.
        ([5, 9, 10, 1, 9, 9], "Developing"),
        # Every 200 days: 90 days of silence are usual.
        ([50, 12, 200, 1, 1, 1], "Stable"),
        ([300, 12, 200, 1, 0, 0], "Stable"),
    ],
)
def test_each_stage_has_its_rule(row, stage):
    segmenter = LifecycleSegmenter().fit(REGULARS)
    assert segmenter.predict(_make_frame([row])).tolist() == [stage]


@given(rows=st.lists(ROW, min_size=1, max_size=20))
def test_every_customer_has_a_stage_alone_and_in_a_batch(rows):
    segmenter = LifecycleSegmenter().fit(REGULARS)
    frame = _make_frame(rows)
    found = segmenter.predict(frame)
    alone = [segmenter.predict(frame.iloc[[i]])[0] for i in range(len(frame))]
    assert found.tolist() == alone
    has_ordered = (frame["n_orders"] > 0) & frame["days_since_last_purchase"].notna()
    np.testing.assert_array_equal(found == "Prospect", ~has_ordered)


@given(silence=st.integers(0, 300), n_orders=st.integers(1, 40))
def test_lapsed_is_who_is_silent_beyond_the_limit(silence, n_orders):
    segmenter = LifecycleSegmenter().fit(REGULARS)
    frame = _make_frame([[silence, n_orders, 10, 1, 0, 0]])
    limit = segmenter.predict_lapse_days(frame)[0]
    assert (segmenter.predict(frame)[0] == "Lapsed") == (silence > limit)


def test_limits_follow_the_own_rhythm():
    segmenter = LifecycleSegmenter().fit(REGULARS)
    frame = _make_frame(
        [[1, 100, gap, 1, 0, 0] for gap in (1, 10, 100)] + [[None, 0, None, None, 0, 0]]
    )
    limits = segmenter.predict_lapse_days(frame)
    # Of 100 gaps, 99 are the own ones.
    expected = -np.log(0.01) * (99 * np.array([1, 10, 100]) + 10) / 100
    np.testing.assert_allclose(limits[:3], expected)
    assert np.isnan(limits[3])


def test_factors_are_quantiles_of_the_gamma_distribution():
    for cv in (0.3, 1.0, 1.7):
        found = Rhythm(10.0, cv).find_factor(0.95)
        expected = stats.gamma(a=cv**-2, scale=cv**2).ppf(0.95)
        assert found == pytest.approx(expected, rel=1e-9)


def test_chances_are_binomial():
    recent, earlier = np.array([0.0, 2.0, 9.0, 0.0]), np.array([5.0, 10.0, 1.0, 0.0])
    fewer, more = compare_windows(recent, earlier)
    both = recent + earlier
    np.testing.assert_allclose(fewer, stats.binom.cdf(recent, both, 0.5))
    np.testing.assert_allclose(more, stats.binom.sf(recent - 1, both, 0.5))


def test_the_rhythm_is_learned_from_those_who_came_back():
    nan = np.nan
    rhythm = learn_rhythm(
        np.array([nan, 0.0, 8.0, 10.0, 14.0]), np.array([nan, nan, 0.5, 0.7, 0.9])
    )
    assert rhythm == Rhythm(10.0, 0.7)
    assert learn_rhythm(np.array([5.0]), np.array([nan])).cv == 1.0
    assert learn_rhythm(np.array([5.0]), np.array([40.0])).cv == 2.0


def test_nobody_who_came_back_is_refused_with_the_count():
    frame = _make_frame([[5, 1, None, None, 1, 1]] * 3)
    with pytest.raises(NotEnoughHistoryError, match="None of 3 customers"):
        LifecycleSegmenter().fit(frame)


def test_stages_may_have_other_names():
    frame = _make_frame(
        [[None, 0, None, None, 0, 0], [5, 1, None, None, 1, 1], [400, 9, 10, 1, 0, 0]]
    )
    four = LifecycleSegmenter("relationship").fit(REGULARS)
    assert four.predict(frame).tolist() == ["Exploration", "Exploration", "Decline"]
    stages = ["Prospect", "New", "Developing", "Stable", "Declining", "Lapsed"]
    names = dict(zip([*stages, "Won back"], "潜新长稳降失回", strict=True))
    assert LifecycleSegmenter(names).fit(REGULARS).predict(frame).tolist() == [
        "潜",
        "新",
        "失",
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stages": "stages"}, "stages must be 'lifecycle', 'relationship' or"),
        ({"stages": {"New": "n"}}, "Prospect, Developing, .* lack one"),
        ({"late": 0.99, "lapsed": 0.9}, "late=0.99 must be below lapsed=0.9"),
        ({"gap": "gap"}, "lacks 1 of 6 columns: gap"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters, message):
    with pytest.raises(SchemaError, match=message):
        LifecycleSegmenter(**parameters).fit(REGULARS)


def test_arrays_have_six_columns():
    found = LifecycleSegmenter().fit_predict(REGULARS.to_numpy())
    assert set(found) == {"Stable"}
    with pytest.raises(SchemaError, match=r"needs 6 columns .* found 2"):
        LifecycleSegmenter().fit([[1.0, 2.0]])


def test_predicting_sets_nothing_and_carriers_agree():
    segmenter = LifecycleSegmenter().fit(REGULARS)
    state = pickle.dumps(segmenter)
    found = segmenter.predict(pl.from_pandas(REGULARS))
    assert found.tolist() == segmenter.predict(REGULARS).tolist()
    assert pickle.dumps(segmenter) == state
    assert segmenter.predict(REGULARS.iloc[:0]).shape == (0,)
    with pytest.raises(NotFittedError):
        clone(segmenter).predict(REGULARS)


def test_features_of_the_library_have_the_columns(make_tables):
    days = pd.date_range("2024-01-01", periods=20, freq="9D")
    sales = pd.DataFrame(
        {
            "customer_id": ["regular"] * 20 + ["gone"] * 8 + ["first"],
            "timestamp": [*days, *days[:8], days[-1]],
            "amount": 1.0,
        }
    )
    features = FeatureSet([RFM(), InterPurchase(), Activity(windows="90D")])
    frame = features.fit_transform(make_tables(sales), cutoffs="2024-06-25")
    stages = pd.Series(LifecycleSegmenter().fit_predict(frame), frame.index)
    assert stages.to_dict() == {"first": "New", "gone": "Lapsed", "regular": "Stable"}
