import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from crmml.evaluation import compute_reliability_table
from crmml.exceptions import NotEnoughHistoryError, SchemaError

pairs = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])),
    min_size=1,
    max_size=60,
)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [1, 6])
def test_bins_are_those_of_scikit_learn(seed, decimals):
    rng = np.random.default_rng(seed)
    proba = rng.beta(1, 3, size=500).round(decimals)
    y = rng.random(500) < proba
    table = compute_reliability_table(y, proba, n_bins=8)
    observed, predicted = calibration_curve(y, proba, n_bins=8, strategy="quantile")
    # Both are means of the same numbers, added up in another order.
    np.testing.assert_allclose(table["observed"], observed, atol=1e-12)
    np.testing.assert_allclose(table["mean_predicted"], predicted, atol=1e-12)


@given(pairs, st.integers(1, 12), st.randoms(use_true_random=False))
def test_table_adds_up_and_row_order_changes_nothing(rows, n_bins, random):
    y, proba = (np.array(column) for column in zip(*rows, strict=True))
    table = compute_reliability_table(y, proba, n_bins=n_bins)
    assert table["n"].sum() == len(y)
    assert (table["n"] > 0).all()
    assert len(table) <= n_bins
    assert (table["n"] * table["observed"]).sum() == pytest.approx(y.sum())
    assert (table["n"] * table["mean_predicted"]).sum() == pytest.approx(proba.sum())
    assert table["mean_predicted"].is_monotonic_increasing
    assert table["observed_low"].between(0, table["observed"]).all()
    assert table["observed_high"].between(table["observed"], 1).all()
    shuffled = list(rows)
    random.shuffle(shuffled)
    y_2, proba_2 = zip(*shuffled, strict=True)
    assert table.equals(compute_reliability_table(y_2, proba_2, n_bins=n_bins))


def test_intervals_are_wilson_intervals_of_scipy():
    y = np.r_[np.ones(3), np.zeros(17)]
    table = compute_reliability_table(y, np.full(20, 0.2), n_bins=5)
    expected = binomtest(3, 20).proportion_ci(method="wilson")
    assert len(table) == 1
    # scipy finds the same roots in closed form.
    assert table["observed_low"][0] == pytest.approx(expected.low, abs=1e-9)
    assert table["observed_high"][0] == pytest.approx(expected.high, abs=1e-9)


def test_intervals_cover_true_probabilities_about_95_times_in_100():
    rng = np.random.default_rng(3)
    proba = np.repeat(np.linspace(0.05, 0.95, 10), 200)
    covered = []
    for _ in range(100):
        table = compute_reliability_table(rng.random(2000) < proba, proba)
        covered.append(
            table["mean_predicted"].between(
                table["observed_low"] - 1e-12, table["observed_high"] + 1e-12
            )
        )
    # 1,000 intervals: the standard error is 0.007; four of them either side.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.028)


def test_one_class_is_a_valid_table():
    table = compute_reliability_table([0, 0, 0], [0.1, 0.2, 0.3], n_bins=3)
    assert table["observed"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("y", "proba", "error", "message"),
    [
        ([0, 1], [0.1, 1.2], SchemaError, "y_proba must be probabilities.*1 of 2"),
        ([0, 1], [-0.1, 0.2], SchemaError, "y_proba must be probabilities.*1 of 2"),
        ([0, 1], [np.nan, 0.2], SchemaError, "y_proba has 1 missing values"),
        ([0, 1, 2], [0.1, 0.2, 0.3], SchemaError, "two classes, got 3"),
        ([], [], NotEnoughHistoryError, "0 rows"),
    ],
)
def test_bad_input_is_refused_by_name(y, proba, error, message):
    with pytest.raises(error, match=message):
        compute_reliability_table(y, proba)


@pytest.mark.parametrize("n_bins", [0, -1, 2.5])
def test_number_of_bins_is_checked(n_bins):
    with pytest.raises(SchemaError, match="n_bins"):
        compute_reliability_table([0, 1], [0.1, 0.2], n_bins=n_bins)
