"""Features of millions of customers, Parquet in, Parquet out.

Ten features (`RFM` over all of history, 30, 90 and 365 days, and `Tenure`) by
`write_parquet`, at one cutoff and at the first of each of twelve months. Beside it the
best way known by hand: DuckDB, one statement and one file a cutoff. Each line of the
log is an order, which that statement makes use of; crmml is given order ids and finds
out. A third way is the same statement that tells orders apart by their ids. All may
take 4 GB, and each run is a process of its own. Data are generated with a seed, a
customer for every ten transactions, and removed at the end.
"""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._clock import clock_apart
from benchmarks._common import run_alone
from benchmarks._records import Bar
from crmml.features import RFM, FeatureSet, Tenure
from crmml.tables import CustomerTables, Transactions

TITLE = "Features from Parquet to Parquet"
SIZES = {
    "quick": {"millions": [1, 3], "millions_alone": []},
    "full": {"millions": [1, 5, 20], "millions_alone": [50, 100]},
}
MINUTES = {"quick": 2, "full": 30}
PACKAGES = ("duckdb", "pandas", "pyarrow")
TWELVE, ONE = "twelve cutoffs", "one cutoff"
BY_HAND, BY_ORDER = "DuckDB cutoff by cutoff", "DuckDB, orders told apart"
PICTURE = (TWELVE, ONE)
BARS = (
    Bar(task=TWELVE, peer="crmml", peer_task=ONE, at_least=1 / 4, aim=1 / 2),
    Bar(task=TWELVE, peer=BY_HAND, at_least=1, least=3_000_000),
    Bar(task=ONE, peer=BY_ORDER, at_least=1, least=3_000_000),
)

WINDOWS = [None, "30D", "90D", "365D"]
CUTOFFS = [
    str(one.date()) for one in pd.date_range("2023-01-01", periods=12, freq="MS")
]
SPAN = 730 * 86_400_000_000
MEMORY_LIMIT = "4GB"
START = pd.Timestamp("2022-01-01").value // 1000


def generate(n, path):
    """Write a log of n transactions of n / 10 customers, ordered by time."""
    rng = np.random.default_rng(0)
    chunk, writer = 5_000_000, None
    for begin in range(0, n, chunk):
        m = min(chunk, n - begin)
        low, high = START + SPAN * begin // n, START + SPAN * (begin + m) // n
        timestamp = np.sort(rng.integers(low, high, m))
        table = pa.table(
            {
                "customer_id": (n // 10 * rng.beta(0.8, 3, m)).astype(np.int64),
                "timestamp": pa.array(timestamp).cast(pa.timestamp("us")),
                "amount": rng.gamma(2, 10, m).round(2),
                "order_id": begin + np.arange(m),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=1_000_000)
    writer.close()


def run_crmml(path, n_cutoffs, out):
    cutoffs, out = CUTOFFS[-n_cutoffs:], Path(out)
    roles = {name: name for name in ("customer_id", "timestamp", "amount", "order_id")}
    tables = CustomerTables(
        transactions=Transactions(path, **roles), memory_limit=MEMORY_LIMIT
    )
    features = FeatureSet([RFM(windows=WINDOWS), Tenure()])
    features.fit(tables, cutoffs).write_parquet(tables, cutoffs, out / "all.parquet")


def run_duckdb(path, n_cutoffs, out, orders="*"):
    limits = {"memory_limit": MEMORY_LIMIT, "temp_directory": out}
    con = duckdb.connect(config=limits)
    for cutoff in CUTOFFS[-n_cutoffs:]:
        at = f"timestamp '{cutoff}'"
        columns = [
            "customer_id",
            f"{at} as cutoff",
            f"(epoch_us({at}) - epoch_us(max(timestamp))) / 86400e6"
            " as days_since_last_purchase",
            f"(epoch_us({at}) - epoch_us(min(timestamp))) / 86400e6 as tenure_days",
        ]
        for window in WINDOWS:
            length = "" if window is None else f"_{window[:-1]}d"
            recent = (
                f"timestamp >= {at} - interval {window[:-1]} day" if window else "true"
            )
            columns += [
                f"count({orders}) filter ({recent}) as n_orders{length}",
                f"coalesce(sum(amount) filter ({recent}), 0) as total_spend{length}",
            ]
        con.execute(
            f"copy (select {', '.join(columns)} from '{path}' where timestamp < {at} "
            f"group by customer_id) to '{out}/{cutoff}.parquet' (format parquet)"
        )


def run_duckdb_by_order(path, n_cutoffs, out):
    run_duckdb(path, n_cutoffs, out, "distinct order_id")


def compare(report, path, n, n_cutoffs, ways):
    """Run ways in processes of their own, each once, and compare what they wrote."""
    with tempfile.TemporaryDirectory() as name:
        written = {}

        def run_apart(way, function):
            out = Path(tempfile.mkdtemp(dir=name))
            used = clock_apart(function, path, n_cutoffs, str(out))
            # Sums of doubles depend on their order in the last digits.
            written[way] = summarise(out)
            for file in out.iterdir():
                file.unlink()
            if way != "crmml":
                pd.testing.assert_frame_equal(
                    written["crmml"], written[way], check_dtype=False, rtol=1e-9
                )
            return replace(used, value=int(written[way]["n"].sum()))

        report.race(
            TWELVE if n_cutoffs > 1 else ONE,
            {way: partial(run_apart, way, function) for way, function in ways.items()},
            size=n,
            unit="transactions",
            runs=1,
            find=lambda n_rows: {"rows": n_rows},
        )


def summarise(out):
    """Reduce results to sums per cutoff, which do not depend on the order of rows."""
    names = pq.ParquetFile(next(out.glob("*.parquet"))).schema_arrow.names
    sums = [f"sum({name}) as {name}" for name in sorted(names) if name[-2:] != "ff"]
    query = f"select cutoff, count(*) as n, {', '.join(sums)} from '{out}/*.parquet'"
    return (
        duckdb.sql(f"{query} group by cutoff order by cutoff").df().set_index("cutoff")
    )


def run(report, millions, millions_alone):
    ours = {"crmml": run_crmml}
    everyone = ours | {BY_HAND: run_duckdb, BY_ORDER: run_duckdb_by_order}
    few = ours | {BY_HAND: run_duckdb}
    with tempfile.TemporaryDirectory() as name:
        for million in (*millions, *millions_alone):
            n, path = round(million * 1e6), f"{name}/log.parquet"
            generate(n, path)
            if million == millions[0]:
                # Compiles, once for a machine.
                clock_apart(run_crmml, path, 1, name)
            is_alone = million not in millions
            if not is_alone:
                compare(report, path, n, 1, everyone)
            compare(report, path, n, 12, ours if is_alone else few)


if __name__ == "__main__":
    run_alone(__file__)
