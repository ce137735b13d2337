"""Discrete models, of donations and of renewals, against published figures."""

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from crmml.exceptions import DegenerateFitError, NotEnoughHistoryError, SchemaError
from crmml.models import BetaBinomialModel, ShiftedBetaGeoModel
from crmml.models._beta_binomial import _log_likelihood
from crmml.models._purchase_summary import PurchaseSummary

# Fader, Hardie and Shang (2010), table 1: 11,104 donors first seen in 1995, by number
# and year of their repeat gifts in 1996 to 2001.
DONORS = [
    (6, 6, 1203), (5, 6, 728), (4, 6, 512), (3, 6, 357), (2, 6, 234), (1, 6, 129),
    (5, 5, 335), (4, 5, 284), (3, 5, 225), (2, 5, 173), (1, 5, 119),
    (4, 4, 240), (3, 4, 181), (2, 4, 155), (1, 4, 78),
    (3, 3, 322), (2, 3, 255), (1, 3, 129), (2, 2, 613), (1, 2, 277),
    (1, 1, 1091), (0, 0, 3464),
]  # fmt: skip


@pytest.fixture(scope="module")
def donors():
    rows = [(x, last, 6) for x, last, n in DONORS for _ in range(n)]
    return pd.DataFrame(rows, columns=["frequency", "recency", "T"])


@pytest.fixture(scope="module")
def fitted(donors):
    return BetaBinomialModel(unit="365D").fit(donors)


def test_donors_give_the_published_parameters(fitted):
    # The same table, p. 1092: 1.204, 0.750, 0.657, 2.783 and -33,225.6.
    np.testing.assert_allclose(fitted.params_, [1.204, 0.750, 0.657, 2.783], atol=6e-4)
    assert fitted.log_likelihood_ == pytest.approx(-33225.6, abs=0.05)


def test_expected_gifts_equal_the_closed_form(fitted, donors):
    alpha, beta, gamma, delta = map(mp.mpf, fitted.params_)
    distinct = donors.drop_duplicates()
    found = fitted.predict_expected_purchases(distinct, "1825D")
    summary = PurchaseSummary(
        *[distinct[name].to_numpy(float) for name in ("frequency", "recency", "T")],
        np.ones(len(distinct)),
    )
    likelihood, _ = _log_likelihood(fitted.params_.to_numpy(), summary)
    for one, log_likelihood, expected in zip(
        distinct.itertuples(), likelihood, found, strict=True
    ):
        # Equation 12 of the paper, for five more years.
        x, n = one.frequency, mp.mpf(6)
        front = mp.beta(alpha + x + 1, beta + n - x) / mp.beta(alpha, beta)
        front *= delta / (gamma - 1) * mp.gamma(gamma + delta) / mp.gamma(1 + delta)
        first = mp.gamma(1 + delta + n) / mp.gamma(gamma + delta + n)
        last = mp.gamma(6 + delta + n) / mp.gamma(gamma + delta + n + 5)
        exact = front * (first - last) / mp.e**log_likelihood
        assert expected == pytest.approx(float(exact), rel=1e-8)


def test_gradient_is_that_of_the_likelihood(donors):
    some = donors.drop_duplicates()
    summary = PurchaseSummary(
        *[some[name].to_numpy(float) for name in ("frequency", "recency", "T")],
        np.ones(len(some)),
    )
    objective = BetaBinomialModel()._objective(summary)
    for parameters in ([1.2, 0.7, 0.6, 2.8], [0.1, 30.0, 5.0, 0.2]):
        error = check_grad(
            lambda p: objective(p)[0], lambda p: objective(p)[1], np.log(parameters)
        )
        # One-sided differences of step 1.5e-8 are good to about 1e-6.
        assert error < 1e-5


def test_opportunities_are_whole():
    X = pd.DataFrame({"frequency": [1] * 5, "recency": [1.5] * 5, "T": [3] * 5})
    with pytest.raises(
        SchemaError, match="'recency' is no whole number in 5 of 5 rows"
    ):
        BetaBinomialModel().fit(X)
    with pytest.raises(
        SchemaError, match="'frequency' is above recency in 5 of 5 rows"
    ):
        BetaBinomialModel().fit(X.assign(frequency=3, recency=2))


def test_a_horizon_between_opportunities_is_refused(fitted, donors):
    with pytest.raises(SchemaError, match="whole number of units"):
        fitted.predict_expected_purchases(donors, "400D")


# Fader and Hardie (2007), table 1: per cent of customers still there after each year.
SEGMENTS = {
    "regular": [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1],
    "high end": [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1],
}
PUBLISHED = {"regular": [0.704, 1.182], "high end": [0.668, 3.806]}


def renewals(there):
    there = np.array(there, dtype=float)
    periods = [*range(1, len(there)), len(there) - 1]
    churned = [1] * (len(there) - 1) + [0]
    weight = 10 * np.append(-np.diff(there), there[-1])
    return pd.DataFrame({"n_periods": periods}), churned, weight


@pytest.mark.parametrize("segment", SEGMENTS)
def test_renewals_give_the_published_parameters(segment):
    X, churned, weight = renewals(SEGMENTS[segment])
    model = ShiftedBetaGeoModel().fit(X, churned, sample_weight=weight)
    np.testing.assert_allclose(model.params_, PUBLISHED[segment], atol=6e-4)


def test_survival_is_the_product_of_retention_and_sums_to_what_is_expected():
    X, churned, weight = renewals(SEGMENTS["high end"])
    model = ShiftedBetaGeoModel().fit(X, churned, sample_weight=weight)
    retention = model.predict_retention_rate(np.arange(1, 13))
    assert (np.diff(retention) > 0).all()
    survival = model.predict_survival(np.arange(1, 13))
    np.testing.assert_allclose(np.cumprod(retention), survival, rtol=1e-12)
    there = pd.DataFrame({"n_periods": [0, 3]})
    expected = model.predict_expected_renewals(there, 4)
    after_three = retention[3:7].cumprod().sum()
    np.testing.assert_allclose(expected, [survival[:4].sum(), after_three], rtol=1e-12)


def test_known_renewal_parameters_are_recovered():
    rng = np.random.default_rng(3)
    leaves = rng.beta(0.7, 3.0, 40_000)
    life = rng.geometric(leaves)
    churned = life <= 8
    X = pd.DataFrame({"n_periods": np.where(churned, life, 8)})
    model = ShiftedBetaGeoModel().fit(X, churned)
    off = (model.params_ - [0.7, 3.0]) / model.standard_errors_
    assert np.abs(off).max() < 3.5, "within sampling error"


def test_bad_renewals_are_refused():
    X, churned, _ = renewals(SEGMENTS["regular"])
    with pytest.raises(SchemaError, match="whole numbers from 1 on"):
        ShiftedBetaGeoModel().fit(X - 1, churned)
    with pytest.raises(SchemaError, match="0 or 1"):
        ShiftedBetaGeoModel().fit(X, np.array(churned) * 2)
    with pytest.raises(NotEnoughHistoryError, match="0 of 8 customers left"):
        ShiftedBetaGeoModel().fit(X, np.zeros(8))
    with pytest.raises(SchemaError, match="n_periods"):
        ShiftedBetaGeoModel().fit(X.rename(columns={"n_periods": "n"}), churned)


def test_one_rate_for_everybody_is_refused_in_words():
    # Exactly half leave at the end of each period: no spread between customers.
    there = [100, 50, 25, 12.5, 6.25]
    X, churned, weight = renewals(there)
    with pytest.raises(DegenerateFitError, match="one rate"):
        ShiftedBetaGeoModel().fit(X, churned, sample_weight=weight)


def test_gifts_are_discounted_opportunity_by_opportunity(fitted, donors):
    some = donors.drop_duplicates()
    money = {"spend": 20.0, "margin": 0.5}
    found = fitted.predict_lifetime_value(some, "1095D", discount_rate=0.1, **money)
    by_year, before = 0.0, 0.0
    for year in (1, 2, 3):
        until = fitted.predict_expected_purchases(some, f"{365 * year}D")
        by_year += (until - before) * 10 / 1.1**year
        before = until
    np.testing.assert_allclose(found, by_year, rtol=1e-12)


@pytest.mark.parametrize("periods", [[-3], [np.nan], [1.5]])
def test_periods_that_do_not_exist_are_refused(periods):
    X, churned, weight = renewals(SEGMENTS["regular"])
    model = ShiftedBetaGeoModel().fit(X, churned, sample_weight=weight)
    with pytest.raises(SchemaError, match="whole numbers from 0 on"):
        model.predict_survival(periods)
    with pytest.raises(SchemaError, match="whole numbers from 1 on"):
        model.predict_retention_rate(periods)
    with pytest.raises(SchemaError, match="n_periods"):
        model.predict_expected_renewals(X, 1.5)
