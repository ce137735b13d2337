import io

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_segment_contrasts
from crmml.segmentation import compute_segment_contrasts


@pytest.fixture
def contrasts():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(90, 4)), columns=["a", "b", "消费", "d"])
    features["a"] += np.repeat([0, 2, -2], 30)
    return compute_segment_contrasts(features, np.repeat(["大", "mid", "few"], 30))


def test_bars_are_the_largest_effects_of_each_segment(contrasts):
    ax = plot_segment_contrasts(pl.from_pandas(contrasts), n_features=2)
    expected = contrasts.groupby("segment", sort=False).head(2)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, expected["effect"])
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == expected["feature"].tolist()
    assert {text.get_text() for text in ax.texts} == {"大", "mid", "few"}
    ax.figure.savefig(io.BytesIO(), format="png")


def test_less_is_told_from_more_without_colour(contrasts):
    for bar in plot_segment_contrasts(contrasts).patches:
        assert (bar.get_hatch() is None) == (bar.get_width() >= 0)


def test_other_tables_are_refused(contrasts):
    with pytest.raises(SchemaError, match="lacks the columns effect"):
        plot_segment_contrasts(contrasts.drop(columns="effect"))
    with pytest.raises(SchemaError, match="n_features must be"):
        plot_segment_contrasts(contrasts, n_features=0)
