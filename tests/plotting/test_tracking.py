import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_tracking

# Where no font has the glyphs, boxes are drawn and said.
pytestmark = pytest.mark.filterwarnings("ignore:Labels hold Chinese:UserWarning")


@pytest.fixture
def table():
    ends = pd.date_range("2024-01-08", periods=6, freq="7D")
    actual, expected = np.arange(6) + 3, np.arange(6) + 2.5
    return pd.DataFrame(
        {
            "period_end": ends,
            "actual": actual,
            "expected": expected,
            "cumulative_actual": actual.cumsum(),
            "cumulative_expected": expected.cumsum(),
            "is_forecast": [False] * 4 + [True] * 2,
        }
    )


@pytest.mark.parametrize(("cumulative", "prefix"), [(False, ""), (True, "cumulative_")])
def test_lines_run_through_the_table(table, cumulative, prefix):
    ax = plot_tracking({"BG/NBD": table, "模型": table}, cumulative=cumulative)
    came, first, second, _ = ax.get_lines()
    assert came.get_ydata().tolist() == table[f"{prefix}actual"].tolist()
    for line in (first, second):
        assert line.get_ydata().tolist() == table[f"{prefix}expected"].tolist()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["Actual", "BG/NBD", "模型"]


def test_the_forecast_begins_where_the_fit_ends(table):
    mark = plot_tracking(table).get_lines()[-1]
    assert mark.get_xdata()[0] == np.datetime64("2024-01-29", "us")
    alone = plot_tracking(table.assign(is_forecast=False))
    assert len(alone.get_lines()) == 2


def test_polars_and_aware_instants_are_drawn_the_same(table):
    aware = table.assign(period_end=table["period_end"].dt.tz_localize("UTC"))
    expected = plot_tracking(table).get_lines()[0].get_xdata()
    for other in (aware, pl.from_pandas(table)):
        found = plot_tracking(other).get_lines()[0].get_xdata()
        np.testing.assert_array_equal(found, expected)


def test_given_axes_are_drawn_on(table):
    ax = Figure().add_subplot()
    assert plot_tracking(table, ax=ax) is ax


def test_other_tables_are_refused(table):
    with pytest.raises(SchemaError, match="compute_tracking"):
        plot_tracking(table.drop(columns="expected"))
    with pytest.raises(SchemaError, match="same customers and periods"):
        plot_tracking({"one": table, "other": table.assign(actual=0)})
    with pytest.raises(SchemaError, match="same customers and periods"):
        plot_tracking({"one": table, "other": table.head(3)})
    with pytest.raises(SchemaError, match="empty mapping"):
        plot_tracking({})
