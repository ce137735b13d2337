import io

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.plotting import plot_cohort_retention
from crmml.segmentation import compute_cohort_retention


def _make_cohorts(n_months, *, share=True):
    rng = np.random.default_rng(0)
    months = pd.date_range("2022-01-01", periods=n_months, freq="MS")
    stamps = rng.choice(months, 40 * n_months)
    return compute_cohort_retention(
        rng.integers(0, 10 * n_months, len(stamps)),
        stamps,
        observed_until=months[-1] + pd.offsets.MonthEnd(),
        share=share,
    )


def test_numbers_stand_where_cells_were_lived_and_nowhere_else():
    cohorts = _make_cohorts(6)
    ax = plot_cohort_retention(cohorts)
    shares = cohorts.drop(columns="n_customers").to_numpy()
    found = {text.get_position(): text.get_text() for text in ax.texts}
    known = np.argwhere(np.isfinite(shares))
    assert found == {(j, i): f"{100 * shares[i, j]:.0f}" for i, j in known}
    drawn = ax.images[0].get_array()
    np.testing.assert_array_equal(drawn.mask, np.isnan(shares))
    assert ax.get_yticklabels()[0].get_text().startswith("2022-01-01 (")


def test_wide_triangles_have_a_colour_bar_instead_of_numbers():
    ax = plot_cohort_retention(_make_cohorts(20))
    assert not ax.texts
    assert len(ax.figure.axes) == 2
    ax.figure.savefig(io.BytesIO(), format="png")


def test_other_tables_are_refused():
    with pytest.raises(SchemaError, match="compute_cohort_retention is needed"):
        plot_cohort_retention(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(SchemaError, match="Leave share=True"):
        plot_cohort_retention(_make_cohorts(3, share=False))
