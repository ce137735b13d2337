"""Reading numeric tables: what is taken, what is refused, and in which words."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.segmentation import KMeansSegmenter, SkewScaler
from crmml.segmentation._columns import read_table


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_library_gives_the_same_numbers(library):
    data = {
        "订单数": [1, 2, 3],
        "spend": [1.5, None, -2.0],
        "member": [True, False, True],
    }
    table = read_table(library(data))
    assert list(table.columns) == ["订单数", "spend", "member"]
    expected = [[1, 1.5, 1], [2, np.nan, 0], [3, -2, 1]]
    np.testing.assert_array_equal(table.to_numpy(), expected)


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, None, 3], dtype="Int64"),
        pd.array([1.0, None, 3.0], dtype="Float64"),
        pd.array([1, None, 3], dtype="int64[pyarrow]"),
        pd.Series([1, None, 3], dtype=object),
        pd.Series([decimal.Decimal(1), None, decimal.Decimal(3)], dtype=object),
    ],
)
def test_missing_values_of_every_kind_become_nan(values):
    table = read_table(pd.DataFrame({"x": values}))
    np.testing.assert_array_equal(table["x"], [1, np.nan, 3])


def test_nullable_booleans_become_zero_and_one():
    frame = pd.DataFrame({"x": pd.array([True, None, False], dtype="boolean")})
    np.testing.assert_array_equal(read_table(frame)["x"], [1, np.nan, 0])
    polars = pl.DataFrame({"x": [True, None, False]})
    np.testing.assert_array_equal(read_table(polars)["x"], [1, np.nan, 0])


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_column_of_none_is_all_missing(library):
    table = read_table(library({"x": [None, None], "y": [1, 2]}))
    assert table["x"].isna().all()


def test_text_is_refused_by_name_and_count_without_quoting_it():
    frame = pd.DataFrame({"n": [1, 2, 3], "name": ["Ann", None, "Bo"], "city": "Ghent"})
    with pytest.raises(
        SchemaError, match=r"'name' \(2 of 3 rows\), 'city' \(3 of"
    ) as e:
        read_table(frame)
    assert "Ann" not in str(e.value)
    assert "Ghent" not in str(e.value)


def test_one_text_cell_among_numbers_is_refused():
    frame = pd.DataFrame({"spend": pd.Series([*range(999), "12,50"], dtype=object)})
    with pytest.raises(SchemaError, match=r"'spend' \(1 of 1000 rows\)"):
        KMeansSegmenter(2).fit(frame)


@pytest.mark.parametrize("as_array", [True, False])
def test_text_in_an_array_is_refused_by_position(as_array):
    cells = [[1, "Ann"], [2, "Bo"]]
    with pytest.raises(SchemaError, match=r"column 1 \(2 of 2 rows\)") as e:
        SkewScaler().fit(np.array(cells, dtype=object) if as_array else cells)
    assert "Ann" not in str(e.value)


def test_dates_are_refused():
    frame = pd.DataFrame({"joined": pd.to_datetime(["2017-01-01", "2017-02-01"])})
    with pytest.raises(SchemaError, match=r"'joined' \(2 of 2 rows\)"):
        read_table(frame)


@pytest.mark.parametrize("estimator", [SkewScaler(), KMeansSegmenter(2)])
def test_infinite_values_are_refused_in_fit_and_after(estimator):
    good = pd.DataFrame({"a": np.arange(8.0), "b": np.arange(8.0) ** 2})
    bad = good.assign(b=[np.inf, -np.inf, *range(6)])
    with pytest.raises(SchemaError, match=r"'b' \(2 of 8 rows\)"):
        estimator.fit(bad)
    estimator.fit(good)
    method = estimator.predict if hasattr(estimator, "predict") else estimator.transform
    with pytest.raises(SchemaError, match=r"'b' \(2 of 8 rows\)"):
        method(bad)


def test_repeated_and_missing_columns_are_named_all_at_once():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"])
    for read in (read_table, KMeansSegmenter(1).fit):
        with pytest.raises(SchemaError, match="more than once: a"):
            read(frame)
    arrow = pa.table([[1.0], [2.0]], names=["a", "a"])
    with pytest.raises(SchemaError, match="more than once: a"):
        read_table(arrow)
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 3.0], "c": [3.0, 1.0]})
    scaler = SkewScaler().fit(frame)
    with pytest.raises(SchemaError, match=r"lacks 2 of 3 columns: a, c"):
        scaler.transform(frame.rename(columns={"a": "A", "c": "c "}))


def test_columns_are_matched_by_name_in_any_order_and_among_others():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.lognormal(size=(40, 3)), columns=["a", "b", "c"])
    segmenter = KMeansSegmenter(3).fit(frame)
    wide = frame.assign(note="text beside the numbers")[["c", "note", "a", "b"]]
    np.testing.assert_array_equal(segmenter.predict(wide), segmenter.labels_)
    # Those others may even be called alike.
    twice = pd.concat([wide, wide[["note"]]], axis=1)
    np.testing.assert_array_equal(segmenter.predict(twice), segmenter.labels_)
    with pytest.raises(SchemaError, match="more than once: a"):
        segmenter.predict(pd.concat([wide, wide[["a"]]], axis=1))


def test_a_column_may_be_called_like_an_attribute_of_a_frame():
    frame = pd.DataFrame({"column_names": [1.0, 2.0], "columns": [3.0, 4.0]})
    np.testing.assert_array_equal(read_table(frame), frame)


def test_messages_stay_short_however_wide_the_frame():
    names = [f"a_rather_long_name_{j}" for j in range(1000)]
    values = np.random.default_rng(0).normal(size=(4, 1000))
    frame = pd.DataFrame(values, columns=names)
    scaler = SkewScaler().fit(frame)
    for wrong in (frame[["a_rather_long_name_0"]], frame + np.inf, frame.astype(str)):
        with pytest.raises(SchemaError, match=r"and 9\d\d more") as error:
            scaler.transform(wrong)
        assert len(str(error.value)) <= 2000
    with pytest.warns(DataQualityWarning, match=r"and 97\d more"):
        scaler.fit(frame * 0)


def test_arrays_need_two_dimensions():
    with pytest.raises(SchemaError, match=r"1 dimension"):
        read_table([1.0, 2.0])
