import traceback
from itertools import pairwise, permutations
from math import floor

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmml.evaluation import compute_gain_table, lift_score
from crmml.exceptions import NotEnoughHistoryError, SchemaError

# Few distinct scores, so that ties are the rule.
rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=60
)


def average_over_every_order(y, scores, n_top):
    """Mean number of leavers on top over all permutations that respect the scores."""
    captured = [
        sum(y[i] for i in order[:n_top])
        for order in permutations(range(len(y)))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    return sum(captured) / len(captured)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=6),
    st.sampled_from([0.1, 0.25, 0.5, 0.7, 1.0]),
)
def test_lift_is_the_mean_over_all_ways_to_break_ties(pairs, fraction):
    y, scores = zip(*pairs, strict=True)
    assume(any(y))
    n_top = max(1, floor(fraction * len(y) + 0.5))
    expected = average_over_every_order(y, scores, n_top) / n_top / np.mean(y)
    # A handful of additions and divisions of numbers near 1.
    assert lift_score(y, scores, fraction=fraction) == pytest.approx(
        expected, abs=1e-12
    )


@given(rows, st.floats(0.01, 1.0))
def test_lift_lies_between_zero_and_the_perfect_ranking(pairs, fraction):
    y, scores = (np.array(column) for column in zip(*pairs, strict=True))
    assume(y.any())
    lift = lift_score(y, scores, fraction=fraction)
    perfect = lift_score(y, y, fraction=fraction)
    assert 0 <= lift <= perfect + 1e-12
    assert perfect <= 1 / y.mean() + 1e-12


@given(rows, st.integers(1, 12), st.randoms(use_true_random=False))
def test_order_of_rows_and_monotone_transforms_change_nothing(pairs, n_bins, random):
    y, scores = zip(*pairs, strict=True)
    assume(any(y))
    assume(len(y) >= n_bins)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    y_2, scores_2 = zip(*shuffled, strict=True)
    first = compute_gain_table(y, scores, n_bins=n_bins)
    second = compute_gain_table(y_2, np.exp(scores_2), n_bins=n_bins)
    assert first.equals(second)


@given(rows, st.integers(1, 12))
def test_gain_table_adds_up(pairs, n_bins):
    y, scores = zip(*pairs, strict=True)
    assume(any(y))
    assume(len(y) >= n_bins)
    table = compute_gain_table(y, scores, n_bins=n_bins)
    assert table["bin"].tolist() == list(range(1, n_bins + 1))
    assert table["n"].sum() == len(y)
    assert table["n"].max() - table["n"].min() <= 1
    assert table["churners"].sum() == pytest.approx(sum(y))
    assert table["churn_rate"].between(-1e-12, 1 + 1e-12).all()
    # Summing the bins again gives the cumulative columns.
    np.testing.assert_allclose(
        table["churners"].cumsum() / sum(y), table["cumulative_gain"], atol=1e-12
    )
    np.testing.assert_allclose(
        table["n"].cumsum() / len(y), table["cumulative_share"], atol=1e-12
    )
    assert table["cumulative_gain"].iloc[-1] == 1
    assert table["cumulative_lift"].iloc[-1] == 1


@pytest.mark.parametrize("n", [10, 23, 247, 1000])
def test_first_decile_of_the_table_is_the_lift_score(n):
    rng = np.random.default_rng(n)
    y = rng.integers(0, 2, size=n)
    scores = rng.normal(size=n).round(1)
    table = compute_gain_table(y, scores)
    assert table["lift"].iloc[0] == pytest.approx(lift_score(y, scores), abs=1e-12)
    assert table["cumulative_lift"].iloc[2] == pytest.approx(
        lift_score(y, scores, fraction=0.3), abs=1e-12
    )


def test_all_scores_equal_is_a_lift_of_one_everywhere():
    y = np.array([1, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    assert lift_score(y, np.zeros(10)) == pytest.approx(1)
    table = compute_gain_table(y, np.zeros(10), n_bins=3)
    np.testing.assert_allclose(table["lift"], 1, atol=1e-12)


def test_a_half_is_rounded_up_although_its_product_falls_short_of_it():
    assert 0.29 * 50 < 14.5
    y = np.r_[np.ones(14), 0, np.zeros(35)]
    # 15 are called, 14 of them left; with 14 called the lift would be 50 / 14.
    lift = lift_score(y, -np.arange(50), fraction=0.29)
    assert lift == pytest.approx(14 / 15 * 50 / 14)


def test_labels_may_be_booleans_signs_or_words():
    scores = [0.9, 0.4, 0.3, 0.2]
    expected = lift_score([1, 0, 1, 0], scores, fraction=0.5)
    for y in ([True, False, True, False], [1, -1, 1, -1], [1.0, 0.0, 1.0, 0.0]):
        assert lift_score(y, scores, fraction=0.5) == expected
    words = pl.Series(["流失", "留存", "流失", "留存"])
    assert lift_score(words, scores, fraction=0.5, pos_label="流失") == expected


def test_read_only_arrays_are_taken_and_left_alone():
    y, scores = np.array([1, 0, 1, 0]), np.array([0.1, 0.2, 0.3, 0.4])
    y.flags.writeable = scores.flags.writeable = False
    compute_gain_table(y, scores, n_bins=2)
    assert scores.tolist() == [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("measure", [lift_score, compute_gain_table])
@pytest.mark.parametrize(
    ("y", "scores", "error", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], SchemaError, "two classes, got 3"),
        ([0, 1, 0], [0.1, np.nan, 0.3], SchemaError, "y_score has 1 missing values"),
        ([0, 1, 0], [0.1, np.inf, 0.3], SchemaError, "1 infinite values among 3"),
        ([0, 1, None], [0.1, 0.2, 0.3], SchemaError, "y_true has 1 missing values"),
        ([0, 1], [0.1, 0.2, 0.3], SchemaError, "2 rows and y_score has 3"),
        ([0, 1], ["high", "low"], SchemaError, "must be numeric"),
        ([0, 1], [[0.5, 0.5], [0.1, 0.9]], SchemaError, r"shape \(2, 2\)"),
        (["No", "Yes"], [0.1, 0.2], SchemaError, "pos_label="),
        ([0, 5], [0.1, 0.2], SchemaError, "pos_label="),
        ([0, 0], [0.1, 0.2], NotEnoughHistoryError, "0 among 2 rows"),
        ([], [], NotEnoughHistoryError, "0 rows"),
    ],
)
def test_bad_input_is_refused_by_name(measure, y, scores, error, message):
    with pytest.raises(error, match=message):
        measure(y, scores)


def test_a_pos_label_that_is_no_class_is_refused():
    with pytest.raises(SchemaError, match="not among the two classes"):
        lift_score(["No", "Yes"], [0.1, 0.2], pos_label="yes")


def test_messages_quote_no_value_of_the_data():
    with pytest.raises(SchemaError) as caught:
        lift_score(["Ann Lee", "Bo Ek"], [0.1, 0.2])
    assert "Ann" not in str(caught.value)
    # Nor does the traceback, where a cause would be printed too.
    names = ["Ann Lee", "Bo Ek"]
    with pytest.raises(SchemaError) as caught:
        lift_score([0, 1], names)
    assert "Ann" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, np.nan])
def test_fraction_must_be_a_share(fraction):
    with pytest.raises(SchemaError, match="fraction"):
        lift_score([0, 1], [0.1, 0.2], fraction=fraction)


def test_bins_are_whole_and_not_more_than_rows():
    with pytest.raises(SchemaError, match="n_bins"):
        compute_gain_table([0, 1], [0.1, 0.2], n_bins=0)
    with pytest.raises(SchemaError, match="n_bins"):
        compute_gain_table([0, 1], [0.1, 0.2], n_bins=2.0)
    with pytest.raises(NotEnoughHistoryError, match="n_bins=10 needs at least 10"):
        compute_gain_table([0, 1], [0.1, 0.2])
