"""Ready-made names of scores: whole, disjoint, and what their sources say."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.segmentation import RFMSegmenter, make_named_segments
from crmml.segmentation._segment_presets import PRESET_BINS, merge_cells
from crmml.segmentation._segment_table import build_lookup, check_segment_table

ORDERS = pd.DataFrame(
    {
        "days_since_last_purchase": [1.0, 5.0, 9.0],
        "n_orders": [3, 1, 2],
        "total_spend": [10.0, 99.0, 50.0],
    }
)

# The ranges in the examples of the R package's rfm_segment, version 0.3.0, in its
# order; a customer gets the first segment whose three ranges hold the scores.
R_NAMES = [
    "Champions", "Potential Loyalist", "Loyal Customers", "Promising",
    "New Customers", "Can't Lose Them", "At Risk", "Need Attention",
    "About To Sleep", "Lost",
]  # fmt: skip
R_RANGES = {
    "r": ([5, 3, 2, 3, 4, 1, 1, 1, 2, 1], [5, 5, 4, 4, 5, 2, 2, 3, 3, 1]),
    "f": ([5, 3, 2, 1, 1, 3, 2, 3, 1, 1], [5, 5, 4, 3, 3, 4, 5, 5, 3, 5]),
    "m": ([5, 2, 2, 3, 1, 4, 4, 3, 1, 1], [5, 5, 4, 5, 5, 5, 5, 5, 4, 5]),
}


@pytest.mark.parametrize("preset", PRESET_BINS)
def test_presets_cover_every_combination_exactly_once(preset):
    table, n_bins = make_named_segments(preset), PRESET_BINS[preset]
    lows, highs = table.iloc[:, 1::2].to_numpy(), table.iloc[:, 2::2].to_numpy()
    for scores in itertools.product(range(1, n_bins + 1), repeat=3):
        inside = ((lows <= scores) & (scores <= highs)).all(axis=1)
        assert inside.sum() == 1, scores
    checked = check_segment_table(table, n_bins)
    pd.testing.assert_frame_equal(checked, table, check_dtype=False)


def test_the_usual_segments_say_what_their_names_say():
    cube = build_lookup(make_named_segments(), 5)
    expected = {
        (5, 5, 5): "Champions",
        (5, 5, 1): "Loyal",
        (3, 4, 3): "Loyal",
        (4, 2, 5): "Potential loyalists",
        (5, 1, 5): "New",
        (4, 1, 1): "Promising",
        (3, 3, 1): "Need attention",
        (3, 1, 5): "Need attention",
        (3, 1, 1): "About to sleep",
        (1, 5, 5): "Cannot lose",
        (2, 3, 3): "At risk",
        (2, 5, 1): "At risk",
        (1, 1, 5): "At risk",
        (2, 1, 1): "Hibernating",
        (1, 2, 2): "Lost",
    }
    assert {s: cube[tuple(np.array(s) - 1)] for s in expected} == expected
    assert set(expected.values()) == set(cube.ravel())


def test_the_groups_of_the_r_package_are_its_first_matches():
    cube = build_lookup(make_named_segments("rfm_package"), 5)
    for scores in itertools.product(range(1, 6), repeat=3):
        matches = [
            name
            for i, name in enumerate(R_NAMES)
            if all(
                low[i] <= score <= high[i]
                for score, (low, high) in zip(scores, R_RANGES.values(), strict=True)
            )
        ]
        expected = matches[0] if matches else "Others"
        assert cube[tuple(np.array(scores) - 1)] == expected, scores


def test_shopifys_grid_knows_recency_and_the_rounded_mean_only():
    cube = build_lookup(make_named_segments("shopify"), 5)
    found = {}
    for r, f, m in itertools.product(range(1, 6), repeat=3):
        mean = int(np.floor((f + m) / 2 + 0.5))
        found.setdefault((r, mean), set()).add(cube[r - 1, f - 1, m - 1])
    assert {len(names) for names in found.values()} == {1}
    assert found[5, 5] == found[5, 4] == {"Champions"}
    assert found[5, 1] == {"New"}
    assert found[1, 5] == {"Previously loyal"}
    assert found[1, 1] == {"Dormant"}
    assert len(set.union(*found.values())) == 10


# The table "Customer groups" of Klaviyo's help, "Understanding scoring and customer
# groups in the ... (RFM) report", article 17797937793179.
KLAVIYO = {
    "Champions": [333, 332, 323],
    "Loyal": [321, 322, 331, 232, 233],
    "Recent": [312, 313, 311, 222, 223],
    "Needs attention": [213, 221, 123, 132, 133],
    "At risk": [231, 212, 122, 131, 211],
    "Inactive": [111, 112, 113, 121],
}


def test_klaviyos_six_groups_are_those_of_its_table():
    cube = build_lookup(make_named_segments("klaviyo"), 3)
    for name in KLAVIYO:
        cells = (np.argwhere(cube == name) + 1) @ [100, 10, 1]
        assert set(cells) == set(KLAVIYO[name]), name
    assert sum(map(len, KLAVIYO.values())) == 27


def test_klaviyos_recency_scores_are_half_a_year_and_a_year():
    days = [0.0, 180.0, 181.0, 365.0, 366.0]
    frame = pd.DataFrame(dict.fromkeys(ORDERS, [1.0] * 5)).assign(
        days_since_last_purchase=days
    )
    cuts = {"days_since_last_purchase": [180, 365]}
    segmenter = RFMSegmenter(3, segments="klaviyo", cut_points=cuts).fit(frame)
    assert segmenter.transform(frame)["r_score"].tolist() == [3, 3, 2, 2, 1]


# Shopify's words for its groups: recency, then orders and spend.
SHOPIFY = {
    "Champions": ("very recent", "most"),
    "Loyal": ("recent", "most"),
    "Active": ("recent", "some"),
    "New": ("very recent", "few"),
    "Promising": ("recent", "few"),
    "Needs attention": ("recent", "some"),
    "Almost lost": ("not recent", "few"),
    "Previously loyal": ("not recent", "most"),
    "At risk": ("not recent", "strong"),
    "Dormant": ("not recent", "few"),
}
RECENCIES = {"very recent": {5}, "recent": {3, 4, 5}, "not recent": {1, 2, 3}}
MEANS = {"most": {4, 5}, "strong": {3, 4}, "some": {2, 3}, "few": {1, 2}}


def test_shopifys_groups_lie_where_their_words_say():
    cube = build_lookup(make_named_segments("shopify"), 5)
    assert set(cube.ravel()) == set(SHOPIFY)
    for cell in itertools.product(range(1, 6), repeat=3):
        recency, orders = SHOPIFY[cube[tuple(np.array(cell) - 1)]]
        mean = int(np.floor((cell[1] + cell[2]) / 2 + 0.5))
        assert cell[0] in RECENCIES[recency], cell
        assert mean in MEANS[orders], cell


def test_cells_of_hughes_are_named_by_their_quintiles():
    frame = pd.DataFrame(
        np.column_stack([np.arange(100), np.arange(1, 101), np.arange(100)[::-1]]),
        columns=list(ORDERS),
    )
    segmenter = RFMSegmenter(segments="hughes").fit(frame)
    names = segmenter.predict(frame)
    assert names[[0, 50, 99]].tolist() == ["515", "333", "151"]
    scores = segmenter.transform(frame)["rfm_score"].astype(str)
    assert names.tolist() == scores.tolist()


@given(seed=st.integers(0, 10**6), n_bins=st.integers(2, 4), n_names=st.integers(1, 4))
def test_merging_cells_and_laying_them_out_again_is_the_identity(seed, n_bins, n_names):
    names = np.array(["a", "b", "c", "d"], dtype=object)
    cube = names[np.random.default_rng(seed).integers(0, n_names, (n_bins,) * 3)]
    table = check_segment_table(merge_cells(cube), n_bins)
    np.testing.assert_array_equal(build_lookup(table, n_bins), cube)


def test_a_cube_of_one_name_is_one_row():
    assert len(merge_cells(np.full((10, 10, 10), "all", dtype=object))) == 1


def test_presets_say_which_number_of_bins_they_need():
    with pytest.raises(SchemaError, match="n_bins=5, got n_bins=4"):
        RFMSegmenter(n_bins=4).fit(ORDERS)
    with pytest.raises(SchemaError, match="'klaviyo' is made for n_bins=3, got"):
        RFMSegmenter(segments="klaviyo").fit(ORDERS)


def test_unknown_presets_are_refused_with_those_there_are():
    with pytest.raises(SchemaError, match=r"one of 'named', .* got 'putler'"):
        RFMSegmenter(segments="putler").fit(ORDERS)
