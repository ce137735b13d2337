"""Conditional expectations: what came and what was forecast, by past frequency."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml.exceptions import SchemaError
from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    choose_fonts,
    make_axes,
    name_tables,
    read_columns,
    read_numbers,
    write_legend,
)

_MAKER = "compute_conditional_expectations"


def plot_conditional_expectations(
    tables: Any, *, quantity: str = "purchases", ax: Axes | None = None
) -> Axes:
    r"""Plot actual and forecast means against how often customers had bought before.

    Parameters
    ----------
    tables : dataframe or mapping of str to dataframe
        As made by :func:`crmml.evaluation.compute_conditional_expectations` (pandas or
        Polars), one or several by the name of the model, of the same customers.
    quantity : str, default="purchases"
        What was forecast, for the label of the axis.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Bars of what came, with 95 percent intervals and the number of customers below,
        and a line for each forecast.

    Raises
    ------
    SchemaError
        If there is no table, a column is missing, or what came differs between tables.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.evaluation import compute_conditional_expectations
    >>> from crmml.plotting import plot_conditional_expectations
    >>> table = compute_conditional_expectations([0, 0, 1], [0, 1, 2], [0.2, 0.4, 1])
    >>> ax = plot_conditional_expectations({"BG/NBD": table})
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0\n(2)', '1\n(1)']
    """
    named = name_tables(tables, default="Model")
    first = next(iter(named))
    names = read_columns(named[first], ["frequency", "low", "high"], _MAKER)
    came = read_numbers(named[first], ["mean_actual", "n_customers"], _MAKER)
    forecasts = {}
    for name, table in named.items():
        own = read_numbers(table, ["mean_actual", "mean_forecast"], _MAKER)
        if not np.array_equal(own["mean_actual"], came["mean_actual"]):
            raise SchemaError("the tables must be of the same customers.")
        forecasts[name] = own["mean_forecast"]
    ax = make_axes(ax)
    mean, at = came["mean_actual"], np.arange(len(came["mean_actual"]))
    low, high = (np.array(names[end], np.float64) for end in ("low", "high"))
    reach = np.nan_to_num([mean - low, high - mean])
    ax.bar(at, mean, width=0.7, color="0.85", edgecolor="0.4", label="Actual")
    # A single customer has no interval.
    ax.errorbar(at, mean, yerr=reach, fmt="none", ecolor="0.4", capsize=3)
    for i, (name, values) in enumerate(forecasts.items()):
        ax.plot(
            at,
            values,
            color=COLORS[i % len(COLORS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            label=name,
            zorder=3,
        )
    sizes = came["n_customers"].astype(int)
    labels = [f"{x}\n({n:,})" for x, n in zip(names["frequency"], sizes, strict=True)]
    ax.set_xticks(at, labels)
    fonts = choose_fonts([*named, quantity])
    ax.set_xlabel("Repeat purchases before the cutoff (customers)")
    ax.set_ylabel(f"Mean {quantity} after it", fontfamily=fonts, parse_math=False)
    ax.set_ylim(bottom=0)
    write_legend(ax, fonts, loc="upper left", edgecolor="none")
    return ax
