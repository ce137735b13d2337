import io

import numpy as np
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_concentration
from crmml.segmentation import compute_concentration_curve


@pytest.fixture
def curve():
    return compute_concentration_curve([60, 5, 30, 5, 0])


def get_legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_line_is_the_table_and_the_point_lies_on_it(curve):
    line, point = plot_concentration(curve, customer_share=0.4).get_lines()[:2]
    np.testing.assert_array_equal(line.get_ydata(), curve["value_share"])
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (0.4, pytest.approx(0.9))


def test_the_legend_says_what_the_point_says(curve):
    ax = plot_concentration({"2017": curve, "2018": pl.from_pandas(curve)})
    assert get_legend(ax)[0] == "2017: 20 % bring 60 % of value"
    assert get_legend(ax)[1] == "2018: 20 % bring 60 % of value"
    first, second = ax.get_lines()[0], ax.get_lines()[2]
    assert first.get_linestyle() != second.get_linestyle()


def test_curves_above_one_are_not_cut_off():
    ax = plot_concentration(compute_concentration_curve([80, 40, -20]))
    assert ax.get_ylim()[1] > 1.2
    ax.figure.savefig(io.BytesIO(), format="png")


def test_other_tables_are_refused(curve):
    with pytest.raises(SchemaError, match="lacks the columns value_share"):
        plot_concentration(curve[["customer_share"]])
