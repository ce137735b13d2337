"""The spend model against published figures, exact arithmetic and simulation."""

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from crmml.datasets import load_cdnow
from crmml.exceptions import (
    DataQualityWarning,
    DegenerateFitError,
    NotEnoughHistoryError,
    SchemaError,
)
from crmml.models import GammaGammaModel
from crmml.models._gamma_gamma import _objective


@pytest.fixture(scope="module")
def cdnow():
    """Repeat purchases of the 1/10 sample to the end of September 1997."""
    purchases = load_cdnow(sample=True)
    purchases = purchases[purchases["date"] <= "1997-09-30"]
    days = purchases.groupby(["customer_id", "date"])["dollar_value"].sum()
    repeats = days.reset_index().groupby("customer_id")["dollar_value"]
    return pd.DataFrame(
        {
            "frequency": repeats.size() - 1,
            "monetary_value": repeats.apply(lambda one: one.iloc[1:].mean()),
        }
    )


def test_cdnow_gives_the_published_parameters(cdnow):
    model = GammaGammaModel().fit(cdnow)
    assert model.n_customers_ == 946
    # Fader and Hardie (2013), note 25: p 6.25, q 3.74, v 15.44, rounded.
    np.testing.assert_allclose(model.params_, [6.25, 3.74, 15.44], atol=6e-3)


def test_likelihood_and_gradient_equal_exact_arithmetic():
    x, mean = np.array([1.0, 2.0, 300.0, 1.0]), np.array([0.2, 3.0, 1.0, 70.0])
    for p, q, v in [(6.25, 3.74, 15.4), (0.3, 0.5, 2.0), (40.0, 1.5, 0.1)]:
        total = mp.mpf(0)
        for count, one in zip(x, mean, strict=True):
            shape = mp.mpf(p) * count
            total += mp.log(mp.gamma(shape + q) / mp.gamma(shape) / mp.gamma(q))
            total += q * mp.log(v) + (shape - 1) * mp.log(one)
            total += shape * mp.log(count) - (shape + q) * mp.log(v + count * one)
        objective = _objective(x, mean)
        point = np.log([p, q, v])
        assert objective(point)[0] == pytest.approx(float(total) / 4, rel=1e-10)
        error = check_grad(
            lambda a, o=objective: o(a)[0],
            lambda a, o=objective: o(a)[1],
            point,
            epsilon=1e-6,
        )
        # One-sided differences of step 1e-6 are good to about 1e-5.
        assert error < 1e-4 * (1 + np.abs(objective(point)[1]).max())


def simulate(n, seed, p=5.0, q=4.0, v=20.0):
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.3, n)
    spend = rng.gamma(p * x, 1 / rng.gamma(q, 1 / v, n)) / x
    return pd.DataFrame({"frequency": x, "monetary_value": spend})


def test_known_parameters_are_recovered():
    model = GammaGammaModel().fit(simulate(50_000, 1))
    off = (model.params_ - [5, 4, 20]) / model.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"


def test_expected_spend_lies_between_the_own_and_everybodys_mean(cdnow):
    model = GammaGammaModel().fit(cdnow)
    p, q, v = model.params_
    overall = p * v / (q - 1)
    expected = model.predict_expected_spend(cdnow)
    bought = cdnow["frequency"].to_numpy() > 0
    np.testing.assert_allclose(expected[~bought], overall)
    own = cdnow["monetary_value"].to_numpy()[bought]
    assert (expected[bought] <= np.maximum(own, overall) + 1e-9).all()
    assert (expected[bought] >= np.minimum(own, overall) - 1e-9).all()


def test_the_currency_does_not_matter(cdnow):
    in_cents = cdnow.assign(monetary_value=cdnow["monetary_value"] * 100)
    model, cents = GammaGammaModel().fit(cdnow), GammaGammaModel().fit(in_cents)
    # Newton's steps end at 1e-11; the scaled money is the same up to rounding.
    np.testing.assert_allclose(
        cents.predict_expected_spend(in_cents),
        100 * model.predict_expected_spend(cdnow),
        rtol=1e-8,
    )


def test_spend_that_goes_with_frequency_is_warned_of():
    X = simulate(2_000, 3)
    X["monetary_value"] *= X["frequency"]
    with pytest.warns(DataQualityWarning, match="goes with frequency"):
        GammaGammaModel().fit(X)


def test_bad_input_is_refused_by_column():
    X = simulate(50, 2)
    with pytest.raises(SchemaError, match=r"not above zero, .* 1 of 50 rows \(row 0, "):
        GammaGammaModel().fit(X.assign(monetary_value=[0.0, *X["monetary_value"][1:]]))
    with pytest.raises(
        SchemaError, match=r"not 0 or missing, .* 1 of 50 rows \(row 0, "
    ):
        GammaGammaModel().fit(X.assign(frequency=[0, *X["frequency"][1:]]))
    with pytest.raises(SchemaError, match="missing or infinite in 1 of 50"):
        GammaGammaModel().fit(X.assign(monetary_value=[None, *X["monetary_value"][1:]]))
    with pytest.raises(NotEnoughHistoryError, match="2 customers bought again"):
        GammaGammaModel().fit(X[:2])
    with pytest.raises(SchemaError, match="monetary_value"):
        GammaGammaModel().fit(X[["frequency"]])


def test_customers_who_all_spend_alike_are_refused():
    X = pd.DataFrame({"frequency": [1, 2, 3, 4] * 20, "monetary_value": 7.0})
    with pytest.raises(DegenerateFitError, match="mean spend"):
        GammaGammaModel().fit(X)
