"""Who comes back after how long a silence, and the horizon that follows from it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmml.plotting._style import COLORS, REFERENCE, make_axes, read_numbers

_COLUMNS = ("horizon_days", "return_share")


def plot_inactivity(
    table: Any, *, max_return_share: float = 0.1, ax: Axes | None = None
) -> Axes:
    """Plot the share of the silent who come back against the length of silence.

    Parameters
    ----------
    table : dataframe
        The ``table`` of what :func:`crmml.labels.suggest_inactivity` returns (pandas
        or Polars).
    max_return_share : float, default=0.1
        The share that may come back; a dashed line.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        The curve, and a point at the first horizon at which fewer come back than
        `max_return_share`, if there is one.

    Raises
    ------
    SchemaError
        If the table has no row, or a column is missing or not numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_inactivity
    >>> shares = {"horizon_days": [1, 2, 3], "return_share": [0.5, 0.2, 0.05]}
    >>> ax = plot_inactivity(pd.DataFrame(shares))
    >>> ax.texts[0].get_text()
    '3 days: 5 % come back'
    """
    read = read_numbers(table, _COLUMNS, "suggest_inactivity")
    days, share = (read[name] for name in _COLUMNS)
    ax = make_axes(ax)
    ax.plot(days, share, color=COLORS[0], linewidth=2.0, zorder=3)
    ax.axhline(max_return_share, **REFERENCE, linestyle="--")
    is_kept = share < max_return_share
    if is_kept.any():
        _mark(ax, days, share, int(np.argmax(is_kept)))
    ax.set_xlim(0, days[-1])
    ax.set_ylim(0, min(1.0, 1.1 * max(share.max(), max_return_share)))
    ax.set_xlabel("Days without a purchase")
    ax.set_ylabel("Share of the silent who come back")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    return ax


def _mark(ax: Axes, days: Any, share: Any, at: int) -> None:
    """Mark the suggested horizon; a falling curve leaves the upper right to words."""
    ax.plot(days[at], share[at], "o", color=COLORS[4], markersize=7, zorder=4)
    ax.text(
        0.98,
        0.97,
        f"{days[at]:g} days: {100 * share[at]:.2g} % come back",
        transform=ax.transAxes,
        ha="right",
        va="top",
        zorder=5,
    )
