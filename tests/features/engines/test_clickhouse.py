"""The statement for ClickHouse, run in this process where its engine is installed."""

import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

CUTOFFS = ["2024-03-08", "2024-03-11T12:00"]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_the_statement_gives_what_transform_gives(
    declare, frames, every_builder, tmp_path, is_recorded
):
    chdb = pytest.importorskip("chdb.session", reason="chdb is not installed")
    own = frames(seed=2, kind="text", is_recorded=is_recorded)
    here = declare(own)
    features = every_builder(["7D"]).fit(here, CUTOFFS)
    names = {name: f"shop.{name}" for name in own}
    statement = features.to_sql(here, CUTOFFS, dialect="clickhouse", names=names)
    session = chdb.Session(str(tmp_path / "clickhouse"))
    try:
        session.query("CREATE DATABASE shop")
        for name, frame in own.items():
            path = tmp_path / f"{name}.parquet"
            frame.to_parquet(path, index=False)
            source = f"SELECT * FROM file('{path}')"
            session.query(f"CREATE TABLE shop.{name} ENGINE=Memory AS {source}")
        rows = session.query(statement, "ArrowStream").bytes()
    finally:
        session.close()
    found = pa.ipc.open_stream(rows).read_all().to_pandas()
    expected = features.transform(here, CUTOFFS).reset_index()
    expected = expected[["customer_id", "cutoff", *features.feature_names_out_]]
    # Every DateTime of ClickHouse is an instant.
    instants = expected["cutoff"].dt.as_unit("s").astype("int64")
    cutoffs = found.pop("cutoff")
    if cutoffs.dtype.kind not in "iu":
        cutoffs = cutoffs.dt.tz_localize(None).dt.as_unit("s").astype("int64")
    assert cutoffs.tolist() == instants.tolist()
    expected = expected.drop(columns="cutoff")
    assert_frame_equal(found.astype(expected.dtypes), expected, rtol=1e-9, atol=1e-9)
