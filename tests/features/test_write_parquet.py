"""Features written block by block are those that transform gives."""

import os

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import sqlglot.expressions as exp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, Returns, Tenure, _write_features
from crmml.features._blocks import split_customers
from crmml.tables import _sql as sql

DAY = 86_400_000_000


def write(features, tables, cutoffs, folder, n_blocks):
    path = folder / "features.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_write_features, "_count_blocks", lambda *_: n_blocks)
        n_rows = features.write_parquet(tables, cutoffs, path)
    table = pyarrow.parquet.read_table(path)
    assert table.num_rows == n_rows
    assert table.column_names[:2] == ["customer_id", "cutoff"]
    return table.to_pandas().sort_values(["cutoff", "customer_id"], ignore_index=True)


def expected(features, tables, cutoffs):
    found = features.set_output(transform="arrow").transform(tables, cutoffs)
    frame = found.to_pandas()
    columns = ["customer_id", "cutoff", *frame.columns.drop(["customer_id", "cutoff"])]
    return frame[columns].sort_values(["cutoff", "customer_id"], ignore_index=True)


@settings(max_examples=3, phases=[Phase.generate])
@given(data=st.data())
def test_blocks_laid_end_to_end_are_the_whole(
    worlds, every_builder, noon, tmp_path_factory, data
):
    cutoffs = [noon - 2 * DAY, noon]
    world = data.draw(worlds(cutoffs, [DAY, 7 * DAY]))
    instants = [pd.Timestamp(one, unit="us") for one in cutoffs]
    tables, features = world.tables(), every_builder(["1D", "7D"])
    whole = expected(features.fit(tables, instants), tables, instants)
    folder = tmp_path_factory.mktemp("blocks")
    # In many blocks, each holds one customer or none.
    for n_blocks in (1, 2, 23):
        found = write(features, tables, instants, folder, n_blocks)
        assert_frame_equal(found, whole, check_exact=True)


@pytest.fixture
def many_sales():
    rng = np.random.default_rng(0)
    n = 30_000
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, 9_000, n),
            "timestamp": pd.Timestamp("2024-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 200 * 86_400, n), unit="s"),
            "amount": rng.normal(10, 20, n).round(2),
            "order_id": rng.integers(0, 15_000, n),
        }
    )


@pytest.mark.parametrize("ids", ["int64", "uint64", "str"])
def test_ids_and_zones_keep_their_types(ids, many_sales, make_tables, tmp_path):
    sales = many_sales.astype({"customer_id": ids})
    tables = make_tables(sales, observed_until="2025-01-01T00:00Z")
    cutoffs = ["2024-03-01T00:00Z", "2024-06-01T00:00Z"]
    features = Returns(windows="30D").fit(tables, cutoffs)
    whole = expected(features, tables, cutoffs)
    found = write(features, tables, cutoffs, tmp_path, 5)
    assert_frame_equal(found, whole, check_exact=True)
    assert str(found["cutoff"].dt.tz) == "UTC"


def test_ids_of_two_integer_types_are_one_block(make_tables, sales, tmp_path):
    sales = sales.assign(customer_id=np.array([1, 2, 1, 1, 3], dtype="uint64"))
    people = pd.DataFrame({"customer_id": [1, 2, 3, 4]})
    tables = make_tables(sales, people)
    features = RFM().fit(tables, "2024-04-01")
    found = write(features, tables, ["2024-04-01"], tmp_path, 5)
    assert found["customer_id"].tolist() == [1, 2, 3]


def test_each_customer_is_in_one_block(many_sales, make_tables):
    tables = make_tables(many_sales, observed_until="2025-01-01T00:00Z")
    roles = {"transactions": ["timestamp", "amount"]}
    seen = []
    for block in split_customers(tables, roles, 7):
        everything = exp.select(exp.Star()).from_(sql.table("transactions"))
        rows = block.engine.run(everything).to_pandas()
        assert list(rows.columns) == ["customer_id", "timestamp", "amount"]
        seen.append(set(rows["customer_id"]))
    assert len(seen) == 7
    assert all(seen)
    assert sum(map(len, seen)) == many_sales["customer_id"].nunique()


def test_large_tables_are_split(many_sales, make_tables, tmp_path, monkeypatch):
    tables = make_tables(many_sales, observed_until="2025-01-01T00:00Z")
    features = RFM().fit(tables, "2024-06-01T00:00Z")
    asked = []
    split = _write_features.split_customers

    def record(tables, roles, n_blocks):
        asked.append(n_blocks)
        return split(tables, roles, n_blocks)

    monkeypatch.setattr(_write_features, "split_customers", record)
    for size in (2**28, 2**20):
        monkeypatch.setattr(_write_features, "BLOCK_BYTES", size)
        features.write_parquet(tables, "2024-06-01T00:00Z", tmp_path / "f.parquet")
    assert asked[0] == 1
    assert 2 < asked[1] < 10


def test_a_file_is_whole_or_as_it_was(sales, make_tables, tmp_path, monkeypatch):
    tables = make_tables(sales)
    path = tmp_path / "features.parquet"
    path.write_text("before")
    features = RFM().fit(tables, "2024-04-01")
    calls = []

    def fail_later(*given):
        calls.append(given)
        if len(calls) > 1:
            raise OSError("disk full")
        return compute(*given)

    compute = _write_features.compute_features
    monkeypatch.setattr(_write_features, "compute_features", fail_later)
    monkeypatch.setattr(_write_features, "_count_blocks", lambda *_: 97)
    with pytest.raises(OSError, match="disk full"):
        features.write_parquet(tables, "2024-04-01", path)
    assert len(calls) == 2
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["features.parquet"]


def test_nobody_at_a_cutoff_is_said(make_tables, tmp_path, monkeypatch):
    monkeypatch.setattr(_write_features, "_count_blocks", lambda *_: 5)
    sales = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2024-01-01"]})
    gone = pd.DataFrame({"customer_id": ["a"], "left_at": ["2024-01-02"]})
    tables = make_tables(sales, gone)
    features = Tenure().fit(tables, "2024-04-01")
    with pytest.raises(NotEnoughHistoryError, match="No customer"):
        features.write_parquet(tables, "2024-04-01", tmp_path / "f.parquet")
    assert os.listdir(tmp_path) == []


def test_a_file_needs_a_folder(sales, make_tables, tmp_path):
    tables = make_tables(sales)
    features = RFM().fit(tables, "2024-04-01")
    with pytest.raises(SchemaError, match="no such folder"):
        features.write_parquet(tables, "2024-04-01", tmp_path / "no" / "f.parquet")
    with pytest.raises(SchemaError, match="is a folder"):
        features.write_parquet(tables, "2024-04-01", tmp_path)
