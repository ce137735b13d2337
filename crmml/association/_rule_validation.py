"""Whether rules hold in other baskets, such as those of the weeks after."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._shown import show_verdict
from crmml.association import _measures
from crmml.association._baskets import EncodedBaskets
from crmml.association._hit_rate import HiddenItems, find_hidden
from crmml.association._learned_rules import LearnedRules
from crmml.association._rule_counts import prepare_counter
from crmml.association._selection import adjust_p_values
from crmml.association._thresholds import reaches

VERDICTS = ("confirmed", "holds", "weaker", "gone", "not seen")
"""From the best to the least that later baskets can say of a rule."""


@dataclass(frozen=True, repr=False)
class RuleValidation:
    """What later baskets say of rules; printed, it is a verdict in words.

    Attributes
    ----------
    rules : pandas.DataFrame of shape (n_rules, 15)
        One row for each rule, in the order of ``rules_``: antecedents, consequents;
        antecedent_count, consequent_count, count, support, confidence and lift in the
        later baskets (confidence and lift missing where no basket has the antecedents);
        learned_support, learned_confidence, learned_lift; p_value (Fisher's exact test
        in the later baskets, one-sided, adjusted for the number of rules); survives
        (bool); verdict.
    hits : pandas.DataFrame of shape (3, 8)
        How often a hidden item was found among the items offered, one row for each way
        to offer (``"rules"``; ``"rules, then bestsellers"`` in the places left;
        ``"bestsellers"``): way, n_offers (mean number of items offered), hit_rate and
        gain over bestsellers, both with the bounds of a 95 % interval (_low, _high).
    n_baskets : int
        Number of later baskets.
    n_survive : int
        Number of rules that survive.
    n_confirmed : int
        Number of those that chance does not explain.
    n_trials : int
        Number of items hidden, one at a time.
    offered_share : float
        Share of these trials in which some rule applied.
    verdict : str
        The same in words.

    See Also
    --------
    AssociationRules.validate : Makes one, and says what the verdicts mean.
    """

    rules: pd.DataFrame
    hits: pd.DataFrame
    n_baskets: int
    n_survive: int
    n_confirmed: int
    n_trials: int
    offered_share: float
    verdict: str

    def __repr__(self) -> str:
        """Say the verdict."""
        return self.verdict

    def _repr_html_(self) -> str:
        return show_verdict(self.verdict, self.hits)


def validate_rules(
    learned: LearnedRules,
    baskets: EncodedBaskets,
    *,
    min_confidence: Fraction,
    max_p_value: float,
    correction: str,
    n_items: int,
) -> RuleValidation:
    """Count rules in other baskets and judge them.

    Parameters
    ----------
    learned : LearnedRules
        The rules.
    baskets : EncodedBaskets
        Other baskets, in the codes of the rules.
    min_confidence : fractions.Fraction
        The confidence a surviving rule reaches.
    max_p_value : float
        The largest adjusted p-value of a confirmed rule.
    correction : {"holm", "bonferroni", "fdr_bh"}
        How p-values are adjusted.
    n_items : int
        The number of items offered in each trial.

    Returns
    -------
    RuleValidation
        The result.
    """
    first, then, both = prepare_counter(learned.rules, learned.mined.itemsets)(baskets)
    n = baskets.n_baskets
    plain = _measures.fisher_p_value(both, first, then, n)
    p_values = adjust_p_values(plain, len(plain), correction)
    verdicts = _judge(both, first, then, n, min_confidence, p_values <= max_p_value)
    survives = np.isin(verdicts, VERDICTS[:2])
    itemsets, rules = learned.mined.itemsets, learned.rules
    columns = {
        "antecedents": learned.table["antecedents"],
        "consequents": learned.table["consequents"],
        "antecedent_count": first,
        "consequent_count": then,
        "count": both,
        "support": _measures.support(both, n),
        **_divide(both, first, then, n),
        "learned_support": _measures.support(rules.counts, learned.mined.total),
        "learned_confidence": learned.table["confidence"],
        "learned_lift": learned.table["lift"],
        "p_value": p_values,
        "survives": survives,
        "verdict": pd.Series(verdicts, dtype=object),
    }
    hidden = find_hidden(learned.offers, itemsets, baskets, n_items)
    table = pd.DataFrame(columns)
    return RuleValidation(
        rules=table,
        hits=hidden.table,
        n_baskets=n,
        n_survive=int(survives.sum()),
        n_confirmed=int((verdicts == VERDICTS[0]).sum()),
        n_trials=hidden.n_trials,
        offered_share=hidden.offered_share,
        verdict=" ".join(
            [
                _spell_rules(table, n, float(min_confidence), max_p_value),
                _spell_hits(hidden, n_items),
            ]
        ),
    )


def _judge(
    both: NDArray[np.int64],
    first: NDArray[np.int64],
    then: NDArray[np.int64],
    n: int,
    min_confidence: Fraction,
    is_sure: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Choose the verdict on each rule, comparing counts as integers."""
    seen = first > 0
    together = reaches(first * then, np.maximum(both, 1), Fraction(n)) | (both == 0)
    above = np.zeros(len(both), dtype=bool)
    above[seen] = reaches(both[seen], first[seen], min_confidence)
    # Lift is above 1 unless first x then / both >= n.
    choices = [~seen, together, ~above, ~is_sure]
    return np.select(choices, ["not seen", "gone", "weaker", "holds"], "confirmed")


def _divide(
    both: NDArray[np.int64], first: NDArray[np.int64], then: NDArray[np.int64], n: int
) -> dict[str, NDArray[np.float64]]:
    seen = first > 0
    confidence, lift = np.full((2, len(both)), np.nan)
    confidence[seen] = _measures.confidence(both[seen], first[seen])
    # Consequents that no basket has say nothing about how the two come together.
    known = seen & (then > 0)
    lift[known] = _measures.lift(both[known], first[known], then[known], n)
    return {"confidence": confidence, "lift": lift}


def _spell_rules(
    table: pd.DataFrame, n_baskets: int, min_confidence: float, max_p_value: float
) -> str:
    n_rules, n_survive = len(table), int(table["survives"].sum())
    if not n_rules:
        return f"There are no rules to look for in {n_baskets:,} later baskets."
    n_confirmed = int((table["verdict"] == VERDICTS[0]).sum())
    seen = table["lift"].notna()
    medians = table.loc[seen, ["learned_lift", "lift"]].median()
    compared = (
        f" Median lift: {medians['learned_lift']:.2f} when learned, "
        f"{medians['lift']:.2f} later."
        if seen.any()
        else ""
    )
    return (
        f"{n_survive:,} of {n_rules:,} rules survive in {n_baskets:,} later baskets "
        f"(confidence of at least {min_confidence:g} and lift above 1); "
        f"{n_confirmed:,} of them are confirmed, beyond chance at the level "
        f"{max_p_value:g} adjusted for {n_rules:,} rules.{compared}"
    )


def _spell_hits(hidden: HiddenItems, n_items: int) -> str:
    if not hidden.n_trials:
        return (
            "No basket has two known items, one of them frequent: no offer was tried."
        )
    filled, sales = (hidden.table.iloc[place] for place in (1, 2))
    word = "no clearly more often than"
    if filled["gain_low"] > 0:
        word = "more often than"
    elif filled["gain_high"] < 0:
        word = "less often than"
    between = ""
    if filled["gain_low"] <= filled["gain_high"]:
        low, high = 100 * filled["gain_low"], 100 * filled["gain_high"]
        between = f", 95 % interval {low:+.1f} to {high:+.1f}"
    return (
        f"Of {hidden.n_trials:,} items hidden one at a time, offering {n_items} by "
        f"rules and then bestsellers found {filled['hit_rate']:.1%}, {word} "
        f"bestsellers alone ({sales['hit_rate']:.1%}; difference "
        f"{100 * filled['gain']:+.1f} points{between}); some rule applied to "
        f"{hidden.offered_share:.0%} of the trials."
    )
