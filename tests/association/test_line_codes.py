from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import _line_codes
from crmml.association._line_codes import code_column, code_orders, combine_codes

CHUNKS = st.lists(
    st.lists(st.none() | st.integers(-5, 9), max_size=8), min_size=1, max_size=4
)


@pytest.fixture(params=["small", "large"])
def _each_size(request, monkeypatch):
    """Send inputs of any size through numpy, then through compiled kernels."""
    if request.param == "large":
        monkeypatch.setattr(_line_codes, "_LONG", 0)


INT64 = pa.int64()


def chunked(chunks, kind=INT64):
    return pa.chunked_array([pa.array(chunk, kind) for chunk in chunks], kind)


def spell(codes, labels):
    return [None if code < 0 else labels[code] for code in codes]


@pytest.mark.parametrize("long", [0, 10**6])
@settings(max_examples=60, deadline=None)
@given(chunks=CHUNKS)
def test_labels_of_codes_are_the_values(long, chunks):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_line_codes, "_LONG", long)
        codes, labels = code_column(chunked(chunks))
    assert spell(codes, labels) == list(chain.from_iterable(chunks))
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("long", [0, 10**6])
@pytest.mark.parametrize("kind", [pa.int64(), pa.int16(), pa.large_string()])
@settings(max_examples=60, deadline=None)
@given(chunks=CHUNKS, in_order=st.booleans())
def test_orders_are_told_apart_and_numbered_from_0(long, kind, chunks, in_order):
    flat = list(chain.from_iterable(chunks))
    if in_order and None not in flat:
        rising = iter(sorted(flat))
        chunks = [[next(rising) for _ in chunk] for chunk in chunks]
        flat = sorted(flat)
    if kind == pa.large_string():
        chunks = [[None if v is None else str(v) for v in chunk] for chunk in chunks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_line_codes, "_LONG", long)
        codes = code_orders(chunked(chunks, kind))
    seen = {value for value in flat if value is not None}
    pairs = set(zip(flat, codes.tolist(), strict=True))
    assert pairs - {(None, -1)} == {(v, c) for v, c in pairs if v is not None}
    assert sorted({code for _, code in pairs} - {-1}) == list(range(len(seen)))
    assert len(pairs - {(None, -1)}) == len(seen)


@pytest.mark.usefixtures("_each_size")
@pytest.mark.parametrize("kind", ["int8", "int16", "int32"])
def test_differences_of_short_integers_may_leave_their_type(kind):
    info = np.iinfo(kind)
    span = min(int(info.max), 40_000)
    values = np.array([-span, span, span // 2, span, span // 3], dtype=kind)
    codes, labels = code_column(pa.chunked_array([values]))
    assert spell(codes, labels) == values.tolist()


@pytest.mark.usefixtures("_each_size")
def test_integers_that_only_unsigned_ones_hold_are_coded():
    values = [2**63 + 5, 2**63 + 7, 2**63 + 5]
    codes, labels = code_column(chunked([values], pa.uint64()))
    assert spell(codes, labels) == values


@pytest.mark.usefixtures("_each_size")
def test_pairs_of_numbers_are_told_apart():
    rng = np.random.default_rng(0)
    first, then = rng.integers(-1, 9, (2, 500), dtype=np.int32)
    codes = combine_codes(first, then)
    known = (first >= 0) & (then >= 0)
    assert (codes[~known] == -1).all()
    expected = pd.factorize(pd.Series(list(zip(first[known], then[known]))))[0]  # noqa: B905
    found = pd.factorize(codes[known])[0]
    assert found.tolist() == expected.tolist()
