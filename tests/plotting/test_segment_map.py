import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_segment_map
from crmml.segmentation import compute_segment_map


@pytest.fixture
def plane():
    rng = np.random.default_rng(0)
    segment = rng.choice(["Champions", "Lost", "New"], size=300)
    return pd.DataFrame(
        {"x": rng.normal(size=300), "y": rng.normal(size=300), "segment": segment}
    )


def get_legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_every_customer_is_a_point_of_its_segment(plane):
    ax = plot_segment_map(plane)
    for points, (_, part) in zip(ax.collections, plane.groupby("segment"), strict=True):
        drawn = np.sort(np.asarray(points.get_offsets()), axis=0)
        np.testing.assert_array_equal(drawn, np.sort(part[["x", "y"]], axis=0))


def test_the_legend_counts_everyone_even_when_a_sample_is_drawn(plane):
    counts = plane["segment"].value_counts().sort_index()
    expected = [f"{name} ({n})" for name, n in counts.items()]
    for max_points in (5000, 40):
        ax = plot_segment_map(plane, max_points=max_points)
        assert get_legend(ax) == expected
        drawn = sum(len(points.get_offsets()) for points in ax.collections)
        assert drawn == min(300, max_points)


def test_names_stand_on_the_map(plane):
    ax = plot_segment_map(plane)
    assert {text.get_text() for text in ax.texts} == {"Champions", "Lost", "New"}
    ax.figure.savefig(io.BytesIO(), format="png")


def test_numbered_segments_are_in_order_of_number(plane):
    numbered = plane.assign(segment=np.arange(300) % 11)
    names = [label.split()[0] for label in get_legend(plot_segment_map(numbered))]
    assert names == [str(i) for i in range(11)]


def test_colour_and_marker_together_tell_twelve_segments_apart(plane):
    ax = plot_segment_map(plane.assign(segment=np.arange(300) % 12))
    looks = {
        (points.get_facecolor().tobytes(), points.get_paths()[0].vertices.tobytes())
        for points in ax.collections
    }
    assert len(looks) == 12


def test_axes_say_what_they_mean_where_the_map_knows():
    rng = np.random.default_rng(1)
    features = pd.DataFrame(
        {"n_orders": rng.gamma(2, 5, 100), "total_spend": rng.gamma(2, 50, 100)}
    )
    plane = compute_segment_map(features, rng.integers(0, 2, 100))
    ax = plot_segment_map(plane)
    share = plane.attrs["explained_variance"][0]
    assert f"{100 * share:.0f} % of variance" in ax.get_xlabel()
    assert "more n_orders" in ax.get_xlabel() or "more total_spend" in ax.get_xlabel()
    plane.attrs = {}
    assert plot_segment_map(plane).get_xlabel() == "Map axis x"


def test_index_and_carrier_change_nothing(plane):
    def read(given):
        ax = plot_segment_map(given)
        return [np.asarray(points.get_offsets()).tolist() for points in ax.collections]

    expected = read(plane)
    assert read(pl.from_pandas(plane)) == expected
    assert read(plane.set_index(plane["x"] * 0)) == expected


def test_given_axes_are_used(plane):
    ax = Figure().add_subplot()
    assert plot_segment_map(plane, ax=ax) is ax


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.nan}, "column x has 300 missing"),
        ({"y": "north"}, "column y must be numeric"),
        ({"segment": None}, "segment has 300 missing values"),
    ],
)
def test_bad_values_are_refused_by_column(plane, change, message):
    with pytest.raises(SchemaError, match=message):
        plot_segment_map(plane.assign(**change))


def test_missing_columns_and_no_points_are_refused(plane):
    with pytest.raises(SchemaError, match="lacks the columns segment"):
        plot_segment_map(plane.drop(columns="segment"))
    with pytest.raises(SchemaError, match="max_points"):
        plot_segment_map(plane, max_points=0)


def test_dollars_in_names_are_dollars():
    # As mathematics these names would fail.
    features = pd.DataFrame({"$\\x$": [1.0, 2.0, 3.0], "n": [3.0, 1.0, 2.0]})
    plane = compute_segment_map(features, ["$\\x$", "b", "b"])
    ax = plot_segment_map(plane)
    ax.figure.savefig(io.BytesIO(), format="svg")
    assert "more $\\x$" in ax.get_xlabel() + ax.get_ylabel()


def test_long_names_stand_below_and_leave_the_map_its_width():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    names = np.where(
        np.arange(40) < 15, "high days_since_last_purchase, low spend", "x"
    )
    ax = plot_segment_map(compute_segment_map(features, names))
    ax.figure.savefig(io.BytesIO(), format="png")
    assert ax.get_window_extent().width > 0.8 * ax.figure.bbox.width
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0
