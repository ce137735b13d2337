"""Profile bars: what each segment has more of, or less, than the others."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml._utils._arguments import check_count
from crmml.plotting._style import (
    COLORS,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
)


def plot_segment_contrasts(
    contrasts: Any, *, n_features: int = 3, ax: Axes | None = None
) -> Axes:
    """Plot the features that set each segment apart.

    Parameters
    ----------
    contrasts : dataframe
        Columns ``segment``, ``feature`` and ``effect``, as made by
        :func:`crmml.segmentation.compute_segment_contrasts` (pandas or Polars).
    n_features : int, default=3
        How many features of each segment, those with the largest effects first.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Bars to the right where members have more than others, hatched bars to the left
        where they have less; segment by segment.

    Raises
    ------
    SchemaError
        If a column is missing, an effect is no finite number, or `n_features` is below
        1.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_segment_contrasts
    >>> from crmml.segmentation import compute_segment_contrasts
    >>> features = pd.DataFrame({"n_orders": [9, 8, 1, 1]})
    >>> contrasts = compute_segment_contrasts(features, ["top", "top", "few", "few"])
    >>> ax = plot_segment_contrasts(contrasts)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['n_orders', 'n_orders']
    """
    n_features = check_count(n_features, "n_features")
    what = "compute_segment_contrasts"
    read = read_columns(contrasts, ("segment", "feature"), what)
    effects = read_numbers(contrasts, ("effect",), what)["effect"]
    chosen = _choose_rows(read["segment"], effects, n_features)
    n_bars, n_segments = sum(map(len, chosen.values())), len(chosen)
    ax = make_axes(ax, size=(7.0, 1.0 + 0.28 * n_bars + 0.3 * n_segments))
    fonts = choose_fonts([*map(str, chosen), *map(str, read["feature"])])
    place, places, names = 0.0, [], []
    for segment, rows in chosen.items():
        ax.text(
            -1.0,
            place,
            f"Segment {segment}" if not isinstance(segment, str) else segment,
            va="center",
            fontweight="normal",
            fontsize=10,
            fontfamily=fonts,
            parse_math=False,
        )
        for row in rows:
            place += 1.0
            is_more = effects[row] >= 0
            ax.barh(
                place,
                effects[row],
                height=0.75,
                color=COLORS[0] if is_more else "white",
                edgecolor=COLORS[0] if is_more else COLORS[4],
                hatch=None if is_more else "////",
            )
            places.append(place)
            names.append(str(read["feature"][row]))
        place += 1.3
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set(xlim=(-1.02, 1.02), ylim=(place - 0.5, -0.8))
    ax.set_yticks(places, names, fontfamily=fonts, parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Less than others  \u2190  effect (Cliff's delta)  \u2192  more")
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    return ax


def _choose_rows(
    segments: list[Any], effects: Any, n_features: int
) -> dict[Any, list[int]]:
    """Return the rows to draw per segment, in the order of the table."""
    chosen: dict[Any, list[int]] = {}
    for row in np.argsort(-np.abs(effects), kind="stable"):
        rows = chosen.setdefault(segments[row], [])
        if len(rows) < n_features:
            rows.append(int(row))
    return {segment: chosen[segment] for segment in dict.fromkeys(segments)}
