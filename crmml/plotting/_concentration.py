"""The concentration curve: few customers bring most of the value."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml.plotting._line_breaks import measure_text
from crmml.plotting._rule_names import shorten
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

_COLUMNS = ("customer_share", "value_share")
# Characters of a name in the legend; the name of the value gets half of them.
_LONGEST = 32


def plot_concentration(
    curves: Any,
    *,
    customer_share: float = 0.2,
    value_name: str = "value",
    ax: Axes | None = None,
) -> Axes:
    """Plot which share of value the best customers bring.

    Parameters
    ----------
    curves : dataframe, or dict of str to dataframe
        Tables of :func:`crmml.segmentation.compute_concentration_curve` (pandas or
        Polars), one, or several by name, such as years or shops.
    customer_share : float, default=0.2
        Share of customers that is read off each curve, for the legend.
    value_name : str, default="value"
        What is shared out, such as ``"profit"``.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One line per table with a point at `customer_share`, and a dashed diagonal for
        customers who all bring the same. The legend says what the point says.

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
    >>> from crmml.plotting import plot_concentration
    >>> from crmml.segmentation import compute_concentration_curve
    >>> curve = compute_concentration_curve([60, 5, 30, 5, 0])
    >>> ax = plot_concentration({"Customers": curve}, value_name="profit")
    >>> ax.get_legend().get_texts()[0].get_text()
    'Customers: 20 % bring 60 % of profit'
    """
    named = name_tables(curves, default="Customers")
    ax = make_axes(ax)
    # The upright axis says it anyway.
    is_short = measure_text(value_name) <= _LONGEST // 2
    of_value = f" of {value_name}" if is_short else ""
    top = 1.0
    for i, (name, table) in enumerate(named.items()):
        read = read_numbers(table, _COLUMNS, "compute_concentration_curve")
        share, value = read["customer_share"], read["value_share"]
        top = max(top, float(value.max()))
        found = float(np.interp(customer_share, share, value))
        color = COLORS[i % len(COLORS)]
        ax.plot(
            share,
            value,
            color=color,
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            linewidth=2.0,
            zorder=3,
            label=f"{shorten(name, _LONGEST)}: {100 * customer_share:g} % bring "
            f"{100 * found:.0f} %{of_value}",
        )
        ax.plot([customer_share], [found], color=color, marker="o", zorder=4)
    ax.axvline(customer_share, color="0.6", linewidth=1.0, linestyle=":", zorder=1)
    ax.plot([0, 1], [0, 1], **REFERENCE, linestyle="--", label="All bring the same")
    ax.set(xlim=(0, 1), ylim=(0, 1.02 * top))
    fonts = choose_fonts([*named, value_name])
    ax.set_xlabel("Customers, the most valuable first")
    ax.set_ylabel(f"Share of {value_name}", fontfamily=fonts, parse_math=False)
    style_shares(ax)
    write_legend(ax, fonts, loc="lower right", edgecolor="none")
    return ax
