"""Profit measures of scores, beside empulse.

Values of both are compared first, but for profit with own costs of each: the peer
charges expected costs, which count probabilities; ours counts outcomes.
"""

import numpy as np

from benchmarks._common import run_alone
from benchmarks._peers import optional
from benchmarks._records import Bar
from crmml.evaluation import (
    compute_gain_table,
    compute_profit_curve,
    convert_cost_matrix,
    expected_max_profit_score,
    expected_profit_score,
    lift_score,
    max_profit_score,
)

metrics = optional("empulse.metrics")

TITLE = "Profit measures"
SIZES = {
    "quick": {"n_customers": [10_000, 100_000, 1_000_000], "runs": 3},
    "full": {"n_customers": [10_000, 100_000, 1_000_000], "runs": 7},
}
MINUTES = {"quick": 1, "full": 2}
PACKAGES = ("empulse", "numpy", "scipy", "pandas", "scikit-learn")
EMPC, MPC = "EMPC, distinct scores", "MPC"
PICTURE = (EMPC,)
BARS = tuple(
    Bar(task=task, peer="empulse", at_least=1, least=1_000_000) for task in (EMPC, MPC)
)
MONEY = {"clv": 200, "incentive_cost": 10, "contact_cost": 1}


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
            EMPC,
            lambda: expected_max_profit_score(left, score, **MONEY),
            lambda: metrics.empc_score(left, score, **MONEY),
            True,
        ),
        (
            "EMPC, scores of two digits",
            lambda: expected_max_profit_score(left, few, **MONEY),
            lambda: metrics.empc_score(left, few, **MONEY),
            True,
        ),
        (
            MPC,
            lambda: max_profit_score(left, score, **known),
            lambda: metrics.mpc_score(left, score, **known),
            True,
        ),
        (
            "lift of the first tenth",
            lambda: lift_score(left, score),
            lambda: metrics.lift_score(left, score),
            True,
        ),
        (
            "profit, own costs of each",
            lambda: expected_profit_score(left, proba, **money),
            lambda: metrics.expected_cost_loss(left, proba, **costs),
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


def check_close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def run(report, n_customers, runs):
    for n in n_customers:
        for task, ours, theirs, is_comparable in list_contests(n):
            ways = {"crmml": ours} | ({"empulse": theirs} if theirs else {})
            agree = check_close if is_comparable else None
            place = {"size": n, "unit": "customers", "runs": runs}
            report.race(task, ways, agree=agree, **place)


if __name__ == "__main__":
    run_alone(__file__)
