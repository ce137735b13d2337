import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from crmml.plotting._placing import Box, measure, place_boxes

coordinate = st.floats(0, 400)
labelled = st.lists(
    st.tuples(coordinate, coordinate, st.text("abcMW", min_size=1, max_size=20)),
    min_size=1,
    max_size=8,
)
FRAME = Box(0, 0, 400, 400)


@given(labelled, st.booleans())
def test_no_two_labels_overlap_and_all_lie_inside(rows, on_point):
    points = np.array([row[:2] for row in rows])
    texts = [row[2] for row in rows]
    boxes = place_boxes(
        points, texts, size=8, frame=FRAME, obstacles=points, on_point=on_point
    )
    found = [box for box in boxes if box is not None]
    for i, box in enumerate(found):
        assert FRAME.contains(box)
        assert not any(box.overlaps(other) for other in found[:i])


@given(labelled)
def test_no_label_covers_a_labelled_point(rows):
    points = np.array([row[:2] for row in rows])
    boxes = place_boxes(
        points,
        [row[2] for row in rows],
        size=8,
        frame=FRAME,
        obstacles=points,
        radius=4,
    )
    for box in boxes:
        for x, y in points if box is not None else ():
            assert not (box.left < x < box.right and box.bottom < y < box.top)


def test_a_lonely_label_stands_close_to_its_point():
    (box,) = place_boxes(
        np.array([[200.0, 200.0]]),
        ["Beer"],
        size=8,
        frame=FRAME,
        obstacles=np.empty((0, 2)),
    )
    assert box.left - 200 == pytest.approx(7)
    (box,) = place_boxes(
        np.array([[200.0, 200.0]]),
        ["Beer"],
        size=8,
        frame=FRAME,
        obstacles=np.empty((0, 2)),
        on_point=True,
    )
    assert (box.left + box.right) / 2 == pytest.approx(200)


def test_a_label_without_room_is_left_out():
    (box,) = place_boxes(
        np.array([[10.0, 10.0]]),
        ["far too long a name"],
        size=8,
        frame=Box(0, 0, 40, 40),
        obstacles=np.empty((0, 2)),
    )
    assert box is None


@pytest.mark.parametrize(
    "text",
    ["Diapers → Beer", "BAKED BREAD/BUNS/ROLLS", "WWWWW", "minimum", "0.75 (12)"],
)
def test_the_estimated_size_covers_the_drawn_one(text):
    figure = Figure(dpi=72)
    drawn = figure.text(0, 0, text, fontsize=20).get_window_extent()
    width, height = measure(text, 20)
    assert drawn.width <= width
    assert drawn.height <= height
    assert drawn.width >= 0.5 * width
