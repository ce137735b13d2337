import io

import numpy as np
from matplotlib.figure import Figure

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
    lines = [label.arrow_patch is not None for label in labels]
    assert not lines[0]
    assert any(lines)
