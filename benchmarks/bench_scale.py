"""Features of millions of customers, Parquet in, Parquet out: time and memory.

Each run is a process of its own, whose wall time, CPU time and peak memory (resident
set, with all that is imported) are printed. Beside crmml stands the best way known by
hand: DuckDB, one statement and one file a cutoff. Each line of the log is an order,
which the statements by hand make use of; crmml is given order ids and finds out. A
third way is the same statement that tells orders apart by their ids, for one cutoff.
Both may take 4 GB. Data are generated with a seed and removed at the end.

Run: python benchmarks/bench_scale.py [millions_of_transactions ...]
Or, for crmml alone at twelve cutoffs: python benchmarks/bench_scale.py curve 10 30 100
"""

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import crmml
from crmml.features import RFM, FeatureSet, Tenure
from crmml.tables import CustomerTables, Transactions

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


def run_crmml(path, cutoffs, out):
    roles = {name: name for name in ("customer_id", "timestamp", "amount", "order_id")}
    tables = CustomerTables(
        transactions=Transactions(path, **roles), memory_limit=MEMORY_LIMIT
    )
    features = FeatureSet([RFM(windows=WINDOWS), Tenure()])
    features.fit(tables, cutoffs).write_parquet(tables, cutoffs, out / "all.parquet")


def run_duckdb(path, cutoffs, out, orders="*"):
    limits = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(out)}
    con = duckdb.connect(config=limits)
    for cutoff in cutoffs:
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
            f"group by customer_id) to '{out / cutoff}.parquet' (format parquet)"
        )


def run_duckdb_by_order(path, cutoffs, out):
    run_duckdb(path, cutoffs, out, "distinct order_id")


CONTESTANTS = {
    "crmml": run_crmml,
    "DuckDB cutoff by cutoff": run_duckdb,
    "DuckDB, orders told apart": run_duckdb_by_order,
}


def measure_here(name, path, n_cutoffs, out):
    """Run one contestant in this process and print what it cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    CONTESTANTS[name](path, CUTOFFS[-n_cutoffs:], Path(out))
    used = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**used, "gigabytes": peak / 1e9}))


def measure(name, path, n_cutoffs, folder):
    """Run one contestant in a process of its own."""
    out = Path(tempfile.mkdtemp(dir=folder))
    command = [sys.executable, __file__, "child", name, path, str(n_cutoffs), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]), out


def summarise(out):
    """Reduce results to sums per cutoff, which do not depend on the order of rows."""
    names = pq.ParquetFile(next(out.glob("*.parquet"))).schema_arrow.names
    sums = [f"sum({name}) as {name}" for name in sorted(names) if name[-2:] != "ff"]
    query = f"select cutoff, count(*) as n, {', '.join(sums)} from '{out}/*.parquet'"
    return (
        duckdb.sql(f"{query} group by cutoff order by cutoff").df().set_index("cutoff")
    )


def main(millions, plan):
    print(f"crmml {crmml.__version__}, DuckDB {duckdb.__version__}, pandas", end=" ")
    print(f"{pd.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print("Command: python", *sys.argv)
    print(
        "| transactions | customers | cutoffs | way | wall s | CPU s | peak GB | rows |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for n in (round(float(one) * 1e6) for one in millions):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/log.parquet"
            generate(n, path)
            for n_cutoffs, names in plan.items():
                results = []
                for name in names:
                    used, out = measure(name, path, n_cutoffs, folder)
                    results.append(summarise(out))
                    print(
                        f"| {n:,} | {n // 10:,} | {n_cutoffs} | {name} | "
                        f"{used['wall']:.1f} | {used['cpu']:.1f} | "
                        f"{used['gigabytes']:.2f} | {results[-1]['n'].sum():,} |",
                        flush=True,
                    )
                    for file in out.iterdir():
                        file.unlink()
                for other in results[1:]:
                    pd.testing.assert_frame_equal(
                        results[0], other, check_dtype=False, rtol=1e-9
                    )


if __name__ == "__main__":
    first = sys.argv[1:2]
    if first == ["child"]:
        measure_here(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    elif first == ["curve"]:
        main(sys.argv[2:], {12: ["crmml"]})
    else:
        everyone = list(CONTESTANTS)
        main(sys.argv[1:] or ["20"], {1: everyone, 12: everyone[:2]})
