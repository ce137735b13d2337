"""Customers with a rhythm, against siblings, exact arithmetic and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.special import beta, betainc, factorial, gammaincc, gammaln, poch
from sklearn.base import clone

from crmml.datasets import load_cdnow
from crmml.exceptions import DegenerateFitError, NotEnoughHistoryError, SchemaError
from crmml.models import BetaGeoModel, ModifiedBetaGeoModel, RegularBetaGeoModel
from crmml.models._purchase_summary import read_summary

# One-time buyers, a very young one, one just seen, a long silent, a very keen one.
CUSTOMERS = pd.DataFrame(
    {
        "frequency": [0, 0, 1, 3, 500, 40, 2, 7],
        "recency": [0.0, 0.0, 0.5, 30.0, 100.0, 1.0, 5.5, 77.0],
        "T": [50.0, 1e-3, 2.0, 30.0, 100.5, 300.0, 39.0, 80.0],
    }
)
PARAMETERS = [
    [0.24, 4.4, 0.79, 2.4],
    [3.0, 120.0, 1.0, 0.7],
    [0.05, 0.3, 4.0, 60.0],
    [12.0, 2.0, 0.02, 0.5],
]
VARIANTS = [(2, True), (3, False), (7, True)]


def make_model(k, leave_after_first, parameters):
    """A model as if fitted, with given parameters."""
    model = RegularBetaGeoModel(k=k, leave_after_first=leave_after_first)
    model.k_ = k
    model.params_ = pd.Series(parameters, index=["r", "alpha", "a", "b"])
    return model


def simulate(n, k, parameters, seed, *, at_once=True, horizon=0.0, ages=None):
    """Let customers live; return summary, logarithms of gaps, and later purchases."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    ages = rng.uniform(20, 60, n) if ages is None else ages
    clock, x, last = np.zeros(n), np.zeros(n), np.zeros(n)
    log_gaps, later = np.zeros(n), np.zeros(n)
    running = np.arange(n)
    if at_once:
        running = running[rng.random(n) >= leaves]
    while len(running):
        gap = rng.gamma(k, 1 / rate[running])
        clock[running] += gap
        is_in = clock[running] < ages[running] + horizon
        running, gap = running[is_in], gap[is_in]
        is_early = clock[running] < ages[running]
        early = running[is_early]
        x[early] += 1
        last[early] = clock[early]
        log_gaps[early] += np.log(gap[is_early])
        later[running[~is_early]] += 1
        running = running[rng.random(len(running)) >= leaves[running]]
    summary = pd.DataFrame({"frequency": x, "recency": last, "T": ages})
    return summary.assign(log_gaps=log_gaps), later


def likelihood_by_integration(parameters, k, at_once, x, t, age):
    """Density of the last of x purchases, times that of the others at random."""
    r, alpha, a, b = parameters
    # Smooth, and falling fast on both sides: the trapezoid rule is exact to 1e-13.
    log_rate = np.log((r + k * x) / (alpha + age)) + np.linspace(-30, 6, 20_001)
    rate = np.exp(log_rate)
    logs = r * np.log(alpha) + r * log_rate - alpha * rate - gammaln(r)
    if x:
        logs += k * x * log_rate + (k * x - 1) * np.log(t) - rate * t
        logs += gammaln(x) - gammaln(k * x) - (x - 1) * np.log(t)
    seen, step = np.exp(logs), log_rate[1] - log_rate[0]
    # Fewer than k stages since the last purchase, if the customer is still there.
    silent = gammaincc(k, rate * (age - t))
    here = (seen * silent).sum() * step * beta(a, b + x + at_once) / beta(a, b)
    gone = 0.0
    if at_once or x:
        gone = seen.sum() * step * beta(a + 1, b + x + at_once - 1) / beta(a, b)
    return here, here + gone


@pytest.mark.parametrize(("k", "at_once"), VARIANTS)
def test_likelihood_and_alive_probability_equal_integrals_over_rates(k, at_once):
    parameters = [2.5, 6.0, 0.8, 2.5]
    rows = CUSTOMERS.iloc[[0, 2, 3, 6]]
    model = make_model(k, at_once, parameters)
    exact = [
        likelihood_by_integration(parameters, k, at_once, *map(float, row))
        for row in rows.itertuples(index=False)
    ]
    alive = model.predict_alive_probability(rows)
    there = [here / whole for here, whole in exact]
    np.testing.assert_allclose(alive, there, rtol=1e-8)
    # The likelihood at given parameters: that of a fit which may not move.
    value, _ = model._objective(read_summary(rows))(np.log(parameters))
    x, t = (rows[name][rows["frequency"] > 0] for name in ("frequency", "recency"))
    constant = (gammaln(x) - gammaln(k * x) + (k - 1) * x * np.log(t)).sum()
    total = sum(np.log(whole) for _, whole in exact)
    assert value * len(rows) == pytest.approx(total - constant, rel=1e-8)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize(("k", "at_once"), VARIANTS)
def test_gradient_is_that_of_the_likelihood(k, at_once, parameters):
    objective = make_model(k, at_once, parameters)._objective(read_summary(CUSTOMERS))
    point = np.log(parameters)
    error = check_grad(
        lambda p: objective(p)[0], lambda p: objective(p)[1], point, epsilon=1e-6
    )
    # One-sided differences of step 1e-6 are good to about 1e-5.
    assert error / (1 + np.abs(objective(point)[1]).max()) < 1e-4


def expected_exactly(parameters, k, at_once, x, t, age, length):
    """Sum the chances of every further purchase over the stage reached at T."""
    r, alpha, a, b = parameters
    n, stays = r + k * x, b + x + at_once
    stage = np.arange(k)[:, None]
    waited = (age - t) / (alpha + age)
    weight = poch(n, stage) / factorial(stage) * waited**stage
    m = np.arange(1, 20_000)
    # Of the next stages, at least mk - j come within the horizon.
    chance = betainc(m * k - stage, n + stage, length / (alpha + age + length))
    log_stay = gammaln(stays + m - 1) - gammaln(stays)
    log_stay -= gammaln(a + stays + m - 1) - gammaln(a + stays)
    return (weight * chance * np.exp(log_stay)).sum() / weight.sum()


@pytest.mark.parametrize("parameters", PARAMETERS[:3])
@pytest.mark.parametrize(("k", "at_once"), VARIANTS)
def test_expected_purchases_equal_exact_sums(k, at_once, parameters):
    rows = CUSTOMERS.iloc[[0, 1, 2, 3, 6, 7]]
    model = make_model(k, at_once, parameters)
    found = model._while_alive(np.array(parameters), read_summary(rows), 39.0)
    exact = [
        expected_exactly(parameters, k, at_once, *row, 39.0)
        for row in rows.itertuples(index=False)
    ]
    np.testing.assert_allclose(found, exact, rtol=1e-8)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize(
    ("sibling", "at_once"), [(BetaGeoModel, False), (ModifiedBetaGeoModel, True)]
)
def test_without_a_rhythm_it_is_its_sibling(sibling, at_once, parameters):
    model, other = make_model(1, at_once, parameters), sibling()
    other.params_ = model.params_
    for horizon in ("1D", "39D", "2000D"):
        np.testing.assert_allclose(
            model.predict_expected_purchases(CUSTOMERS, horizon),
            other.predict_expected_purchases(CUSTOMERS, horizon),
            rtol=1e-9,
        )
    np.testing.assert_allclose(
        model.predict_alive_probability(CUSTOMERS),
        other.predict_alive_probability(CUSTOMERS),
        rtol=1e-9,
    )


@pytest.fixture(scope="module")
def cdnow():
    """The 1/10 sample to the end of September 1997 in weeks, and logarithms of gaps."""
    purchases = load_cdnow(sample=True)
    purchases = purchases[purchases["date"] <= "1997-09-30"]
    days = purchases.drop_duplicates(["customer_id", "date"])
    days = days.sort_values(["customer_id", "date"])
    gaps = days.groupby("customer_id")["date"].diff().dt.days / 7
    each = days.groupby("customer_id")["date"].agg(["min", "max", "size"])
    return pd.DataFrame(
        {
            "frequency": each["size"] - 1,
            "recency": (each["max"] - each["min"]).dt.days / 7,
            "T": (pd.Timestamp("1997-09-30") - each["min"]).dt.days / 7,
            "log_gaps": np.log(gaps).groupby(days["customer_id"]).sum(),
        }
    )


@pytest.mark.parametrize("log_gaps", [None, "log_gaps"])
def test_cdnow_has_no_rhythm_and_gives_the_siblings_fit(cdnow, log_gaps):
    # The demo of the R package BTYDplus, by the model's authors, finds k = 1 as well.
    model = RegularBetaGeoModel(unit="7D", log_gaps=log_gaps).fit(cdnow)
    other = ModifiedBetaGeoModel(unit="7D").fit(cdnow)
    assert model.k_ == 1
    np.testing.assert_allclose(model.params_, other.params_, rtol=1e-9)
    assert model.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-12)
    assert model.log_likelihoods_.index.tolist() == [1, 2, 3]


def test_the_first_purchase_may_be_kept_from_being_the_last(cdnow):
    model = RegularBetaGeoModel(unit="7D", k=1, leave_after_first=False).fit(cdnow)
    other = BetaGeoModel(unit="7D").fit(cdnow)
    np.testing.assert_allclose(model.params_, other.params_, rtol=1e-9)


# The example of the R package BTYDplus: k = 3 and these parameters.
TRUTH = [0.85, 1.45, 0.79, 2.42]


@pytest.mark.parametrize("at_once", [True, False])
def test_known_rhythm_parameters_and_later_purchases_are_recovered(at_once):
    X, later = simulate(30_000, 3, TRUTH, 5, at_once=at_once, horizon=26.0)
    model = RegularBetaGeoModel(unit="7D", leave_after_first=at_once).fit(X)
    assert model.k_ == 3
    off = (model.params_ - TRUTH) / model.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"
    expected = model.predict_expected_purchases(X, "26W")
    # Sums scatter by about 1 %, those of thirds of the customers by 2 %.
    assert expected.sum() == pytest.approx(later.sum(), rel=0.03)
    alive = model.predict_alive_probability(X)
    for third in np.array_split(np.argsort(alive), 3)[1:]:
        assert expected[third].sum() == pytest.approx(later[third].sum(), rel=0.05)


def test_gaps_tell_the_rhythm_where_the_last_purchase_hardly_does():
    X, _ = simulate(400, 3, TRUTH, 1)
    plain = RegularBetaGeoModel(k=None).fit(X).log_likelihoods_
    by_gaps = RegularBetaGeoModel(log_gaps="log_gaps").fit(X)
    assert by_gaps.k_ == 3
    rise = by_gaps.log_likelihoods_[3] - by_gaps.log_likelihoods_[2]
    assert rise > 10 * abs(plain[3] - plain[2])
    # What is known of the gaps changes the choice of k, not the parameters given k.
    fixed = RegularBetaGeoModel(k=3).fit(X)
    np.testing.assert_allclose(by_gaps.params_, fixed.params_, rtol=1e-9)
    x, total = X["frequency"], X["log_gaps"].sum()
    of_gaps = 2 * total - x.sum() * gammaln(3)
    bought = x[x > 0]
    last = (gammaln(bought) - gammaln(3 * bought)).sum()
    last += 2 * bought @ np.log(X["recency"][x > 0])
    difference = by_gaps.log_likelihood_ - fixed.log_likelihood_
    assert difference == pytest.approx(of_gaps - last, rel=1e-9)


def test_a_regular_customer_who_is_overdue_has_left_more_surely():
    rows = pd.DataFrame({"frequency": 6, "recency": 30.0, "T": [31.0, 40.0, 50.0]})
    # The same rate of purchases, with and without a rhythm.
    random = make_model(1, True, [3.0, 15.0, 0.8, 4.0])
    regular = make_model(4, True, [12.0, 15.0, 0.8, 4.0])
    ratio = regular.predict_alive_probability(rows) / random.predict_alive_probability(
        rows
    )
    assert ratio[0] > 1
    assert ratio[2] < 1
    assert (np.diff(ratio) < 0).all()


@settings(max_examples=60, deadline=None)
@given(
    k=st.integers(1, 8),
    x=st.integers(0, 60),
    share=st.floats(0.01, 1),
    age=st.floats(0.1, 200),
    index=st.integers(0, len(PARAMETERS) - 1),
    at_once=st.booleans(),
)
def test_silence_lowers_and_time_raises_what_is_expected(
    k, x, share, age, index, at_once
):
    model = make_model(k, at_once, PARAMETERS[index])
    recency = 0.0 if x == 0 else share * age
    rows = pd.DataFrame(
        {"frequency": x, "recency": recency, "T": [age, age + 1, age + 30]}
    )
    alive = model.predict_alive_probability(rows)
    assert ((alive > 0) & (alive <= 1)).all()
    assert (np.diff(alive) <= 1e-12).all(), "falls with silence"
    near = model.predict_expected_purchases(rows, "10D")
    far = model.predict_expected_purchases(rows, "20D")
    assert (near >= 0).all()
    assert (far >= near).all()
    assert np.isfinite(far).all()


def test_neither_row_order_nor_the_unit_of_time_decides():
    X, _ = simulate(1_500, 3, TRUTH, 2)
    weeks = RegularBetaGeoModel(unit="7D").fit(X)
    shuffled = RegularBetaGeoModel(unit="7D").fit(X.sample(frac=1, random_state=0))
    np.testing.assert_allclose(shuffled.params_, weeks.params_, rtol=1e-9)
    in_days = X.assign(recency=X["recency"] * 7, T=X["T"] * 7)
    days = RegularBetaGeoModel(unit="1D").fit(in_days)
    assert days.k_ == weeks.k_
    # Newton's steps end at 1e-11; weeks and days differ by rounding.
    np.testing.assert_allclose(
        days.predict_expected_purchases(in_days, "182D"),
        weeks.predict_expected_purchases(X, "26W"),
        rtol=1e-7,
    )


def test_who_buys_by_the_clock_is_said_to_have_a_contract():
    X, _ = simulate(3_000, 60, [40.0, 10.0, 1.0, 6.0], 4)
    with pytest.raises(DegenerateFitError, match="contract"):
        RegularBetaGeoModel(log_gaps="log_gaps").fit(X)


def test_bad_arguments_and_columns_are_refused():
    X, _ = simulate(200, 2, TRUTH, 1)
    for k in (0, 1.5, "three", True):
        with pytest.raises(SchemaError, match="k must be a whole number"):
            RegularBetaGeoModel(k=k).fit(X)
    with pytest.raises(SchemaError, match="at most 50, got 51"):
        RegularBetaGeoModel(k=51).fit(X)
    at_once = X.assign(frequency=3, recency=0.0)
    with pytest.raises(SchemaError, match=r"in 200 of 200 rows \(row 0, 1, .*same i"):
        RegularBetaGeoModel().fit(at_once)
    with pytest.raises(SchemaError, match="no columns"):
        RegularBetaGeoModel(log_gaps="gaps").fit(X)
    with pytest.raises(SchemaError, match="without a repeat purchase it is 0"):
        RegularBetaGeoModel(log_gaps="log_gaps").fit(
            X.assign(log_gaps=X["log_gaps"].where(X["frequency"] > 0))
        )
    with pytest.raises(NotEnoughHistoryError, match="4 parameters"):
        RegularBetaGeoModel().fit(X[:3])
    with pytest.raises(ValueError, match="leave_after_first"):
        RegularBetaGeoModel(leave_after_first=2).fit(X)


def test_gaps_that_cannot_be_are_refused():
    X, _ = simulate(200, 2, TRUTH, 1)
    model = RegularBetaGeoModel(unit="7D", k=2, log_gaps="log_gaps")
    with pytest.raises(SchemaError, match=r"is not 0 in .*without a repeat purchase"):
        model.fit(X.assign(log_gaps=X["log_gaps"] + (X["frequency"] == 0)))
    in_days = X["log_gaps"] + X["frequency"] * np.log(7)
    with pytest.raises(SchemaError, match="in the unit of the model, '7D'"):
        model.fit(X.assign(log_gaps=in_days))
    # Equal gaps have the largest logarithms there can be, and are taken.
    equal = X["frequency"] * np.log(
        X["recency"].where(X["frequency"] > 0, 1.0) / X["frequency"].clip(lower=1)
    )
    assert model.fit(X.assign(log_gaps=equal)).k_ == 2


def test_far_horizons_of_keen_customers_are_summed_to_the_end_or_refused():
    model = make_model(20, True, [6.0, 4.0, 2.0, 16.0])
    keen = pd.DataFrame({"frequency": [1000], "recency": 4.0, "T": 4.0})
    # Of 20,006 stages the rate is known to 0.7 percent, and with it the number of
    # purchases that fit in; few customers are there for so many.
    fit_in = np.arange(round((6 + 20 * 1000) / (4 + 4) * 260 / 20))
    still = np.cumprod((16 + 1001 + fit_in) / (2 + 16 + 1001 + fit_in))
    expected = 1 + still[:-1].sum()
    assert 900 < expected < 1000
    found = model.predict_expected_purchases(keen, "260D")
    alive = model.predict_alive_probability(keen)
    assert found[0] == pytest.approx(alive[0] * expected, rel=1e-4)
    with pytest.raises(SchemaError, match="what 1 of 1 customers will buy"):
        model.predict_expected_purchases(keen, "9000D")


@pytest.mark.parametrize("sibling", [BetaGeoModel, ModifiedBetaGeoModel])
def test_siblings_whose_series_overflows_are_summed_by_stages(sibling):
    """Who leaves at the next purchase for certain buys once, if at all."""
    model = sibling()
    r, alpha = 0.8, 4.0
    model.params_ = pd.Series([r, alpha, 1e12, 2.0], index=["r", "alpha", "a", "b"])
    young = pd.DataFrame({"frequency": [0], "recency": 0.0, "T": 30.0})
    found = model._while_alive(model.params_.to_numpy(), read_summary(young), 60.0)
    never = ((alpha + 30) / (alpha + 90)) ** r
    assert found[0] == pytest.approx(1 - never, rel=1e-9)


def test_very_keen_and_very_regular_customers_do_not_overflow():
    keen = pd.DataFrame({"frequency": 5000, "recency": [1.0, 499.0], "T": 500.0})
    model = make_model(50, True, [50.0, 0.1, 0.8, 2.5])
    alive = model.predict_alive_probability(keen)
    assert 0 < alive[0] < 1e-300
    assert alive[1] < 1
    expected = model.predict_expected_purchases(keen, "50D")
    assert np.isfinite(expected).all()
    value, gradient = model._objective(read_summary(keen))(
        np.log([50.0, 0.1, 0.8, 2.5])
    )
    assert np.isfinite([value, *gradient]).all()


def test_it_is_cloned_as_it_was_made():
    model = RegularBetaGeoModel(
        unit="7D", k=2, leave_after_first=False, log_gaps="g", covariates=["z"]
    )
    assert clone(model).get_params() == model.get_params()
