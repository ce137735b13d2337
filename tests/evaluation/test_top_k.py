import numpy as np
import pytest

from crmml.evaluation import compute_top_k_summary, lift_score
from crmml.exceptions import NotEnoughHistoryError, SchemaError


@pytest.mark.parametrize("seed", range(4))
def test_it_counts_what_the_list_holds(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 200)
    scores = rng.permutation(200)
    found = compute_top_k_summary(y, scores, top_k=30)
    caught = y[np.argsort(-scores)[:30]].sum()
    assert found["churners"] == caught
    assert found["precision"] == caught / 30
    assert found["recall"] == caught / y.sum()
    assert found["lift"] == pytest.approx(lift_score(y, scores, fraction=0.15))


def test_ties_are_shared():
    found = compute_top_k_summary([1, 0, 0, 0], [1, 1, 1, 1], top_k=2)
    assert found["churners"] == 0.5
    assert found["lift"] == 1


def test_the_whole_list_holds_everyone():
    found = compute_top_k_summary([1, 0, 1], [0.1, 0.2, 0.3], top_k=3)
    assert found["recall"] == found["lift"] == 1


@pytest.mark.parametrize(
    ("y", "top_k", "error", "message"),
    [
        ([0, 1], 3, NotEnoughHistoryError, "top_k=3 needs at least 3 rows, got 2"),
        ([0, 1], 0, SchemaError, "top_k must be a whole number"),
        ([0, 0], 1, NotEnoughHistoryError, "compute_top_k_summary needs at least one"),
        ([0, 1, 2], 1, SchemaError, "2 classes|two classes|2 rows|3 rows"),
    ],
)
def test_bad_input_is_refused(y, top_k, error, message):
    with pytest.raises(error, match=message):
        compute_top_k_summary(y, list(range(len(y))), top_k=top_k)
