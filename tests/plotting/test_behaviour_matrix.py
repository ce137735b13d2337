import io

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_behaviour_matrix
from crmml.segmentation import compute_behaviour_matrix


def test_points_cuts_and_corners_are_those_of_the_table():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 200))
    x[0] = np.nan
    names = ("流失", "被动", "满意却走", "忠诚")
    matrix = compute_behaviour_matrix(x, y, cuts=(0.5, None), names=names)
    ax = plot_behaviour_matrix(x, y, matrix, labels=("满意", "忠诚度"))
    assert len(ax.collections[0].get_offsets()) == 199
    vertical, horizontal = ax.get_lines()
    assert vertical.get_xdata()[0] == 0.5
    assert horizontal.get_ydata()[0] == pytest.approx(np.median(y[1:]))
    assert [text.get_text() for text in ax.texts] == [
        f"{name} ({100 * share:.0f} %)"
        for name, share in zip(names, matrix["customer_share"], strict=True)
    ]
    ax.figure.savefig(io.BytesIO(), format="png")


def test_of_many_customers_a_sample_is_drawn():
    x, y = np.random.default_rng(0).normal(size=(2, 300))
    matrix = compute_behaviour_matrix(x, y)
    ax = plot_behaviour_matrix(x, y, matrix, max_points=50)
    assert len(ax.collections[0].get_offsets()) == 50


@pytest.mark.parametrize(
    ("x", "y", "message"), [([1], [1, 2], "same customers"), (["a"], [1], "numeric")]
)
def test_measures_that_do_not_fit_are_refused(x, y, message):
    matrix = compute_behaviour_matrix([1, 2], [1, 2])
    with pytest.raises(SchemaError, match=message):
        plot_behaviour_matrix(x, y, matrix)


def test_other_tables_are_refused():
    with pytest.raises(SchemaError, match="made by compute_behaviour_matrix"):
        plot_behaviour_matrix([1], [1], pd.DataFrame())
