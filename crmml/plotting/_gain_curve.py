"""Cumulative gain: how many leavers are reached by calling the top of the list."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    REFERENCE,
    choose_fonts,
    make_axes,
    name_tables,
    read_numbers,
    style_shares,
    write_legend,
)

_COLUMNS = ("n", "churners", "cumulative_share", "cumulative_gain")


def plot_gain_curve(tables: Any, *, ax: Axes | None = None) -> Axes:
    """Plot the share of leavers found against the share of customers called.

    Parameters
    ----------
    tables : dataframe or mapping of str to dataframe
        Gain tables as made by :func:`crmml.evaluation.compute_gain_table` (pandas or
        Polars), one or several by the name of the model. More bins give finer curves.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One line per table; a dashed diagonal for calling at random; a dotted line for
        the best possible ranking, where all tables have the same rate of leavers. The
        legend says how many leavers are among the first tenth.

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
    >>> from crmml.evaluation import compute_gain_table
    >>> from crmml.plotting import plot_gain_curve
    >>> table = compute_gain_table([1, 0, 0, 0], [0.9, 0.2, 0.6, 0.1], n_bins=4)
    >>> ax = plot_gain_curve({"Logistic": table})
    >>> ax.get_legend().get_texts()[0].get_text()
    'Logistic (40 % in the first tenth)'
    """
    named = name_tables(tables, default="Model")
    read = {
        name: read_numbers(table, _COLUMNS, "compute_gain_table")
        for name, table in named.items()
    }
    ax = make_axes(ax)
    for i, (name, table) in enumerate(read.items()):
        share = np.r_[0.0, table["cumulative_share"]]
        gain = np.r_[0.0, table["cumulative_gain"]]
        first_tenth = np.interp(0.1, share, gain)
        ax.plot(
            share,
            gain,
            color=COLORS[i % len(COLORS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            linewidth=2.0,
            zorder=3,
            label=f"{name} ({100 * first_tenth:.0f} % in the first tenth)",
        )
    rates = [table["churners"].sum() / table["n"].sum() for table in read.values()]
    if np.ptp(rates) < 1e-9:
        ax.plot(
            [0, rates[0], 1], [0, 1, 1], **REFERENCE, linestyle=":", label="Perfect"
        )
    ax.plot([0, 1], [0, 1], **REFERENCE, linestyle="--", label="At random")
    ax.set(xlim=(0, 1), ylim=(0, 1.01))
    ax.set_xlabel("Customers called, highest scores first")
    ax.set_ylabel("Leavers among them, of all leavers")
    style_shares(ax)
    write_legend(ax, choose_fonts(named), loc="lower right", edgecolor="none")
    return ax
