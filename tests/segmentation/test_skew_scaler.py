"""The preparation of skewed columns: what is learned, and the way back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew

from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.segmentation import SkewScaler, _column_scale
from crmml.segmentation._scale_kernels import (
    find_median,
    find_quantile,
    take_signed_log,
)

NUMBERS = st.lists(st.integers(-50, 50), min_size=1, max_size=30)


@given(values=NUMBERS, share=st.sampled_from([0.0, 0.01, 0.25, 0.5, 0.9, 1.0]))
def test_weighted_quantile_is_the_inverted_distribution_function(values, share):
    ordered = np.sort(np.array(values, dtype=float))
    expected = next(v for v in ordered if (ordered <= v).mean() >= share - 1e-9)
    ones = np.ones(len(ordered))
    assert find_quantile(ordered, np.cumsum(ones), share) == expected
    from_above = find_quantile(ordered, np.cumsum(ones), 1 - share, True)
    assert from_above == next(
        v for v in ordered[::-1] if (ordered >= v).mean() >= share - 1e-9
    )


@given(values=NUMBERS, data=st.data())
def test_weighted_median_equals_the_median_of_repeated_values(values, data):
    ordered = np.unique(np.array(values, dtype=float))
    times = [data.draw(st.integers(1, 4)) for _ in ordered]
    found = find_median(ordered, np.cumsum(np.array(times, dtype=float)))
    assert found == np.median(np.repeat(ordered, times))


def test_linear_columns_are_centred_on_the_median_and_scaled_by_deviation():
    x = np.random.default_rng(0).normal(100, 15, size=80)
    z = SkewScaler().fit_transform(x.reshape(-1, 1))[:, 0]
    # Up to 100 rows nothing is capped, so these are the plain statistics.
    np.testing.assert_allclose(z, (x - np.median(x)) / x.std(), rtol=1e-12)


def test_skewed_columns_go_through_the_signed_logarithm_by_hand():
    x = np.random.default_rng(1).lognormal(3, 1.5, size=90)
    x[:30] = 0
    scaler = SkewScaler().fit(x.reshape(-1, 1))
    assert scaler.logged_[0]
    unit = np.median(x[x > 0])
    shaped = np.log1p(x / unit)
    assert abs(skew(shaped)) < abs(skew(x))
    expected = (shaped - np.median(shaped)) / shaped.std()
    np.testing.assert_allclose(scaler.transform(x.reshape(-1, 1))[:, 0], expected)


def test_a_column_skewed_to_the_left_stays_linear():
    score = 10 - np.random.default_rng(2).exponential(1, size=300)
    scaler = SkewScaler().fit(score.reshape(-1, 1))
    assert skew(score) < -1
    assert not scaler.logged_[0]


def test_infinite_skew_threshold_never_takes_the_logarithm():
    x = np.random.default_rng(3).lognormal(0, 2, size=(200, 1))
    assert SkewScaler().fit(x).logged_.all()
    assert not SkewScaler(skew_threshold=np.inf).fit(x).logged_.any()


def test_values_outside_the_caps_become_the_caps():
    x = np.arange(1.0, 1001.0).reshape(-1, 1)
    scaler = SkewScaler(cap_quantiles=(0.01, 0.99)).fit(x)
    assert (scaler.lower_[0], scaler.upper_[0]) == (10.0, 991.0)
    z = scaler.transform([[-1e9], [10.0], [991.0], [1e9]])[:, 0]
    assert z[0] == z[1]
    assert z[2] == z[3]


def test_one_outlier_does_not_move_the_scale():
    x = np.random.default_rng(4).normal(size=(500, 1))
    wild = x.copy()
    wild[x.argmax()] = 1e12
    np.testing.assert_array_equal(
        SkewScaler().fit(x).scale_, SkewScaler().fit(wild).scale_
    )


@pytest.mark.parametrize("seed", range(3))
def test_inverse_transform_returns_values_within_the_caps(seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [rng.lognormal(4, 2, 300), rng.normal(size=300), -rng.pareto(1.5, 300)]
    )
    scaler = SkewScaler(cap_quantiles=(0, 1)).fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    # The logarithm and its inverse lose a few of the 16 digits.
    np.testing.assert_allclose(back, X, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("factor", [100.0, 1e-3, 7.0, 1e12])
def test_units_do_not_matter(factor):
    X = np.random.default_rng(5).lognormal(2, 1.5, size=(300, 2))
    X[:, 1] = np.random.default_rng(6).normal(size=300)
    z, y = SkewScaler().fit_transform(X), SkewScaler().fit_transform(X * factor)
    # Multiplying rounds in the 16th digit.
    np.testing.assert_allclose(z, y, rtol=1e-10, atol=1e-12)


def test_row_order_and_repeated_rows_change_no_bit():
    rng = np.random.default_rng(7)
    X = rng.lognormal(size=(60, 2))
    weights = rng.integers(0, 4, size=60)
    weighted = SkewScaler().fit(X, sample_weight=weights)
    repeated = SkewScaler().fit(rng.permutation(np.repeat(X, weights, axis=0)))
    for name in ("lower_", "upper_", "unit_", "center_", "scale_"):
        np.testing.assert_array_equal(getattr(weighted, name), getattr(repeated, name))


def test_missing_values_become_the_median_and_are_not_learned_from():
    x = np.array([1.0, np.nan, 2.0, np.nan, 6.0]).reshape(-1, 1)
    known = SkewScaler().fit(x[~np.isnan(x)].reshape(-1, 1))
    scaler = SkewScaler().fit(x)
    assert scaler.scale_ == known.scale_
    z = scaler.transform(x)[:, 0]
    assert z[1] == z[2] == z[3] == 0
    assert scaler.inverse_transform([[0.0]])[0, 0] == 2.0


@pytest.mark.parametrize("constant", [0.0, 5.0, -1e-300, 1e300])
def test_constant_columns_are_left_out_with_a_warning_that_names_them(constant):
    frame = pd.DataFrame({"varies": [1.0, 2.0, 3.0], "常数": constant})
    with pytest.warns(DataQualityWarning, match=r"constant within the caps: 常数"):
        scaler = SkewScaler().fit(frame)
    z = scaler.transform(frame.assign(常数=99.0))
    assert (z[:, 1] == 0).all()
    assert (scaler.inverse_transform(z)[:, 1] == constant).all()


def test_nearly_constant_columns_are_left_out_too():
    rounding = 0.3 + np.array([0, 1, -1, 2]) * 2.0**-53
    rare = np.r_[np.zeros(199), 1.0]
    with pytest.warns(DataQualityWarning, match="1 of 1 columns"):
        SkewScaler().fit(rounding.reshape(-1, 1))
    with pytest.warns(DataQualityWarning, match="1 of 1 columns"):
        SkewScaler().fit(rare.reshape(-1, 1))


def test_all_missing_columns_are_left_out_with_a_warning():
    frame = pd.DataFrame({"varies": [1.0, 2.0, 3.0], "empty": np.nan})
    with pytest.warns(DataQualityWarning, match=r"all missing: empty"):
        scaler = SkewScaler().fit(frame)
    z = scaler.transform(frame.assign(empty=1.0))
    assert np.isfinite(z).all()
    assert np.isnan(scaler.inverse_transform(z)[:, 1]).all()


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_extreme_sizes_stay_finite(size):
    X = np.random.default_rng(8).lognormal(0, 2, size=(50, 1)) * size
    z = SkewScaler().fit_transform(X / 1e5)
    assert np.isfinite(z).all()
    assert z.std() > 0.5


@pytest.mark.parametrize("caps", [(0.5, 0.5), (-0.1, 1), (0.1,), (0.9, 0.1)])
def test_impossible_caps_are_refused(caps):
    with pytest.raises(SchemaError, match="two increasing shares"):
        SkewScaler(cap_quantiles=caps).fit([[1.0], [2.0]])


def test_inverse_transform_refuses_another_number_of_columns():
    scaler = SkewScaler().fit([[1.0, 2.0], [2.0, 5.0]])
    with pytest.raises(SchemaError, match=r"\(1, 3\), but 2 columns"):
        scaler.inverse_transform([[1.0, 2.0, 3.0]])


def test_read_only_input_is_left_as_it_was():
    X = np.random.default_rng(9).lognormal(size=(20, 2))
    X[3, 1] = np.nan
    before = X.copy()
    X.setflags(write=False)
    SkewScaler().fit(X).transform(X)
    np.testing.assert_array_equal(X, before)


def test_set_output_gives_frames_with_names_and_index():
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1, 0, 5]}, index=["x", "y", "z"])
    out = SkewScaler().set_output(transform="pandas").fit_transform(frame)
    assert list(out.columns) == ["a", "b"]
    assert list(out.index) == ["x", "y", "z"]


def test_of_many_values_evenly_spaced_ranks_tell_the_same(monkeypatch):
    values = np.random.default_rng(0).lognormal(3, 1, (20_000, 1))
    expected = SkewScaler().fit(values)
    monkeypatch.setattr(_column_scale, "MAX_VALUES", 2_000)
    found = SkewScaler().fit(values)
    for name in ("lower_", "upper_", "unit_", "center_", "scale_"):
        # A cap at the first of a hundred moves by a twentieth of its rank at most.
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), rtol=0.05, atol=0.005
        )
    uncapped = SkewScaler(cap_quantiles=(0, 1)).fit(values)
    assert uncapped.lower_[0] == values.min()
    assert uncapped.upper_[0] == values.max()
    order = np.random.default_rng(1).permutation(20_000)
    assert SkewScaler().fit(values[order]).scale_ == found.scale_


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=40))
def test_the_signed_logarithm_is_that_of_numpy(values):
    found = np.array(values)
    expected = np.sign(found) * np.log1p(np.abs(found))
    take_signed_log(found)
    # 1 + t is rounded, which log1p spares itself.
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=5e-16)
