"""Seconds of profit measures on a million customers, beside empulse.

CPU and wall seconds, medians of interleaved runs; the values of both are compared
first. Run: python benchmarks/bench_profit.py [n_customers] [n_runs]
Needs: pip install "crmml[demo]" (empulse, which wants sympy for its metrics).
"""

import importlib.metadata
import sys
import time

import numpy as np
import pandas as pd
from empulse.metrics import empc_score, expected_cost_loss, mpc_score
from empulse.metrics import lift_score as empulse_lift

from crmml.evaluation import (
    compute_gain_table,
    compute_profit_curve,
    convert_cost_matrix,
    expected_max_profit_score,
    expected_profit_score,
    lift_score,
    max_profit_score,
)

MONEY = {"clv": 200, "incentive_cost": 10, "contact_cost": 1}
PACKAGES = ("empulse", "numpy", "scipy", "pandas", "scikit-learn")


def make_customers(n):
    """Leavers, scores, probabilities and the costs of the four decisions."""
    rng = np.random.default_rng(0)
    proba = rng.beta(1, 6, n)
    left = (rng.random(n) < proba).astype(np.int64)
    value = rng.gamma(2.0, 100.0, n)
    costs = {
        "tp_cost": 0.7 * value + 8,
        "fp_cost": np.full(n, 11.0),
        "fn_cost": value,
        "tn_cost": np.zeros(n),
    }
    return left, proba + 0.1 * rng.normal(size=n), proba, costs


def list_contests(n):
    """Name, ours, the peer's and whether values can be compared."""
    left, score, proba, costs = make_customers(n)
    few = np.round(score, 2)
    money = convert_cost_matrix(**costs)
    known = {**MONEY, "accept_rate": 0.3}
    # The peer charges expected costs, which count probabilities; ours counts outcomes.
    return [
        (
            "EMPC, distinct scores",
            lambda: expected_max_profit_score(left, score, **MONEY),
            lambda: empc_score(left, score, **MONEY),
            True,
        ),
        (
            "EMPC, scores of two digits",
            lambda: expected_max_profit_score(left, few, **MONEY),
            lambda: empc_score(left, few, **MONEY),
            True,
        ),
        (
            "MPC",
            lambda: max_profit_score(left, score, **known),
            lambda: mpc_score(left, score, **known),
            True,
        ),
        (
            "lift of the first tenth",
            lambda: lift_score(left, score),
            lambda: empulse_lift(left, score),
            True,
        ),
        (
            "profit, own costs of each",
            lambda: expected_profit_score(left, proba, **money),
            lambda: expected_cost_loss(left, proba, **costs),
            False,
        ),
        (
            "EMPC, own value of each",
            lambda: expected_max_profit_score(
                left, score, **{**MONEY, "clv": costs["fn_cost"]}
            ),
            None,
            False,
        ),
        (
            "whole profit curve",
            lambda: compute_profit_curve(left, score, **known),
            None,
            False,
        ),
        ("gain table", lambda: compute_gain_table(left, score), None, False),
    ]


def measure(call):
    """CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def race(ours, theirs, n_runs):
    """Median seconds of both, run in turns."""
    calls = [ours] if theirs is None else [ours, theirs]
    runs = [[measure(call) for call in calls] for _ in range(n_runs)]
    medians = np.median(np.array(runs), axis=0)
    return medians if theirs is not None else np.vstack([medians, [np.nan, np.nan]])


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    n_runs = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    rows = []
    for name, ours, theirs, is_comparable in list_contests(n):
        if is_comparable:
            np.testing.assert_allclose(ours(), theirs(), rtol=1e-9)
        own, peer = race(ours, theirs, n_runs)
        rows.append((name, own[0], own[1], peer[0], peer[1], peer[0] / own[0]))
    columns = ["measure", "crmml CPU", "wall", "empulse CPU", "wall", "ratio of CPU"]
    versions = [f"{one} {importlib.metadata.version(one)}" for one in PACKAGES]
    print(f"{n:,} customers, {n_runs} runs; {', '.join(versions)}")
    print("Seconds; above 1 in the last column crmml is faster.")
    print(pd.DataFrame(rows, columns=columns).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
