import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.evaluation import compute_conditional_expectations
from crmml.exceptions import SchemaError
from crmml.plotting import plot_conditional_expectations

# Where no font has the glyphs, boxes are drawn and said.
pytestmark = pytest.mark.filterwarnings("ignore:Labels hold Chinese:UserWarning")

PAST, CAME = [0, 0, 0, 1, 1, 9], [0.0, 1.0, 0.0, 2.0, 1.0, 7.0]


@pytest.fixture
def table():
    return compute_conditional_expectations(PAST, CAME, [0.3, 0.4, 0.2, 1, 1, 6])


def test_bars_are_what_came_and_lines_what_was_forecast(table):
    ax = plot_conditional_expectations({"BG/NBD": table, "规则": table})
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == table["mean_actual"].tolist()
    lines = [line for line in ax.get_lines() if line.get_label() in {"BG/NBD", "规则"}]
    for line in lines:
        assert line.get_ydata().tolist() == table["mean_forecast"].tolist()
    assert len(lines) == 2
    assert len({line.get_marker() for line in lines}) == 2


def test_a_single_customer_has_no_interval(table):
    ax = plot_conditional_expectations(table)
    intervals = ax.collections[0].get_segments()
    widths = [segment[1][1] - segment[0][1] for segment in intervals]
    assert widths[0] == pytest.approx(table["high"][0] - table["low"][0])
    assert widths[2] == 0


def test_polars_tables_and_given_axes_are_taken(table):
    ax = Figure().add_subplot()
    assert plot_conditional_expectations(pl.from_pandas(table), ax=ax) is ax


def test_other_tables_are_refused(table):
    with pytest.raises(SchemaError, match="compute_conditional_expectations"):
        plot_conditional_expectations(table.drop(columns="low"))
    other = compute_conditional_expectations(PAST, [1.0] * 6, CAME)
    with pytest.raises(SchemaError, match="same customers"):
        plot_conditional_expectations({"one": table, "other": other})
