"""Customer value: fits, forecasts and summaries, beside lifetimes.

Both sides get the same frame of frequency, recency and T, or the same log of purchases.
Customers are simulated by a BG/NBD world in weeks, purchases on whole days; CDNOW is
the textbook's sample of 2,357 customers. Both maxima are judged by one function, the
mean log-likelihood, for a fast fit that stops early is no fit: a fit that differs in
the ninth digit is a row "not run".
"""

import numpy as np
import pandas as pd

from benchmarks._common import run_alone
from benchmarks._peers import optional
from benchmarks._records import Bar
from crmml.datasets import load_cdnow
from crmml.features import BTYDSummary
from crmml.models import (
    BetaGeoModel,
    GammaGammaModel,
    ParetoNBDModel,
    RegularBetaGeoModel,
)
from crmml.models._gamma_gamma import _objective
from crmml.models._purchase_summary import read_summary
from crmml.tables import CustomerTables, Transactions

lifetimes, lifetimes_utils = optional("lifetimes"), optional("lifetimes.utils")

TITLE = "Customer value"
SIZES = {
    "quick": {
        "n_customers": [10_000, 100_000, 1_000_000],
        "n_pareto": [2_000, 20_000],
        "n_alone": 0,
        "n_lines": [200_000, 2_000_000],
    },
    "full": {
        "n_customers": [10_000, 100_000, 1_000_000],
        "n_pareto": [2_000, 20_000, 200_000, 1_000_000],
        "n_alone": 10_000_000,
        "n_lines": [200_000, 2_000_000, 20_000_000],
    },
}
MINUTES = {"quick": 3, "full": 30}
PACKAGES = ("lifetimes", "numpy", "scipy", "numba", "pandas")
GEO, PARETO, GAMMA = "fit BG/NBD", "fit Pareto/NBD", "fit gamma-gamma"
EXPECT, SUMMARY = "expected purchases, BG/NBD", "log of purchases to summary"
PICTURE = (GEO, PARETO, SUMMARY)
BARS = (
    Bar(task=GEO, peer="lifetimes", at_least=10, least=1_000_000),
    Bar(task=GAMMA, peer="lifetimes", at_least=10, least=400_000),
    Bar(task=PARETO, peer="lifetimes", at_least=20, least=20_000, most=999_999),
    Bar(task=PARETO, peer="lifetimes", at_least=100, least=1_000_000),
    Bar(task=SUMMARY, peer="lifetimes", at_least=3, aim=5, least=2_000_000),
)

PARAMETERS = (0.24, 4.4, 0.79, 2.4)


def simulate(n, seed):
    """Customers of a BG/NBD world in weeks, on whole days, and what they spend."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = PARAMETERS
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    age = np.round((39 - rng.uniform(0, 12, n)) * 7) / 7
    x, last, clock = np.zeros(n), np.zeros(n), np.zeros(n)
    running = np.arange(n)
    while len(running):
        clock[running] += rng.exponential(1 / rate[running])
        running = running[clock[running] < age[running]]
        x[running] += 1
        last[running] = clock[running]
        running = running[rng.random(len(running)) >= leaves[running]]
    last = np.minimum(np.round(last * 7) / 7, age)
    shape = np.maximum(6.25 * x, 1e-9)
    spend = rng.gamma(shape, 1 / rng.gamma(3.74, 1 / 15.4, n)) / np.maximum(x, 1)
    return pd.DataFrame(
        {"frequency": x, "recency": last, "T": age, "monetary_value": spend * (x > 0)}
    )


def mean_log_likelihood(model, data):
    objective = model()._objective(read_summary(data))
    return lambda parameters: objective(np.log(parameters.to_numpy()))[0]


def compare_fits(report, task, data, ours, peer, likelihood):
    """Race a fit of ours against the peer's; both maxima are judged by one function."""

    def agree(own, theirs):
        found = [likelihood(model.params_) for model in (own, theirs)]
        np.testing.assert_allclose(*found, rtol=1e-9, err_msg="log-likelihoods differ")

    report.race(
        task,
        {"crmml": ours, "lifetimes": peer},
        size=len(data),
        unit="customers",
        agree=agree,
        find=lambda fit: {"log-likelihood": f"{likelihood(fit.params_):.9f}"},
    )


def compare_geo(report, data, end=""):
    rows = [data[name] for name in ("frequency", "recency", "T")]
    compare_fits(
        report,
        GEO + end,
        data,
        lambda: BetaGeoModel(unit="7D").fit(data),
        lambda: lifetimes.BetaGeoFitter().fit(*rows),
        mean_log_likelihood(BetaGeoModel, data),
    )


def compare_pareto(report, data, end=""):
    rows = [data[name] for name in ("frequency", "recency", "T")]
    compare_fits(
        report,
        PARETO + end,
        data,
        lambda: ParetoNBDModel(unit="7D").fit(data),
        lambda: lifetimes.ParetoNBDFitter().fit(*rows),
        mean_log_likelihood(ParetoNBDModel, data),
    )


def compare_gamma(report, data):
    bought = data[data["frequency"] > 0]
    spend = [bought["frequency"], bought["monetary_value"]]
    x, m = (one.to_numpy() for one in spend)
    compare_fits(
        report,
        GAMMA,
        bought,
        lambda: GammaGammaModel().fit(bought),
        lambda: lifetimes.GammaGammaFitter().fit(*spend),
        lambda found: _objective(x, m)(np.log(found.to_numpy()))[0],
    )


def compare_forecasts(report, data):
    """Forecast by the same parameters."""
    fitted = BetaGeoModel(unit="7D").fit(data)
    rows = [data[name] for name in ("frequency", "recency", "T")]

    def forecast():
        peer = lifetimes.BetaGeoFitter()
        peer.params_, peer.predict = fitted.params_, None
        return peer.conditional_expected_number_of_purchases_up_to_time(39, *rows)

    def agree(ours, theirs):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)

    ways = {
        "crmml": lambda: fitted.predict_expected_purchases(data, "39W"),
        "lifetimes": forecast,
    }
    report.race(EXPECT, ways, size=len(data), unit="customers", agree=agree)


def compare_cdnow(report):
    """The textbook's sample: small, so that overheads show."""
    purchases = load_cdnow(sample=True)[["customer_id", "date"]]
    purchases = purchases.rename(columns={"date": "timestamp"})
    weekly = BTYDSummary(unit="7D").fit_transform(purchases, "1997-10-01")
    compare_geo(report, weekly, ", CDNOW")
    compare_pareto(report, weekly, ", CDNOW")


def run_without_peer(report, data):
    """What the peer has not: covariates, and customers with a rhythm."""
    rng = np.random.default_rng(2)
    rows = data.assign(
        web=rng.integers(0, 2, len(data)),
        age=rng.normal(size=len(data)),
        frequency=data["frequency"] * (data["recency"] > 0),
    )
    rows["recency"] *= rows["frequency"] > 0
    for name, model in (
        ("BG/NBD, two covariates", BetaGeoModel(unit="7D", covariates=["web", "age"])),
        ("MBG/CNBD-k, k found", RegularBetaGeoModel(unit="7D")),
        ("MBG/CNBD-k, k = 3", RegularBetaGeoModel(unit="7D", k=3)),
    ):
        place = {"size": len(rows), "unit": "customers"}
        fit = {"crmml": lambda model=model: model.fit(rows)}
        report.race(f"fit {name}", fit, **place)
        expect = {
            "crmml": lambda model=model: model.predict_expected_purchases(rows, "39W")
        }
        report.race(f"expected purchases, {name}", expect, **place)


def make_log(n, seed):
    """Lines of purchases over two years, ten a customer, in no order."""
    rng = np.random.default_rng(seed)
    second = rng.integers(0, 730 * 86_400, n).astype("timedelta64[s]")
    start = np.datetime64("2022-01-01", "us")
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n // 10, n),
            "timestamp": start + second,
            "amount": rng.gamma(2, 10, n).round(2),
        }
    )


def compare_summaries(report, n):
    """From the log of purchases to frequency, recency, T and mean spend, in days."""
    log = make_log(n, 3)
    names = {name: name for name in ("customer_id", "timestamp", "amount")}

    def ours():
        lines = Transactions(log, **names)
        tables = CustomerTables(transactions=lines, observed_until="2024-01-01")
        return BTYDSummary(unit="1D").fit_transform(tables, "2024-01-01")

    def peer():
        return lifetimes_utils.summary_data_from_transaction_data(
            log,
            "customer_id",
            "timestamp",
            monetary_value_col="amount",
            observation_period_end="2023-12-31",
        )

    def agree(ours, theirs):
        columns = ["frequency", "recency", "monetary_value"]
        difference = ours[columns].fillna(0.0) - theirs[columns]
        assert difference.abs().max().max() < 1e-6, "summaries differ"

    ways = {"crmml": ours, "lifetimes": peer}
    report.race(SUMMARY, ways, size=n, unit="lines", agree=agree)


def run(report, n_customers, n_pareto, n_alone, n_lines):
    compare_cdnow(report)
    data = simulate(max([*n_customers, *n_pareto]), 0)
    for n in n_customers:
        compare_geo(report, data[:n])
    for n in n_customers:
        compare_forecasts(report, data[:n])
    for n in n_customers:
        compare_gamma(report, data[:n])
    for n in n_pareto:
        compare_pareto(report, data[:n])
    run_without_peer(report, data[: max(n_customers)])
    for n in n_lines:
        compare_summaries(report, n)
    if n_alone:
        data = simulate(n_alone, 1)
        place = {"size": n_alone, "unit": "customers", "runs": 1}
        model = BetaGeoModel(unit="7D")
        report.race(GEO, {"crmml": lambda: model.fit(data)}, **place)
        expect = {"crmml": lambda: model.predict_expected_purchases(data, "39W")}
        report.race(EXPECT, expect, **place)


if __name__ == "__main__":
    run_alone(__file__)
