"""Write labels beside points, with a thin line where they had to move away."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import offset_copy
from numpy.typing import NDArray

from crmml.plotting._placing import NEAREST, PADDING, Box, place_boxes

Floats = NDArray[np.float64]


def draw_labels(
    ax: Axes,
    positions: Floats,
    texts: Sequence[str],
    *,
    obstacles: Floats,
    size: float = 8.0,
    radius: float = 0.0,
    on_point: bool = False,
    **style: Any,
) -> list[Text]:
    """Write labels beside positions in data units, with a thin line where they are far.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes with final limits and scales.
    positions : ndarray of shape (n_labels, 2)
        What is labelled, in data units.
    texts : sequence of str
        The labels.
    obstacles : ndarray of shape (n_obstacles, 2)
        Marks that a label should not cover, in data units.
    size : float, default=8.0
        Font size in points.
    radius : float, default=0.0
        How far around each position no label may come, in points.
    on_point : bool, default=False
        Whether labels may lie on their points.
    **style : object
        Properties of the text, such as its font.

    Returns
    -------
    list of matplotlib.text.Text
        The labels for which there was room.
    """
    _settle_layout(ax)
    to_points = 72.0 / ax.figure.dpi
    anchors = ax.transData.transform(positions) * to_points
    frame = Box(*(value * to_points for value in ax.get_window_extent().extents))
    boxes = place_boxes(
        anchors,
        texts,
        size=size,
        frame=frame,
        obstacles=ax.transData.transform(obstacles) * to_points,
        radius=radius,
        on_point=on_point,
    )
    drawn: list[Text] = []
    for position, anchor, text, box in zip(
        positions, anchors, texts, boxes, strict=True
    ):
        if box is None:
            continue
        place, alignment = _align(anchor, box)
        if _measure_gap(anchor, box) > 1.5 * NEAREST:
            _draw_line(ax, position, place - anchor)
        drawn.append(
            ax.annotate(
                text,
                position,
                xytext=place - anchor,
                textcoords="offset points",
                fontsize=size,
                ha=alignment,
                va="center",
                # Between two dollar signs matplotlib would set mathematics.
                parse_math=False,
                path_effects=[
                    withStroke(linewidth=2.5, foreground="white", alpha=0.85)
                ],
                zorder=5,
                **style,
            )
        )
    return drawn


def _draw_line(ax: Axes, position: Floats, offset: Floats) -> None:
    """Draw a line from a point to its label, below all labels."""
    x, y = map(float, position)
    right, up = map(float, offset)
    figure = ax.get_figure(root=True)
    away = offset_copy(ax.transData, figure, right, up, units="points")
    line = ConnectionPatch((x, y), (x, y), coordsA=ax.transData, coordsB=away)
    line.set(linewidth=0.7, zorder=4.5)
    ax.add_artist(line)


def _settle_layout(ax: Axes) -> None:
    """Run the figure's layout engine, so that the Axes have their final place."""
    figure = ax.figure
    if isinstance(figure, Figure) and figure.get_layout_engine() is not None:
        figure.draw_without_rendering()


def _align(anchor: Floats, box: Box) -> tuple[Floats, str]:
    """Write from the side of the box that faces the point, as boxes are generous."""
    middle = (box.bottom + box.top) / 2
    if box.left >= anchor[0]:
        return np.array([box.left + PADDING, middle]), "left"
    if box.right <= anchor[0]:
        return np.array([box.right - PADDING, middle]), "right"
    return np.array([(box.left + box.right) / 2, middle]), "center"


def _measure_gap(point: Floats, box: Box) -> float:
    """Return the distance between a point and the nearest edge of a box."""
    nearest = np.clip(point, (box.left, box.bottom), (box.right, box.top))
    return float(np.hypot(*(nearest - point)))
