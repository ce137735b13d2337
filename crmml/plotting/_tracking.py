"""Tracking: repeat purchases as they came and as a model expected them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from crmml.exceptions import SchemaError
from crmml.plotting._style import (
    COLORS,
    REFERENCE,
    choose_fonts,
    make_axes,
    name_tables,
    read_columns,
    read_numbers,
    write_legend,
)

_MAKER = "ValuePipeline.compute_tracking"
_STYLES = ("--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)))


def plot_tracking(
    tables: Any, *, cumulative: bool = False, ax: Axes | None = None
) -> Axes:
    """Plot actual against expected repeat purchases over time.

    Parameters
    ----------
    tables : dataframe or mapping of str to dataframe
        Tables as made by :meth:`crmml.pipeline.ValuePipeline.compute_tracking` (pandas
        or Polars), one or several by the name of the model, over the same periods.
    cumulative : bool, default=False
        Whether to add up the periods.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        A solid line of what came, a broken one for each model, and an upright one where
        the forecast begins.

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
    >>> import pandas as pd
    >>> from crmml.plotting import plot_tracking
    >>> table = pd.DataFrame(
    ...     {
    ...         "period_end": pd.to_datetime(["2024-01-08", "2024-01-15"]),
    ...         "actual": [4, 3],
    ...         "expected": [3.5, 3.1],
    ...         "cumulative_actual": [4, 7],
    ...         "cumulative_expected": [3.5, 6.6],
    ...         "is_forecast": [False, True],
    ...     }
    ... )
    >>> ax = plot_tracking({"BG/NBD": table}, cumulative=True)
    >>> [list(map(float, line.get_ydata())) for line in ax.get_lines()[:2]]
    [[4.0, 7.0], [3.5, 6.6]]
    """
    named = name_tables(tables, default="Model")
    actual, expected = (
        ("cumulative_actual", "cumulative_expected")
        if cumulative
        else ("actual", "expected")
    )
    read = {
        name: read_numbers(table, [actual, expected], _MAKER)
        for name, table in named.items()
    }
    times = {
        name: read_columns(table, ["period_end", "is_forecast"], _MAKER)
        for name, table in named.items()
    }
    first = next(iter(named))
    came, when = read[first][actual], times[first]["period_end"]
    for name in named:
        if times[name]["period_end"] != when or (read[name][actual] != came).any():
            raise SchemaError("the tables must track the same customers and periods.")
    ax = make_axes(ax, size=(7.0, 4.2))
    days = [np.datetime64(one.replace(tzinfo=None), "us") for one in when]
    ax.plot(days, came, color="0.2", linewidth=1.4, label="Actual", zorder=2)
    for i, name in enumerate(named):
        color, style = COLORS[i % len(COLORS)], _STYLES[i % len(_STYLES)]
        values = read[name][expected]
        ax.plot(days, values, color=color, linestyle=style, linewidth=2.0, label=name)
    _mark_forecast(ax, days, times[first]["is_forecast"])
    # Both classes are untyped in matplotlib.
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    dates = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(
        "Repeat purchases so far" if cumulative else "Repeat purchases a period"
    )
    ax.set_xlabel("End of the period")
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    place = "lower right" if cumulative else "best"
    write_legend(ax, choose_fonts(named), loc=place, edgecolor="none")
    return ax


def _mark_forecast(ax: Axes, days: list[Any], is_forecast: list[Any]) -> None:
    """Draw an upright line where the last period of the fit ends."""
    n_known = is_forecast.count(False)
    if 0 < n_known < len(days):
        ax.axvline(days[n_known - 1], **REFERENCE, linestyle=":")
        ax.annotate(
            "forecast",
            (days[n_known - 1], 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, 6),
            textcoords="offset points",
            color="0.35",
        )
