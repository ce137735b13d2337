"""Every measure against its definition in probabilities, and against peers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from crmml.association import compute_measures
from crmml.association._measures import MEASURES
from crmml.exceptions import SchemaError


def xlog(p, q):
    return p * math.log(p / q) if p > 0 else 0.0


def ratio(above, below, otherwise):
    return above / below if below else otherwise


def define(both, only_a, only_b, neither):
    """All measures from the shares of the four cells, as the papers write them."""
    n = both + only_a + only_b + neither
    ab, a, b = both / n, (both + only_a) / n, (both + only_b) / n
    conf, back = both / (both + only_a), both / (both + only_b)
    share_only_a, share_only_b, rest = only_a / n, only_b / n, neither / n
    good, chance = ab + rest, a * b + (1 - a) * (1 - b)
    gain = conf - b
    spread = math.sqrt(a * b * (1 - a) * (1 - b))
    phi = ratio(ab - a * b, spread, 0.0) if 0 not in (n - both - only_a,) else 0.0
    if only_b + neither == 0 or only_a + neither == 0:
        phi = 0.0
    same, other = both * neither, only_a * only_b
    positive = both * n > (both + only_a) * (both + only_b)
    without = only_b + neither
    gini = a * (conf**2 + (1 - conf) ** 2) - b**2 - (1 - b) ** 2
    if without:
        late = only_b / without
        gini += (1 - a) * (late**2 + (1 - late) ** 2)
    sets = [(ab, a * b), (share_only_a, a * (1 - b)), (share_only_b, (1 - a) * b)]
    sets.append((rest, (1 - a) * (1 - b)))
    expected_counter = (both + only_a) * (only_a + neither) / n
    return {
        "support": ab,
        "confidence": conf,
        "lift": ab / (a * b),
        "leverage": ab - a * b,
        "conviction": ratio(a * (1 - b), share_only_a, math.inf)
        if only_a
        else math.inf,
        "jaccard": ab / (a + b - ab),
        "cosine": ab / math.sqrt(a * b),
        "kulczynski": (conf + back) / 2,
        "all_confidence": min(conf, back),
        "max_confidence": max(conf, back),
        "dice": 2 / (1 / conf + 1 / back),
        "imbalance_ratio": abs(a - b) / (a + b - ab),
        "phi": phi,
        "chi_squared": n * phi**2,
        "odds_ratio": 1.0 if same == other == 0 else ratio(same, other, math.inf),
        "yules_q": ratio(same - other, same + other, 0.0),
        "yules_y": ratio(
            math.sqrt(same) - math.sqrt(other), math.sqrt(same) + math.sqrt(other), 0.0
        ),
        "kappa": ratio(good - chance, 1 - chance, 0.0)
        if (only_a or only_b or neither)
        else 0.0,
        "added_value": gain,
        "certainty_factor": gain / (1 - b) if positive else gain / b,
        "laplace": (both + 1) / (both + only_a + 2),
        "relative_risk": 1.0
        if not without
        else ratio(conf, only_b / without, math.inf),
        "counterexample_rate": (both - only_a) / both,
        "least_contradiction": (both - only_a) / (both + only_b),
        "mutual_information": sum(xlog(p, q) for p, q in sets),
        "j_measure": xlog(ab, a * b) + xlog(share_only_a, a * (1 - b)),
        "gini_index": gini,
        "lerman": (both - n * a * b) / math.sqrt(n * a * b),
        "implication_index": ratio(
            only_a - expected_counter, math.sqrt(expected_counter), 0.0
        ),
    }


CELL = st.integers(0, 60)


@given(st.integers(1, 60), CELL, CELL, CELL)
def test_measures_equal_their_definitions(both, only_a, only_b, neither):
    n = both + only_a + only_b + neither
    counts = [np.array([value]) for value in (both, both + only_a, both + only_b)]
    for name, value in define(both, only_a, only_b, neither).items():
        found = MEASURES[name](*counts, n)
        assert found.shape == (1,)
        assert found.dtype == np.float64
        # Cancellation near independence leaves a few units of 1e-16 of cells below 1.
        assert found[0] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_peers_agree_on_what_they_have():
    both, only_a, only_b, neither = 30, 12, 25, 83
    n = 150
    left = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither])
    right = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither])
    table = [[both, only_a], [only_b, neither]]
    chi = stats.chi2_contingency(table, correction=False)
    peers = {
        "kappa": metrics.cohen_kappa_score(left, right),
        "phi": metrics.matthews_corrcoef(left, right),
        "jaccard": metrics.jaccard_score(left, right),
        "dice": metrics.f1_score(left, right),
        "mutual_information": metrics.mutual_info_score(left, right),
        "chi_squared": chi.statistic,
        "chi_squared_p_value": chi.pvalue,
        "fisher_p_value": stats.fisher_exact(table, alternative="greater").pvalue,
        "odds_ratio": stats.contingency.odds_ratio(table, kind="sample").statistic,
        "relative_risk": stats.contingency.relative_risk(
            both, both + only_a, only_b, only_b + neither
        ).relative_risk,
    }
    for name, value in peers.items():
        (found,) = MEASURES[name](np.array([30]), np.array([42]), np.array([55]), n)
        assert found == pytest.approx(value, rel=1e-10), name


@given(st.integers(1, 40), CELL, CELL, CELL)
def test_fisher_equals_scipy(both, only_a, only_b, neither):
    table = [[both, only_a], [only_b, neither]]
    counts = [np.array([value]) for value in (both, both + only_a, both + only_b)]
    n = both + only_a + only_b + neither
    (found,) = MEASURES["fisher_p_value"](*counts, n)
    expected = stats.hypergeom.sf(both - 1, n, both + only_a, both + only_b)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12), table


def test_fisher_of_millions_of_baskets_stays_a_probability():
    counts = np.array([[40_000, 20_000, 300], [10**6, 10**6, 10**4], [10**6] * 3])
    found = MEASURES["fisher_p_value"](*counts, 40_000_000)
    assert ((found >= 0) & (found <= 1)).all()
    assert found[0] < 1e-300
    assert found[1] > 1 - 1e-12
    # Mean 250: three standard deviations above.
    assert found[2] == pytest.approx(
        stats.hypergeom.sf(299, 40_000_000, 10**4, 10**6), rel=1e-6
    )


@given(st.integers(1, 60), CELL, CELL, CELL)
def test_symmetric_measures_and_independence(both, only_a, only_b, neither):
    n = both + only_a + only_b + neither
    c, a, b = (np.array([x]) for x in (both, both + only_a, both + only_b))
    for name in ("cosine", "dice", "phi", "kappa", "jaccard", "mutual_information"):
        one, two = MEASURES[name](c, a, b, n), MEASURES[name](c, b, a, n)
        assert one == pytest.approx(two, rel=1e-9, abs=1e-12)
    # Half of the baskets with A hold B, and half of all do.
    even = [np.array([6]), np.array([12]), np.array([20])]
    for name in ("phi", "yules_q", "added_value", "leverage", "j_measure"):
        assert MEASURES[name](*even, 40) == pytest.approx(0, abs=1e-12)


def test_measures_of_rules_from_elsewhere():
    table = compute_measures([30], [42], [55], 150)
    assert table.columns.tolist() == list(MEASURES)
    assert table.loc[0, "confidence"] == 30 / 42


@pytest.mark.parametrize(
    "counts",
    [
        ([3], [2], [3], 5),
        ([0], [2], [3], 5),
        ([1], [3], [3], 4),
        ([1.0], [2], [3], 5),
        # The root of what is left over would be of a number below 0.
        ([3], [2], [5], 4),
    ],
)
def test_counts_that_no_rule_can_have_are_refused(counts):
    with pytest.raises(SchemaError, match="counts must be"):
        compute_measures(*counts)
