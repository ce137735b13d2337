"""Find places for labels so that they lie neither on one another nor on points."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmml.plotting._line_breaks import count_wide

Floats = NDArray[np.float64]
Stroke = tuple[tuple[float, float], tuple[float, float]]

# Nearest distance between point and label, in points (1/72 inch).
NEAREST = 7.0
# Room left around a label.
PADDING = 2.0
# Distances and directions that are tried.
_DISTANCES = (NEAREST, 14.0, 22.0, 32.0, 44.0, 58.0, 74.0, 92.0)
_ANGLES = np.linspace(0, 2 * np.pi, 16, endpoint=False)
# Narrow characters that take about as much room as a Chinese one.
_BROAD = frozenset("MWmw@%+→—")


class Box(NamedTuple):
    """A rectangle, in points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Tell whether the two share more than an edge.

        Parameters
        ----------
        other : Box
            The other rectangle.

        Returns
        -------
        bool
            Whether they do.
        """
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def contains(self, other: "Box") -> bool:
        """Tell whether the other lies inside.

        Parameters
        ----------
        other : Box
            The other rectangle.

        Returns
        -------
        bool
            Whether it does.
        """
        return (
            self.left <= other.left
            and self.right >= other.right
            and self.bottom <= other.bottom
            and self.top >= other.top
        )


def measure(text: str, size: float) -> tuple[float, float]:
    """Estimate width and height of a line of text, in points, on the safe side.

    Asking the renderer instead would need the fonts of the final picture and warn
    about each glyph that one of them lacks.

    Parameters
    ----------
    text : str
        The line.
    size : float
        Font size in points.

    Returns
    -------
    tuple of float
        Width and height in points.
    """
    wide = count_wide(text)
    broad = sum(char in _BROAD for char in text)
    capitals = sum(char.isupper() and char not in _BROAD for char in text)
    others = len(text) - wide - broad - capitals
    ems = 1.05 * wide + broad + 0.72 * capitals + 0.62 * others
    return size * ems, size * 1.25


def place_boxes(
    points: Floats,
    texts: Sequence[str],
    *,
    size: float,
    frame: Box,
    obstacles: Floats,
    radius: float = 0.0,
    on_point: bool = False,
) -> list[Box | None]:
    """Find a place for each label, in order; the first ones choose first.

    Parameters
    ----------
    points : ndarray of shape (n_labels, 2)
        What is labelled, in points.
    texts : sequence of str
        The labels, one line each.
    size : float
        Font size in points.
    frame : Box
        Labels stay inside it.
    obstacles : ndarray of shape (n_obstacles, 2)
        Marks that a label should not cover, in points.
    radius : float, default=0.0
        How far around each labelled point no label may come, in points.
    on_point : bool, default=False
        Whether a label may lie on its own point, which then is the first choice.

    Returns
    -------
    list of Box or None
        Where each label goes; no two overlap. None where there was no room.
    """
    marks = [
        Box(x - radius, y - radius, x + radius, y + radius)
        for x, y in points
        if radius > 0
    ]
    placed: list[Box | None] = []
    strokes: list[Stroke] = []
    for point, text in zip(points, texts, strict=True):
        width, height = measure(text, size)
        taken = [box for box in placed if box is not None] + marks
        best, best_cost = None, np.inf
        for distance, box in _iterate_boxes(point, width, height, on_point):
            cost = distance + 12.0 * np.log1p(_count_inside(obstacles, box))
            if cost >= best_cost or not frame.contains(box):
                continue
            if any(box.overlaps(other) for other in taken):
                continue
            cost += 40.0 * _count_crossings(_list_strokes(point, box), strokes)
            if cost < best_cost:
                best, best_cost = box, cost
        placed.append(best)
        if best is not None:
            strokes += _list_strokes(point, best)
    return placed


def _iterate_boxes(
    point: Floats, width: float, height: float, on_point: bool
) -> list[tuple[float, Box]]:
    """List the places to try: away from the point in each direction."""
    rings = [(d, np.cos(a), np.sin(a)) for d in _DISTANCES for a in _ANGLES]
    if on_point:
        rings.insert(0, (0.0, 0.0, 0.0))
    half_width, half_height = width / 2 + PADDING, height / 2 + PADDING
    found = []
    for distance, right, up in rings:
        x = point[0] + right * (distance + half_width)
        y = point[1] + up * (distance + half_height)
        found.append(
            (
                distance,
                Box(x - half_width, y - half_height, x + half_width, y + half_height),
            )
        )
    return found


def _count_inside(points: Floats, box: Box) -> int:
    x, y = points[:, 0], points[:, 1]
    inside = (x > box.left) & (x < box.right) & (y > box.bottom) & (y < box.top)
    return int(np.count_nonzero(inside))


def _list_strokes(point: Floats, box: Box) -> list[Stroke]:
    """List what a label puts on the paper: its line, and its box by both diagonals."""
    middle = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    return [
        ((float(point[0]), float(point[1])), middle),
        ((box.left, box.bottom), (box.right, box.top)),
        ((box.left, box.top), (box.right, box.bottom)),
    ]


def _count_crossings(strokes: list[Stroke], others: list[Stroke]) -> int:
    return sum(_cross(one, other) for one in strokes for other in others)


def _cross(one: Stroke, other: Stroke) -> bool:
    """Tell whether each stroke has the ends of the other on different sides."""

    def side(stroke: Stroke, point: tuple[float, float]) -> bool:
        (x0, y0), (x1, y1) = stroke
        return (x1 - x0) * (point[1] - y0) > (y1 - y0) * (point[0] - x0)

    return (side(one, other[0]) != side(one, other[1])) and (
        side(other, one[0]) != side(other, one[1])
    )
