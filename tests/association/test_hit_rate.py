import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import AssociationRules, _hit_rate

BASKETS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=12)


def try_slowly(rules, learned, later, n_items):
    """Hide one item after the other; give hits and numbers of offers for each."""
    counts = {}
    for basket in learned:
        for item in set(basket):
            counts[item] = counts.get(item, 0) + 1
    frequent = {next(iter(s)) for s in rules.itemsets_["itemsets"] if len(s) == 1}
    sold = sorted(frequent, key=lambda item: (-counts[item], item))
    rows = []
    for owner, basket in enumerate(later):
        if len(set(basket) & set(counts)) < 2:
            continue
        for hidden in sorted(set(basket) & frequent):
            rest = set(basket) - {hidden}
            by_rules = rules.predict([sorted(rest)], n_items)["item"].tolist()
            others = [item for item in sold if item not in rest]
            filled = by_rules + [item for item in others if item not in by_rules]
            tried = by_rules, filled[:n_items], others[:n_items]
            rows.append([owner, *(hidden in one for one in tried), *map(len, tried)])
    return np.array(rows, dtype=int)


@settings(max_examples=30, deadline=None)
@given(learned=BASKETS, later=BASKETS, n_items=st.integers(1, 4))
def test_hits_are_those_of_hiding_one_item_after_the_other(learned, later, n_items):
    learned = [*learned, ["a", "b"]]
    later = [*later, ["a", "b"]]
    rules = AssociationRules(2, 0.3).fit(learned * 2)
    result = rules.validate(later, n_items=n_items)
    trials = try_slowly(rules, learned, later, n_items)
    assert result.n_trials == len(trials) > 0
    hits = result.hits.set_index("way")
    assert hits.index.tolist() == ["rules", "rules, then bestsellers", "bestsellers"]
    np.testing.assert_allclose(hits["hit_rate"], trials[:, 1:4].mean(axis=0))
    np.testing.assert_allclose(hits["n_offers"], trials[:, 4:7].mean(axis=0))
    assert result.offered_share == pytest.approx((trials[:, 4] > 0).mean())
    gain = trials[:, 1:4] - trials[:, 3:4]
    np.testing.assert_allclose(hits["gain"], gain.mean(axis=0), atol=1e-15)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    baskets = [rng.choice(12, 5).tolist() for _ in range(120)]
    rules = AssociationRules(3, 0.2).fit(baskets)
    whole = rules.validate(baskets)
    # Also where a single basket is more than a block.
    for size in (60, 3):
        monkeypatch.setattr(_hit_rate, "_BLOCK", size)
        assert rules.validate(baskets).hits.equals(whole.hits)


def test_intervals_cover_the_true_gain_and_narrow_with_more_baskets():
    """About 95 percent of the intervals hold the rate of endless baskets."""
    rng = np.random.default_rng(3)

    def draw(n):
        # b comes with a in four of five baskets, which bestsellers do not know.
        return [
            (["a"] + ["b"] * (rng.random() < 0.8))
            if rng.random() < 0.3
            else rng.choice(list("cdefghij"), 3, replace=False).tolist()
            for _ in range(n)
        ]

    rules = AssociationRules(0.02, 0.5).fit(draw(2000))
    truth = rules.validate(draw(60_000), n_items=2).hits.loc[0, "hit_rate"]
    covered, widths = 0, []
    for _ in range(60):
        row = rules.validate(draw(300), n_items=2).hits.loc[0]
        covered += row["hit_rate_low"] <= truth <= row["hit_rate_high"]
        widths.append(row["hit_rate_high"] - row["hit_rate_low"])
    # Of 60 at 95 percent, fewer than 51 has probability 0.001.
    assert covered >= 51
    wide = rules.validate(draw(30_000), n_items=2).hits.loc[0]
    shrunk = np.mean(widths) / (wide["hit_rate_high"] - wide["hit_rate_low"])
    # A hundred times the baskets, a tenth of the width.
    assert shrunk == pytest.approx(10, rel=0.15)


def test_rules_that_know_the_truth_beat_bestsellers():
    baskets = [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]] * 30
    result = AssociationRules(0.1, 0.5).fit(baskets).validate(baskets, n_items=1)
    hits = result.hits.set_index("way")
    assert hits.loc["rules", "hit_rate"] == 1
    assert hits.loc["bestsellers", "hit_rate"] < 0.3
    assert hits.loc["rules, then bestsellers", "gain_low"] > 0
    assert "more often than bestsellers alone" in result.verdict
