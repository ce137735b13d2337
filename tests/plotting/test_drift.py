import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.evaluation import drift_report
from crmml.exceptions import SchemaError
from crmml.plotting import plot_drift


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    then = pd.DataFrame({f"列{i}": rng.normal(size=500) for i in range(5)})
    now = then.add([0.0, 0.38, 0.0, 3.0, 0.0])
    return drift_report(then, now).features


def test_bars_are_the_indices_by_status_the_most_moved_on_top(features):
    ax = plot_drift(pl.from_pandas(features))
    bars = {round(bar.get_y() + bar.get_height() / 2): bar for bar in ax.patches}
    widths = [bars[place].get_width() for place in range(5)]
    np.testing.assert_allclose(widths, features["psi"])
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == features["feature"].tolist()
    # The axis runs downwards.
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["chance", "stable (3)", "moderate (1)", "large (1)"]
    # Hatched, so that grey print tells them apart.
    assert bars[0].get_hatch() != bars[1].get_hatch() != bars[2].get_hatch()


def test_reasons_stand_beside_their_bars(features):
    ax = plot_drift(features)
    reasons = {round(t.get_position()[1]): t.get_text() for t in ax.texts}
    assert [reasons[i] for i in range(5)] == features["reason"].tolist()


def test_only_the_most_moved_are_drawn_and_long_names_are_cut(features):
    long = features.assign(feature=["很长的名字" * 9, "a" * 60, "$\\x$", "b", "c"])
    ax = plot_drift(long, max_features=3)
    assert len(ax.patches) == 3
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0].endswith("...")
    assert len(names[1]) <= 32
    assert names[2] == "$\\x$"


def test_it_draws_on_the_given_axes_without_a_warning(features):
    ax = Figure(layout="constrained").add_subplot()
    assert plot_drift(features, ax=ax) is ax
    ax.figure.savefig(io.BytesIO(), format="svg")


def test_nothing_outside_the_picture_is_cut_off(features):
    ax = plot_drift(features)
    figure = ax.figure
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 < box.x1 <= width
    assert 0 <= box.y0 < box.y1 <= height


def test_a_table_that_did_not_move_at_all_is_drawn():
    table = pd.DataFrame({"x": [1.0, 1.0]})
    ax = plot_drift(drift_report(table, table).features)
    ax.figure.savefig(io.BytesIO(), format="png")


def test_bad_tables_are_refused(features):
    with pytest.raises(SchemaError, match="no row"):
        plot_drift(features.iloc[:0])
    with pytest.raises(SchemaError, match="lacks the columns reason"):
        plot_drift(features.drop(columns="reason"))
    with pytest.raises(SchemaError, match="column status has 1 values"):
        plot_drift(features.assign(status="odd"))
    with pytest.raises(SchemaError, match="max_features"):
        plot_drift(features, max_features=0)


def test_too_few_rows_to_tell_have_a_look_of_their_own(features):
    ax = plot_drift(features.assign(status=["too few rows", *features["status"][1:]]))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "too few rows (1)" in labels
