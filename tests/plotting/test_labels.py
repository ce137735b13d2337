import io

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch

from crmml.plotting._labels import draw_labels


def test_drawn_labels_do_not_overlap_on_the_final_picture():
    rng = np.random.default_rng(2)
    positions = rng.normal(size=(8, 2)) * 0.2
    ax = Figure(layout="constrained").add_subplot()
    ax.scatter(*positions.T)
    ax.margins(0.3)
    names = [f"Product {i} → Offer" for i in range(8)]
    labels = draw_labels(ax, positions, names, obstacles=positions)
    ax.figure.savefig(io.BytesIO(), format="png")
    assert len(labels) == 8
    extents = [label.get_window_extent() for label in labels]
    for i, extent in enumerate(extents):
        assert ax.bbox.contains(*extent.p0)
        assert ax.bbox.contains(*extent.p1)
        assert not any(extent.overlaps(other) for other in extents[:i])


def test_only_a_label_that_stands_far_off_has_a_line():
    ax = Figure(layout="constrained").add_subplot()
    # Ten names for one point cannot all stand beside it.
    positions = np.full((10, 2), 0.5)
    labels = draw_labels(ax, positions, ["Offer"] * 10, obstacles=positions)
    assert len(labels) == 10
    lines = [one for one in ax.patches if isinstance(one, ConnectionPatch)]
    assert 0 < len(lines) < 10
    # No line strikes a name through, whichever was placed first.
    assert max(one.zorder for one in lines) < min(one.zorder for one in labels)


def test_a_line_ends_at_its_label_at_any_resolution():
    ax = Figure(layout="constrained").add_subplot()
    positions = np.full((10, 2), 0.5)
    labels = draw_labels(ax, positions, ["Offer"] * 10, obstacles=positions)
    for dpi in (50, 200):
        ax.figure.set_dpi(dpi)
        ax.figure.draw_without_rendering()
        boxes = [label.get_window_extent().padded(dpi / 20) for label in labels]
        for line in ax.patches:
            path = line.get_transform().transform_path(line.get_path()).vertices
            np.testing.assert_allclose(path[0], ax.transData.transform((0.5, 0.5)))
            assert any(box.contains(*path[-1]) for box in boxes)
