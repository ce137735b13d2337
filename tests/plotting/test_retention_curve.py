import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_retention_curve


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "group": ["北京", "北京", "$a$", "$a$"],
            "time": [0.0, 5.0, 0.0, 8.0],
            "retained": [1.0, 0.4, 1.0, 0.7],
            "low": [1.0, 0.3, 1.0, 0.5],
            "high": [1.0, 0.5, 1.0, 0.8],
        }
    )


def test_one_line_a_group_inside_its_band(table):
    ax = plot_retention_curve(table, unit="months")
    lines = [line.get_ydata().tolist() for line in ax.get_lines()]
    assert lines == [[1.0, 0.4], [1.0, 0.7]]
    assert len(ax.collections) == 2
    assert [line.get_linestyle() for line in ax.get_lines()] == ["-", "--"]
    assert ax.get_xlabel().endswith("months")
    assert ax.get_ylabel().startswith("Share of customers kept")
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["北京", "$a$"]
    assert not ax.get_legend().get_texts()[1].get_parse_math()


def test_a_single_group_needs_no_legend(table):
    assert plot_retention_curve(table.head(2)).get_legend() is None


def test_reasons_are_lines_too(table):
    table = table.rename(columns={"retained": "incidence"}).assign(
        reason=table["group"], group="all", incidence=[0.0, 0.2, 0.0, 0.1]
    )
    table = table.assign(low=0.0, high=[0.0, 0.3, 0.0, 0.2])
    ax = plot_retention_curve(pl.from_pandas(table))
    assert [line.get_label() for line in ax.get_lines()] == ["北京", "$a$"]
    assert ax.get_ylabel().startswith("Share of customers lost")
    assert ax.get_ylim()[1] == pytest.approx(0.306)


def test_own_axes_are_used(table):
    ax = Figure().add_subplot()
    assert plot_retention_curve(table, ax=ax) is ax


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="low"), "lacks the columns low"),
        (lambda t: t.head(0), "no rows"),
        (lambda t: t.assign(high=np.nan), "missing or infinite"),
    ],
)
def test_a_table_of_something_else_is_refused(table, change, message):
    with pytest.raises(SchemaError, match=message):
        plot_retention_curve(change(table))
