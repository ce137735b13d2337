"""Buy-till-you-die models against published figures, exact arithmetic, simulation."""

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from crmml.datasets import load_cdnow
from crmml.exceptions import DegenerateFitError, NotEnoughHistoryError, SchemaError
from crmml.models import BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel
from crmml.models._purchase_summary import read_summary

mp.mp.dps = 30
MODELS = [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel]


@pytest.fixture(scope="module")
def cdnow():
    """The 1/10 sample to the end of September 1997 in weeks, as the literature does."""
    purchases = load_cdnow(sample=True)
    purchases = purchases[purchases["date"] <= "1997-09-30"]
    days = purchases.groupby("customer_id")["date"].agg(["min", "max", "nunique"])
    end = pd.Timestamp("1997-09-30")
    return pd.DataFrame(
        {
            "frequency": days["nunique"] - 1,
            "recency": (days["max"] - days["min"]).dt.days / 7,
            "T": (end - days["min"]).dt.days / 7,
        }
    )


# Fader, Hardie and Lee (2005), table 2, and its companion notes; the modified model in
# Batislam et al. has no figures for this sample, so lifetimes 0.11.3 gave them:
# ModifiedBetaGeoFitter().fit(frequency, recency, T).
PUBLISHED = {
    BetaGeoModel: ([0.243, 4.414, 0.793, 2.426], -9582.4),
    ModifiedBetaGeoModel: ([0.525, 6.183, 0.891, 1.614], -9582.1),
    ParetoNBDModel: ([0.553, 10.578, 0.606, 11.669], -9595.0),
}


@pytest.mark.parametrize("model", MODELS)
def test_cdnow_gives_the_published_parameters(model, cdnow):
    parameters, log_likelihood = PUBLISHED[model]
    fitted = model(unit="7D").fit(cdnow)
    # Figures are rounded to three decimals, log-likelihoods to one.
    np.testing.assert_allclose(fitted.params_, parameters, atol=6e-4)
    assert fitted.log_likelihood_ == pytest.approx(log_likelihood, abs=0.05)
    assert fitted.n_customers_ == 2357


def test_bg_nbd_expects_what_the_paper_expects_of_one_customer(cdnow):
    # Fader, Hardie and Lee, "Implementing the BG/NBD model in Excel" (2005), p. 8:
    # x = 2, t_x = 30.43, T = 38.86 is expected to make 1.226 purchases in 39 weeks.
    model = BetaGeoModel(unit="7D").fit(cdnow)
    one = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    expected = model.predict_expected_purchases(one, "39W")
    assert expected[0] == pytest.approx(1.226, abs=1e-3)


def beta_geo_likelihood(parameters, x, t, age, model):
    r, alpha, a, b = map(mp.mpf, parameters)
    shift = 1 if model is ModifiedBetaGeoModel else 0
    here = mp.beta(a, b + x + shift) / (alpha + age) ** (r + x)
    gone = mp.beta(a + 1, b + x - 1 + shift) / (alpha + t) ** (r + x)
    if x == 0 and not shift:
        gone = mp.mpf(0)
    front = mp.gamma(r + x) * alpha**r / mp.gamma(r) / mp.beta(a, b)
    return front * (here + gone), front * here


def pareto_likelihood(parameters, x, t, age, model):
    r, alpha, s, beta = map(mp.mpf, parameters)
    front = mp.gamma(r + x) * alpha**r * beta**s / mp.gamma(r)
    here = (alpha + age) ** -(r + x) * (beta + age) ** -s
    # The untransformed closed form of Fader and Hardie (2005), with 30 digits.
    large, small = max(alpha, beta), min(alpha, beta)
    second = s + 1 if alpha >= beta else r + x
    whole = r + s + x

    def until_infinity(u):
        z = (large - small) / (large + u)
        series = mp.hyp2f1(whole, second, whole + 1, z)
        return series / (large + u) ** whole

    gone = s / whole * (until_infinity(t) - until_infinity(age))
    return front * (here + gone), front * here


LIKELIHOOD = {
    BetaGeoModel: beta_geo_likelihood,
    ModifiedBetaGeoModel: beta_geo_likelihood,
    ParetoNBDModel: pareto_likelihood,
}

# One-time buyers, a very young customer, one just seen, one long silent, a very keen
# one, and some in between.
CUSTOMERS = pd.DataFrame(
    {
        "frequency": [0, 0, 1, 3, 500, 40, 2, 7],
        "recency": [0.0, 0.0, 0.0, 30.0, 100.0, 1.0, 5.5, 77.0],
        "T": [50.0, 1e-3, 2.0, 30.0, 100.5, 300.0, 39.0, 80.0],
    }
)

PARAMETERS = [
    [0.24, 4.4, 0.79, 2.4],
    [0.55, 10.6, 0.61, 11.7],
    [3.0, 120.0, 1.0, 0.7],
    [0.05, 0.3, 4.0, 60.0],
    [12.0, 2.0, 0.02, 0.5],
]


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("model", MODELS)
def test_likelihood_and_alive_probability_equal_exact_arithmetic(model, parameters):
    summary = read_summary(CUSTOMERS)
    objective = model()._objective(summary)
    exact = [
        LIKELIHOOD[model](parameters, *row, model)
        for row in CUSTOMERS.itertuples(index=False)
    ]
    mean = float(sum(mp.log(whole) for whole, _ in exact)) / len(exact)
    value, _ = objective(np.log(parameters))
    assert value == pytest.approx(mean, rel=1e-9)
    alive = model()._alive(np.array(parameters), summary)
    there = [float(here / whole) for whole, here in exact]
    np.testing.assert_allclose(alive, there, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("model", MODELS)
def test_gradient_is_that_of_the_likelihood(model, parameters):
    objective = model()._objective(read_summary(CUSTOMERS))
    point = np.log(parameters)
    error = check_grad(
        lambda p: objective(p)[0], lambda p: objective(p)[1], point, epsilon=1e-6
    )
    scale = 1 + np.abs(objective(point)[1]).max()
    # One-sided differences of step 1e-6 are good to about 1e-5.
    assert error / scale < 1e-4


def expected_by_integration(model, parameters, x, age, length):
    """Mean purchases in a span of who is there, by integrals over rates."""
    first, alpha, third, fourth = map(mp.mpf, parameters)
    if model is ParetoNBDModel:
        # Rates given x and T: gamma(r + x, alpha + T) and gamma(s, beta + T).
        s, until = third, fourth + age
        rate = (first + x) / (alpha + age)
        return rate * mp.quad(
            lambda u: (until / (until + u)) ** s, mp.linspace(0, length, 5)
        )
    shift = 1 if model is ModifiedBetaGeoModel else 0
    a, b = third, fourth + x + shift
    n, until = first + x, alpha + age

    def rate_at(u):
        """E[lambda (chance to be there after u)] = n E_p[until^n/(until+pu)^(n+1)]."""
        return n / until * mp.hyp2f1(n + 1, a, a + b, -u / until)

    return mp.quad(rate_at, mp.linspace(0, length, 5))


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("model", MODELS)
def test_expected_purchases_equal_numerical_integration(model, parameters):
    summary = read_summary(CUSTOMERS)
    found = model()._while_alive(np.array(parameters), summary, 39.0)
    exact = [
        float(expected_by_integration(model, parameters, x, age, 39))
        for x, _, age in CUSTOMERS.itertuples(index=False)
    ]
    np.testing.assert_allclose(found, exact, rtol=1e-8)


def simulate(model, parameters, ages, seed, horizon=0.0):
    """Let customers live; return their summary and later purchases."""
    rng = np.random.default_rng(seed)
    first, scale, third, fourth = parameters
    n = len(ages)
    rate = rng.gamma(first, 1 / scale, n)
    is_pareto = model is ParetoNBDModel
    leaves = (
        rng.gamma(third, 1 / fourth, n) if is_pareto else rng.beta(third, fourth, n)
    )
    death = rng.exponential(1 / leaves) if is_pareto else np.full(n, np.inf)
    if model is ModifiedBetaGeoModel:
        death[rng.random(n) < leaves] = 0.0
    clock, x, last, later = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    running = np.arange(n)
    while len(running):
        clock[running] += rng.exponential(1 / rate[running])
        over = np.minimum(ages + horizon, death)[running]
        running = running[clock[running] < over]
        early = running[clock[running] < ages[running]]
        x[early] += 1
        last[early] = clock[early]
        later[np.setdiff1d(running, early)] += 1
        if not is_pareto:
            gone = rng.random(len(running)) < leaves[running]
            running = running[~gone]
    return pd.DataFrame({"frequency": x, "recency": last, "T": ages}), later


TRUTH = {
    BetaGeoModel: [0.4, 5.0, 0.8, 2.4],
    ModifiedBetaGeoModel: [0.8, 6.0, 0.9, 2.0],
    ParetoNBDModel: [0.6, 9.0, 0.7, 12.0],
}


@pytest.mark.parametrize("model", MODELS)
def test_known_parameters_and_later_purchases_are_recovered(model):
    ages = np.random.default_rng(5).uniform(20, 60, 60_000)
    summary, later = simulate(model, TRUTH[model], ages, 7, horizon=26.0)
    fitted = model(unit="7D").fit(summary)
    off = (fitted.params_ - TRUTH[model]) / fitted.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"
    expected = fitted.predict_expected_purchases(summary, "26W").sum()
    # Counts of single customers scatter; their sum does by about 1 %.
    assert expected == pytest.approx(later.sum(), rel=0.03)
    interval = fitted.predict_purchases_interval(summary[:5], "26W")
    middle = fitted.predict_expected_purchases(summary[:5], "26W")
    assert (interval["lower"] < middle).all()
    assert (interval["upper"] > middle).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_way_by_a_sample_ends_where_the_whole_does(model, monkeypatch):
    ages = np.random.default_rng(1).uniform(20, 60, 4_000)
    summary, _ = simulate(model, TRUTH[model], ages, 3)
    monkeypatch.setattr("crmml.models._purchase_fit._SAMPLES", ())
    whole = model().fit(summary)
    monkeypatch.setattr("crmml.models._purchase_fit._SAMPLES", (1_200,))
    by_sample = model().fit(summary)
    np.testing.assert_allclose(by_sample.params_, whole.params_, rtol=1e-7)
    assert by_sample.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_neither_row_order_nor_the_unit_of_time_decides(model, cdnow):
    weeks = model(unit="7D").fit(cdnow)
    shuffled = cdnow.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(model(unit="7D").fit(shuffled).params_, weeks.params_)
    in_days = cdnow.assign(recency=cdnow["recency"] * 7, T=cdnow["T"] * 7)
    days = model(unit="1D").fit(in_days)
    # The same numbers up to the rounding of weeks.
    np.testing.assert_allclose(
        days.predict_expected_purchases(in_days, "273D"),
        weeks.predict_expected_purchases(cdnow, "39W"),
        rtol=1e-7,
    )


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(
    x=st.integers(0, 60),
    share=st.floats(0.01, 1),
    age=st.floats(0.1, 200),
    index=st.integers(0, len(PARAMETERS) - 1),
)
def test_silence_lowers_and_time_raises_what_is_expected(model, x, share, age, index):
    fitted = model()
    fitted.params_ = pd.Series(PARAMETERS[index])
    recency = 0.0 if x == 0 else share * age
    rows = pd.DataFrame(
        {"frequency": x, "recency": recency, "T": [age, age + 1, age + 30]}
    )
    alive = fitted.predict_alive_probability(rows)
    assert ((alive > 0) & (alive <= 1)).all()
    assert (np.diff(alive) <= 1e-12).all(), "falls with silence"
    near = fitted.predict_expected_purchases(rows, "10D")
    far = fitted.predict_expected_purchases(rows, "20D")
    assert (far >= near).all()
    assert (near > 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_intervals_of_the_alive_probability_hold_the_truth(model):
    ages = np.random.default_rng(2).uniform(20, 60, 800)
    rows = pd.DataFrame({"frequency": [2], "recency": [15.0], "T": [30.0]})
    truth = model()
    truth.params_ = pd.Series(TRUTH[model])
    exact = truth.predict_alive_probability(rows)[0]
    n_held = 0
    for seed in range(20):
        summary, _ = simulate(model, TRUTH[model], ages, seed)
        found = model(unit="7D").fit(summary).predict_alive_interval(rows)
        assert list(found.columns) == ["lower", "upper"]
        n_held += found["lower"][0] < exact < found["upper"][0]
    # Of 20 intervals that hold it with probability 0.9, below 14 is one in 400 cases.
    assert n_held >= 14


def test_who_is_certainly_there_has_a_certain_interval(cdnow):
    once = cdnow[cdnow["frequency"] == 0][:3]
    found = BetaGeoModel(unit="7D").fit(cdnow).predict_alive_interval(once)
    assert (found == 1).all(axis=None)


@pytest.mark.parametrize("model", MODELS)
def test_who_is_silent_beyond_hope_is_still_told_in_a_number(model):
    fitted = model()
    fitted.params_ = pd.Series(PARAMETERS[0])
    gone = pd.DataFrame({"frequency": [500], "recency": [1.0], "T": [4000.0]})
    assert 0 < fitted.predict_alive_probability(gone)[0] < 1e-300
    assert fitted.predict_expected_purchases(gone, "365D")[0] >= 0


def test_lifetime_value_is_the_discounted_sum_of_purchases(cdnow):
    model = BetaGeoModel(unit="7D").fit(cdnow)
    some = cdnow[:50]
    money = {"spend": 35.0, "margin": 0.3}
    found = model.predict_lifetime_value(some, "260W", discount_rate=0.15, **money)
    # A sum over very short steps, each discounted at its middle.
    edges = np.linspace(0, 260 * 7, 521)
    reached = [np.zeros(50)] + [
        model.predict_expected_purchases(some, pd.Timedelta(edge, "D").round("s"))
        for edge in edges[1:]
    ]
    middle = (edges[1:] + edges[:-1]) / 2 / 365
    by_steps = (np.diff(reached, axis=0).T * 1.15**-middle).sum(axis=1) * 35 * 0.3
    # Steps of half a week are good to 1e-6.
    np.testing.assert_allclose(found, by_steps, rtol=1e-5)
    undiscounted = model.predict_lifetime_value(
        some, "260W", discount_rate=0.0, **money
    )
    np.testing.assert_allclose(
        undiscounted, model.predict_expected_purchases(some, "260W") * 35 * 0.3
    )
    assert (undiscounted > found).all()


def test_polars_and_pandas_give_the_same(cdnow):
    polars = pytest.importorskip("polars")
    frame = polars.from_pandas(cdnow)
    np.testing.assert_array_equal(
        BetaGeoModel().fit(frame).params_, BetaGeoModel().fit(cdnow).params_
    )


GOOD = {"frequency": [0, 1, 2, 1, 0], "recency": [0, 2, 3, 1, 0], "T": [5, 6, 4, 9, 7]}


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("frequency", [0, -1, 2, 1, 0], "'frequency' is negative in 1 of 5"),
        ("frequency", [0, 1.5, 2, 1, 0], "no whole number in 1 of 5"),
        ("frequency", [0, None, 2, 1, 0], "missing or infinite in 1 of 5"),
        ("frequency", list("abcde"), "must be numeric"),
        ("recency", [0, 7, 3, 1, 0], "above T in 1 of 5"),
        ("recency", [1, 2, 3, 1, 0], "above 0 where frequency is 0 in 1 of 5"),
        ("T", [0, 6, 4, 9, 7], "'T' is not above zero in 1 of 5"),
    ],
)
def test_what_cannot_be_is_refused_by_column(column, values, message):
    X = pd.DataFrame({**GOOD, column: values})
    with pytest.raises(SchemaError, match=message):
        BetaGeoModel().fit(X)


def test_rows_are_named_by_where_they_stand_and_not_by_their_index():
    X = pd.DataFrame(GOOD, index=["Ann", "Bob", "Cyd", "Dan", "Eve"])
    X["T"] = [0, 6, 0, 9, 7]
    with pytest.raises(
        SchemaError, match=r"2 of 5 rows \(row 0, 2, counted from 0\)"
    ) as e:
        BetaGeoModel().fit(X)
    assert not any(name in str(e.value) for name in X.index)
    many = pd.concat([X] * 40)
    with pytest.raises(
        SchemaError, match=r"80 of 200 rows \(row 0, 2, 5, 7, 10, \.\.\."
    ):
        BetaGeoModel().fit(many)


def test_too_little_is_said():
    with pytest.raises(NotEnoughHistoryError, match="4 parameters"):
        BetaGeoModel().fit(pd.DataFrame(GOOD)[:3])
    with pytest.raises(NotEnoughHistoryError, match="bought again"):
        BetaGeoModel().fit(pd.DataFrame(GOOD).assign(frequency=0, recency=0))
    with pytest.raises(SchemaError, match="no columns"):
        BetaGeoModel().fit(pd.DataFrame(GOOD).drop(columns="T"))
    with pytest.raises(SchemaError, match="dataframe"):
        BetaGeoModel().fit([[1, 2, 3]])


def test_a_degenerate_fit_is_refused_in_words():
    # Everybody is seen at the very end, so that nobody seems ever to leave.
    rng = np.random.default_rng(0)
    x = rng.poisson(rng.gamma(2, 2, 3000)) + 1
    X = pd.DataFrame({"frequency": x, "recency": 50.0, "T": 50.0})
    with pytest.raises(DegenerateFitError, match="did not converge"):
        BetaGeoModel().fit(X)


def test_an_empty_batch_has_an_empty_answer(cdnow):
    model = BetaGeoModel(unit="7D").fit(cdnow)
    none = cdnow[:0]
    assert model.predict_alive_probability(none).shape == (0,)
    assert model.predict_expected_purchases(none, "7D").shape == (0,)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("margin", 0.0),
        ("margin", 30),
        ("discount_rate", -0.1),
        ("discount_rate", 10),
        ("spend", -1.0),
    ],
)
def test_money_that_cannot_be_is_refused(argument, value, cdnow):
    model = BetaGeoModel(unit="7D").fit(cdnow)
    money = {"spend": 1.0, "margin": 0.5, "discount_rate": 0.1, argument: value}
    with pytest.raises(SchemaError, match=argument):
        model.predict_lifetime_value(cdnow, "52W", **money)


@pytest.mark.parametrize("spend", [[10.0, 2.0], [[1.0]] * 2357, [10.0]])
def test_spend_is_one_number_or_one_for_each_customer(spend, cdnow):
    model = BetaGeoModel(unit="7D").fit(cdnow)
    with pytest.raises(SchemaError, match="each of 2357 customers"):
        model.predict_lifetime_value(
            cdnow, "52W", spend=spend, margin=0.3, discount_rate=0.1
        )
