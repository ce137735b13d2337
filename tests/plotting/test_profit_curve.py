import io

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.evaluation import compute_profit_curve
from crmml.exceptions import SchemaError
from crmml.plotting import plot_profit_curve

MONEY = {"clv": 200, "accept_rate": 0.3, "incentive_cost": 10, "contact_cost": 1}


@pytest.fixture
def curve():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=200)
    return compute_profit_curve(y, y + rng.normal(size=200), **MONEY)


def get_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_line_is_the_curve_and_its_mark_the_highest_point(curve):
    line = plot_profit_curve(pl.from_pandas(curve)).get_lines()[0]
    np.testing.assert_array_equal(line.get_xdata(), curve["share_called"])
    np.testing.assert_array_equal(line.get_ydata(), curve["profit"])
    (marked,) = line.get_markevery()
    assert line.get_ydata()[marked] == curve["profit"].max()


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_its_peak():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, size=30_000)
    curve = compute_profit_curve(y, y + rng.normal(size=30_000), **MONEY)
    line = plot_profit_curve(curve).get_lines()[0]
    assert len(line.get_xdata()) <= 2001
    assert line.get_ydata().max() == curve["profit"].max()
    assert line.get_xdata()[[0, -1]].tolist() == [0, 1]
    (marked,) = line.get_markevery()
    assert line.get_ydata()[marked] == curve["profit"].max()


def test_the_legend_says_what_the_best_number_of_calls_earns(curve):
    best = curve.loc[curve["profit"].idxmax()]
    expected = f"净值: {best['profit']:,.0f} at {best['n_called']:.0f} calls"
    assert get_labels(plot_profit_curve({"净值": curve}))[0] == expected
    small = curve.assign(profit=curve["profit"] / 1e4)
    assert "0." in get_labels(plot_profit_curve(small))[0]


def test_it_draws_on_the_given_axes_without_a_warning(curve):
    ax = Figure().add_subplot()
    assert plot_profit_curve({"$\\x$": curve, "利润": curve}, ax=ax) is ax
    ax.figure.savefig(io.BytesIO(), format="svg")
    # As mathematics this name would fail.
    assert get_labels(ax)[0].startswith("$\\x$:")


def test_calls_that_never_pay_are_drawn():
    curve = compute_profit_curve([0, 0], [0.1, 0.2], **MONEY)
    ax = plot_profit_curve(curve)
    assert get_labels(ax) == ["Model: 0 at 0 calls"]
    ax.figure.savefig(io.BytesIO(), format="png")


def test_bad_tables_are_refused(curve):
    with pytest.raises(SchemaError, match="lacks the columns profit"):
        plot_profit_curve(curve.drop(columns="profit"))
    with pytest.raises(SchemaError, match="empty mapping"):
        plot_profit_curve({})
    with pytest.raises(SchemaError, match="column profit has 1 missing"):
        plot_profit_curve(curve.assign(profit=curve["profit"].where(curve.index != 3)))
