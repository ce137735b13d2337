"""One result, whatever carries the table and however its rows and columns lie."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from crmml.exceptions import SchemaError
from crmml.features import RFM, Activity, ComplaintRate, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.tables import Complaints, CustomerTables, Transactions

CUTOFFS = ["2024-02-01", "2024-03-01"]


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(3)
    n = 300
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D")
    return pd.DataFrame(
        {
            "客户": rng.choice(["007", "7", " 7", "张三"], n),
            "日期": at,
            "金额": rng.integers(-500, 5000, n) / 100,
            "订单": rng.integers(0, 60, n),
        }
    )


def declare(data, **kwargs):
    return CustomerTables(
        transactions=Transactions(
            data,
            customer_id="客户",
            timestamp="日期",
            amount="金额",
            order_id="订单",
            **kwargs,
        ),
        complaints=Complaints(data, customer_id="客户", timestamp="日期", **kwargs),
        observed_until="2024-06-01",
    )


def compute(tables):
    features = FeatureSet(
        [RFM(windows=[None, "12h"]), Activity(), ComplaintRate(), Tenure()]
    )
    return (
        features.fit_transform(tables, CUTOFFS),
        Inactivity("5D").transform(tables, CUTOFFS),
    )


def assert_same(tables, expected):
    features, labels = compute(tables)
    assert_frame_equal(features, expected[0], check_exact=True)
    assert_series_equal(labels, expected[1])


@pytest.fixture(scope="module")
def expected(log):
    return compute(declare(log))


def test_carriers_give_the_same(log, expected, tmp_path):
    log.to_parquet(tmp_path / "log.parquet")
    log.to_csv(tmp_path / "log.csv", index=False)
    log.to_csv(tmp_path / "gbk.csv", index=False, encoding="gbk")
    log.to_csv(tmp_path / "bom.csv", index=False, encoding="utf-8-sig")
    arrow = pa.Table.from_pandas(log, preserve_index=False)
    for number, part in enumerate(np.array_split(np.arange(len(log)), 3)):
        pq.write_table(arrow.take(part), tmp_path / f"part-{number}.parquet")
    assert_same(declare(arrow), expected)
    assert_same(declare(pl.from_arrow(arrow)), expected)
    for name in ("log.parquet", "log.csv", "bom.csv", "part-*.parquet"):
        assert_same(declare(str(tmp_path / name)), expected)
    assert_same(declare(tmp_path / "gbk.csv", encoding="gbk"), expected)


@pytest.mark.parametrize(
    "index",
    [
        lambda n: np.zeros(n, dtype=int),
        lambda n: pd.Index(["x"] * n, name="客户"),
        lambda n: pd.date_range("2020-01-01", periods=n)[::-1],
        lambda n: pd.MultiIndex.from_arrays([np.zeros(n), np.ones(n)]),
    ],
    ids=["duplicated", "named as a column", "dates", "multi"],
)
def test_the_index_is_never_data(log, expected, index):
    assert_same(declare(log.set_axis(index(len(log)), axis=0)), expected)


@pytest.mark.parametrize("seed", [0, 1])
def test_order_of_rows_and_columns_is_never_data(log, expected, seed):
    shuffled = log.sample(frac=1, random_state=seed).iloc[:, ::-1]
    assert_same(declare(shuffled), expected)


def test_further_columns_are_ignored(log, expected):
    extra = log.assign(
        lists=[[1, 2]] * len(log), mixed=["x", 1] * (len(log) // 2), 金额2=np.nan
    )
    assert_same(declare(extra), expected)


def test_read_only_arrays_will_do(log, expected):
    columns = {name: log[name].to_numpy(copy=True) for name in log}
    for values in columns.values():
        values.flags.writeable = False
    assert_same(declare(pd.DataFrame(columns, copy=False)), expected)


def test_inputs_are_not_modified(log):
    before = log.copy(deep=True)
    before.attrs["source"] = log.attrs["source"] = "till"
    tables = declare(log)
    tables.quality()
    compute(tables)
    assert_frame_equal(log, before, check_exact=True)
    assert log.attrs == before.attrs
    assert log.index.equals(before.index)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", 'a"b', "a'b", "x; drop table t; --", "{0}", "%s", "select", "\n"],
)
def test_names_of_columns_are_only_names(name, constructor):
    data = constructor({name: ["a"], "at": ["2024-01-01"], "paid": [2.0]})
    tables = CustomerTables(
        transactions=Transactions(
            data, customer_id=name, timestamp="at", amount="paid"
        ),
        observed_until="2024-06-01",
    )
    assert RFM().fit_transform(tables, "2024-03-01")["total_spend"].item() == 2.0


def test_names_that_differ_in_case_only_are_two_names(constructor):
    data = constructor(
        {
            "id": ["o1", "o1"],
            "ID": ["a", "b"],
            "Id": [1.0, 2.0],
            "iD": ["2024-01-01"] * 2,
        }
    )
    tables = CustomerTables(
        transactions=Transactions(
            data, customer_id="ID", order_id="id", amount="Id", timestamp="iD"
        ),
        observed_until="2024-06-01",
    )
    features = RFM().fit_transform(tables, "2024-03-01")
    assert features["total_spend"].to_dict() == {"a": 1.0, "b": 2.0}


def test_a_column_may_be_named_as_another_role(constructor):
    """What a column is called does not matter, only what the caller says it is."""
    data = constructor(
        {
            "order_id": ["a", "b"],
            "customer_id": [1, 2],
            "amount": ["2024-01-01", "2024-01-02"],
            "timestamp": [3.0, 4.0],
        }
    )
    tables = CustomerTables(
        transactions=Transactions(
            data,
            customer_id="order_id",
            order_id="customer_id",
            timestamp="amount",
            amount="timestamp",
        ),
        observed_until="2024-06-01",
    )
    features = RFM().fit_transform(tables, "2024-03-01")
    assert features["total_spend"].to_dict() == {"a": 3.0, "b": 4.0}


UNFIT = {
    "list": pa.array([[1], [2]]),
    "struct": pa.array([{"x": 1}] * 2),
    "duration": pa.array([dt.timedelta(1)] * 2),
    "time": pa.array([dt.time(1)] * 2),
    "bytes": pa.array([b"x"] * 2),
    "bool": pa.array([True, False]),
    "half": pa.array(np.array([1, 2], dtype="float16")),
    "long decimal": pa.array([decimal.Decimal(1)] * 2, pa.decimal256(50, 2)),
    "map": pa.array([[("a", 1)]] * 2, pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("column", UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("role", ["customer_id", "timestamp", "amount", "order_id"])
def test_types_that_do_not_fit_a_role_are_named(role, column):
    data = pa.table(
        {
            "customer_id": ["a", "b"],
            "timestamp": pa.array([dt.datetime(2024, 1, 1)] * 2),
            "amount": [1.0, 2.0],
            "order_id": [1, 2],
        }
    )
    data = data.set_column(data.column_names.index(role), role, column)
    with pytest.raises(SchemaError, match=f"transactions: column '{role}'.* of type "):
        CustomerTables(
            transactions=Transactions(
                data, **{name: name for name in data.column_names}
            )
        )


@pytest.mark.parametrize(
    "kind", ["int8", "uint32", "float32", "Int64", "Float64", "decimal"]
)
def test_amounts_may_be_any_numbers(kind):
    values = pd.Series([1, 2]).astype("int64" if kind == "decimal" else kind)
    if kind == "decimal":
        values = pd.Series(
            [decimal.Decimal("1.00"), decimal.Decimal("2.00")],
            dtype=pd.ArrowDtype(pa.decimal128(38, 2)),
        )
    data = pd.DataFrame(
        {"customer_id": "a", "timestamp": "2024-01-01", "amount": values}
    )
    tables = CustomerTables(
        transactions=Transactions(
            data, customer_id="customer_id", timestamp="timestamp", amount="amount"
        ),
        observed_until="2024-06-01",
    )
    features = RFM().fit_transform(tables, "2024-03-01")
    assert features["total_spend"].item() == 3.0


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"id": [1]},
        [1, 2],
        pl.LazyFrame({"id": [1]}),
        pd.Series([1], name="id"),
        7,
    ],
    ids=["none", "dict", "list", "lazy", "series", "number"],
)
def test_what_is_no_table_is_refused_by_its_type(data):
    with pytest.raises(SchemaError, match=f"got {type(data).__name__}"):
        Transactions(data, customer_id="id", timestamp="at")


@pytest.mark.parametrize("make", [Transactions, lambda data, **_: RFM().fit(data, "x")])
def test_columns_that_stand_twice_are_refused_without_their_cells(make):
    frame = pd.DataFrame(
        [["secret", "2024-01-01", "secret"]], columns=["id", "at", "id"]
    )
    arrow = pa.table([["secret"], ["2024-01-01"], ["secret"]], names=["id", "at", "id"])
    for data in (frame, arrow):
        with pytest.raises(SchemaError) as caught:
            make(data, customer_id="id", timestamp="at")
        assert "columns ['id'] appear more than once" in str(caught.value)
        assert "secret" not in str(caught.value)


def test_all_missing_columns_are_named_at_once(sales):
    with pytest.raises(SchemaError) as caught:
        Transactions(
            sales, customer_id="Customer_ID", timestamp="timestamp ", amount="amount"
        )
    message = str(caught.value)
    assert "customer_id='Customer_ID', timestamp='timestamp '" in message
    assert "'order_id'" in message
    with pytest.raises(SchemaError, match="timestamp must be the name of a column"):
        Transactions(sales, customer_id="customer_id", timestamp=1)


def test_messages_stay_short_however_wide_the_table():
    wide = pd.DataFrame({f"column {'x' * 200} {i}": [1] for i in range(300)})
    with pytest.raises(SchemaError) as caught:
        Transactions(wide, customer_id="id", timestamp="at")
    assert len(str(caught.value)) <= 2000
    with pytest.raises(SchemaError) as caught:
        Transactions(pd.concat([wide, wide], axis=1), customer_id="id", timestamp="at")
    assert len(str(caught.value)) <= 2000
