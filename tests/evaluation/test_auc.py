import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from crmml.evaluation._auc import compute_auc_influence


@pytest.mark.parametrize("seed", range(5))
def test_area_and_variance_are_delongs_by_loops_over_pairs(seed):
    rng = np.random.default_rng(seed)
    churned = rng.random(60) < 0.3
    # Few values, so that there are ties.
    scores = (churned + rng.normal(size=60)).round(1)
    left, stayed = scores[churned], scores[~churned]
    wins = (left[:, None] > stayed) + 0.5 * (left[:, None] == stayed)
    by_left, by_stayed = wins.mean(axis=1), wins.mean(axis=0)
    variance = by_left.var(ddof=1) / len(left) + by_stayed.var(ddof=1) / len(stayed)
    auc, influence = compute_auc_influence(churned, scores)
    assert auc == pytest.approx(roc_auc_score(churned, scores), abs=1e-12)
    assert (influence**2).sum() == pytest.approx(variance, rel=1e-9)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_one_leaver_has_an_area_and_a_finite_error():
    auc, influence = compute_auc_influence(
        np.array([True, False, False]), np.array([2.0, 1.0, 3.0])
    )
    assert auc == 0.5
    assert np.isfinite(influence).all()
