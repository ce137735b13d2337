"""Reliability: predicted probabilities beside what happened."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    REFERENCE,
    choose_fonts,
    make_axes,
    name_tables,
    read_numbers,
    style_shares,
    write_legend,
)

_COLUMNS = ("mean_predicted", "observed", "observed_low", "observed_high")


def plot_reliability(tables: Any, *, ax: Axes | None = None) -> Axes:
    """Plot observed churn rates against mean predicted probabilities, by bin.

    Parameters
    ----------
    tables : dataframe or mapping of str to dataframe
        Reliability tables as made by
        :func:`crmml.evaluation.compute_reliability_table` (pandas or Polars), one or
        several by the name of the model.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One line per table, whose points carry the 95 percent interval of the observed
        rate, and a dashed diagonal on which predictions keep their word. Points below
        it: fewer left than predicted.

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
    >>> from crmml.evaluation import compute_reliability_table
    >>> from crmml.plotting import plot_reliability
    >>> left = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    >>> table = compute_reliability_table(left, [0.2] * 5 + [0.8] * 5, n_bins=2)
    >>> ax = plot_reliability({"Logistic": table})
    >>> ax.get_lines()[0].get_ydata().tolist()
    [0.2, 0.8]
    """
    named = name_tables(tables, default="Model")
    read = {
        name: read_numbers(table, _COLUMNS, "compute_reliability_table")
        for name, table in named.items()
    }
    ax = make_axes(ax)
    top = 0.0
    for i, (name, table) in enumerate(read.items()):
        predicted, middle, low, high = (table[column] for column in _COLUMNS)
        ax.errorbar(
            predicted,
            middle,
            # Rounding may leave -1e-17 where an interval ends at the rate.
            yerr=np.clip([middle - low, high - middle], 0, None),
            color=COLORS[i % len(COLORS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            linewidth=1.5,
            elinewidth=0.8,
            capsize=2,
            zorder=3,
            label=name,
        )
        top = max(top, high.max(initial=0), predicted.max(initial=0))
    # Rare leavers fill the picture too.
    limit = min(1.0, 1.05 * top) or 1.0
    ax.plot([0, limit], [0, limit], **REFERENCE, linestyle="--", label="As predicted")
    ax.set(xlim=(0, limit * 1.01), ylim=(0, limit * 1.01))
    ax.set_xlabel("Predicted probability of leaving, mean of the bin")
    ax.set_ylabel("Share that left, with 95 % interval")
    style_shares(ax)
    write_legend(ax, choose_fonts(named), loc="upper left", edgecolor="none")
    return ax
