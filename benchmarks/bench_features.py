"""Sixteen features of a million transactions at twelve cutoffs, and at one.

Beside crmml stand what people write: a pandas loop over cutoffs, a range join in
DuckDB, DuckDB cutoff by cutoff, and featuretools with cutoff times (on a sample of
customers, for it takes minutes; compare it with crmml on the same sample). All begin
with a frame in memory and end with a table. Results are checked to be equal, then each
way is timed several times, in turns; medians are printed. Data are generated with a
seed. An order is one line of the log: the peers count lines, which spares them to
tell orders apart; crmml is given order ids. At one cutoff DuckDB is timed once more
where it tells orders apart by their ids, as crmml does. At the end stands what twelve
cutoffs cost for builders that cannot be read off running totals alone.

Run: python benchmarks/bench_features.py [n_repeats [python_with_featuretools]]
"""

import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import crmml
from crmml.features import (
    RFM,
    Activity,
    CustomAggregation,
    FeatureSet,
    InterPurchase,
    ProductMix,
    Returns,
    Tenure,
)
from crmml.tables import CustomerTables, Transactions

CUTOFFS = list(pd.date_range("2023-01-01", periods=12, freq="MS"))
DAYS = [30, 90, 365]
LARGE = 40.0
HEAD = "| way | wall s | CPU s | wall to crmml | CPU to crmml |\n|---|---|---|---|---|"
N_SAMPLED = 10_000  # customers for featuretools


def generate(n=1_000_000, n_customers=100_000):
    rng = np.random.default_rng(0)
    seconds = np.sort(rng.integers(0, 730 * 86_400, n))
    return pd.DataFrame(
        {
            "customer_id": (n_customers * rng.beta(0.8, 3, n)).astype(np.int64),
            "timestamp": pd.Timestamp("2022-01-01") + pd.to_timedelta(seconds, "s"),
            "amount": rng.gamma(2, 10, n).round(2),
            "order_id": np.arange(n),
        }
    )


def open_tables(log):
    sales = Transactions(log, **{name: name for name in log.columns})
    return CustomerTables(transactions=sales, observed_until="2024-01-01")


def by_crmml(log, cutoffs):
    windows = [f"{days}D" for days in DAYS]
    features = FeatureSet(
        [
            RFM(windows=[None, *windows]),
            Tenure(),
            CustomAggregation("max", how="max", value="amount", windows=windows),
            CustomAggregation("n_large", where=f"amount > {LARGE}", windows=windows),
        ]
    ).set_output(transform="arrow")
    return features.fit_transform(open_tables(log), cutoffs)


def by_pandas(log, cutoffs):
    parts = []
    for cutoff in cutoffs:
        past = log[log["timestamp"] < cutoff]
        groups = past.groupby("customer_id")
        part = groups.agg(
            n_orders=("order_id", "size"),
            total_spend=("amount", "sum"),
            first=("timestamp", "min"),
            last=("timestamp", "max"),
        )
        part["tenure_days"] = (cutoff - part.pop("first")) / pd.Timedelta("1D")
        silence = (cutoff - part.pop("last")) / pd.Timedelta("1D")
        part["days_since_last_purchase"] = silence
        for days in DAYS:
            recent = past[past["timestamp"] >= cutoff - pd.Timedelta(days=days)]
            recent = recent.assign(large=recent["amount"] > LARGE)
            found = recent.groupby("customer_id").agg(
                n_orders=("order_id", "size"),
                total_spend=("amount", "sum"),
                max=("amount", "max"),
                n_large=("large", "sum"),
            )
            part = part.join(found.add_suffix(f"_{days}d"))
            counted = [
                f"{name}_{days}d" for name in ("n_orders", "total_spend", "n_large")
            ]
            part[counted] = part[counted].fillna(0)
        parts.append(part.reset_index().assign(cutoff=cutoff))
    return pd.concat(parts, ignore_index=True)


def columns_in_sql(at, orders="*"):
    day = "86400e6"
    columns = [
        f"(epoch_us({at}) - epoch_us(max(timestamp))) / {day} days_since_last_purchase",
        f"(epoch_us({at}) - epoch_us(min(timestamp))) / {day} tenure_days",
        f"count({orders}) n_orders",
        "sum(amount) total_spend",
    ]
    for days in DAYS:
        recent = f"filter (timestamp >= {at} - interval {days} day)"
        large = f"filter (timestamp >= {at} - interval {days} day and amount > {LARGE})"
        columns += [
            f"count({orders}) {recent} n_orders_{days}d",
            f"coalesce(sum(amount) {recent}, 0) total_spend_{days}d",
            f"max(amount) {recent} max_{days}d",
            f"count(*) {large} n_large_{days}d",
        ]
    return ", ".join(columns)


def by_range_join(log, cutoffs):
    con = duckdb.connect()
    con.register("log", log)
    con.register("cutoffs", pd.DataFrame({"cutoff": cutoffs}))
    return con.sql(
        f"select customer_id, cutoff, {columns_in_sql('cutoff')} from log join cutoffs "
        "on timestamp < cutoff group by customer_id, cutoff "
        "order by cutoff, customer_id"
    ).to_arrow_table()


def by_duckdb_cutoffs(log, cutoffs, orders="*"):
    con = duckdb.connect()
    con.register("log", log)
    each = [
        f"(select customer_id, {at} as cutoff, {columns_in_sql(at, orders)} from log "
        f"where timestamp < {at} group by customer_id order by customer_id)"
        for at in (f"timestamp '{one}'" for one in cutoffs)
    ]
    return con.sql(" union all ".join(each)).to_arrow_table()


def by_duckdb_orders(log, cutoffs):
    return by_duckdb_cutoffs(log, cutoffs, "distinct order_id")


FEATURETOOLS = """
import sys, time, pandas as pd, featuretools as ft
from featuretools.primitives import Count, Max, Sum
log = pd.read_parquet(sys.argv[1])
cutoffs, days = pd.to_datetime(sys.argv[2].split(",")), [30, 90, 365]
wall, cpu = time.perf_counter(), time.process_time()
es = ft.EntitySet()
es = es.add_dataframe(log, "log", index="order_id", time_index="timestamp")
es = es.normalize_dataframe("log", "customers", "customer_id")
es.add_last_time_indexes()
first = log.groupby("customer_id")["timestamp"].min()
times = pd.DataFrame([(c, t) for t in cutoffs for c in first.index[first < t]],
                     columns=["customer_id", "time"])
parts = []
for window in [None, *days]:
    end = "" if window is None else f"_{window}d"
    names = {"COUNT(log)": "n_orders" + end, "SUM(log.amount)": "total_spend" + end}
    if window:
        names["MAX(log.amount)"] = "max" + end
    part, _ = ft.dfs(entityset=es, target_dataframe_name="customers", cutoff_time=times,
        agg_primitives=[Count, Sum, Max], trans_primitives=[], max_depth=1,
        training_window=None if window is None else f"{window} days",
        include_cutoff_time=False, cutoff_time_in_index=True, n_jobs=1)
    parts.append(part[list(names)].rename(columns=names))
out = pd.concat(parts, axis=1)
counted = [name for name in out.columns if not name.startswith("max")]
out[counted] = out[counted].fillna(0)
print(ft.__version__, pd.__version__, time.perf_counter() - wall,
      time.process_time() - cpu)
out.rename_axis(["customer_id", "cutoff"]).reset_index().to_parquet(sys.argv[3])
"""


def run_featuretools(python, log):
    """Compute eleven of the features by featuretools, in an interpreter of its own."""
    log = log[log["customer_id"].isin(log["customer_id"].unique()[:N_SAMPLED])]
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "log.parquet", Path(folder) / "out.parquet"
        log.to_parquet(given)
        cutoffs = ",".join(map(str, CUTOFFS))
        done = subprocess.run(
            [python, "-W", "ignore", "-c", FEATURETOOLS, given, cutoffs, out],
            check=True,
            capture_output=True,
            text=True,
        )
        version, pandas, wall, cpu = done.stdout.split()[-4:]
        result = pd.read_parquet(out)
    print(f"\nfeaturetools {version} on pandas {pandas}, {len(log):,} transactions of")
    print(f"{N_SAMPLED:,} customers, 12 cutoffs, 11 of the features, one run:")
    ours = tidy(by_crmml(log, CUTOFFS))
    theirs = tidy(result)
    check_equal(ours[theirs.columns], theirs)
    own = measure(by_crmml, log, CUTOFFS)
    print(HEAD)
    print_row("featuretools", (float(wall), float(cpu)), own)
    print_row("crmml (all 16)", own, own)


def tidy(result):
    frame = result if isinstance(result, pd.DataFrame) else result.to_pandas()
    frame = frame.sort_values(["cutoff", "customer_id"], ignore_index=True)
    return frame[sorted(frame.columns)].astype({"cutoff": "datetime64[us]"})


def check_equal(ours, theirs):
    # Sums of doubles depend on their order in the last digits.
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=1e-9, atol=1e-9)


def measure(call, *given):
    wall, cpu = time.perf_counter(), time.process_time()
    call(*given)
    return time.perf_counter() - wall, time.process_time() - cpu


def print_row(name, used, ours):
    ratios = [one / own for one, own in zip(used, ours, strict=True)]
    cells = [f"{used[0]:.2f}", f"{used[1]:.2f}", *(f"{one:.1f}" for one in ratios)]
    print("|", name, "|", " | ".join(cells), "|")


def compare(log, cutoffs, ways, n_repeats):
    print(f"\n{len(log):,} transactions, {len(cutoffs)} cutoffs, 16 features:")
    print(HEAD)
    ours = tidy(by_crmml(log, cutoffs))
    assert ours.shape[1] == 18
    for way in ways.values():
        check_equal(ours, tidy(way(log, cutoffs)))
    used = {name: [] for name in ways}
    for _ in range(n_repeats):
        for name, way in ways.items():
            used[name].append(measure(way, log, cutoffs))
    medians = {name: np.median(found, axis=0) for name, found in used.items()}
    for name, found in medians.items():
        print_row(name, found, medians["crmml"])


def compare_builders(log, n_repeats):
    """Time builders at twelve cutoffs and at one."""
    rng = np.random.default_rng(1)
    log = log.assign(
        product_id=rng.integers(0, 500, len(log)),
        category=rng.integers(0, 8, len(log)).astype(str),
        amount=np.where(rng.random(len(log)) < 0.05, -log["amount"], log["amount"]),
    )

    def compute(builder, cutoffs):
        builder.set_output(transform="arrow").fit_transform(open_tables(log), cutoffs)

    print("\n| builder | 12 cutoffs, CPU s | one | ratio |\n|---|---|---|---|")
    for builder in (Activity(), InterPurchase(), ProductMix(), Returns()):
        compute(builder, CUTOFFS)
        used = {12: [], 1: []}
        for _ in range(n_repeats):
            for n, found in used.items():
                found.append(measure(compute, builder, CUTOFFS[-n:])[1])
        many, one = (np.median(found) for found in used.values())
        name = type(builder).__name__
        print(f"| `{name}` | {many:.2f} | {one:.2f} | {many / one:.1f} |")


def main(n_repeats=5, python=None):
    print(f"crmml {crmml.__version__}, DuckDB {duckdb.__version__}, pandas", end=" ")
    print(f"{pd.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print("Command: python", *sys.argv)
    log = generate()
    ways = {
        "crmml": by_crmml,
        "pandas loop": by_pandas,
        "DuckDB range join": by_range_join,
        "DuckDB cutoff by cutoff": by_duckdb_cutoffs,
    }
    compare(log, CUTOFFS, ways, int(n_repeats))
    ways["DuckDB, orders told apart"] = by_duckdb_orders
    compare(log, CUTOFFS[-1:], ways, int(n_repeats))
    compare_builders(log, int(n_repeats))
    if python is not None:
        run_featuretools(python, log)


if __name__ == "__main__":
    main(*sys.argv[1:])
