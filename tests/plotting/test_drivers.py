import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_drivers


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "name": ["contract", "$days$", "x" * 80, "nothing"],
            "mean_abs_contribution": [0.9, 0.4, 0.2, 0.0],
            "raises": ["monthly", "mixed", "high values", None],
            "lowers": ["yearly", "mixed", None, None],
        }
    )


def test_bars_are_the_importances_strongest_on_top(table):
    ax = plot_drivers(table)
    assert [bar.get_width() for bar in ax.patches] == [0.9, 0.4, 0.2, 0.0]
    assert ax.yaxis_inverted()


def test_notes_say_what_raises_and_what_lowers(table):
    notes = [text.get_text() for text in plot_drivers(table).texts]
    assert notes == ["↑ monthly   ↓ yearly", "↕ mixed", "↑ high values", ""]


def test_names_are_text_and_cut_where_they_would_not_fit(table):
    labels = plot_drivers(table).get_yticklabels()
    assert not labels[1].get_parse_math()
    assert labels[2].get_text() == "x" * 31 + "…"


def test_only_the_strongest_are_shown_and_own_axes_are_used(table):
    ax = Figure().add_subplot()
    assert plot_drivers(table, max_features=2, ax=ax) is ax
    assert len(ax.patches) == 2


def test_nothing_reaches_beyond_the_figure(table):
    longest = ["values of a long name" * 3] * 4
    figure = plot_drivers(table.assign(raises=longest, lowers=longest[::-1])).figure
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_polars_tables_are_fine(table):
    assert len(plot_drivers(pl.from_pandas(table)).patches) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="raises"), "lacks the columns raises"),
        (lambda t: t.assign(mean_abs_contribution="a"), "must be numeric"),
    ],
)
def test_a_table_of_something_else_is_refused(table, change, message):
    with pytest.raises(SchemaError, match=message):
        plot_drivers(change(table))


@pytest.mark.parametrize("bad", [0, 1.5, None])
def test_a_senseless_number_of_features_is_refused(table, bad):
    with pytest.raises(SchemaError, match="max_features must be a whole number"):
        plot_drivers(table, max_features=bad)
