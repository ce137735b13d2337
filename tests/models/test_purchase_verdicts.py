"""Customers who do not determine a model: each kind is detected and said in words."""

import warnings

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import (
    DataQualityWarning,
    DegenerateFitError,
    NotEnoughHistoryError,
)
from crmml.models import (
    BetaBinomialModel,
    BetaGeoModel,
    GammaGammaModel,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    RegularBetaGeoModel,
    ShiftedBetaGeoModel,
)

MODELS = [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel, RegularBetaGeoModel]


def buy_for_ever(n, seed, shape=0.8):
    """Customers none of whom ever leaves."""
    rng = np.random.default_rng(seed)
    rate, ages = rng.gamma(shape, 0.1 / shape, n), rng.uniform(20, 60, n)
    clock, x, last = np.zeros(n), np.zeros(n), np.zeros(n)
    running = np.arange(n)
    while len(running):
        clock[running] += rng.exponential(1 / rate[running])
        running = running[clock[running] < ages[running]]
        x[running] += 1
        last[running] = clock[running]
    return pd.DataFrame({"frequency": x, "recency": last, "T": ages})


@pytest.mark.parametrize("model", MODELS)
def test_that_nobody_leaves_is_said(model):
    with pytest.raises(
        DegenerateFitError, match=r"anybody seems to leave.*frequency / T"
    ):
        model().fit(buy_for_ever(5_000, 2))


@pytest.mark.parametrize("model", MODELS)
def test_that_hardly_anybody_leaves_is_no_silent_fit(model):
    # Of few such customers some seem to have left: then it is said how unsure that is.
    for seed in range(4):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                model().fit(buy_for_ever(400, seed))
            except DegenerateFitError:
                continue
        assert [one.category for one in caught] == [DataQualityWarning]


@pytest.mark.parametrize("model", MODELS)
def test_that_all_buy_at_one_rate_is_said(model):
    with pytest.raises(DegenerateFitError, match="did not converge"):
        model().fit(buy_for_ever(3_000, 1, shape=1e6))


@pytest.mark.parametrize("model", MODELS)
def test_that_nobody_bought_again_is_said(model):
    once = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": np.arange(1.0, 40)})
    with pytest.raises(
        NotEnoughHistoryError, match="None of 39 customers bought again"
    ):
        model().fit(once)


@pytest.mark.parametrize("model", MODELS)
def test_that_customers_are_all_the_same_is_said(model):
    same = pd.DataFrame({"frequency": [1] * 30, "recency": 5.0, "T": 30.0})
    with pytest.raises(DegenerateFitError, match="did not converge"):
        model().fit(same)


def test_that_one_period_tells_nothing_is_said():
    rng = np.random.default_rng(0)
    gave = rng.integers(0, 2, 300)
    one = pd.DataFrame({"frequency": gave, "recency": gave, "T": 1})
    with pytest.raises(NotEnoughHistoryError, match="at least two opportunities"):
        BetaBinomialModel().fit(one)
    with pytest.raises(NotEnoughHistoryError, match="at least two periods"):
        ShiftedBetaGeoModel().fit(pd.DataFrame({"n_periods": [1] * 300}), gave)


def test_that_one_purchase_each_does_not_tell_spends_apart_is_said():
    rng = np.random.default_rng(0)
    # With one repeat purchase a customer, own means and single spends are one.
    X = pd.DataFrame({"frequency": 1, "monetary_value": rng.gamma(2, 10, 1000)})
    with pytest.raises(DegenerateFitError, match="take their mean spend"):
        GammaGammaModel().fit(X)


@pytest.mark.parametrize("sign", [-1, 1])
def test_that_spend_goes_with_frequency_is_said(sign):
    rng = np.random.default_rng(1)
    x = rng.geometric(0.3, 2_000)
    spend = rng.gamma(5, 1 / rng.gamma(4, 1 / 20, 2_000)) * np.exp(sign * 0.4 * x)
    X = pd.DataFrame({"frequency": x, "monetary_value": spend})
    with pytest.warns(DataQualityWarning, match="goes with frequency"):
        GammaGammaModel().fit(X)
