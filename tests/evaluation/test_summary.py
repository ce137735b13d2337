from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmml.evaluation import compute_classification_summary, lift_score
from crmml.exceptions import NotEnoughHistoryError, SchemaError

MEASURES = [
    "n",
    "base_rate",
    "auc",
    "average_precision",
    "brier",
    "log_loss",
    "top_decile_lift",
]
pairs = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.05, 0.1, 0.5, 0.8, 0.95])),
    min_size=2,
    max_size=40,
)


def count_pairs_ranked_right(y, scores):
    """Chance that a leaver outranks a stayer, by looking at every pair."""
    wins = [
        float(a > b) + 0.5 * (a == b)
        for a, left in zip(scores, y, strict=True)
        if left
        for b, other in zip(scores, y, strict=True)
        if not other
    ]
    return sum(wins) / len(wins)


def sum_precision_steps(y, scores):
    """Precision at each distinct score, weighted with the recall gained there."""
    total, found_before = 0.0, 0
    for threshold in sorted(set(scores), reverse=True):
        called = [left for left, s in zip(y, scores, strict=True) if s >= threshold]
        total += (sum(called) - found_before) / sum(y) * sum(called) / len(called)
        found_before = sum(called)
    return total


@given(pairs)
def test_measures_equal_their_definitions(rows):
    y, proba = zip(*rows, strict=True)
    assume(0 < sum(y) < len(y))
    found = compute_classification_summary(y, proba)
    losses = [-log(p if left else 1 - p) for left, p in rows]
    expected = {
        "n": len(y),
        "base_rate": sum(y) / len(y),
        "auc": count_pairs_ranked_right(y, proba),
        "average_precision": sum_precision_steps(y, proba),
        "brier": sum((p - left) ** 2 for left, p in rows) / len(y),
        "log_loss": sum(losses) / len(y),
        "top_decile_lift": lift_score(y, proba),
    }
    assert found.index.tolist() == MEASURES
    for name, value in expected.items():
        # Up to forty additions in another order.
        assert found[name] == pytest.approx(value, abs=1e-10), name


@given(pairs, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first = compute_classification_summary(*zip(*rows, strict=True))
    second = compute_classification_summary(*zip(*shuffled, strict=True))
    pd.testing.assert_series_equal(first, second, rtol=0, atol=1e-12)


def test_a_ranking_has_no_probability_measures():
    found = compute_classification_summary(
        [0, 1, 0, 1], [3, 250, 40, 90], is_probability=False
    )
    assert found["auc"] == 1
    assert found[["brier", "log_loss"]].isna().all()
    assert found.drop(["brier", "log_loss"]).notna().all()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_keeps_what_is_defined_and_leaves_the_rest_missing(label):
    found = compute_classification_summary([label] * 20, np.linspace(0.1, 0.5, 20))
    assert found["n"] == 20
    assert found["base_rate"] == label
    assert found[["brier", "log_loss"]].notna().all()
    assert found[["auc", "average_precision"]].isna().all()
    assert np.isnan(found["top_decile_lift"]) == (label == 0)


def test_certain_and_right_costs_nothing():
    found = compute_classification_summary([0, 1], [0.0, 1.0])
    assert found["brier"] == 0
    assert found["log_loss"] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(compute_classification_summary([1, 0], [0.0, 1.0])["log_loss"])


def test_text_labels_need_the_label_of_those_who_left():
    words = pd.Series(["Yes", "No", "No", "Yes"], index=[9, 9, 1, 0])
    scores = [0.9, 0.2, 0.4, 0.3]
    found = compute_classification_summary(words, scores, pos_label="Yes")
    expected = compute_classification_summary([1, 0, 0, 1], scores)
    pd.testing.assert_series_equal(found, expected)


@pytest.mark.parametrize(
    ("y", "scores", "error", "message"),
    [
        ([0, 1], [0.2, 30.0], SchemaError, "1 of 2 values lie outside"),
        ([0, 1], [0.2, None], SchemaError, "y_score has 1 missing values"),
        ([0, 1, 2], [0.1, 0.2, 0.3], SchemaError, "two classes, got 3"),
        ([], [], NotEnoughHistoryError, "0 rows"),
    ],
)
def test_bad_input_is_refused_by_name(y, scores, error, message):
    with pytest.raises(error, match=message):
        compute_classification_summary(y, scores)
