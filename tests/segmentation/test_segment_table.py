"""Tables of score ranges: every combination of scores in exactly one row."""

import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.segmentation import RFMSegmenter

ORDERS = pd.DataFrame(
    {
        "days_since_last_purchase": [1.0, 5.0, 9.0],
        "n_orders": [3, 1, 2],
        "total_spend": [10.0, 99.0, 50.0],
    }
)


def _make_halves():
    return pd.DataFrame(
        {
            "segment": ["recent", "gone"],
            "r_min": [2, 1],
            "r_max": [2, 1],
            "f_min": 1,
            "f_max": 2,
            "m_min": 1,
            "m_max": 2,
        }
    )


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_table_of_your_own_names_the_segments(library):
    table = library(_make_halves().to_dict("list"))
    segmenter = RFMSegmenter(n_bins=2, segments=table).fit(ORDERS)
    assert segmenter.predict(ORDERS).tolist() == ["recent", "recent", "gone"]
    assert segmenter.segment_table_["segment"].tolist() == ["recent", "gone"]


def test_holes_are_refused_with_their_number_and_an_example():
    table = _make_halves().assign(m_max=[2, 1])
    with pytest.raises(SchemaError, match=r"no segment for 2 of 8 .* r=1, f=1, m=2"):
        RFMSegmenter(n_bins=2, segments=table).fit(ORDERS)


def test_overlaps_are_refused_with_their_number_and_an_example():
    table = _make_halves().assign(r_min=1)
    with pytest.raises(SchemaError, match=r"several segments for 4 of 8 .* r=1, f=1"):
        RFMSegmenter(n_bins=2, segments=table).fit(ORDERS)


@pytest.mark.parametrize(
    "change",
    [
        {"r_max": [3, 1]},
        {"r_min": [0, 1]},
        {"f_min": [1.5, 1]},
        {"m_max": ["x", 2]},
        {"f_min": [2, 1], "f_max": [1, 2]},
        {"segment": ["recent", None]},
    ],
)
def test_ranges_that_are_none_are_refused(change):
    table = _make_halves().astype(object).assign(**change)
    with pytest.raises(SchemaError, match="three ranges of whole scores from 1 to"):
        RFMSegmenter(n_bins=2, segments=table).fit(ORDERS)


def test_missing_columns_of_the_table_are_named():
    table = _make_halves().drop(columns=["f_min", "m_max"])
    with pytest.raises(SchemaError, match="lacks columns: f_min, m_max"):
        RFMSegmenter(n_bins=2, segments=table).fit(ORDERS)


@pytest.mark.parametrize("segments", [None, {"Champions": (5, 5)}, 5])
def test_other_things_than_tables_are_refused(segments):
    with pytest.raises(SchemaError, match="name of a preset or a dataframe"):
        RFMSegmenter(segments=segments).fit(ORDERS)
