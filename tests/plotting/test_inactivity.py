import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_inactivity


@pytest.fixture
def table():
    days = np.arange(1, 101)
    return pd.DataFrame({"horizon_days": days, "return_share": np.exp(-days / 20)})


def test_the_curve_is_the_table_and_the_point_is_the_first_below_the_line(table):
    ax = plot_inactivity(pl.from_pandas(table), max_return_share=0.1)
    curve, line, point = ax.get_lines()
    np.testing.assert_array_equal(curve.get_xdata(), table["horizon_days"])
    np.testing.assert_array_equal(curve.get_ydata(), table["return_share"])
    assert set(line.get_ydata()) == {0.1}
    # exp(-x / 20) < 0.1 from x = 46.05 on.
    assert point.get_xdata().tolist() == [47]
    assert ax.texts[0].get_text() == "47 days: 9.5 % come back"


def test_without_a_horizon_there_is_no_point(table):
    ax = plot_inactivity(table, max_return_share=0.001)
    assert len(ax.get_lines()) == 2
    assert not ax.texts


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.007])
def test_the_words_stay_within_the_picture(table, share):
    ax = plot_inactivity(table, max_return_share=share)
    figure = ax.figure
    figure.savefig(io.BytesIO(), format="png")
    inside = ax.texts[0].get_window_extent()
    assert figure.bbox.x0 <= inside.x0
    assert inside.x1 <= figure.bbox.x1
    assert inside.y1 <= figure.bbox.y1


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.007])
@pytest.mark.parametrize("shape", ["steep", "straight"])
def test_the_words_do_not_lie_on_the_curve(table, shape, share):
    if shape == "straight":
        table["return_share"] = np.linspace(0.92, 0.001, len(table))
    ax = plot_inactivity(table, max_return_share=share)
    ax.figure.savefig(io.BytesIO(), format="png")
    curve = ax.transData.transform(ax.get_lines()[0].get_xydata())
    words = ax.texts[0].get_window_extent()
    assert not words.count_contains(curve)


def test_it_draws_on_the_given_axes(table):
    ax = Figure().add_subplot()
    assert plot_inactivity(table, ax=ax) is ax


def test_tables_that_cannot_be_drawn_are_refused(table):
    with pytest.raises(SchemaError, match="has no row"):
        plot_inactivity(table.head(0))
    with pytest.raises(SchemaError, match="lacks the columns return_share"):
        plot_inactivity(table.drop(columns="return_share"))
