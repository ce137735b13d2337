"""Two measures crossed into quadrants."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.segmentation import assign_quadrants, compute_behaviour_matrix

MEASURE = st.none() | st.integers(-9, 9)
PAIRS = st.lists(st.tuples(MEASURE, MEASURE), min_size=1, max_size=30).filter(
    lambda rows: any(None not in row for row in rows)
)


@given(rows=PAIRS)
def test_the_table_counts_the_quadrants_of_the_customers(rows):
    x, y = np.array(rows, dtype=float).T
    table = compute_behaviour_matrix(x, y).set_index("quadrant")
    names = assign_quadrants(x, y)
    for name, row in table.iterrows():
        inside = names == name
        assert row["n_customers"] == inside.sum()
        if inside.any():
            assert row["x_mean"] == pytest.approx(x[inside].mean())
            assert row["y_mean"] == pytest.approx(y[inside].mean())
    n_known = sum(None not in row for row in rows)
    assert table["n_customers"].sum() == n_known
    assert (names == None).sum() == len(rows) - n_known  # noqa: E711


def test_values_at_the_cut_are_low():
    names = assign_quadrants([1, 2, 3], [1, 2, 3], cuts=(2, 2)).tolist()
    assert names == ["low / low", "low / low", "high / high"]


def test_medians_are_of_customers_who_have_both():
    table = compute_behaviour_matrix([1, 2, 3, 100], [1, 2, 3, np.nan])
    assert table.attrs == {"cuts": (2.0, 2.0), "n_left_out": 1}


def test_shares_are_of_the_sums():
    table = compute_behaviour_matrix([10, 90], [30, 10], cuts=(50, 20))
    assert table["x_share"].tolist() == [0, 0.1, 0.9, 0]
    assert table["y_share"].tolist() == [0, 0.75, 0.25, 0]


def test_names_may_be_chinese_and_series_polars():
    names = ("流失", "被动", "满意却走", "忠诚")
    found = assign_quadrants(
        pl.Series([9, 9]), pl.Series([0, 5]), cuts=(5, 2), names=names
    )
    assert found.tolist() == ["满意却走", "忠诚"]


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([1], [1, 2], {}, "found 1 and 2"),
        ([np.nan], [1], {}, "None of 1 customers has both"),
        ([1], [1], {"names": ("a", "b", "c", "c")}, "four different names"),
        (["a"], [1], {}, "found text"),
    ],
)
def test_measures_that_do_not_fit_are_refused(x, y, options, message):
    with pytest.raises(SchemaError, match=message):
        compute_behaviour_matrix(x, y, **options)
