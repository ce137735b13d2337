"""Global drivers of churn as bars, with the values that raise and lower the risk."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.plotting._line_breaks import count_wide
from crmml.plotting._style import (
    COLORS,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
)

_MAKER = "compute_drivers"
# Half-width characters that there is room for.
_LONGEST_NAME = 32
_LONGEST_VALUE = 20
# Size of the notes in that of other text, and width of a character in its height.
_NOTE_SIZE = 0.8
_HALF = 0.62


def plot_drivers(table: Any, *, max_features: int = 12, ax: Axes | None = None) -> Axes:
    """Plot how much each feature moves the risk, and which of its values raise it.

    Parameters
    ----------
    table : dataframe
        As made by :func:`crmml.models.compute_drivers` (pandas or Polars).
    max_features : int, default=12
        How many features to show, the strongest first.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One bar a feature, as long as its mean absolute contribution to the log-odds.
        Beside it stand the values that raise the risk (up) and those that lower it
        (down).

    Raises
    ------
    SchemaError
        If a column is missing or not numeric, or `max_features` is no whole number of
        at least 1.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_drivers
    >>> table = pd.DataFrame(
    ...     {
    ...         "name": ["contract", "colour"],
    ...         "mean_abs_contribution": [0.9, 0.1],
    ...         "raises": ["monthly", None],
    ...         "lowers": ["yearly", None],
    ...     }
    ... )
    >>> ax = plot_drivers(table)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['contract', 'colour']
    """
    max_features = check_count(max_features, "max_features")
    read = read_columns(table, ["name", "raises", "lowers"], _MAKER)
    sizes = read_numbers(table, ["mean_abs_contribution"], _MAKER)
    lengths = sizes["mean_abs_contribution"][:max_features]
    n = len(lengths)
    names = [_shorten(str(name), _LONGEST_NAME) for name in read["name"][:n]]
    notes = [
        _note(raises, lowers)
        for raises, lowers in zip(read["raises"][:n], read["lowers"][:n], strict=True)
    ]
    fonts = choose_fonts([*names, *notes])
    ax = make_axes(ax, size=(7.5, 1.2 + 0.32 * max(n, 2)))
    ax.barh(range(n), lengths, height=0.7, color=COLORS[0])
    ax.set_yticks(range(n), names, fontfamily=fonts)
    for text in ax.get_yticklabels():
        # Between two dollar signs matplotlib would set mathematics.
        text.set_parse_math(False)
    longest = float(lengths.max(initial=0.0)) or 1.0
    ax.set_xlim(0, _find_limit(ax, names, notes, lengths) or longest)
    for i, (length, note) in enumerate(zip(lengths, notes, strict=True)):
        ax.annotate(
            note,
            (length, i),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=_NOTE_SIZE * mpl.rcParams["font.size"],
            fontfamily=fonts,
            parse_math=False,
        )
    ax.set_ylim(n - 0.4, -0.6)
    ticks = [tick for tick in ax.get_xticks() if tick <= longest * 1.05]
    ax.set_xticks(ticks)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        "Mean absolute contribution to the log-odds of leaving\n"
        "(↑ what raises them, ↓ what lowers them)",
        loc="left",
    )
    return ax


def _find_limit(
    ax: Axes, names: list[str], notes: list[str], lengths: NDArray[np.float64]
) -> float:
    """Return the end of the axis at which every note has room beside its bar."""
    inch = mpl.rcParams["font.size"] / 72.0
    widths = [_count_halves(note) * _NOTE_SIZE * inch * _HALF for note in notes]
    name = max(map(_count_halves, names), default=0) * inch * _HALF
    room = max(ax.get_window_extent().width / ax.figure.dpi, 0.5)
    if isinstance(ax.figure, Figure) and ax.figure.get_layout_engine() is not None:
        # The names take their part when the layout is made.
        room = max(float(ax.figure.get_figwidth()) - name, 0.5)
    free = 1.0 - np.clip(np.array(widths) / room, 0.0, 0.9)
    return float(np.max(lengths / free, initial=0.0)) * 1.05


def _note(raises: Any, lowers: Any) -> str:
    """Say which values raise and lower the risk, as far as that is known."""
    # Polars and pandas spell a missing text differently.
    given = [value if isinstance(value, str) else None for value in (raises, lowers)]
    if given[0] == given[1] and given[0] is not None:
        return f"↕ {given[0]}"
    marked = zip("↑↓", given, strict=True)
    return "   ".join(
        f"{mark} {_shorten(text, _LONGEST_VALUE)}" for mark, text in marked if text
    )


def _shorten(text: str, longest: int) -> str:
    """Cut what would not fit; a Chinese character is as wide as two."""
    if _count_halves(text) <= longest:
        return text
    kept = text
    while _count_halves(kept) > longest - 1:
        kept = kept[:-1]
    return kept + "…"


def _count_halves(text: str) -> int:
    return len(text) + count_wide(text)
