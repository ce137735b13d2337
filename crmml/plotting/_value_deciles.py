"""Deciles of value: what the customers forecast to bring most did bring."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml.plotting._style import (
    COLORS,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    write_legend,
)

_MAKER = "compute_value_deciles"


def plot_value_deciles(
    table: Any, *, quantity: str = "value", ax: Axes | None = None
) -> Axes:
    """Plot mean forecast and mean actual value from the highest forecasts down.

    Parameters
    ----------
    table : dataframe
        As made by :func:`crmml.evaluation.compute_value_deciles`.
    quantity : str, default="value"
        What was forecast and in which currency, for the label of the axis.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        For each decile a bar of what came, with its share of the total above, and a
        marker of the forecast.

    Raises
    ------
    SchemaError
        If a column is missing or not numeric.

    Warns
    -----
    UserWarning
        If `quantity` has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.evaluation import compute_value_deciles
    >>> from crmml.plotting import plot_value_deciles
    >>> table = compute_value_deciles([0, 0, 30, 10], [1, 2, 20, 17], n_groups=2)
    >>> [text.get_text() for text in plot_value_deciles(table).texts]
    ['100 %', '0 %']
    """
    # The decile is the index of a pandas table.
    frame = table.reset_index() if hasattr(table, "reset_index") else table
    names = [str(one) for one in read_columns(frame, ["decile"], _MAKER)["decile"]]
    numbers = ("mean_forecast", "mean_actual", "share_of_actual")
    read = read_numbers(frame, numbers, _MAKER)
    ax = make_axes(ax)
    at = np.arange(len(names))
    came, forecast = read["mean_actual"], read["mean_forecast"]
    ax.bar(at, came, width=0.7, color="0.85", edgecolor="0.4", label="Came")
    for x, share in zip(at, read["share_of_actual"], strict=True):
        ax.annotate(
            f"{100 * share:.0f} %",
            (x, max(came[x], forecast[x])),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color="0.3",
        )
    ax.plot(
        at,
        forecast,
        color=COLORS[0],
        marker="D",
        linestyle="none",
        label="Forecast",
        zorder=3,
    )
    ax.set_xticks(at, names)
    ax.margins(y=0.1)
    fonts = choose_fonts([quantity])
    ax.set_xlabel("Decile of customers, highest forecasts first")
    ax.set_ylabel(f"Mean {quantity}", fontfamily=fonts, parse_math=False)
    write_legend(ax, fonts, loc="upper right", edgecolor="none")
    return ax
