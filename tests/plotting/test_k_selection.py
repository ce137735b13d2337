import io

import numpy as np
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_k_selection
from crmml.segmentation import KMeansSegmenter


@pytest.fixture(scope="module")
def segmenter():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2)) + rng.integers(0, 3, (90, 1)) * 6
    return KMeansSegmenter(k_range=(2, 5), n_init=2).fit(X)


def test_lines_are_the_columns_and_the_choice_is_marked(segmenter):
    table = segmenter.k_selection_
    ax = plot_k_selection(pl.from_pandas(table), n_clusters=segmenter.n_clusters_)
    lines = [container.lines[0] for container in ax.containers]
    for line, name in zip(
        lines, ["silhouette", "simplified_silhouette", "stability", "gap"], strict=True
    ):
        np.testing.assert_array_equal(line.get_xdata(), [2, 3, 4, 5])
        np.testing.assert_array_equal(line.get_ydata(), table[name])
    assert len({line.get_linestyle() + line.get_marker() for line in lines}) == 4
    assert ax.get_lines()[-1].get_xdata()[0] == segmenter.n_clusters_
    ax.figure.savefig(io.BytesIO(), format="png")


def test_other_tables_are_refused(segmenter):
    with pytest.raises(SchemaError, match="lacks the columns stability"):
        plot_k_selection(segmenter.k_selection_.drop(columns="stability"))
