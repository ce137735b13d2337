"""Sixteen features of a log in memory, at twelve cutoffs and at one.

From a frame of transactions to a table of features: `RFM` over all of history, 30, 90
and 365 days, `Tenure`, the largest amount and the number of large amounts in each
window. Beside crmml stand what people write: a pandas loop over cutoffs, a range join
in DuckDB, DuckDB cutoff by cutoff, and featuretools with cutoff times, which knows
eleven of the features and gets a sample of the customers, for it takes minutes. Results
are checked to be equal. Data are generated with a seed. An order is one line of the
log: the peers count lines, which spares them to tell orders apart; crmml is given order
ids. At one cutoff DuckDB is timed once more where it tells orders apart, as crmml does.
Builders that form groups or gaps, which cannot be read off running totals, run on the
same log with 500 products, 8 categories and one negative amount in twenty.
"""

import duckdb
import numpy as np
import pandas as pd

from benchmarks._common import run_alone
from benchmarks._peers import run_in_environment
from benchmarks._records import Bar
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

TITLE = "Features in memory"
SIZES = {
    "quick": {"n_transactions": [100_000, 1_000_000], "n_sampled": 10_000, "runs": 3},
    "full": {
        "n_transactions": [100_000, 300_000, 1_000_000, 3_000_000],
        "n_sampled": 10_000,
        "runs": 5,
    },
}
MINUTES = {"quick": 2, "full": 15}
PACKAGES = ("duckdb", "pandas", "numpy")
TWELVE, ONE, SAMPLE = "twelve cutoffs", "one cutoff", "twelve cutoffs, 11 features"
MILLION = {"least": 1_000_000}
PICTURE = (TWELVE, ONE)
BARS = (
    Bar(task=TWELVE, peer="pandas loop", at_least=3, aim=5, **MILLION),
    Bar(task=TWELVE, peer="DuckDB range join", at_least=2, **MILLION),
    Bar(task=SAMPLE, peer="featuretools", at_least=20, least=10_000),
    Bar(task=ONE, peer="DuckDB, orders told apart", at_least=1 / 1.3, **MILLION),
    Bar(task=ONE, peer="DuckDB cutoff by cutoff", at_least=0.5, aim=1 / 1.3, **MILLION),
    *(
        Bar(task=name, peer="crmml", at_least=1 / 4, peer_task=f"{name}, one cutoff")
        for name in ("Activity", "InterPurchase", "ProductMix", "Returns")
    ),
)

CUTOFFS = list(pd.date_range("2023-01-01", periods=12, freq="MS"))
DAYS = [30, 90, 365]
LARGE = 40.0


def generate(n):
    n_customers = n // 10
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


def run_featuretools(report, log, n_sampled):
    """Compute eleven of the features by featuretools, in an interpreter of its own."""
    some = log[log["customer_id"].isin(log["customer_id"].unique()[:n_sampled])]

    def by_featuretools():
        python = report.find_peers_python()
        cutoffs = [str(one) for one in CUTOFFS]
        return run_in_environment(python, "apart_featuretools.py", some, cutoffs, DAYS)

    def agree(ours, theirs):
        ours, theirs = tidy(ours), tidy(theirs)
        check_equal(ours[theirs.columns], theirs)

    ways = {"crmml": lambda: by_crmml(some, CUTOFFS), "featuretools": by_featuretools}
    # Once: it takes minutes.
    report.race(
        SAMPLE,
        ways,
        size=n_sampled,
        unit="customers",
        runs=1,
        agree=agree,
        find=lambda value: {"versions": say_versions(value)},
    )


def say_versions(value):
    versions = getattr(value, "attrs", {}).get("versions", {})
    return ", ".join(f"{name} {one}" for name, one in versions.items())


def tidy(result):
    frame = result if isinstance(result, pd.DataFrame) else result.to_pandas()
    frame = frame.sort_values(["cutoff", "customer_id"], ignore_index=True)
    return frame[sorted(frame.columns)].astype({"cutoff": "datetime64[us]"})


def check_equal(ours, theirs):
    # Sums of doubles depend on their order in the last digits.
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=1e-9, atol=1e-9)


def compare_builders(report, log, runs):
    """Time builders at twelve cutoffs and at one."""
    rng = np.random.default_rng(1)
    log = log.assign(
        product_id=rng.integers(0, 500, len(log)),
        category=rng.integers(0, 8, len(log)).astype(str),
        amount=np.where(rng.random(len(log)) < 0.05, -log["amount"], log["amount"]),
    )

    def compute(builder, cutoffs):
        builder.set_output(transform="arrow").fit_transform(open_tables(log), cutoffs)

    for builder in (Activity(), InterPurchase(), ProductMix(), Returns()):
        name = type(builder).__name__
        for task, n in ((name, 12), (f"{name}, one cutoff", 1)):
            ways = {"crmml": lambda b=builder, n=n: compute(b, CUTOFFS[-n:])}
            report.race(task, ways, size=len(log), unit="transactions", runs=runs)


def compare(report, task, ways, given, runs):
    report.race(
        task,
        {name: lambda way=way: way(*given) for name, way in ways.items()},
        size=len(given[0]),
        unit="transactions",
        runs=runs,
        agree=lambda ours, theirs: check_equal(tidy(ours), tidy(theirs)),
    )


def run(report, n_transactions, n_sampled, runs):
    ways = {
        "crmml": by_crmml,
        "pandas loop": by_pandas,
        "DuckDB range join": by_range_join,
        "DuckDB cutoff by cutoff": by_duckdb_cutoffs,
    }
    alone = ways | {"DuckDB, orders told apart": by_duckdb_orders}
    for n in n_transactions:
        log = generate(n)
        compare(report, TWELVE, ways, (log, CUTOFFS), runs)
        compare(report, ONE, alone, (log, CUTOFFS[-1:]), runs)
    compare_builders(report, log, runs)
    run_featuretools(report, log, n_sampled)


if __name__ == "__main__":
    run_alone(__file__)
