import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from crmml.evaluation import compute_gain_table
from crmml.exceptions import SchemaError
from crmml.plotting import _style as style
from crmml.plotting import plot_gain_curve


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=200)
    return compute_gain_table(y, y + rng.normal(size=200))


def get_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_line_runs_through_the_table_from_the_origin(table):
    line = plot_gain_curve(table).get_lines()[0]
    np.testing.assert_array_equal(line.get_xdata(), [0, *table["cumulative_share"]])
    np.testing.assert_array_equal(line.get_ydata(), [0, *table["cumulative_gain"]])


def test_the_perfect_line_bends_at_the_base_rate(table):
    ax = plot_gain_curve({"A": table, "B": table})
    perfect = ax.get_lines()[2]
    rate = table["churners"].sum() / table["n"].sum()
    assert perfect.get_xdata().tolist() == [0, pytest.approx(rate), 1]


def test_tables_of_different_base_rates_have_no_common_perfect_line(table):
    other = compute_gain_table([1, 0, 0, 0], [0.9, 0.2, 0.6, 0.1], n_bins=4)
    assert "Perfect" in get_labels(plot_gain_curve({"A": table, "B": table}))
    assert "Perfect" not in get_labels(plot_gain_curve({"A": table, "B": other}))


def test_the_legend_reads_the_first_tenth_off_the_curve(table):
    share = 100 * table["cumulative_gain"][0]
    assert get_labels(plot_gain_curve({"Net": table}))[0] == (
        f"Net ({share:.0f} % in the first tenth)"
    )


def test_percent_signs_in_a_name_are_left_alone(table):
    assert get_labels(plot_gain_curve({"top 5%": table}))[0].startswith("top 5% (")


def test_lines_differ_without_their_colour(table):
    ax = plot_gain_curve(dict.fromkeys("ABCDE", table))
    styles = {
        str(line.get_linestyle()) + str(line._dash_pattern)
        for line in ax.get_lines()[:5]
    }
    assert len(styles) == 5


def test_neighbouring_colours_differ_in_lightness():
    def measure_lightness(color):
        red, green, blue = mpl.colors.to_rgb(color)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lightness = np.array([measure_lightness(color) for color in style.COLORS])
    assert np.abs(np.diff(lightness)).min() > 0.05


def test_given_axes_are_drawn_on_and_new_ones_are_unknown_to_pyplot(table):
    ax = Figure().add_subplot()
    assert plot_gain_curve(table, ax=ax) is ax
    assert plot_gain_curve(table).figure is not ax.figure
    code = (
        "import sys, crmml.plotting, pandas as pd;"
        "t = pd.DataFrame({'n': [1], 'churners': [1.0], 'cumulative_share': [1.0],"
        " 'cumulative_gain': [1.0]});"
        "crmml.plotting.plot_gain_curve(t).figure.savefig('/dev/null', format='png');"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_global_settings_are_left_alone(table):
    before = dict(mpl.rcParams)
    plot_gain_curve({"模型": table} if has_cjk_font() else table)
    assert dict(mpl.rcParams) == before


def test_polars_tables_give_the_same_picture_and_stay_as_they_are(table):
    kept = table.copy(deep=True)
    pictures = []
    for given in (table, pl.from_pandas(table), {"Model": table}):
        buffer = io.BytesIO()
        plot_gain_curve(given).figure.savefig(buffer, format="png")
        pictures.append(buffer.getvalue())
    assert pictures[0] == pictures[1] == pictures[2]
    pd.testing.assert_frame_equal(table, kept)


def has_cjk_font():
    return bool(set(style.CJK_FONTS) & set(fontManager.get_font_names()))


def test_chinese_names_are_drawn_where_a_font_has_them(table):
    if not has_cjk_font():
        pytest.skip("no font with Chinese glyphs is installed")
    figure = plot_gain_curve({"逻辑回归": table}).figure
    # A missing glyph would be a warning, and warnings are errors here.
    figure.savefig(io.BytesIO(), format="png")


def test_only_chinese_names_ask_for_further_fonts(monkeypatch):
    # A font that is installed everywhere stands for one with Chinese glyphs.
    monkeypatch.setattr(style, "CJK_FONTS", ("DejaVu Serif",))
    in_force = list(mpl.rcParams["font.family"])
    assert style.choose_fonts(["Régression", "$"]) == in_force
    assert style.choose_fonts(["Régression", "回归"]) == [*in_force, "DejaVu Serif"]


def test_chinese_names_without_a_font_are_warned_about(table, monkeypatch):
    monkeypatch.setattr(style, "CJK_FONTS", ())
    with pytest.warns(UserWarning, match="fonts-wqy-zenhei"):
        plot_gain_curve({"逻辑回归": table})
    plot_gain_curve({"Régression": table})


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "empty mapping"),
        ([1, 2], "compute_gain_table is needed, got list"),
        (pd.DataFrame({"n": [1]}), "churners, cumulative_share, cumulative_gain"),
    ],
)
def test_what_is_no_gain_table_is_refused(tables, message):
    with pytest.raises(SchemaError, match=message):
        plot_gain_curve(tables)


def test_missing_and_text_values_are_refused_by_column(table):
    with pytest.raises(SchemaError, match="cumulative_gain has 1 missing"):
        plot_gain_curve(table.assign(cumulative_gain=[np.nan, *[1.0] * 9]))
    with pytest.raises(SchemaError, match="column n must be numeric"):
        plot_gain_curve(table.assign(n="many"))


def test_dollars_in_names_are_dollars(table):
    # As mathematics this name would fail.
    ax = plot_gain_curve({"$\\x$": table})
    ax.figure.savefig(io.BytesIO(), format="svg")
    assert get_labels(ax)[0].startswith("$\\x$ (")
