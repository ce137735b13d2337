"""The segment map: customers as points, alike ones close together."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.plotting._labels import draw_labels
from crmml.plotting._line_breaks import break_lines, count_wide
from crmml.plotting._style import (
    COLORS,
    MARKERS,
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    write_legend,
)

# Columns named on an axis.
_N_NAMED = 2
# Characters in a line beside an axis.
_LINE = 56
# Characters of a name, a Chinese one counting twice, that leave room beside the map.
_LONGEST_BESIDE = 28
_BESIDE = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
_BELOW = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12)}


def plot_segment_map(
    segment_map: Any, *, max_points: int = 5000, ax: Axes | None = None
) -> Axes:
    """Plot customers in the plane, marked by segment.

    Parameters
    ----------
    segment_map : dataframe of shape (n_customers, 3 or more)
        Columns ``x``, ``y`` and ``segment`` (numbers or names), as made by
        :func:`crmml.segmentation.compute_segment_map` (pandas or Polars). Where its
        ``attrs`` hold ``explained_variance`` and ``loadings``, the axes say what they
        mean.
    max_points : int, default=5000
        Of more customers, so many are drawn, picked at random with a fixed seed; the
        counts in the legend are of all.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        A scatter per segment with its own colour and marker, its name at the median of
        its points, and a legend with the number of customers.

    Raises
    ------
    SchemaError
        If a column is missing, a coordinate is not a finite number, a segment is
        missing, there are no rows, or `max_points` is below 1.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_segment_map
    >>> plane = pd.DataFrame(
    ...     {
    ...         "x": [0.0, 0.1, 3.0],
    ...         "y": [0.0, 0.2, 1.0],
    ...         "segment": ["Few", "Few", "Top"],
    ...     }
    ... )
    >>> ax = plot_segment_map(plane)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Few (2)', 'Top (1)']
    """
    max_points = check_count(max_points, "max_points")
    numbers = read_numbers(segment_map, ("x", "y"), "compute_segment_map")
    points = np.column_stack([numbers["x"], numbers["y"]])
    given = read_columns(segment_map, ("segment",), "compute_segment_map")["segment"]
    segments, codes = _read_segments(given)
    is_long = any(len(name) + count_wide(name) > _LONGEST_BESIDE for name in segments)
    ax = make_axes(ax, size=(7.5, 5.0 + 0.25 * len(segments) * is_long))
    drawn = np.arange(len(points))
    if len(points) > max_points:
        drawn = np.random.default_rng(0).choice(len(points), max_points, replace=False)
    for code, segment in enumerate(segments):
        part = points[drawn[codes[drawn] == code]]
        ax.scatter(
            part[:, 0],
            part[:, 1],
            s=np.clip(20_000 / len(drawn), 8, 40),
            color=COLORS[code % len(COLORS)],
            marker=MARKERS[code % len(MARKERS)],
            alpha=0.55,
            linewidths=0,
            # Hundreds of points would make a vector file slow.
            rasterized=True,
            label=f"{segment} ({np.count_nonzero(codes == code):,})",
        )
    labels = _describe_axes(getattr(segment_map, "attrs", {}))
    fonts = choose_fonts([*segments, *labels])
    ax.set_xlabel(labels[0], fontfamily=fonts, parse_math=False)
    ax.set_ylabel(labels[1], fontfamily=fonts, parse_math=False)
    # Distances count, positions do not.
    ax.set(xticks=[], yticks=[])
    place = _BELOW if is_long else _BESIDE
    _name_segments(ax, points, segments, codes, fonts, place)
    return ax


def _read_segments(given: list[Any]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of the segments in order, and the number of each row's."""
    n_missing = sum(value is None or value != value for value in given)
    if n_missing:
        raise SchemaError(
            f"column segment has {n_missing} missing values among {len(given)}; drop "
            "those rows."
        )
    try:
        distinct = sorted(set(given))
    except TypeError:
        distinct = sorted(set(given), key=str)
    place = {value: code for code, value in enumerate(distinct)}
    codes = np.array([place[value] for value in given], dtype=np.int64)
    return [str(value) for value in distinct], codes


def _describe_axes(attrs: dict[str, Any]) -> list[str]:
    """Say of both axes what grows along them, where the table knows."""
    labels = []
    shares = attrs.get("explained_variance", (None, None))
    loadings = attrs.get("loadings", {})
    for name, share in zip("xy", shares, strict=True):
        lines = [f"Map axis {name}"]
        weights = loadings.get(name, {})
        strongest = sorted(weights, key=lambda column: -abs(weights[column]))
        if strongest and weights[strongest[0]]:
            directions = ", ".join(
                f"{'more' if weights[column] > 0 else 'less'} {column}"
                for column in strongest[:_N_NAMED]
            )
            lines = break_lines(f"Towards {directions}", _LINE).split("\n")
        if share is not None:
            shown = f"{100 * share:.0f} % of variance"
            if len(lines[-1]) + len(shown) + 3 > _LINE:
                lines.append(shown)
            else:
                lines[-1] += f" ({shown})"
        labels.append("\n".join(lines))
    return labels


def _name_segments(
    ax: Axes,
    points: NDArray[np.float64],
    segments: list[str],
    codes: NDArray[np.int64],
    fonts: list[str],
    place: dict[str, Any],
) -> None:
    """Write each name over its points, and the counts into a legend."""
    legend = write_legend(ax, fonts, frameon=False, markerscale=1.5, **place)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)
    centres = np.array(
        [np.median(points[codes == code], axis=0) for code in range(len(segments))]
    )
    draw_labels(
        ax,
        centres,
        segments,
        obstacles=np.empty((0, 2)),
        size=10.0,
        on_point=True,
        fontfamily=fonts,
    )
