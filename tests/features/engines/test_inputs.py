"""Whatever library brings the tables, the same bytes come out."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import SchemaError
from crmml.features import RFM, ComplaintRate, FeatureSet, ProductMix
from crmml.tables import CustomerTables, Transactions

CUTOFFS = ["2024-03-08", "2024-03-11T12:00"]


def as_parquet(frame, folder, name):
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder / f"{name}.parquet"


def as_relation(frame, folder, name):
    # The caller's connection has a zone of its own.
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    return connection.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


CARRIERS = {
    "pandas": lambda frame, folder, name: frame,
    "polars": lambda frame, folder, name: pl.from_pandas(frame),
    "arrow": lambda frame, folder, name: pa.Table.from_pandas(frame),
    "parquet": as_parquet,
    "relation": as_relation,
}


@pytest.mark.parametrize("kind", ["text", "integer"])
def test_the_same_bytes_come_out(declare, frames, tmp_path, kind):
    own = frames(seed=4, kind=kind, is_recorded=True)
    if kind == "integer":
        for frame in own.values():
            frame["timestamp"] = frame.get("timestamp", frame.get("joined_at"))
            for name in frame.select_dtypes("datetime"):
                frame[name] = frame[name].dt.tz_localize("Europe/Berlin")
    is_aware = kind == "integer"
    end = "2024-04-01T00:00Z" if is_aware else "2024-04-01"
    cutoffs = [f"{pd.Timestamp(one).isoformat()}{'Z' * is_aware}" for one in CUTOFFS]
    features = FeatureSet([RFM(windows="7D"), ComplaintRate(), ProductMix()])
    features.set_output(transform="arrow")
    found = {}
    for name, carrier in CARRIERS.items():
        tables = declare(
            own,
            lambda frame, table, carrier=carrier: carrier(frame, tmp_path, table),
            observed_until=end,
        )
        result = features.fit_transform(tables, cutoffs)
        ids = result["customer_id"].cast(pa.string())
        result = result.set_column(1, "customer_id", ids).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, result.schema) as writer:
            writer.write_table(result)
        found[name] = sink.getvalue().to_pybytes()
    assert found["pandas"]
    assert {name for name, one in found.items() if one != found["pandas"]} == set()


def test_a_relation_that_cannot_be_read_is_refused():
    relation = duckdb.connect().sql(
        "SELECT 1 AS id, DATE '2024-01-01' AS day, CAST(word AS INTEGER) AS amount "
        "FROM (VALUES ('12'), ('secret')) AS words(word)"
    )
    sales = Transactions(relation, customer_id="id", timestamp="day", amount="amount")
    with pytest.raises(SchemaError, match="relation cannot be read") as found:
        CustomerTables(transactions=sales)
    assert "secret" not in str(found.value)


def test_a_relation_may_have_any_names():
    relation = duckdb.connect().sql(
        """SELECT 7 AS "客 户", DATE '2024-01-01' AS "a.b", 1.5 AS "x""y" """
    )
    sales = Transactions(relation, customer_id="客 户", timestamp="a.b", amount='x"y')
    found = RFM().fit_transform(
        CustomerTables(transactions=sales, observed_until="2025-01-01"), "2024-02-01"
    )
    assert found["total_spend"].to_dict() == {7: 1.5}
