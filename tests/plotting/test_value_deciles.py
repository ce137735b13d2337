import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.evaluation import compute_value_deciles
from crmml.exceptions import SchemaError
from crmml.plotting import plot_value_deciles

# Where no font has the glyphs, boxes are drawn and said.
pytestmark = pytest.mark.filterwarnings("ignore:Labels hold Chinese:UserWarning")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    forecast = rng.gamma(1, 10, 200)
    return compute_value_deciles(forecast * rng.gamma(2, 0.5, 200), forecast)


def test_bars_markers_and_shares_are_those_of_the_table(table):
    ax = plot_value_deciles(table)
    assert [bar.get_height() for bar in ax.patches] == table["mean_actual"].tolist()
    marks = ax.get_lines()[0].get_ydata().tolist()
    assert marks == table["mean_forecast"].tolist()
    shares = [text.get_text() for text in ax.texts]
    assert shares == [f"{100 * one:.0f} %" for one in table["share_of_actual"]]
    # A share stands above both, where neither hides it.
    tops = table[["mean_actual", "mean_forecast"]].max(axis=1).tolist()
    assert [text.xy[1] for text in ax.texts] == tops


def test_polars_tables_and_given_axes_are_taken(table):
    ax = Figure().add_subplot()
    frame = pl.from_pandas(table.reset_index())
    assert plot_value_deciles(frame, quantity="金额", ax=ax) is ax
    assert ax.get_ylabel() == "Mean 金额"


def test_other_tables_are_refused(table):
    with pytest.raises(SchemaError, match="compute_value_deciles"):
        plot_value_deciles(table.drop(columns="mean_actual"))
