"""Parquet files, one or many, are read where they lie."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables, Transactions, make_spine

AT = dt.datetime(2024, 1, 1)


def declare(path):
    return CustomerTables(
        transactions=Transactions(path, customer_id="id", timestamp="at"),
        observed_until="2025-01-01",
    )


def ids(path):
    return make_spine(declare(path), "2024-06-01")["customer_id"].tolist()


def write(path, ids, at=None, kind=None, **columns):
    at = pa.array([AT] * len(ids)) if at is None else at
    pq.write_table(pa.table({"id": pa.array(ids, kind), "at": at, **columns}), path)


def test_widths_and_units_may_differ_between_files(tmp_path):
    """The widest type is taken, whichever file comes first."""
    write(tmp_path / "1.parquet", [1], pa.array([AT], pa.timestamp("ms")), pa.int32())
    write(tmp_path / "2.parquet", [2**40], pa.array([AT], pa.timestamp("us")))
    write(tmp_path / "3.parquet", [3], pa.array([AT], pa.timestamp("ns")), extra=["x"])
    assert ids(str(tmp_path / "*.parquet")) == [1, 3, 2**40]


def test_text_types_may_differ_between_files(tmp_path):
    for number, kind in enumerate([pa.string(), pa.large_string()]):
        write(tmp_path / f"{number}.parquet", [f"00{number}"], kind=kind)
    dictionary = pa.array(["002"]).dictionary_encode()
    pq.write_table(pa.table({"id": dictionary, "at": [AT]}), tmp_path / "2.parquet")
    assert ids(str(tmp_path / "*.parquet")) == ["000", "001", "002"]


def test_other_types_and_missing_columns_are_named(tmp_path):
    write(tmp_path / "1.parquet", [1])
    write(tmp_path / "2.parquet", ["x"])
    with pytest.raises(SchemaError, match=r"2\.parquet differs from 1.*type \['id'\]"):
        declare(str(tmp_path / "*.parquet"))
    pq.write_table(pa.table({"id": [1]}), tmp_path / "2.parquet")
    with pytest.raises(SchemaError, match=r"columns missing \['at'\]"):
        declare(str(tmp_path / "*.parquet"))


def test_damage_is_found_and_the_file_named(tmp_path):
    good, bad = tmp_path / "1.parquet", tmp_path / "2.parquet"
    write(good, [f"customer {number}" for number in range(20_000)])
    content = bytearray(good.read_bytes())
    content[200:4000] = bytes(3800)
    bad.write_bytes(content)
    with pytest.raises(SchemaError, match=r"transactions: 2\.parquet is damaged"):
        ids(str(tmp_path / "*.parquet"))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 nonsense PAR1", b"id,at\n"])
def test_what_is_no_parquet_file_is_named(tmp_path, content):
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(SchemaError, match=r"x\.parquet is not a readable Parquet"):
        declare(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    "name",
    ["a'b.parquet", "[1].parquet", "客户 1.parquet", "a;--.parquet", "%s.parquet"],
)
def test_odd_file_names_are_only_names(tmp_path, name):
    write(tmp_path / name, [7])
    assert ids(tmp_path / name) == [7]


def test_names_that_differ_in_case_only_are_not_confused(tmp_path):
    """The engine's reader would give the column ID for id."""
    table = pa.table({"ID": [1], "id": [2], "at": [AT], "Note": ["x"], "note": ["y"]})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(
        SchemaError, match=r"columns \['ID', 'id'\] differ only in case"
    ):
        declare(tmp_path / "x.parquet")
    # Columns that nobody declared may be called what they like.
    pq.write_table(table.drop_columns(["ID"]), tmp_path / "x.parquet")
    assert ids(tmp_path / "x.parquet") == [2]


def test_files_that_are_not_there_or_of_several_kinds(tmp_path):
    with pytest.raises(SchemaError, match="is a folder"):
        declare(str(tmp_path))
    for path in (tmp_path / "no.parquet", tmp_path / "*.parquet"):
        with pytest.raises(SchemaError, match="transactions: there is no file at"):
            declare(str(path))
    write(tmp_path / "x.parquet", [1])
    (tmp_path / "x.csv").write_text("id,at\n")
    (tmp_path / "x.xlsx").write_text("")
    for pattern in ("*", "*.xlsx"):
        with pytest.raises(
            SchemaError, match=r"must all end in \.parquet or all in \.csv"
        ):
            declare(str(tmp_path / pattern))
