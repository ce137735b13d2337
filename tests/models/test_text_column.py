"""Long text in Arrow is read as short text in Python is."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import SchemaError
from crmml.models._columns import EMPTY, TEXT, read_frame
from crmml.models._encoder import FrameEncoder
from crmml.models._text_column import LONG, TextColumn

WORDS = ["上海", "basic", "", " basic", "Basic", "rare 1", "rare 2", None, "é"]


@pytest.fixture
def words():
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(WORDS), 4 * LONG, p=[0.3, 0.3, 0.1, 0.1, 0.1, *[0.025] * 4])
    return [WORDS[k] for k in chosen]


CARRIERS = {
    "pandas text": lambda words: pd.DataFrame({"x": pd.Series(words, dtype="string")}),
    "pandas inferred": lambda words: pd.DataFrame({"x": words}),
    "pandas objects": lambda words: pd.DataFrame({"x": pd.Series(words, dtype=object)}),
    "pandas NaN": lambda words: pd.DataFrame(
        {"x": pd.Series([np.nan if w is None else w for w in words], dtype=object)}
    ),
    "pandas categories": lambda words: pd.DataFrame(
        {"x": pd.Series(words, dtype="category")}
    ),
    "polars": lambda words: pl.DataFrame({"x": words}),
    "polars categories": lambda words: pl.DataFrame(
        {"x": pl.Series(words, dtype=pl.Categorical)}
    ),
    "arrow": lambda words: pa.table({"x": words}),
    "arrow chunks": lambda words: pa.concat_tables(
        [pa.table({"x": words[:300]}), pa.table({"x": words[300:]})]
    ),
    "arrow dictionary": lambda words: pa.table(
        {"x": pa.array(words).dictionary_encode()}
    ),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_codes_of_a_long_column_are_those_of_its_rows_one_by_one(words, carrier):
    frame = CARRIERS[carrier](words)
    columns = read_frame(frame, ["x"])
    assert isinstance(columns.arrays[0], TextColumn)
    encoder = FrameEncoder().fit(columns, ["x"], np.ones(len(words)))
    assert encoder.has_missing_ == [True]
    whole = encoder.encode(columns).arrays[0]
    rows = pd.DataFrame({"x": pd.Series(words, dtype=object)})
    by_part = [
        encoder.encode(read_frame(rows.iloc[i : i + 100], ["x"])).arrays[0]
        for i in range(0, len(rows), 100)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(by_part))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_learning_from_a_long_column_does_not_depend_on_its_carrier(words, carrier):
    encoder, plain = (
        FrameEncoder().fit(read_frame(frame, ["x"]), ["x"], np.ones(len(words)))
        for frame in (CARRIERS[carrier](words), CARRIERS["pandas objects"](words))
    )
    assert encoder.categories_ == plain.categories_
    assert encoder.typical_ == plain.typical_
    assert " basic" in encoder.categories_[0]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_rows_come_out_as_they_went_in(words, carrier):
    column = read_frame(CARRIERS[carrier](words), ["x"]).arrays[0]
    assert len(column) == len(words)
    assert column.tolist() == words
    assert column[np.array([3, 0, 3])].tolist() == [words[3], words[0], words[3]]
    mask = np.arange(len(words)) % 2 == 0
    assert column[mask].tolist() == words[::2]


def test_a_long_column_of_nothing_is_empty():
    for column in (pd.Series([None] * 600, dtype="str"), pd.Series([None] * 600)):
        assert read_frame(pd.DataFrame({"x": column}), ["x"]).kinds == [EMPTY]
    table = pl.DataFrame({"x": pl.Series([None] * 600, dtype=pl.String)})
    assert read_frame(table, ["x"]).kinds == [EMPTY]


@pytest.mark.parametrize("odd", [1, 2.5, b"bytes", ("a",), pd.Timestamp("2020-01-01")])
def test_a_long_column_of_mixed_types_is_refused_as_a_short_one_is(odd):
    for n in (10, 600):
        frame = pd.DataFrame({"x": pd.Series([odd, *["a"] * n], dtype=object)})
        with pytest.raises(SchemaError, match=r"mixes types|holds dates"):
            read_frame(frame, ["x"])


def test_text_that_is_no_unicode_is_text():
    frame = pd.DataFrame({"x": pd.Series(["\ud800", *["a"] * 600], dtype=object)})
    columns = read_frame(frame, ["x"])
    assert columns.kinds == [TEXT]
    assert not isinstance(columns.arrays[0], TextColumn)


def test_numbers_in_a_long_object_column_stay_numbers():
    frame = pd.DataFrame({"x": pd.Series([1, 2.5, None] * 300, dtype=object)})
    assert read_frame(frame, ["x"]).kinds == ["number"]
