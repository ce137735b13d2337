import io
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_segment_radar
from crmml.segmentation import compute_segment_contrasts

NAMES = ["a", "b", "消费金额", "d", "e"]


@pytest.fixture
def contrasts():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(90, 5)), columns=NAMES)
    features["a"] += np.repeat([0, 2, -2], 30)
    return compute_segment_contrasts(features, np.repeat(["大", "mid", "few"], 30))


def test_each_line_goes_around_its_effects_and_closes(contrasts):
    ax = plot_segment_radar(pl.from_pandas(contrasts), features=["d", "a", "消费金额"])
    table = contrasts.set_index(["segment", "feature"])["effect"]
    circle, *lines = ax.get_lines()
    assert set(circle.get_ydata()) == {0.0}
    assert [line.get_label() for line in lines] == ["few", "mid", "大"]
    for line in lines:
        expected = table[line.get_label()][["d", "a", "消费金额", "d"]]
        np.testing.assert_array_equal(line.get_ydata(), expected)
    assert [text.get_text() for text in ax.texts] == ["d", "a", "消费金额"]
    ax.figure.savefig(io.BytesIO(), format="png")


def test_segments_are_told_apart_without_colour(contrasts):
    _, *lines = plot_segment_radar(contrasts).get_lines()
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines) == 3


def test_of_many_features_the_eight_with_the_largest_effects_are_drawn():
    rng = np.random.default_rng(1)
    features = pd.DataFrame(rng.normal(size=(60, 12))).add_prefix("x")
    features.iloc[:30, 2:10] += 3.0
    contrasts = compute_segment_contrasts(features, np.repeat([0, 1], 30))
    ax = plot_segment_radar(contrasts)
    assert [text.get_text() for text in ax.texts] == [f"x{j}" for j in range(2, 10)]
    assert [line.get_label() for line in ax.get_lines()[1:]] == [
        "Segment 0",
        "Segment 1",
    ]


def test_long_names_are_broken_and_formulas_left_alone(contrasts):
    long = {
        "a": "mean_gap_days_of_last_180d",
        "b": "$x_1$",
        "d": "每个客户 最近半年的消费金额",
    }
    ax = plot_segment_radar(contrasts.replace({"feature": long}))
    names = {text.get_text().replace("\n", "") for text in ax.texts}
    assert {"mean_gap_days_of_last_180d", "$x_1$"} < names
    assert "每个客户\n最近半年的消费金额" in {text.get_text() for text in ax.texts}
    ax.figure.savefig(io.BytesIO(), format="png")


def test_it_draws_on_polar_axes_only(contrasts):
    ax = Figure().add_subplot(projection="polar")
    assert plot_segment_radar(contrasts, ax=ax) is ax
    with pytest.raises(SchemaError, match="ax must be polar"):
        plot_segment_radar(contrasts, ax=Figure().add_subplot())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ["a", "b"]}, "3 to 8 different features of the table, got 2"),
        ({"features": ["a", "b", "b"]}, "3 to 8 different features"),
        ({"features": ["a", "b", "z"]}, "of which 1 are not in it"),
        ({"segments": ["mid", "none"]}, "got 2, of which 1 are not in it"),
        ({"segments": []}, "one to 6 different segments"),
    ],
)
def test_what_makes_no_shape_is_refused(contrasts, options, message):
    with pytest.raises(SchemaError, match=message):
        plot_segment_radar(contrasts, **options)


def test_missing_effects_and_columns_are_refused(contrasts):
    with pytest.raises(SchemaError, match="lacks the columns effect"):
        plot_segment_radar(contrasts.drop(columns="effect"))
    with pytest.raises(SchemaError, match="missing or infinite"):
        plot_segment_radar(contrasts.assign(effect=np.nan))


def test_long_names_of_segments_leave_room_for_the_circle(contrasts):
    names = {
        "大": "消费金额很高 " * 4,
        "mid": "high days_since_last_purchase, low " * 2,
    }
    ax = plot_segment_radar(contrasts.replace({"segment": names}))
    # Matplotlib warns where there is none.
    ax.figure.savefig(io.BytesIO(), format="png")
    assert ax.get_window_extent().width > 250


@pytest.mark.parametrize("wanted", ["abc", b"abc", 3, [["a"], ["b"], ["d"]]])
@pytest.mark.parametrize("option", ["features", "segments"])
def test_what_is_no_sequence_of_names_is_refused(contrasts, option, wanted):
    with pytest.raises(SchemaError, match=f"{option} must be a sequence of names"):
        plot_segment_radar(contrasts, **{option: wanted})


def test_rows_that_are_missing_repeated_or_outside_are_refused(contrasts):
    repeated = pd.concat([contrasts, contrasts.iloc[:2]])
    for table, message in (
        (contrasts.iloc[1:], "0 rows are repeated, 1 are missing and 0 effects"),
        (repeated, "2 rows are repeated, 0 are missing and 0 effects"),
        (contrasts.assign(effect=1.5), "0 are missing and 15 effects are outside"),
    ):
        with pytest.raises(SchemaError, match=message):
            plot_segment_radar(table)


def test_every_segment_is_in_the_legend_whatever_its_name(contrasts):
    ax = plot_segment_radar(contrasts.replace({"segment": {"few": "_few"}}))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["_few", "mid", "大"]


def test_a_notebook_shows_the_radar(contrasts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    ax = plot_segment_radar(contrasts)
    try:
        assert ax.figure.number in pyplot.get_fignums()
    finally:
        pyplot.close(ax.figure)
