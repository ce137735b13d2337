import io

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.evaluation import compute_reliability_table
from crmml.exceptions import SchemaError
from crmml.plotting import plot_reliability


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    proba = rng.beta(1, 3, size=500)
    return compute_reliability_table(rng.random(500) < proba, proba)


def test_points_and_intervals_are_those_of_the_table(table):
    ax = plot_reliability(pl.from_pandas(table))
    points, _, (bars,) = ax.containers[0].lines
    np.testing.assert_array_equal(points.get_xdata(), table["mean_predicted"])
    np.testing.assert_array_equal(points.get_ydata(), table["observed"])
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends[:, 0], table["observed_low"])
    np.testing.assert_allclose(ends[:, 1], table["observed_high"])


def test_everything_lies_within_the_limits_and_the_axes_are_alike(table):
    rare = compute_reliability_table(
        [0] * 98 + [1, 1], np.linspace(0, 0.04, 100), n_bins=2
    )
    for tables in ({"A": table, "B": table}, rare):
        ax = plot_reliability(tables)
        assert ax.get_xlim() == ax.get_ylim()
        for container in ax.containers:
            points, _, (bars,) = container.lines
            assert points.get_xdata().max() <= ax.get_xlim()[1]
            tops = [segment[:, 1].max() for segment in bars.get_segments()]
            assert max(tops) <= ax.get_ylim()[1]
    assert plot_reliability(rare).get_xlim()[1] < 0.2


def test_it_draws_on_the_given_axes_without_a_warning(table):
    ax = Figure().add_subplot()
    assert plot_reliability({"Logistic": table}, ax=ax) is ax
    ax.figure.savefig(io.BytesIO(), format="svg")
    assert ax.get_legend().get_texts()[-1].get_text() == "Logistic"


def test_one_class_and_certain_predictions_are_drawn():
    table = compute_reliability_table([0, 0, 0], [0.0, 0.0, 0.0])
    plot_reliability(table).figure.savefig(io.BytesIO(), format="png")


def test_missing_columns_are_named(table):
    with pytest.raises(SchemaError, match="lacks the columns observed_low"):
        plot_reliability(table.drop(columns="observed_low"))


def test_dollars_in_names_are_dollars(table):
    # As mathematics this name would fail.
    ax = plot_reliability({"$\\x$": table})
    ax.figure.savefig(io.BytesIO(), format="svg")
    assert "$\\x$" in [text.get_text() for text in ax.get_legend().get_texts()]
