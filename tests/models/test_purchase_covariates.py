"""Covariates of buy-till-you-die models: recovery, limits, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from crmml.exceptions import DegenerateFitError, NotEnoughHistoryError, SchemaError
from crmml.models import (
    BetaGeoModel,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    RegularBetaGeoModel,
)
from crmml.models._purchase_summary import PurchaseSummary, read_summary

MODELS = [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel, RegularBetaGeoModel]
BASE = {
    BetaGeoModel: [0.8, 6.0, 0.8, 2.4],
    ModifiedBetaGeoModel: [0.8, 6.0, 0.8, 2.4],
    ParetoNBDModel: [0.8, 6.0, 0.7, 12.0],
    RegularBetaGeoModel: [0.8, 3.0, 0.8, 2.4],
}
EFFECTS = np.array([0.5, -0.3, -0.4, 0.2])
"""Of both covariates on the purchase rate, then on leaving."""
NAMES = ["web", "收入"]
K = 2


def make_model(model, **parameters):
    if model is RegularBetaGeoModel:
        parameters["k"] = K
    return model(unit="7D", **parameters)


def simulate(model, n, seed, horizon=0.0):
    """Customers whose rates go with two covariates, and what they buy later."""
    rng = np.random.default_rng(seed)
    z = np.column_stack([rng.integers(0, 2, n), rng.normal(3, 2, n)])
    first, alpha, third, fourth = BASE[model]
    rate = rng.gamma(first, np.exp(z @ EFFECTS[:2]) / alpha)
    death, odds = np.full(n, np.inf), np.exp(z @ EFFECTS[2:])
    if model is ParetoNBDModel:
        leaves = np.zeros(n)
        death = rng.exponential(1 / rng.gamma(third, odds / fourth))
    else:
        leaves = rng.beta(third * odds, fourth)
    if model in (ModifiedBetaGeoModel, RegularBetaGeoModel):
        death[rng.random(n) < leaves] = 0.0
    ages = rng.uniform(20, 60, n)
    clock, x, last, later = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    running = np.arange(n)
    stages = K if model is RegularBetaGeoModel else 1
    while len(running):
        clock[running] += rng.gamma(stages, 1 / rate[running])
        running = running[clock[running] < np.minimum(ages + horizon, death)[running]]
        is_early = clock[running] < ages[running]
        early = running[is_early]
        x[early] += 1
        last[early] = clock[early]
        later[running[~is_early]] += 1
        running = running[rng.random(len(running)) >= leaves[running]]
    X = pd.DataFrame({"frequency": x, "recency": last, "T": ages})
    return X.assign(**dict(zip(NAMES, z.T, strict=True))), later


@pytest.mark.parametrize("model", MODELS)
def test_known_effects_and_later_purchases_are_recovered(model):
    X, later = simulate(model, 20_000, 1, horizon=26.0)
    fitted = make_model(model, covariates=NAMES).fit(X)
    assert fitted.params_.index[4:].tolist() == [
        "purchase:web",
        "purchase:收入",
        "dropout:web",
        "dropout:收入",
    ]
    off = (fitted.params_ - [*BASE[model], *EFFECTS]) / fitted.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"
    expected = fitted.predict_expected_purchases(X, "26W")
    # Sums scatter by about 1 %; both halves of a covariate are met.
    for half in (X["web"] == 0, X["web"] == 1):
        assert expected[half].sum() == pytest.approx(later[half].sum(), rel=0.05)
    plain = make_model(model).fit(X)
    assert fitted.log_likelihood_ > plain.log_likelihood_ + 100


@pytest.mark.parametrize("model", MODELS)
def test_without_effects_it_is_the_plain_model(model):
    X, _ = simulate(model, 300, 2)
    summary, parameters = read_summary(X), BASE[model]
    own = PurchaseSummary(
        summary.frequency, summary.recency, summary.age, summary.weight,
        X[NAMES].to_numpy(),
    )  # fmt: skip
    plain, other = make_model(model), make_model(model, covariates=NAMES)
    plain.k_ = other.k_ = K
    value, gradient = plain._objective(summary)(np.log(parameters))
    point = np.append(np.log(parameters), np.zeros(4))
    own_value, own_gradient = other._objective(own)(point)
    assert own_value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(own_gradient[:4], gradient, rtol=1e-9, atol=1e-12)
    plain.params_ = pd.Series(parameters)
    other.params_ = pd.Series(np.append(parameters, np.zeros(4)))
    for ask in (
        lambda one: one.predict_alive_probability(X),
        lambda one: one.predict_expected_purchases(X, "26W"),
    ):
        np.testing.assert_allclose(ask(other), ask(plain), rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_gradient_is_that_of_the_likelihood(model):
    X, _ = simulate(model, 200, 3)
    fitted = make_model(model, covariates=NAMES)
    fitted.k_ = K
    objective = fitted._objective(fitted._prepare(X).summary)
    for seed in (0, 1):
        point = np.random.default_rng(seed).normal(0, 0.5, 8)
        error = check_grad(
            lambda p: objective(p)[0], lambda p: objective(p)[1], point, epsilon=1e-6
        )
        # One-sided differences of step 1e-6 are good to about 1e-5.
        assert error / (1 + np.abs(objective(point)[1]).max()) < 1e-4


@pytest.mark.parametrize("model", MODELS)
def test_a_customers_own_parameters_are_those_of_the_formula(model):
    X, _ = simulate(model, 3_000, 4)
    fitted = make_model(model, covariates=NAMES).fit(X)
    one = X.iloc[[17]]
    base, c, d = np.split(fitted.params_.to_numpy(), [4, 6])
    z = one[NAMES].to_numpy()[0]
    sign = -1 if model is ParetoNBDModel else 1
    place = 3 if model is ParetoNBDModel else 2
    own = base.copy()
    own[1] *= np.exp(-c @ z)
    own[place] *= np.exp(sign * d @ z)
    alone = make_model(model)
    alone.k_, alone.params_ = K, pd.Series(own)
    np.testing.assert_allclose(
        fitted.predict_expected_purchases(one, "9W"),
        alone.predict_expected_purchases(one, "9W"),
        rtol=1e-10,
    )
    given = dict(zip(NAMES, z, strict=True))
    assert fitted.predict_new_customer_purchases(
        "52W", covariates=given
    ) == pytest.approx(alone.predict_new_customer_purchases("52W"), rel=1e-10)


def test_units_of_covariates_and_time_do_not_matter():
    X, _ = simulate(BetaGeoModel, 3_000, 5)
    weeks = BetaGeoModel(unit="7D", covariates=NAMES).fit(X)
    other = X.assign(web=1 - X["web"], 收入=1e4 + 1000 * X["收入"])
    other[["recency", "T"]] *= 7
    days = BetaGeoModel(unit="1D", covariates=NAMES).fit(other)
    # Newton's steps end at 1e-11, and a middle of 1e4 widths costs four digits more.
    assert days.params_["purchase:web"] == pytest.approx(
        -weeks.params_["purchase:web"], rel=1e-6
    )
    np.testing.assert_allclose(
        days.predict_expected_purchases(other, "26W"),
        weeks.predict_expected_purchases(X, "26W"),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        days.predict_purchases_interval(other, "26W"),
        weeks.predict_purchases_interval(X, "26W"),
        rtol=1e-4,
    )


def test_equal_customers_are_still_counted_once():
    X, _ = simulate(BetaGeoModel, 400, 6)
    once = BetaGeoModel(covariates=NAMES).fit(X)
    thrice = BetaGeoModel(covariates=NAMES).fit(pd.concat([X] * 3))
    np.testing.assert_allclose(thrice.params_, once.params_, rtol=1e-7)
    np.testing.assert_allclose(
        thrice.standard_errors_, once.standard_errors_ / np.sqrt(3), rtol=1e-4
    )
    assert len(BetaGeoModel(covariates=NAMES)._prepare(X).summary.age) == 400


def test_polars_and_pandas_give_the_same():
    polars = pytest.importorskip("polars")
    X, _ = simulate(ParetoNBDModel, 500, 7)
    model = ParetoNBDModel(covariates=NAMES)
    pd.testing.assert_series_equal(
        model.fit(polars.from_pandas(X)).params_, model.fit(X).params_
    )


@pytest.fixture(scope="module")
def fitted():
    X, _ = simulate(BetaGeoModel, 500, 8)
    return BetaGeoModel(unit="7D", covariates=NAMES).fit(X), X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"web": 1.0}, r"\['web'\] are the same for all 500"),
        ({"web": lambda X: 2 - 3 * X["收入"]}, "follows from the others"),
        (
            {"web": lambda X: X["web"].replace(0, np.nan)},
            r"in 2\d\d of 500.*fill it in",
        ),
        ({"web": "x"}, "'web' must be numeric"),
    ],
)
def test_covariates_that_say_nothing_are_refused(fitted, change, message):
    _, X = fitted
    with pytest.raises(SchemaError, match=message):
        BetaGeoModel(covariates=NAMES).fit(X.assign(**change))


@pytest.mark.parametrize("covariates", ["web", ["web", "web"], [1], {"web": 1}])
def test_covariates_are_a_list_of_distinct_names(fitted, covariates):
    with pytest.raises(SchemaError, match="covariates"):
        BetaGeoModel(covariates=covariates).fit(fitted[1])


def test_predictions_need_the_covariates(fitted):
    model, X = fitted
    with pytest.raises(SchemaError, match=r"no columns \['收入'\]"):
        model.predict_alive_probability(X.drop(columns="收入"))
    with pytest.raises(SchemaError, match="a value for each of"):
        model.predict_new_customer_purchases("52W")
    with pytest.raises(SchemaError, match="finite"):
        model.predict_new_customer_purchases(
            "52W", covariates={"web": 1, "收入": np.nan}
        )
    assert model.predict_alive_probability(X[:0]).shape == (0,)
    one_by_one = [model.predict_alive_probability(X.iloc[[i]])[0] for i in range(20)]
    np.testing.assert_array_equal(one_by_one, model.predict_alive_probability(X[:20]))


def test_fewer_customers_than_parameters_and_coefficients_are_refused(fitted):
    with pytest.raises(NotEnoughHistoryError, match=r"7 customers.* 8 parameters"):
        BetaGeoModel(covariates=NAMES).fit(fitted[1][:7])


@pytest.mark.parametrize("model", MODELS)
def test_a_covariate_far_out_ends_in_numbers_or_in_words(model):
    X, _ = simulate(model, 800, 9)
    X.loc[0, "收入"] = 1e6
    fitted, said = make_model(model, covariates=NAMES), None
    try:
        fitted.fit(X)
    except DegenerateFitError as error:
        said = str(error)
    if said is None:
        assert np.isfinite(fitted.params_).all()
        assert np.isfinite(fitted.predict_expected_purchases(X, "26W")).all()
    else:
        assert "'purchase:收入'" in said
        assert "take the logarithm" in said


@pytest.mark.parametrize("far", [-1e4, -40.0, 40.0, 1e4])
@pytest.mark.parametrize("model", MODELS)
def test_predictions_of_outlying_covariates_are_numbers(model, far):
    fitted = make_model(model, covariates=["z"])
    fitted.k_ = K
    names = fitted._layout().all_names
    fitted.params_ = pd.Series([*BASE[model], 1.0, 1.0], index=names)
    X = pd.DataFrame({"frequency": [0, 5], "recency": [0.0, 10.0], "T": 20.0, "z": far})
    expected = fitted.predict_expected_purchases(X, "28D")
    alive = fitted.predict_alive_probability(X)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((alive > 0) & (alive <= 1)).all()


@pytest.mark.parametrize(
    "covariates", [{"web": "a", "收入": 1}, {"web": None, "收入": 1}, [1, 2], "web"]
)
def test_a_new_customers_covariates_are_a_mapping_to_numbers(fitted, covariates):
    with pytest.raises(SchemaError, match="covariates must be"):
        fitted[0].predict_new_customer_purchases("52W", covariates=covariates)


def test_words_for_numbers_are_refused(fitted):
    model, X = fitted
    for ask in (model.predict_purchases_interval, model.predict_alive_interval):
        about = (X, "4W") if ask == model.predict_purchases_interval else (X,)
        with pytest.raises(SchemaError, match=r"coverage must lie in \(0, 1\)"):
            ask(*about, coverage="a")
    with pytest.raises(SchemaError, match="spend must be numbers"):
        model.predict_lifetime_value(X, "4W", spend="a", margin=0.3, discount_rate=0.1)
