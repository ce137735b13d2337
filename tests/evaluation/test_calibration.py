"""Calibration in the large and in bins; recalibration to a new base rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from crmml.datasets import (
    load_bank_marketing,
    load_mlc_churn,
    load_telco_churn,
    load_tv_churn,
)
from crmml.evaluation import (
    adjust_base_rate,
    compute_calibration_summary,
    compute_reliability_table,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    TreeChurnClassifier,
)


def test_the_error_is_the_weighted_distance_of_the_reliability_table(rng):
    proba = rng.beta(1, 3, 700)
    y = rng.random(700) < np.sqrt(proba)
    table = compute_reliability_table(y, proba, n_bins=7)
    found = compute_calibration_summary(y, proba, n_bins=7)
    distance = (table["mean_predicted"] - table["observed"]).abs()
    assert found["ece"] == pytest.approx((distance * table["n"]).sum() / 700)
    assert found["difference"] == pytest.approx(y.mean() - proba.mean())
    assert found["n"] == 700


def test_true_probabilities_stay_below_chance_about_95_times_in_100():
    rng = np.random.default_rng(1)
    proba = rng.beta(1, 3, 1000)
    found = [
        compute_calibration_summary(rng.random(1000) < proba, proba) for _ in range(200)
    ]
    below = np.mean([one["ece"] <= one["ece_by_chance"] for one in found])
    # 200 draws: the standard error is 0.015; four of them.
    assert below == pytest.approx(0.95, abs=0.06)
    covered = [one["difference_low"] <= 0 <= one["difference_high"] for one in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.06)
    # The error itself is never zero, and its interval knows that it might be.
    assert min(one["ece"] for one in found) > 0
    is_zero = np.array([one["ece_low"] == 0 for one in found])
    assert is_zero.mean() == pytest.approx(0.95, abs=0.06)


def test_intervals_cover_the_true_error_about_95_times_in_100():
    rng = np.random.default_rng(2)
    proba = np.repeat(np.linspace(0.05, 0.5, 10), 200)
    truth = proba * 1.4
    covered = []
    for _ in range(200):
        found = compute_calibration_summary(rng.random(2000) < truth, proba)
        covered.append(found["ece_low"] <= (truth - proba).mean() <= found["ece_high"])
    # Four standard errors of 0.015.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.06)


@pytest.mark.parametrize("seed", range(3))
def test_wrong_probabilities_exceed_chance(seed):
    rng = np.random.default_rng(seed)
    proba = rng.beta(1, 3, 3000)
    y = rng.random(3000) < proba
    for wrong in (proba**2, np.sqrt(proba), 0.5 * proba + 0.125):
        found = compute_calibration_summary(y, wrong)
        assert found["ece_low"] > 0
        assert found["ece"] > found["ece_by_chance"]


@pytest.mark.parametrize(
    "load", [load_telco_churn, load_mlc_churn, load_tv_churn, load_bank_marketing]
)
@pytest.mark.parametrize(
    "model",
    [
        LogisticChurnClassifier(),
        TreeChurnClassifier(random_state=0),
        BoostedChurnClassifier(n_estimators=100, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_probabilities_add_up_to_the_leavers_within_sampling_error(load, model):
    """Calibration in the large on every benchmark set, on customers held back."""
    X, y, *_ = load()
    if len(X) > 10_000:
        X, y = X.iloc[::5], y.iloc[::5]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, stratify=y, random_state=0
    )
    model = clone(model).fit(X_train, y_train)
    proba = model.predict_proba(X_test)[:, 1]
    left = np.asarray(y_test) == model.classes_[1]
    found = compute_calibration_summary(left, proba)
    half = found["difference_high"] - found["difference"]
    # Of the 95 percent interval twice the width: four standard errors.
    assert abs(found["difference"]) <= 2 * half


def test_row_order_changes_nothing_and_a_seed_repeats(rng):
    proba = rng.random(200)
    y = rng.random(200) < proba
    order = rng.permutation(200)
    first = compute_calibration_summary(y, proba)
    assert first.equals(compute_calibration_summary(y[order], proba[order]))
    other = compute_calibration_summary(y, proba, random_state=1)
    assert other["ece"] == first["ece"]
    assert other["ece_high"] != first["ece_high"]


def test_one_row_and_one_class_are_measured():
    found = compute_calibration_summary([0, 0], [0.25, 0.25])
    assert found["ece"] == 0.25
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("y", "proba", "error", "message"),
    [
        ([0, 1], [0.1, 1.2], SchemaError, "y_proba must be probabilities"),
        ([0, 1], [np.nan, 0.2], SchemaError, "y_proba has 1 missing"),
        ([0, 1, 2], [0.1, 0.2, 0.3], SchemaError, "two classes"),
        ([0, 1], [0.1], SchemaError, "2 rows and y_proba has 1"),
        ([], [], NotEnoughHistoryError, "0 rows"),
    ],
)
def test_bad_input_is_refused_by_name(y, proba, error, message):
    with pytest.raises(error, match=message):
        compute_calibration_summary(y, proba)


def test_the_seed_is_a_whole_number():
    with pytest.raises(SchemaError, match="random_state"):
        compute_calibration_summary([0, 1], [0.1, 0.2], random_state=-1)


open_rates = st.floats(0.01, 0.99)


@given(st.lists(st.floats(0, 1), max_size=20), open_rates, open_rates)
def test_adjusting_back_gives_the_first_probabilities(proba, one, other):
    moved = adjust_base_rate(proba, trained_rate=one, new_rate=other)
    assert ((moved >= 0) & (moved <= 1)).all()
    back = adjust_base_rate(moved, trained_rate=other, new_rate=one)
    # Odds are multiplied by up to 1e4 and rounded where p is near 1.
    np.testing.assert_allclose(back, proba, atol=1e-10)
    same = adjust_base_rate(proba, trained_rate=one, new_rate=one)
    np.testing.assert_allclose(same, proba, atol=1e-15)


def test_probabilities_of_a_sample_become_those_of_the_population():
    """Leavers drawn five times as often: the adjusted model is calibrated again."""
    rng = np.random.default_rng(4)
    n = 60_000
    x = rng.normal(size=(n, 1))
    y = rng.random(n) < 1 / (1 + np.exp(2.5 - x[:, 0]))
    kept = y | (rng.random(n) < 0.2)
    # The true probabilities of the sample, so that only the rates differ.
    odds = np.exp(x[kept, 0] - 2.5) * 5
    found = adjust_base_rate(
        odds / (1 + odds), trained_rate=y[kept].mean(), new_rate=y.mean()
    )
    expected = 1 / (1 + np.exp(2.5 - x[kept, 0]))
    # Rates are estimated from thousands of leavers: a percent or two of the odds.
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_certainty_stays_and_an_empty_batch_is_empty():
    found = adjust_base_rate([0, 1], trained_rate=0.5, new_rate=0.01)
    assert found.tolist() == [0, 1]
    assert len(adjust_base_rate([], trained_rate=0.5, new_rate=0.1)) == 0


@pytest.mark.parametrize("rate", [0, 1, -0.1, np.nan, "half"])
def test_base_rates_are_checked(rate):
    with pytest.raises(SchemaError, match="trained_rate must lie strictly"):
        adjust_base_rate([0.5], trained_rate=rate, new_rate=0.5)
    with pytest.raises(SchemaError, match="new_rate must lie strictly"):
        adjust_base_rate([0.5], trained_rate=0.5, new_rate=rate)


def test_what_is_no_probability_is_not_adjusted():
    with pytest.raises(SchemaError, match="y_proba must be probabilities"):
        adjust_base_rate([1.5], trained_rate=0.5, new_rate=0.1)
