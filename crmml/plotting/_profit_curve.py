"""The profit curve: what calling more and more customers earns."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    REFERENCE,
    choose_fonts,
    make_axes,
    name_tables,
    read_numbers,
    write_legend,
)

_COLUMNS = ("n_called", "share_called", "profit")

# Points of a line; more would not be seen.
_MAX_POINTS = 2000


def plot_profit_curve(tables: Any, *, ax: Axes | None = None) -> Axes:
    """Plot profit against the share of customers called, highest scores first.

    Parameters
    ----------
    tables : dataframe or mapping of str to dataframe
        Profit curves as made by :func:`crmml.evaluation.compute_profit_curve` (pandas
        or Polars), one or several by the name of the model.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One line per table, with a mark at its highest point; the legend says how many
        customers are called there and what that earns. A dashed line at zero, which
        calling nobody earns.

    Raises
    ------
    SchemaError
        If there is no table, or a column is missing or not numeric.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.evaluation import compute_profit_curve
    >>> from crmml.plotting import plot_profit_curve
    >>> money = dict(clv=100, accept_rate=0.5, incentive_cost=10, contact_cost=1)
    >>> curve = compute_profit_curve([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], **money)
    >>> ax = plot_profit_curve({"Logistic": curve})
    >>> ax.get_legend().get_texts()[0].get_text()
    'Logistic: 77 at 3 calls'
    """
    named = name_tables(tables, default="Model")
    read = {
        name: read_numbers(table, _COLUMNS, "compute_profit_curve")
        for name, table in named.items()
    }
    ax = make_axes(ax)
    for i, (name, table) in enumerate(read.items()):
        best = int(table["profit"].argmax())
        n_calls, profit = table["n_called"][best], table["profit"][best]
        kept = _thin(len(table["profit"]), best)
        ax.plot(
            table["share_called"][kept],
            table["profit"][kept],
            color=COLORS[i % len(COLORS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            linewidth=2.0,
            marker=MARKERS[i % len(MARKERS)],
            markersize=7,
            markevery=[int(np.flatnonzero(kept == best)[0])],
            zorder=3,
            label=f"{name}: {_write(profit)} at {n_calls:,.0f} calls",
        )
    ax.axhline(0.0, **REFERENCE, linestyle="--")
    ax.set_xlim(0, 1)
    ax.set_xlabel("Customers called, highest scores first")
    ax.set_ylabel("Profit, in the currency of the values")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    write_legend(ax, choose_fonts(named), loc="best", edgecolor="none")
    return ax


def _thin(n_points: int, best: int) -> Any:
    """Positions of evenly spread points, among them both ends and the best."""
    spread = np.linspace(0, n_points - 1, min(n_points, _MAX_POINTS))
    return np.unique(np.r_[spread.round().astype(np.int64), best])


def _write(money: float) -> str:
    """Write money without digits that nobody reads."""
    return f"{money:,.0f}" if abs(money) >= 1000 else f"{money:.4g}"
