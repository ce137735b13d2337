"""What is bought next: seconds to learn, to predict, to validate, on three data sets.

There is no peer in the table: what Python offers for sequences counts customers, knows
no windows of days, or gives patterns instead of rules. Runs are repeated and their
medians shown, after one that compiles the loops or loads them.

    pip install -e ".[bench]"
    python benchmarks/bench_sequences.py

Online Retail is left out where ../shared/data does not hold it.
"""

import platform
import statistics
import time
import warnings
from pathlib import Path

import numba
import numpy as np
import pandas as pd

from crmml.association import SequentialRules
from crmml.datasets import load_complete_journey

REPEATS = 3
RETAIL = Path(__file__).resolve().parents[2] / "shared/data/online_retail.parquet"


def read_journey(item):
    journey = load_complete_journey()
    kinds = journey.products.set_index("product_id")["product_category"]
    lines = journey.transactions
    lines = lines.assign(product_category=lines["product_id"].map(kinds))
    names = ["household_id", "transaction_timestamp", item]
    return lines[names].set_axis(["customer_id", "timestamp", "product_id"], axis=1)


def read_retail():
    lines = pd.read_parquet(RETAIL)
    lines = lines[lines["Quantity"] > 0].dropna(subset=["CustomerID"])
    names = ["CustomerID", "InvoiceDate", "StockCode"]
    return lines[names].set_axis(["customer_id", "timestamp", "product_id"], axis=1)


def simulate(n_lines):
    rng = np.random.default_rng(0)
    days = pd.to_timedelta(rng.integers(0, 365, n_lines), unit="D")
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n_lines // 30, n_lines),
            "timestamp": pd.Timestamp("2024-01-01") + days,
            "product_id": (rng.pareto(1.1, n_lines) * 20).astype(int) % 4000,
        }
    )


def measure(function):
    """Give the medians of wall and CPU seconds, and what came out."""
    result, seconds = function(), []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        seconds.append((time.perf_counter() - wall, time.process_time() - cpu))
    return *map(statistics.median, zip(*seconds, strict=True)), result


def report(name, lines, cutoff, **arguments):
    model = SequentialRules(**arguments)
    steps = {
        "fit": lambda: model.fit(lines, cutoff=cutoff).rules_,
        "predict": lambda: model.predict(lines, cutoff=cutoff),
        "validate": lambda: model.validate(lines),
    }
    for step, function in steps.items():
        wall, cpu, found = measure(function)
        print(
            f"{name:42} {len(lines):>10,} {step:8} {len(found):>9,} "
            f"{wall:8.2f} {cpu:8.2f}",
            flush=True,
        )


def main():
    warnings.simplefilter("ignore")
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"pandas {pd.__version__}, numba {numba.__version__}\n"
    )
    print(
        f"{'data':42} {'lines':>10} {'step':8} {'rows':>9} {'wall s':>8} {'CPU s':>8}"
    )
    kinds, products = (read_journey(x) for x in ("product_category", "product_id"))
    half = "2017-09-01"
    report("Complete Journey, kinds, 2 %", kinds, half, min_support=0.02)
    pairs = {"min_support": 0.05, "min_lift": 1.2, "max_antecedents": 2}
    report("Complete Journey, kinds, pairs, 5 %", kinds, half, **pairs)
    report("Complete Journey, products, 1 %", products, half, min_support=0.01)
    if RETAIL.is_file():
        arguments = {"min_support": 0.01, "max_gap": "60D", "max_antecedents": 2}
        report("Online Retail, pairs, 1 %", read_retail(), "2011-08-01", **arguments)
    report("simulated, 1 %", simulate(3_000_000), "2024-09-01", min_confidence=0.02)


if __name__ == "__main__":
    main()
