"""Drift: which columns have moved, and how far chance would have moved them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.plotting._line_breaks import count_wide
from crmml.plotting._style import (
    COLORS,
    REFERENCE,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    write_legend,
)

Floats = NDArray[np.float64]

# Where moderate and large shifts begin; Siddiqi (2006).
_LIMITS = (0.10, 0.25)
# Colours that differ in lightness; bars also differ in hatching.
_LOOKS: dict[str, dict[str, Any]] = {
    "stable": {"facecolor": "0.85", "edgecolor": "0.5"},
    "too few rows": {"facecolor": "white", "edgecolor": "0.5", "hatch": ".."},
    "moderate": {"facecolor": COLORS[1], "edgecolor": "0.2", "hatch": "//"},
    "large": {"facecolor": COLORS[4], "edgecolor": "0.2", "hatch": "xx"},
}
# Characters of a name; a Chinese one counts twice.
_LONGEST = 32


def plot_drift(
    features: Any, *, max_features: int = 20, ax: Axes | None = None
) -> Axes:
    """Plot the population stability index of each column, the most moved on top.

    Parameters
    ----------
    features : dataframe
        The ``features`` of what :func:`crmml.evaluation.drift_report` returns (pandas
        or Polars).
    max_features : int, default=20
        Of more columns the first are drawn, which have moved most.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each column, coloured and hatched by status, with a thick tick where
        chance alone would end, beside its name and why it was flagged; dashed lines
        where moderate and large shifts begin. The axis is linear up to 0.25 and
        logarithmic beyond.

    Raises
    ------
    SchemaError
        If the table has no row, a column is missing or not numeric, or `max_features`
        is below 1.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.evaluation import drift_report
    >>> from crmml.plotting import plot_drift
    >>> then = pd.DataFrame({"plan": ["A", "B"] * 450})
    >>> now = pd.DataFrame({"plan": ["A", "C"] * 450})
    >>> ax = plot_drift(drift_report(then, now).features)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['plan']
    """
    limit = check_count(max_features, "max_features")
    what = "drift_report, its features,"
    numbers = read_numbers(features, ("psi", "psi_by_chance"), what)
    texts = read_columns(features, ("feature", "status", "reason"), what)
    n_rows = min(limit, len(texts["feature"]))
    if not n_rows:
        raise SchemaError("the table of drift_report has no row; draw another.")
    unknown = set(texts["status"]) - set(_LOOKS)
    if unknown:
        raise SchemaError(f"column status has {len(unknown)} values that are none.")
    names = [_cut(str(name)) for name in texts["feature"][:n_rows]]
    psi, chance = (numbers[name][:n_rows] for name in ("psi", "psi_by_chance"))
    ax = make_axes(ax, size=(8.0, 1.8 + 0.32 * n_rows))
    _draw_bars(ax, psi, chance, texts["status"][:n_rows])
    _style_index(ax, max(0.4, 1.1 * float(max(psi.max(), chance.max()))))
    fonts = choose_fonts(names)
    ax.set_yticks(range(n_rows), names, fontfamily=fonts)
    for tick in ax.get_yticklabels():
        tick.set_parse_math(False)
    for i, reason in enumerate(texts["reason"][:n_rows]):
        ax.text(
            1.02,
            i,
            str(reason),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=8,
        )
    ax.set_ylim(n_rows - 0.4, -0.6)
    write_legend(
        ax, fonts, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, edgecolor="none"
    )
    return ax


def _draw_bars(ax: Axes, psi: Floats, chance: Floats, statuses: list[str]) -> None:
    """Draw a bar for each column, and a tick where chance would end."""
    places = np.arange(len(psi))
    for status, look in _LOOKS.items():
        own = np.array([one == status for one in statuses])
        if own.any():
            label = f"{status} ({int(own.sum())})"
            ax.barh(places[own], psi[own], height=0.65, label=label, zorder=2, **look)
    tick: dict[str, Any] = {
        "color": "0",
        "markersize": 11,
        "markeredgewidth": 1.8,
        "zorder": 4,
    }
    ax.plot(chance, places, "|", label="chance", **tick)


def _style_index(ax: Axes, right: float) -> None:
    """Scale so that a large shift of one column hides no moderate one of another."""
    for value in _LIMITS:
        ax.axvline(value, **REFERENCE, linestyle="--")
    ax.set_xscale("symlog", linthresh=_LIMITS[1], linscale=1.5)
    ax.set_xlim(0, right)
    ticks = [0, *_LIMITS, 1, 4, 16]
    shown = [value for value in ticks if value <= right]
    ax.set_xticks(shown, [f"{value:g}" for value in shown])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("Population stability index")


def _cut(name: str) -> str:
    """Shorten a long name at its end."""
    if len(name) + count_wide(name) <= _LONGEST:
        return name
    kept = ""
    for char in name:
        if len(kept) + count_wide(kept) >= _LONGEST - 3:
            break
        kept += char
    return f"{kept}..."
