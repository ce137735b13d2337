"""Each way to measure a column, by a peer or by a planted leak."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from crmml.evaluation import find_leaks
from crmml.exceptions import NotEnoughHistoryError, SchemaError


@pytest.fixture
def y(rng):
    return (rng.random(1000) < 0.2).astype(int)


def area(column, y, **kwargs):
    found = find_leaks(pd.DataFrame({"column": column}), y, **kwargs)
    return found.loc[0, "auc"], found.loc[0, "by"]


def test_a_monotone_column_has_its_own_area(rng, y):
    # So strong a signal that binning it costs more than chance gives the bins.
    score = 4 * y + rng.normal(size=len(y))
    expected = roc_auc_score(y, score)
    for column in (score, -score, np.exp(score), 3 - score):
        found, by = area(column, y)
        assert by == "order"
        assert found == pytest.approx(expected, abs=1e-12)


def test_missing_values_are_a_value_of_their_own(rng, y):
    """Filled in for leavers only: a bill, a date, a reason."""
    filled = {
        "bill": np.where(y == 1, rng.normal(size=len(y)), np.nan),
        "open": np.where(y == 0, rng.normal(size=len(y)), np.nan),
        "left": pd.Series(pd.Timestamp("2024-01-01"), range(len(y))).where(y == 1),
        "reason": pd.Series("price", range(len(y)), dtype="str").where(y == 1),
        "category": pd.Series(np.where(y == 1, "x", None)).astype("category"),
        "flag": pd.Series(True, range(len(y)), dtype="boolean").where(y == 1),
        "whole": pd.Series(5, range(len(y)), dtype="Int64").where(y == 1),
    }
    X = pd.DataFrame({**filled, "noise": rng.normal(size=len(y))})
    found = find_leaks(X, y).set_index("column")
    assert (found.loc[list(filled), "auc"] == 1.0).all()
    assert found["is_suspicious"].tolist() == [True] * 7 + [False]
    assert found.loc["bill", "n_missing"] == (y == 0).sum()
    assert found.loc["open", "n_missing"] == (y == 1).sum()


def test_a_column_that_is_high_or_low_for_leavers_is_seen_by_bins(rng):
    column = rng.normal(size=2000)
    y = np.abs(column) > 1
    found, by = area(column, y)
    assert by == "bins"
    # At most the two bins that hold -1 and 1 are mixed.
    assert found > 0.97
    assert abs(roc_auc_score(y, column) - 0.5) < 0.05


def test_levels_are_ranked_by_their_share_of_leavers(rng, y):
    levels = rng.choice(list("abcd"), len(y))
    rates = pd.Series(y).groupby(levels).mean()
    expected = roc_auc_score(y, rates.loc[levels])
    assert area(levels, y) == (pytest.approx(expected, abs=1e-12), "levels")


def test_ids_and_noise_tell_nothing(rng, y):
    X = pd.DataFrame(
        {
            "id": [f"customer {i}" for i in range(len(y))],
            "number": rng.permutation(len(y)),
            "noise": rng.normal(size=len(y)),
            "constant": 1.0,
            "empty": np.nan,
            "words": rng.choice(list("abcdefghij"), len(y)),
        }
    )
    found = find_leaks(X, y).set_index("column")["auc"]
    assert found[["id", "constant", "empty"]].tolist() == [0.5] * 3
    # Twenty bins of 50 rows, ranked on the rows themselves, flatter by chance.
    assert found.max() < 0.65


def test_the_best_come_first_and_the_threshold_is_exceeded_not_met():
    y = [0] * 50 + [1] * 50
    good = [0] * 49 + [1] + [1] * 50
    X = pd.DataFrame({"same": 1, "good": good, "perfect": y})
    found = find_leaks(X, y, threshold=0.99)
    assert found["column"].tolist() == ["perfect", "good", "same"]
    # One of 50 who stayed ties with all 50 leavers: 1 - 0.5 / 50.
    assert found["auc"].tolist() == [1.0, 0.99, 0.5]
    assert found["is_suspicious"].tolist() == [True, False, False]
    assert find_leaks(X, y)["is_suspicious"].tolist() == [True, True, False]


def test_containers_row_order_and_labels_do_not_matter(rng, y):
    X = pd.DataFrame(
        {"a": y + rng.normal(size=len(y)), "文字": rng.choice(["x", "y"], len(y))}
    )
    found = find_leaks(X, y)
    order = rng.permutation(len(y))
    others = [
        find_leaks(pl.from_pandas(X), y),
        find_leaks(pl.from_pandas(X).to_arrow(), pl.Series(y)),
        find_leaks(X.iloc[order], y[order]),
        find_leaks(X, np.where(y == 1, "gone", "here"), pos_label="gone"),
    ]
    for other in others:
        pd.testing.assert_frame_equal(other, found)
    array = find_leaks(X[["a"]].to_numpy(), y)
    assert array["column"].tolist() == ["x0"]
    assert array["auc"].tolist() == found.loc[found["column"] == "a", "auc"].tolist()


def test_names_that_are_no_text_and_infinite_values(y):
    X = pd.DataFrame({0: np.where(y == 1, np.inf, -np.inf), 1: 1.0})
    found = find_leaks(X, y)
    assert found["column"].tolist() == [0, 1]
    assert found["auc"].tolist() == [1.0, 0.5]


def test_inputs_are_not_modified(rng, y):
    X = pd.DataFrame({"a": rng.normal(size=len(y)), "b": "x"})
    before = X.copy(deep=True)
    find_leaks(X, y)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("threshold", [0.5, 1.01, "0.9", None, float("nan")])
def test_a_threshold_that_cannot_be_used_is_named(y, threshold):
    with pytest.raises(SchemaError, match="threshold must lie in"):
        find_leaks(pd.DataFrame({"a": y}), y, threshold=threshold)


def test_what_cannot_be_ranked_is_refused(y):
    X = pd.DataFrame({"a": y})
    with pytest.raises(SchemaError, match="y_true has 999 rows and X has 1000"):
        find_leaks(X, y[:-1])
    with pytest.raises(SchemaError, match="two dimensions, got 1"):
        find_leaks(y, y)
    with pytest.raises(SchemaError, match="repeats 1 column names"):
        find_leaks(pd.concat([X, X], axis=1), y)
    with pytest.raises(SchemaError, match="column 'a' holds lists"):
        find_leaks(pd.DataFrame({"a": [[1]] * len(y)}), y)
    for value in (0, 1):
        with pytest.raises(NotEnoughHistoryError):
            find_leaks(X, np.full(len(y), value))
