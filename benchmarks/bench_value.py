"""Customer value: fits and forecasts beside lifetimes, in one run.

    pip install -e ".[bench]"
    python benchmarks/bench_value.py [n_customers] [n_customers_pareto] [n_lines]

Both sides get the same frame of frequency, recency and T, or the same log of purchases
(`n_lines` long, 0 for none); log-likelihoods are printed beside the seconds, for a fast
fit that stops early is no fit.
"""

import platform
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd

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


def clocked(call):
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def show(name, wall, cpu, note=""):
    print(f"{name:<44}{wall:>10.3f}{cpu:>10.3f}  {note}", flush=True)


def compare(name, ours, peer, likelihood):
    """Time a fit of ours against the peer's; three runs of ours, one of theirs.

    Both maxima are judged by one function, as peers scale theirs.
    """
    ours()  # compiled once, cached on disk
    runs = [clocked(ours) for _ in range(3)]
    fitted = runs[0][0]
    wall, cpu = (float(np.median([run[i] for run in runs])) for i in (1, 2))
    show(f"{name}, crmml", wall, cpu, f"{likelihood(fitted.params_):.9f}")
    theirs, peer_wall, peer_cpu = clocked(peer)
    show(f"{name}, lifetimes", peer_wall, peer_cpu, f"{likelihood(theirs.params_):.9f}")
    print(f"{'':<44}{peer_wall / wall:>9.0f}x{peer_cpu / cpu:>9.0f}x")
    return fitted


def main():
    import lifetimes

    warnings.simplefilter("ignore")
    n = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    n_pareto = int(float(sys.argv[2])) if len(sys.argv) > 2 else 20_000
    n_lines = int(float(sys.argv[3])) if len(sys.argv) > 3 else 2_000_000
    packages = ("crmml", "lifetimes", "numpy", "scipy", "numba")
    print("Python", platform.python_version(), *(f"{p} {version(p)}" for p in packages))
    print(f"{'seconds':<44}{'wall':>10}{'CPU':>10}  mean log-likelihood")
    data = simulate(n, 0)
    rows = [data[name] for name in ("frequency", "recency", "T")]
    fitted = compare(
        f"BG/NBD, {n:,} customers",
        lambda: BetaGeoModel(unit="7D").fit(data),
        lambda: lifetimes.BetaGeoFitter().fit(*rows),
        mean_log_likelihood(BetaGeoModel, data),
    )
    _, wall, cpu = clocked(lambda: fitted.predict_expected_purchases(data, "39W"))
    show("expected purchases, crmml", wall, cpu)
    peer = lifetimes.BetaGeoFitter()
    peer.params_, peer.predict = fitted.params_, None
    expect = peer.conditional_expected_number_of_purchases_up_to_time
    theirs, peer_wall, peer_cpu = clocked(lambda: expect(39, *rows))
    show("expected purchases, lifetimes", peer_wall, peer_cpu)
    ours = fitted.predict_expected_purchases(data, "39W")
    print(f"largest difference {np.abs(ours - theirs).max():.1e}")
    bought = data[data["frequency"] > 0]
    spend = [bought["frequency"], bought["monetary_value"]]
    x, m = (one.to_numpy() for one in spend)
    compare(
        f"gamma-gamma, {len(bought):,} customers",
        lambda: GammaGammaModel().fit(bought),
        lambda: lifetimes.GammaGammaFitter().fit(*spend),
        lambda p: _objective(x, m)(np.log(p.to_numpy()))[0],
    )
    some = data[:n_pareto]
    compare(
        f"Pareto/NBD, {n_pareto:,} customers",
        lambda: ParetoNBDModel(unit="7D").fit(some),
        lambda: lifetimes.ParetoNBDFitter().fit(
            *[some[name] for name in ("frequency", "recency", "T")]
        ),
        mean_log_likelihood(ParetoNBDModel, some),
    )
    ParetoNBDModel(unit="7D").fit(data[:1000])
    _, wall, cpu = clocked(lambda: ParetoNBDModel(unit="7D").fit(data))
    show(f"Pareto/NBD, {n:,} customers, crmml", wall, cpu)
    cdnow(lifetimes)
    ours_alone(data)
    ten_times(n)
    if n_lines:
        summaries(n_lines)


def cdnow(lifetimes):
    """The textbook's sample: small, so that overheads show."""
    purchases = load_cdnow(sample=True)[["customer_id", "date"]]
    purchases = purchases.rename(columns={"date": "timestamp"})
    weekly = BTYDSummary(unit="7D").fit_transform(purchases, "1997-10-01")
    rows = [weekly[name] for name in ("frequency", "recency", "T")]
    compare(
        "BG/NBD, CDNOW",
        lambda: BetaGeoModel(unit="7D").fit(weekly),
        lambda: lifetimes.BetaGeoFitter().fit(*rows),
        mean_log_likelihood(BetaGeoModel, weekly),
    )
    compare(
        "Pareto/NBD, CDNOW",
        lambda: ParetoNBDModel(unit="7D").fit(weekly),
        lambda: lifetimes.ParetoNBDFitter().fit(*rows),
        mean_log_likelihood(ParetoNBDModel, weekly),
    )


def ours_alone(data):
    """What the peer has not: covariates, and customers with a rhythm."""
    rng = np.random.default_rng(2)
    known = data.assign(
        web=rng.integers(0, 2, len(data)), age=rng.normal(size=len(data))
    )
    for name, model in (
        ("BG/NBD, two covariates", BetaGeoModel(unit="7D", covariates=["web", "age"])),
        ("MBG/CNBD-k, k found", RegularBetaGeoModel(unit="7D")),
        ("MBG/CNBD-k, k = 3", RegularBetaGeoModel(unit="7D", k=3)),
    ):
        rows = known.assign(frequency=known["frequency"] * (known["recency"] > 0))
        rows["recency"] *= rows["frequency"] > 0
        model.fit(rows[:1000])
        _, wall, cpu = clocked(lambda model=model, rows=rows: model.fit(rows))
        show(f"{name}, {len(rows):,} customers, crmml", wall, cpu)
        _, wall, cpu = clocked(
            lambda model=model, rows=rows: model.predict_expected_purchases(rows, "39W")
        )
        show("expected purchases, crmml", wall, cpu)


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


def summaries(n):
    """From the log of purchases to frequency, recency, T and mean spend, in days."""
    from lifetimes.utils import summary_data_from_transaction_data

    log = make_log(n, 3)
    names = {name: name for name in ("customer_id", "timestamp", "amount")}

    def ours(log=log):
        lines = Transactions(log, **names)
        tables = CustomerTables(transactions=lines, observed_until="2024-01-01")
        return BTYDSummary(unit="1D").fit_transform(tables, "2024-01-01")

    def peer():
        return summary_data_from_transaction_data(
            log,
            "customer_id",
            "timestamp",
            monetary_value_col="amount",
            observation_period_end="2023-12-31",
        )

    ours(log[:1000])
    found, wall, cpu = clocked(ours)
    show(f"summary of {n:,} lines, crmml", wall, cpu)
    theirs, peer_wall, peer_cpu = clocked(peer)
    show(f"summary of {n:,} lines, lifetimes", peer_wall, peer_cpu)
    print(f"{'':<44}{peer_wall / wall:>9.1f}x{peer_cpu / cpu:>9.1f}x")
    columns = ["frequency", "recency", "monetary_value"]
    difference = found[columns].fillna(0.0) - theirs[columns]
    print(f"largest difference {difference.abs().max().max():.1e}")


def ten_times(n):
    """Fit and forecast ten times as many, without the peer."""
    data = simulate(10 * n, 1)
    fitted, wall, cpu = clocked(lambda: BetaGeoModel(unit="7D").fit(data))
    show(f"BG/NBD, {10 * n:,} customers, crmml", wall, cpu)
    _, wall, cpu = clocked(lambda: fitted.predict_expected_purchases(data, "39W"))
    show("expected purchases, crmml", wall, cpu)


if __name__ == "__main__":
    main()
