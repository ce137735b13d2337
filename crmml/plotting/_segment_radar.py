"""Radar: the shapes of segments over a few features, side by side."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.plotting._line_breaks import break_lines, count_wide
from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    write_legend,
)

# Below three there is no shape, above eight nobody tells the corners apart.
_FEWEST, _MOST = 3, 8
_MOST_SEGMENTS = 6
# Characters of a name on one line; a Chinese one counts twice.
_LINE = 18


def plot_segment_radar(
    contrasts: Any,
    *,
    features: Any = None,
    segments: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot how segments differ from other customers, as shapes around a circle.

    A radar helps to see at a glance that segments have opposite shapes. Areas in it
    mean nothing, and neighbours depend on the order of the features: read figures from
    the bars of :func:`plot_segment_contrasts`.

    Parameters
    ----------
    contrasts : dataframe
        Columns ``segment``, ``feature`` and ``effect``, as made by
        :func:`crmml.segmentation.compute_segment_contrasts` (pandas or Polars).
    features : sequence of str, default=None
        Three to eight features, in their order around the circle. None: those with the
        largest effects, in the order of the table.
    segments : sequence, default=None
        At most six segments. None: the first of the table, which are the largest.
    ax : matplotlib.axes.Axes, default=None
        Axes in polar projection to draw on. None: new ones, on a figure of their own
        that pyplot does not know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        A closed line for each segment, told apart by colour, dashes and marks; outwards
        where members have more than others, inside the grey circle where they have
        less.

    Raises
    ------
    SchemaError
        If a column is missing, a feature or segment is not in the table, there are
        fewer than three features or too many of either, an effect is not between -1 and
        1, a pair of segment and feature is repeated or one to be drawn is missing, or
        `ax` is not polar.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.plotting import plot_segment_radar
    >>> from crmml.segmentation import compute_segment_contrasts
    >>> features = pd.DataFrame(
    ...     {"n_orders": [9, 8, 1, 1], "spend": [90, 70, 9, 5], "age": [30, 50, 40, 20]}
    ... )
    >>> contrasts = compute_segment_contrasts(features, ["top", "top", "few", "few"])
    >>> ax = plot_segment_radar(contrasts)
    >>> [line.get_label() for line in ax.get_lines()[1:]]
    ['few', 'top']
    """
    what = "compute_segment_contrasts"
    read = read_columns(contrasts, ("segment", "feature"), what)
    effects = read_numbers(contrasts, ("effect",), what)["effect"]
    shown = _choose_segments(read["segment"], segments)
    corners = _choose_features(read["feature"], effects, features)
    cells = _read_cells(read, effects, shown, corners)
    ax = _make_polar(ax)
    fonts = choose_fonts([*map(str, shown), *map(str, corners)])
    angles = np.linspace(0, 2 * np.pi, len(corners) + 1)
    circle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(circle, np.zeros(200), color="0.45", linewidth=1.5, label="_same as others")
    names = [one if isinstance(one, str) else f"Segment {one}" for one in shown]
    lines = []
    for i, segment in enumerate(shown):
        lines += ax.plot(
            angles,
            [cells[segment, corner] for corner in (*corners, corners[0])],
            color=COLORS[i],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            marker=MARKERS[i],
            markersize=5,
            linewidth=1.8,
            label=names[i],
        )
    _label(ax, angles[:-1], [str(corner) for corner in corners], fonts)
    longest = max(len(name) + count_wide(name) for name in names)
    write_legend(
        ax,
        fonts,
        # Else a name that starts with "_" would be left out.
        handles=lines,
        labels=names,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.08),
        # Side by side as far as the names leave room.
        ncols=min(max(60 // (longest + 12), 1), 3),
        frameon=False,
    )
    return ax


def _choose_segments(found: list[Any], wanted: Any) -> list[Any]:
    known = list(dict.fromkeys(found))
    if wanted is None:
        return known[:_MOST_SEGMENTS]
    chosen = _list_names(wanted, "segments")
    n_unknown = sum(segment not in known for segment in chosen)
    if n_unknown or not 1 <= len(set(chosen)) == len(chosen) <= _MOST_SEGMENTS:
        raise SchemaError(
            f"segments must name one to {_MOST_SEGMENTS} different segments of the "
            f"table, got {len(chosen)}, of which {n_unknown} are not in it."
        )
    return chosen


def _choose_features(
    found: list[Any], effects: NDArray[np.float64], wanted: Any
) -> list[Any]:
    """Return the features wanted, or those with the largest effects."""
    largest: dict[Any, float] = {}
    for feature, effect in zip(found, np.abs(effects), strict=True):
        largest[feature] = max(largest.get(feature, 0.0), float(effect))
    chosen = list(largest) if wanted is None else _list_names(wanted, "features")
    if wanted is None:
        kept = sorted(chosen, key=lambda feature: -largest[feature])[:_MOST]
        # In an order that does not hang on the effects of one segment.
        chosen = sorted(kept, key=str)
    n_unknown = sum(feature not in largest for feature in chosen)
    if n_unknown or not _FEWEST <= len(set(chosen)) == len(chosen) <= _MOST:
        raise SchemaError(
            f"A radar takes {_FEWEST} to {_MOST} different features of the table, got "
            f"{len(chosen)}, of which {n_unknown} are not in it. Draw fewer with "
            "plot_segment_contrasts, or name some in features=."
        )
    return chosen


def _list_names(wanted: Any, what: str) -> list[Any]:
    """Return several names; a text is one, not the several letters in it."""
    if isinstance(wanted, Iterable) and not isinstance(wanted, str | bytes):
        names = list(wanted)
        if all(isinstance(name, Hashable) for name in names):
            return names
    raise SchemaError(
        f"{what} must be a sequence of names, got {type(wanted).__name__}."
    )


def _read_cells(
    read: dict[str, list[Any]],
    effects: NDArray[np.float64],
    shown: list[Any],
    corners: list[Any],
) -> dict[tuple[Any, Any], float]:
    """Return effects by segment and feature, of which none to be drawn may lack."""
    pairs = list(zip(read["segment"], read["feature"], strict=True))
    cells = dict(zip(pairs, map(float, effects), strict=True))
    n_repeated = len(pairs) - len(cells)
    n_missing = sum((one, corner) not in cells for one in shown for corner in corners)
    n_beyond = int(np.count_nonzero(np.abs(effects) > 1))
    if n_repeated or n_missing or n_beyond:
        raise SchemaError(
            "The table must have one row for each segment and feature to be drawn, "
            f"with an effect between -1 and 1; {n_repeated} rows are repeated, "
            f"{n_missing} are missing and {n_beyond} effects are outside. Pass the "
            "table as compute_segment_contrasts made it."
        )
    return cells


def _make_polar(ax: Axes | None) -> Axes:
    ax = make_axes(ax, size=(6.5, 6.0), projection="polar")
    if ax.name != "polar":
        raise SchemaError(
            'ax must be polar; make it with add_subplot(projection="polar").'
        )
    ax.set_theta_zero_location("N")  # type: ignore[attr-defined]
    ax.set_theta_direction(-1)  # type: ignore[attr-defined]
    ax.set_ylim(-1.05, 1.05)
    ax.set_yticks([-1, -0.5, 0, 0.5, 1], ["-1", "", "0", "", "+1"], color="0.35")
    ax.grid(color="0.88")
    ax.spines["polar"].set_visible(False)
    return ax


def _label(
    ax: Axes, angles: NDArray[np.float64], names: list[str], fonts: list[str]
) -> None:
    """Write the features around the circle, away from it and broken into lines."""
    ax.set_xticks(angles, [""] * len(angles))
    for angle, name in zip(angles, names, strict=True):
        side = np.sin(angle)
        ax.text(
            angle,
            1.14,
            break_lines(name, _LINE),
            ha="center" if abs(side) < 0.2 else "left" if side > 0 else "right",
            va="bottom"
            if np.cos(angle) > 0.9
            else "top"
            if np.cos(angle) < -0.9
            else "center",
            fontfamily=fonts,
            parse_math=False,
        )
