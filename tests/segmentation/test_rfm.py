"""RFM scores against a brute-force oracle, and what must not change them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.segmentation import RFMSegmenter

NAMES = ["days_since_last_purchase", "n_orders", "total_spend"]
SCORES = ["r_score", "f_score", "m_score"]

BUYERS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 5), st.integers(-20, 20)),
    min_size=1,
    max_size=60,
)


def _make_frame(rows):
    return pd.DataFrame(rows, columns=NAMES, dtype=float)


def _make_customers(n_customers=200, seed=0):
    rng = np.random.default_rng(seed)
    return _make_frame(
        np.column_stack(
            [
                rng.integers(0, 40, n_customers),
                rng.geometric(0.5, n_customers),
                rng.normal(50, 60, n_customers).round(),
            ]
        )
    )


def _score_by_counting(frame, n_bins=5):
    """The definition, customer by customer, in whole numbers."""
    n_customers = len(frame)
    rows = []
    for _, customer in frame.iterrows():
        below = [int((frame[name] < customer[name]).sum()) for name in NAMES]
        r, f, m = (1 + n_bins * count // n_customers for count in below)
        rows.append([n_bins + 1 - r, f, m])
    return np.array(rows)


@given(rows=BUYERS)
@settings(max_examples=60, deadline=None)
def test_scores_equal_counting_with_heavy_ties(rows):
    frame = _make_frame(rows)
    found = RFMSegmenter().fit_transform(frame)
    np.testing.assert_array_equal(found[SCORES], _score_by_counting(frame))
    assert found[SCORES].isin(range(1, 6)).all(axis=None)


@pytest.mark.parametrize("n_bins", [2, 3, 4, 7, 10])
def test_other_numbers_of_bins_equal_counting(n_bins):
    frame = _make_customers()
    segments = pd.DataFrame(
        {"segment": ["all"]}
        | {f"{x}_min": 1 for x in "rfm"}
        | {f"{x}_max": n_bins for x in "rfm"}
    )
    segmenter = RFMSegmenter(n_bins, segments=segments)
    found = segmenter.fit_transform(frame)
    np.testing.assert_array_equal(found[SCORES], _score_by_counting(frame, n_bins))
    assert set(segmenter.predict(frame)) == {"all"}


@pytest.mark.parametrize("n_customers", [1, 3, 50])
def test_few_customers_and_negative_money_score_within_range(n_customers):
    frame = _make_customers(n_customers)
    frame["total_spend"] -= 1000
    found = RFMSegmenter().fit_transform(frame)
    np.testing.assert_array_equal(found[SCORES], _score_by_counting(frame))


def test_without_ties_every_score_holds_a_fifth():
    values = np.random.default_rng(0).permutation(500).astype(float)
    frame = _make_frame(np.column_stack([values, values + 1, values]))
    found = RFMSegmenter().fit_transform(frame)
    for name in SCORES:
        assert found[name].value_counts().to_dict() == dict.fromkeys(range(1, 6), 100)


def test_the_large_group_of_one_order_scores_one_and_of_yesterday_five():
    frame = _make_frame([[1, 1, 5]] * 7 + [[30, 2, 5]] * 2 + [[60, 9, 5]])
    found = RFMSegmenter().fit_transform(frame)
    assert found["f_score"].tolist() == [1] * 7 + [4] * 2 + [5]
    assert found["r_score"].tolist() == [5] * 7 + [2] * 2 + [1]
    assert set(found["m_score"]) == {1}


@pytest.mark.parametrize(
    "transform",
    [lambda x: x * 7, lambda x: x * 0.01, np.log1p, lambda x: x**3, np.sqrt],
    ids=["x7", "cents", "log1p", "cube", "root"],
)
@pytest.mark.parametrize("column", NAMES)
def test_strictly_increasing_transforms_change_no_score(transform, column):
    frame = _make_customers().abs()
    expected = RFMSegmenter().fit_transform(frame)
    changed = frame.assign(**{column: transform(frame[column])})
    pd.testing.assert_frame_equal(RFMSegmenter().fit_transform(changed), expected)


@given(rows=BUYERS, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_row_order_changes_no_score_and_no_segment(rows, seed):
    frame = _make_frame(rows)
    order = np.random.default_rng(seed).permutation(len(frame))
    segmenter, shuffled = RFMSegmenter(), RFMSegmenter()
    expected = segmenter.fit_predict(frame)[order]
    np.testing.assert_array_equal(shuffled.fit_predict(frame.iloc[order]), expected)
    for name in NAMES:
        np.testing.assert_array_equal(
            segmenter.cut_points_[name], shuffled.cut_points_[name]
        )


def test_cut_points_are_learned_in_fit_and_kept():
    segmenter = RFMSegmenter().fit(_make_frame([[d, d, d] for d in range(1, 11)]))
    for name in NAMES:
        assert segmenter.cut_points_[name].tolist() == [2, 4, 6, 8]
    state = pickle.dumps(segmenter)
    new = _make_frame([[0, 2, 8], [2.5, 2.5, 8.5], [99, 99, -99]])
    assert segmenter.transform(new)[SCORES].to_numpy().tolist() == [
        [5, 1, 4],
        [4, 2, 5],
        [1, 5, 1],
    ]
    assert pickle.dumps(segmenter) == state


def test_given_cut_points_are_used_and_the_rest_learned():
    frame = _make_frame([[d, d, 10 * d] for d in range(1, 11)])
    given = {"n_orders": [1, 2, 5, 9], "days_since_last_purchase": [1, 3, 6, 8]}
    segmenter = RFMSegmenter(cut_points=given).fit(frame)
    assert segmenter.cut_points_["total_spend"].tolist() == [20, 40, 60, 80]
    found = segmenter.transform(frame)
    assert found["f_score"].tolist() == [1, 2, 3, 3, 3, 4, 4, 4, 4, 5]
    assert found["r_score"].tolist() == [5, 4, 4, 3, 3, 3, 2, 2, 1, 1]
    assert found["m_score"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_the_ranges_shown_are_those_in_force():
    frame = _make_customers()
    segmenter = RFMSegmenter().fit(frame)
    scores = segmenter.transform(frame)
    ranges = segmenter.score_ranges_
    assert len(ranges) == 15
    for j, name in enumerate(NAMES):
        for row in ranges[ranges["column"] == name].itertuples():
            inside = (frame[name] > row.above) & (frame[name] <= row.up_to)
            np.testing.assert_array_equal(inside, scores[SCORES[j]] == row.score)
            assert row.n_customers == inside.sum()


@pytest.mark.parametrize(
    ("cut_points", "message"),
    [
        ([1, 2, 3, 4], "must map columns to increasing numbers, got list"),
        ({"orders": [1, 2, 3, 4]}, "names orders, which is none of the columns"),
        ({"n_orders": [1, 2, 3]}, "n_bins - 1 = 4 finite numbers, found 3"),
        ({"n_orders": [1, 2, 3, np.inf]}, "4 finite numbers"),
        ({"n_orders": ["a", "b", "c", "d"]}, "4 finite numbers"),
        ({"n_orders": [1, 2, 2, 4]}, "must increase from each to the next"),
    ],
)
def test_cut_points_that_are_none_are_refused(cut_points, message):
    with pytest.raises(SchemaError, match=message):
        RFMSegmenter(cut_points=cut_points).fit(_make_customers())


def test_one_customer_is_scored_alike_alone_and_in_a_batch():
    frame = _make_customers()
    segmenter = RFMSegmenter().fit(frame)
    whole = segmenter.transform(frame)
    alone = pd.concat([segmenter.transform(frame.iloc[[i]]) for i in range(20)])
    pd.testing.assert_frame_equal(alone, whole.head(20))


def test_the_joined_score_writes_the_three_side_by_side():
    found = RFMSegmenter().fit_transform(_make_customers())
    texts = [f"{r}{f}{m}" for r, f, m in found[SCORES].itertuples(index=False)]
    assert found["rfm_score"].astype(str).tolist() == texts


@pytest.mark.parametrize(
    "silent", [[None, 0, 0], [None, None, None], [5, 0, 0], [5, -1, 0], [None, 3, 10]]
)
def test_customers_without_purchase_are_set_apart_and_shift_no_cut(silent):
    buyers = _make_customers()
    frame = pd.concat([buyers, _make_frame([silent] * 50)], ignore_index=True)
    segmenter = RFMSegmenter().fit(frame)
    expected = RFMSegmenter().fit(buyers)
    for name in NAMES:
        np.testing.assert_array_equal(
            segmenter.cut_points_[name], expected.cut_points_[name]
        )
    assert (segmenter.transform(frame).tail(50) == [1, 1, 1, 111]).all(axis=None)
    names = segmenter.predict(frame)
    assert set(names[200:]) == {"No purchase"}
    assert "No purchase" not in names[:200]


def test_nobody_with_a_purchase_is_refused_with_the_count():
    with pytest.raises(NotEnoughHistoryError, match="None of 2 customers"):
        RFMSegmenter().fit(_make_frame([[None, 0, 0], [None, 0, 0]]))


def test_missing_money_of_a_buyer_is_refused_with_the_count():
    frame = _make_customers()
    frame.loc[:2, "total_spend"] = np.nan
    with pytest.raises(SchemaError, match=r"'total_spend' is missing for 3 of 200"):
        RFMSegmenter().fit(frame)


def test_columns_of_other_names_are_read_when_named():
    frame = _make_customers()
    renamed = frame.set_axis(["近", "频", "额"], axis=1).assign(客户="文")
    segmenter = RFMSegmenter(recency="近", frequency="频", monetary="额")
    np.testing.assert_array_equal(
        segmenter.fit_predict(renamed[["客户", "额", "近", "频"]]),
        RFMSegmenter().fit_predict(frame),
    )
    assert list(segmenter.cut_points_) == ["近", "频", "额"]


def test_missing_columns_are_named_all_at_once():
    frame = _make_customers().rename(columns={"n_orders": "orders"})
    with pytest.raises(SchemaError, match="lacks 1 of 3 columns: n_orders"):
        RFMSegmenter().fit(frame)


def test_one_column_in_two_roles_is_refused():
    with pytest.raises(SchemaError, match="three different columns"):
        RFMSegmenter(frequency="total_spend").fit(_make_customers())


def test_arrays_of_three_columns_are_read_in_order_and_others_refused():
    frame = _make_customers()
    scores = RFMSegmenter().fit_transform(frame.to_numpy())
    np.testing.assert_array_equal(scores, RFMSegmenter().fit_transform(frame))
    assert scores.dtype == np.int64
    with pytest.raises(SchemaError, match=r"needs 3 columns .* found 2"):
        RFMSegmenter().fit(frame.to_numpy()[:, :2])


def test_frames_come_back_in_their_own_library_with_their_index():
    index = pd.MultiIndex.from_product([["2017-12-01"], range(200)])
    frame = _make_customers().set_axis(index)
    segmenter = RFMSegmenter().fit(frame)
    found = segmenter.transform(frame)
    assert found.index.equals(index)
    polars = segmenter.transform(pl.from_pandas(frame.reset_index(drop=True)))
    assert isinstance(polars, pl.DataFrame)
    np.testing.assert_array_equal(polars.to_numpy(), found.to_numpy())


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_decides_the_library(library):
    frame = _make_customers()
    expected = RFMSegmenter().fit_transform(frame)
    for given_frame in (frame, pl.from_pandas(frame)):
        segmenter = RFMSegmenter().set_output(transform=library)
        found = segmenter.fit_transform(given_frame)
        assert type(found).__module__.split(".")[0] == library
        assert list(found.columns) == [*SCORES, "rfm_score"]
        np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())


def test_an_empty_batch_gives_empty_answers_with_the_same_columns():
    frame = _make_customers()
    segmenter = RFMSegmenter().fit(frame)
    empty = segmenter.transform(frame.iloc[:0])
    assert empty.shape == (0, 4)
    assert empty.dtypes.equals(segmenter.transform(frame).dtypes)
    assert segmenter.predict(frame.iloc[:0]).shape == (0,)


def test_read_only_input_is_left_as_it_was():
    frame = _make_customers()
    array = frame.to_numpy(copy=True)
    array.setflags(write=False)
    before = array.copy()
    RFMSegmenter().fit(array).transform(array)
    np.testing.assert_array_equal(array, before)


def test_clones_pickles_and_refits_agree():
    frame = _make_customers()
    segmenter = RFMSegmenter().fit(frame)
    expected = segmenter.predict(frame)
    copy = pickle.loads(pickle.dumps(segmenter))
    np.testing.assert_array_equal(copy.predict(frame), expected)
    np.testing.assert_array_equal(clone(segmenter).fit_predict(frame), expected)
    np.testing.assert_array_equal(segmenter.fit(frame).predict(frame), expected)
