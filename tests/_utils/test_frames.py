import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml._utils._frames import (
    column_names,
    find_repeated,
    is_frame,
    join_texts,
    select_columns,
)

DATA = {"金额": [1, 2], "column_names": [3, 4], "columns": [5, 6]}


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_library_is_a_frame_with_names(library):
    frame = library(DATA)
    assert is_frame(frame)
    assert column_names(frame) == list(DATA)
    selected = select_columns(frame, ["columns", "金额"])
    assert selected.columns == ["columns", "金额"]
    assert selected["columns"].to_list() == [5, 6]


@pytest.mark.parametrize("other", [np.eye(2), [[1, 2]], pd.Series([1]), None, "text"])
def test_all_else_is_none(other):
    assert not is_frame(other)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"]),
        pa.table([[1], [2], [3]], names=["a", "a", "b"]),
    ],
)
def test_repeated_names_are_seen_and_do_not_keep_the_others_from_being_read(frame):
    assert is_frame(frame)
    assert find_repeated(column_names(frame)) == ["a"]
    assert select_columns(frame, ["b"])["b"].to_list() == [3]


def test_texts_are_listed_while_they_fit_and_the_rest_is_counted():
    assert join_texts([]) == ""
    assert join_texts(["a", "b"]) == "a, b"
    names = [f"column {j}" for j in range(1000)]
    listed = join_texts(names)
    shown = listed.split(", ")
    assert shown[:-1] == names[: len(shown) - 1]
    assert shown[-1] == f"and {1000 - len(shown) + 1} more"
    assert len("".join(shown[:-1])) <= 600 < len("".join(names[: len(shown)]))
