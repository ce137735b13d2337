import io

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_migration
from crmml.segmentation import compute_migration_matrix


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    return compute_migration_matrix(rng.integers(0, 4, 200), rng.integers(0, 4, 200))


def test_bars_and_bands_are_as_high_as_their_customers(matrix):
    ax = plot_migration(matrix)
    bars = [patch for patch in ax.patches if hasattr(patch, "get_height")]
    heights = [bar.get_height() * 200 for bar in bars]
    np.testing.assert_allclose(heights, [*matrix.sum(axis=1), *matrix.sum(axis=0)])
    bands = [patch for patch in ax.patches if not hasattr(patch, "get_height")]
    found = [np.ptp(band.get_path().vertices[[0, 7], 1]) * 200 for band in bands]
    np.testing.assert_allclose(found, matrix.to_numpy().ravel())


def test_names_carry_their_counts_and_never_lie_on_each_other():
    segments = [f"段{i}" for i in range(12)]
    sizes = [500] + [1] * 11
    matrix = pd.DataFrame(np.diag(sizes), index=segments, columns=segments)
    ax = plot_migration(matrix, dates=("七月", "八月"))
    left = [t for t in ax.texts if t.get_ha() == "right" and t.get_text() != "七月"]
    assert [text.get_text() for text in left] == [
        f"{name} ({count})"
        for name, count in zip(segments, [500] + [1] * 11, strict=True)
    ]
    ys = [text.get_position()[1] for text in left]
    assert (np.diff(ys) < -0.03).all()
    ax.figure.savefig(io.BytesIO(), format="png")


def test_those_who_stay_are_darker(matrix):
    bands = [p for p in plot_migration(matrix).patches if not hasattr(p, "get_height")]
    alphas = np.array([band.get_alpha() for band in bands]).reshape(4, 4)
    off_diagonal = alphas[~np.eye(4, dtype=bool)]
    assert alphas.diagonal().min() > off_diagonal.max()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [0.5]}), "Leave share=False"),
        (pd.DataFrame({"a": [0]}), "at least one"),
        (pd.DataFrame({"a": ["x"]}), "must hold numbers"),
        ([[1]], "compute_migration_matrix is needed, got list"),
    ],
)
def test_other_tables_are_refused(table, message):
    with pytest.raises(SchemaError, match=message):
        plot_migration(table)
