"""What must not matter: row order, who else there is, and what carries the tables."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmml.tables import make_spine

DAY = 86_400_000_000
WINDOWS = ["1D", "7D"]
TABLES = ("transactions", "complaints", "customers", "surveys", "events")


def draw_world(data, worlds, noon):
    cutoffs = [noon - 2 * DAY, noon]
    world = data.draw(worlds(cutoffs, [DAY, 7 * DAY], crowd=3))
    return world, [pd.Timestamp(cutoff, unit="us") for cutoff in cutoffs]


@settings(max_examples=2)
@given(data=st.data())
def test_the_order_of_rows_changes_nothing(worlds, every_builder, noon, data):
    world, cutoffs = draw_world(data, worlds, noon)
    features = every_builder(WINDOWS)
    expected = features.fit_transform(world.tables(), cutoffs)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    turned = world.but(
        **{
            name: [getattr(world, name)[i] for i in rng.permutation(n)]
            for name in TABLES
            for n in [len(getattr(world, name))]
        }
    )
    found = features.fit_transform(turned.tables(), cutoffs)
    assert_frame_equal(found, expected, check_exact=True)


@settings(max_examples=2)
@given(data=st.data())
def test_customers_apart_and_stacked_equal_the_whole(worlds, every_builder, noon, data):
    """What is learned of all is learned; the rest is a matter of each customer."""
    world, cutoffs = draw_world(data, worlds, noon)
    features = every_builder(WINDOWS)
    tables = world.tables()
    spine = make_spine(tables, cutoffs)
    expected = features.fit_transform(tables, spine=spine)
    people = sorted(set(spine["customer_id"]))
    some = set(data.draw(st.lists(st.sampled_from(people), unique=True, min_size=1)))
    parts = []
    for is_one_of_some in (True, False):
        own = spine[spine["customer_id"].isin(some) == is_one_of_some]
        rows = {
            name: [
                row
                for row in getattr(world, name)
                # Tables have a first event, so that cutoffs have one before them.
                if row["customer_id"] == "anchor"
                or (row["customer_id"] in some) == is_one_of_some
            ]
            for name in TABLES
        }
        apart = world.but(**rows).tables()
        parts.append(features.transform(apart, spine=own))
    stacked = pd.concat([part for part in parts if len(part)])
    assert_frame_equal(stacked.loc[expected.index], expected, check_exact=True)


def carry_by(form, folder):
    """Carry frames by a library or a file."""

    def carry(frame, name):
        if form == "pandas":
            return frame
        if form == "polars":
            return pl.from_pandas(frame)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if form == "arrow":
            return table
        path = Path(folder) / f"{name}.parquet"
        pa.parquet.write_table(table, path)
        return path

    return carry


@settings(max_examples=2)
@given(data=st.data())
def test_every_carrier_of_tables_gives_the_same_bytes(
    worlds, every_builder, noon, data
):
    world, cutoffs = draw_world(data, worlds, noon)
    features = every_builder(WINDOWS).set_output(transform="arrow")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in ("pandas", "polars", "arrow", "parquet"):
            tables = world.tables(carry_by(form, folder))
            results[form] = features.fit_transform(tables, cutoffs)
    first = results.pop("pandas")
    assert first.num_rows
    for form, found in results.items():
        assert found.schema == first.schema, form
        # NaN is not equal to itself, so bytes are compared.
        for name in first.column_names:
            for one, other in zip(
                first[name].combine_chunks().buffers(),
                found[name].combine_chunks().buffers(),
                strict=True,
            ):
                assert (one is None) == (other is None), (form, name)
                assert one is None or one.equals(other), (form, name)
