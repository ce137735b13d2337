"""What is bought next: to learn, to predict and to validate sequential rules.

There is no peer in the table: what Python offers for sequences counts customers, knows
no windows of days, or gives patterns instead of rules. Data are the Complete Journey (a
panel of 2,469 households), UCI Online Retail where `../shared/data` lies beside the
checkout, and simulated lines.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._common import run_alone
from crmml.association import SequentialRules
from crmml.datasets import load_complete_journey

TITLE = "Sequences"
SIZES = {
    "quick": {"n_simulated": [30_000, 100_000, 300_000], "real_data": False},
    "full": {"n_simulated": [30_000, 300_000, 3_000_000], "real_data": True},
}
MINUTES = {"quick": 1, "full": 8}
PACKAGES = ("numpy", "pandas", "numba")
PICTURE = ()
BARS = ()  # Nothing to be measured against.
RETAIL = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"


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


def compare(report, name, lines, cutoff, **arguments):
    model = SequentialRules(**arguments)
    steps = {
        "fit": lambda: model.fit(lines, cutoff=cutoff).rules_,
        "predict": lambda: model.predict(lines, cutoff=cutoff),
        "validate": lambda: model.validate(lines),
    }
    for step, call in steps.items():
        report.race(
            f"{step}, {name}",
            {"crmml": call},
            size=len(lines),
            unit="lines",
            find=lambda found: {"rows": len(found)},
        )


def compare_real_data(report):
    kinds, products = (read_journey(x) for x in ("product_category", "product_id"))
    half = "2017-09-01"
    compare(report, "journey, kinds, 2 %", kinds, half, min_support=0.02)
    pairs = {"min_support": 0.05, "min_lift": 1.2, "max_antecedents": 2}
    compare(report, "journey, kinds, pairs, 5 %", kinds, half, **pairs)
    compare(report, "journey, products, 1 %", products, half, min_support=0.01)
    name = "Online Retail, pairs, 1 %"
    if RETAIL.is_file():
        arguments = {"min_support": 0.01, "max_gap": "60D", "max_antecedents": 2}
        compare(report, name, read_retail(), "2011-08-01", **arguments)
    else:
        reason = "../shared/data/online_retail.parquet is not there"
        report.skip(name, reason, size=541_909, unit="lines")


def run(report, n_simulated, real_data):
    for n in n_simulated:
        lines = simulate(n)
        compare(report, "simulated, 1 %", lines, "2024-09-01", min_confidence=0.02)
    if real_data:
        compare_real_data(report)


if __name__ == "__main__":
    run_alone(__file__)
