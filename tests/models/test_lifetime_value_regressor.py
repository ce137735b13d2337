"""The two-part model: totals kept, currency free, better than one plain regression."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models import LifetimeValueRegressor


def make_spend(n, seed):
    """Spend that is zero for most; also what it is on average for each row."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"次数": rng.poisson(3, n), "区域": rng.choice(["北京", "上海", "深圳"], n)}
    )
    X["n_missing"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    chance = 1 / (1 + np.exp(2.5 - 0.6 * X["次数"]))
    mean = 20 * np.exp(0.3 * X["次数"] + 0.8 * (X["区域"] == "上海"))
    spent = np.where(rng.random(n) < chance, rng.gamma(0.7, mean / 0.7), 0.0)
    return X, spent, (chance * mean).to_numpy()


def test_predictions_add_up_to_what_was_spent():
    X, spent, _ = make_spend(3000, 0)
    model = LifetimeValueRegressor().fit(X, spent)
    assert model.predict(X).sum() == pytest.approx(spent.sum(), rel=1e-6)
    assert model.share_of_buyers_ == pytest.approx((spent > 0).mean())
    assert 0.8 < model.correction_ < 1.25


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_closer_to_the_true_mean_than_one_plain_regression(seed):
    X, spent, _ = make_spend(4000, seed)
    new, _, true_mean = make_spend(4000, seed + 100)
    ours = LifetimeValueRegressor().fit(X, spent).predict(new)
    codes = {"北京": 0, "上海": 1, "深圳": 2}
    flat = HistGradientBoostingRegressor(random_state=0).fit(
        X.replace({"区域": codes}).astype(float), spent
    )
    plain = flat.predict(new.replace({"区域": codes}).astype(float))
    assert np.abs(ours - true_mean).mean() < np.abs(plain - true_mean).mean()


def test_the_currency_does_not_matter():
    X, spent, _ = make_spend(800, 4)
    one = LifetimeValueRegressor().fit(X, spent).predict(X)
    cents = LifetimeValueRegressor().fit(X, spent * 100).predict(X)
    # Trees compare and add in single precision.
    np.testing.assert_allclose(cents, one * 100, rtol=1e-4)


def test_everybody_spending_needs_no_first_part():
    X, _, mean = make_spend(500, 5)
    model = LifetimeValueRegressor().fit(X, mean)
    assert model.share_of_buyers_ == 1.0
    assert model.predict(X[:0]).shape == (0,)


def test_bad_spend_is_refused():
    X, spent, _ = make_spend(50, 6)
    with pytest.raises(SchemaError, match="negative in 1 of 50"):
        LifetimeValueRegressor().fit(X, [-1.0, *spent[1:]])
    with pytest.raises(SchemaError, match="missing or infinite"):
        LifetimeValueRegressor().fit(X, [np.nan, *spent[1:]])
    with pytest.raises(NotEnoughHistoryError, match="None of 50"):
        LifetimeValueRegressor().fit(X, np.zeros(50))
