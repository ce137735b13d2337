import time

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import SchemaError
from crmml.tables import make_spine

DAY = pd.Timedelta(1, "D")
FRAMES = ["customers", "transactions", "complaints", "truth"]


@pytest.fixture(scope="module")
def simulated():
    return make_customers(4000, complaint_rate=0.006, random_state=7)


def get_exposure(simulated):
    """Days as a customer within the simulation, by customer."""
    joined = simulated.customers["joined_at"]
    until = simulated.truth["left_at"].fillna(simulated.observed_until)
    return ((until - joined) / DAY).to_numpy()


def count_by_customer(frame, simulated):
    counts = frame["customer_id"].value_counts()
    ids = simulated.truth["customer_id"]
    return counts.reindex(ids, fill_value=0).to_numpy()


def get_hazard_segments(simulated):
    """Time lived and departures by number of complaints so far, from tables alone."""
    ends = simulated.truth["left_at"].fillna(simulated.observed_until)
    by_customer = dict(tuple(simulated.complaints.groupby("customer_id")["timestamp"]))
    rows = []
    for i, customer in enumerate(simulated.truth["customer_id"]):
        instants = [
            simulated.customers["joined_at"][i],
            *by_customer.get(customer, []),
            ends[i],
        ]
        for n_complaints in range(len(instants) - 1):
            days = (instants[n_complaints + 1] - instants[n_complaints]) / DAY
            is_last = n_complaints == len(instants) - 2
            has_left = is_last and not pd.isna(simulated.truth["left_at"][i])
            rows.append((i, n_complaints, days, has_left))
    return pd.DataFrame(rows, columns=["customer", "n_complaints", "days", "has_left"])


def test_orders_come_at_each_customers_own_rate(simulated):
    further = count_by_customer(simulated.transactions, simulated) - 1
    expected = simulated.truth["purchase_rate"].to_numpy() * get_exposure(simulated)
    # A sum of Poisson counts: within four standard errors.
    assert abs(further.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())
    # Customer by customer: squared Pearson residuals average 1; for those who are
    # expected to buy at least five times their variance is below 2 + 1/5.
    many = expected >= 5
    residuals = (further[many] - expected[many]) ** 2 / expected[many]
    assert abs(residuals.mean() - 1) < 4 * np.sqrt(2.2 / many.sum())


def test_purchase_rates_are_gamma_with_the_stated_mean_and_shape(simulated):
    rates = simulated.truth["purchase_rate"]
    n, variance = len(rates), 0.05**2 / 1.5
    assert abs(rates.mean() - 0.05) < 4 * np.sqrt(variance / n)
    # Excess kurtosis of a gamma is 6 / shape.
    tolerance = 4 * variance * np.sqrt((2 + 6 / 1.5) / n)
    assert abs(rates.var() - variance) < tolerance


def test_complaints_come_at_the_stated_rate(simulated):
    expected = 0.006 * get_exposure(simulated).sum()
    assert abs(len(simulated.complaints) - expected) < 4 * np.sqrt(expected)


def test_each_complaint_multiplies_the_hazard_of_leaving(simulated):
    segments = get_hazard_segments(simulated)
    base = simulated.truth["drop_out_rate"].to_numpy()[segments["customer"]]
    for effect, is_true in ((3.0, True), (1.0, False)):
        segments["expected"] = (
            base * effect ** segments["n_complaints"] * segments["days"]
        )
        total = segments.groupby("n_complaints")[["has_left", "expected"]].sum()
        total = total[total["expected"] >= 25]
        assert {0, 1, 2} <= set(total.index) or not is_true
        # Departures less compensator: a martingale with the compensator as variance.
        z = (total["has_left"] - total["expected"]) / np.sqrt(total["expected"])
        assert (z.abs().max() < 4) == is_true


def test_amounts_scatter_around_each_customers_own_mean(simulated):
    orders = simulated.transactions.merge(simulated.truth, on="customer_id")
    ratio = orders["amount"] / orders["mean_amount"]
    # Gamma with shape 4: standard deviation 1/2, excess kurtosis 6/4.
    n = len(ratio)
    assert abs(ratio.mean() - 1) < 4 * 0.5 / np.sqrt(n)
    assert abs(ratio.var() - 0.25) < 4 * 0.25 * np.sqrt(3.5 / n)
    means = simulated.truth["mean_amount"]
    spread = np.sqrt(np.expm1(0.25))
    assert abs(means.mean() - 40) < 4 * 40 * spread / np.sqrt(len(means))
    assert abs(np.log(means).std() - 0.5) < 4 * 0.5 / np.sqrt(2 * len(means))


def test_complaints_take_the_stated_time_to_resolve():
    simulated = make_customers(
        2000, complaint_rate=0.02, drop_out_rate=0, resolution_days=5, random_state=1
    )
    complaints = simulated.complaints
    # Long before the end, so that none is cut off.
    early = complaints["timestamp"] < simulated.observed_until - 100 * DAY
    days = (complaints["resolved_at"] - complaints["timestamp"])[early] / DAY
    assert days.notna().all()
    # Cut to whole seconds, which is 1e-5 days.
    assert abs(days.mean() - 5) < 4 * 5 / np.sqrt(len(days)) + 1e-4


def test_nothing_happens_before_joining_after_leaving_or_after_the_end(simulated):
    people = simulated.truth.merge(simulated.customers, on="customer_id")
    for log in (simulated.transactions, simulated.complaints):
        known = log.merge(people, on="customer_id", validate="many_to_one")
        assert len(known) == len(log)
        assert (known["timestamp"] >= known["joined_at"]).all()
        assert ((known["timestamp"] < known["left_at"]) | known["left_at"].isna()).all()
        assert (known["timestamp"] < simulated.observed_until).all()
    left = simulated.truth["left_at"].dropna()
    assert 0 < len(left) < len(people)
    assert (left <= simulated.observed_until).all()
    resolved = simulated.complaints["resolved_at"]
    assert (resolved.dropna() < simulated.observed_until).all()


def test_everyone_joins_with_an_order_within_the_joining_days(simulated):
    first = simulated.transactions.groupby("customer_id")["timestamp"].min()
    joined = simulated.customers.set_index("customer_id")["joined_at"]
    pd.testing.assert_series_equal(first, joined, check_names=False)
    days = (joined - pd.Timestamp("2023-01-01")) / DAY
    assert days.between(0, 365, inclusive="left").all()
    # Uniform over a year: the standard deviation is 365 / sqrt(12).
    assert abs(days.mean() - 182.5) < 4 * 365 / np.sqrt(12 * len(days))


def test_logs_are_in_order_of_time_with_orders_numbered(simulated):
    orders = simulated.transactions
    assert orders["order_id"].tolist() == list(range(1, len(orders) + 1))
    assert orders["timestamp"].is_monotonic_increasing
    assert simulated.complaints["timestamp"].is_monotonic_increasing
    assert (orders["amount"] > 0).all()
    assert simulated.truth["customer_id"].iloc[0] == "00000001"
    assert simulated.truth["customer_id"].is_unique


def test_the_same_seed_gives_the_same_customers_and_another_seed_others():
    first, second, other = (
        make_customers(200, random_state=seed)
        for seed in (3, np.random.default_rng(3), 4)
    )
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert not first.truth.equals(other.truth)


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    make_customers(50)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_rates_of_zero_switch_a_process_off():
    quiet = make_customers(
        100, purchase_rate=0, drop_out_rate=0, complaint_rate=0, random_state=0
    )
    assert len(quiet.transactions) == 100
    assert len(quiet.complaints) == 0
    assert quiet.complaints.dtypes.tolist() == (
        make_customers(100, random_state=0).complaints.dtypes.tolist()
    )
    assert quiet.truth["left_at"].isna().all()
    assert quiet.to_tables().observed_until == quiet.observed_until


def test_a_million_orders_take_seconds():
    started = time.perf_counter()
    simulated = make_customers(60_000, random_state=0)
    elapsed = time.perf_counter() - started
    assert len(simulated.transactions) > 1_000_000
    # Half a second on the machine this was written on.
    assert elapsed < 15


def test_tables_of_a_shop_know_nobody_who_left(simulated):
    tables = simulated.to_tables()
    spine = make_spine(tables, ["2024-06-01"])
    assert len(spine) == len(simulated.truth)


def test_tables_of_a_contract_leave_out_who_left_by_the_cutoff(simulated):
    tables = simulated.to_tables(contractual=True)
    cutoff = pd.Timestamp("2024-06-01")
    spine = make_spine(tables, [cutoff])
    truth = simulated.truth
    there = ~(truth["left_at"] <= cutoff)
    assert set(spine["customer_id"]) == set(truth["customer_id"][there])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_customers": 0}, "n_customers must be a whole number"),
        ({"n_customers": 10.0}, "n_customers must be a whole number"),
        ({"n_customers": True}, "n_customers must be a whole number"),
        ({"n_days": 0}, "n_days must be a finite number above 0"),
        ({"n_days": np.inf}, "n_days must be a finite number above 0"),
        ({"n_days": 1e9}, "within the calendar"),
        ({"purchase_rate": -0.1}, "purchase_rate must be .* at least 0"),
        ({"purchase_rate": np.nan}, "purchase_rate must be .* at least 0"),
        ({"purchase_shape": 0}, "purchase_shape must be .* above 0"),
        ({"complaint_effect": 0}, "complaint_effect must be .* above 0"),
        ({"mean_amount": "40"}, "mean_amount must be .* above 0"),
        ({"joining_days": 731}, "joining_days=731 must not exceed n_days=730"),
        ({"start": "soon"}, "start='soon' must be an instant"),
        ({"start": None}, "start=None must be an instant"),
        ({"start": "2023-01-01T00:00+08:00"}, "without a time zone"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, message):
    with pytest.raises(SchemaError, match=message):
        make_customers(**parameters)


@pytest.mark.parametrize("random_state", ["abc", -1, 1.5])
def test_a_seed_that_is_none_is_refused_by_name(random_state):
    with pytest.raises(SchemaError, match="random_state must be a whole number"):
        make_customers(20, random_state=random_state)
