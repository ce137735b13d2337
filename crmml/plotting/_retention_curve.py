"""Retention curves: the share of customers kept over time, by group."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    write_legend,
)

_RETENTION = ("retained", "compute_retention_curve")
_INCIDENCE = ("incidence", "compute_cumulative_incidence")


def plot_retention_curve(
    table: Any, *, unit: str = "days", ax: Axes | None = None
) -> Axes:
    """Plot the share of customers kept, or lost to each reason, over time.

    Parameters
    ----------
    table : dataframe
        As made by :func:`crmml.models.compute_retention_curve` or
        :func:`crmml.models.compute_cumulative_incidence` (pandas or Polars).
    unit : str, default="days"
        The unit of the times, for the label of the axis.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One line a group (and reason), in steps, inside the band of its interval.
        The line ends where observation does.

    Raises
    ------
    SchemaError
        If a column is missing or not numeric, or the table has no rows.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.models import compute_retention_curve
    >>> from crmml.plotting import plot_retention_curve
    >>> ax = plot_retention_curve(
    ...     compute_retention_curve([2, 3, 5, 6], [1, 0, 1, 0]), unit="months"
    ... )
    >>> ax.get_lines()[0].get_ydata().tolist()
    [1.0, 0.75, 0.375, 0.375]
    """
    is_by_reason = "reason" in list(getattr(table, "columns", []))
    column, maker = _INCIDENCE if is_by_reason else _RETENTION
    keys = ["group", "reason"] if is_by_reason else ["group"]
    names = read_columns(table, keys, maker)
    read = read_numbers(table, ["time", column, "low", "high"], maker)
    labels = [_label(key) for key in zip(*names.values(), strict=True)]
    # An only group needs no name.
    if is_by_reason and len(set(names["group"])) == 1:
        labels = [str(reason) for reason in names["reason"]]
    ax = make_axes(ax)
    order = list(dict.fromkeys(labels))
    at = np.array([order.index(label) for label in labels])
    for i, label in enumerate(order):
        own = {name: values[at == i] for name, values in read.items()}
        _draw_steps(ax, own, column, i, label)
    ax.set_xlim(0, float(read["time"].max()) or 1.0)
    top = float(read["high"].max()) if is_by_reason else 1.0
    ax.set_ylim(0, 1.02 * top or 1.0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    fonts = choose_fonts([*order, unit])
    what = "Share of customers lost" if is_by_reason else "Share of customers kept"
    ax.set_ylabel(f"{what}, with interval")
    ax.set_xlabel(f"Time since the start, {unit}", fontfamily=fonts, parse_math=False)
    if len(order) > 1:
        place = "upper left" if is_by_reason else "best"
        write_legend(ax, fonts, loc=place, edgecolor="none")
    return ax


def _draw_steps(
    ax: Axes, own: dict[str, NDArray[np.float64]], column: str, i: int, label: str
) -> None:
    """Draw one line in steps and the band of its interval."""
    color = COLORS[i % len(COLORS)]
    ax.fill_between(
        *(own["time"], own["low"], own["high"]),
        step="post",
        color=color,
        alpha=0.18,
        linewidth=0,
    )
    ax.step(
        *(own["time"], own[column]),
        where="post",
        color=color,
        linestyle=LINE_STYLES[i % len(LINE_STYLES)],
        linewidth=1.6,
        label=label,
    )


def _label(key: tuple[Any, ...]) -> str:
    return ", ".join(str(part) for part in key)
