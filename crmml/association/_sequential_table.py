"""Sequential rules in their one order, and the tables that users see."""

from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association import _measures
from crmml.association._baskets import Item
from crmml.association._itemsets import Itemsets, label_itemsets
from crmml.association._sequential_recount import recount_rules
from crmml.association._sequential_search import SequenceRules
from crmml.association._sequential_sets import Array, Follows
from crmml.association._thresholds import reaches


@dataclass(frozen=True)
class LearnedSequences:
    """Sequential rules, highest lift first; tables are made when somebody looks.

    Parameters
    ----------
    rules : SequenceRules
        The rules.
    items : tuple of str or of int
        The label of each code.
    n_customers : int
        Number of customers.
    n_watched : int
        Number of watched purchases.
    """

    rules: SequenceRules
    items: tuple[Item, ...]
    n_customers: int
    n_watched: int

    def __getstate__(self) -> dict[str, Any]:
        """Save what was learned and not what can be made from it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def labelled(self) -> NDArray[np.object_]:
        """The antecedents as frozensets of labels; shape (n_rules,)."""
        sets, owners = np.unique(self.rules.antecedents, axis=0, return_inverse=True)
        spelled = label_itemsets(
            Itemsets(sets, np.empty(len(sets), np.int64)), self.items
        )
        return spelled[owners.ravel()]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table that users see."""
        rules = self.rules
        customers, first, then, count = rules.counts
        wanted = [frozenset([self.items[code]]) for code in rules.consequents.tolist()]
        early, median, late = rules.gaps
        return pd.DataFrame(
            {
                "antecedents": pd.Series(self.labelled, dtype=object),
                "consequents": pd.Series(wanted, dtype=object),
                "customer_count": customers,
                "antecedent_count": first,
                "consequent_count": then,
                "count": count,
                "support": customers / self.n_customers,
                "confidence": _measures.confidence(count, first),
                "lift": _measures.lift(count, first, then, self.n_watched),
                "gap_days_q25": early,
                "gap_days_median": median,
                "gap_days_q75": late,
            }
        )

    def compare(
        self,
        follows: Follows,
        n_customers: int,
        min_confidence: Fraction,
        min_lift: Fraction | None,
    ) -> pd.DataFrame:
        """Set the rules beside what they come to in other histories.

        Parameters
        ----------
        follows : Follows
            The other purchases.
        n_customers : int
            Number of customers there.
        min_confidence, min_lift : fractions.Fraction
            What a rule must reach to hold; None: any lift.

        Returns
        -------
        pandas.DataFrame of shape (n_rules, 12)
            One row for each rule.
        """
        customers, first, then, count = recount_rules(self.rules, self.items, follows)
        n_watched = len(follows.watched)
        tested, found = first > 0, then > 0
        holds = tested.copy()
        holds[tested] = reaches(count[tested], first[tested], min_confidence)
        if min_lift is not None:
            holds &= found
            expected = first[holds] * then[holds]
            holds[holds] = reaches(count[holds], expected, min_lift / n_watched)
        confidence, lift = np.full((2, len(first)), np.nan)
        confidence[tested] = count[tested] / first[tested]
        both = tested & found
        lift[both] = _measures.lift(count[both], first[both], then[both], n_watched)
        kept = ["antecedents", "consequents", "support", "confidence", "lift"]
        return self.table[kept].assign(
            later_customer_count=customers,
            later_antecedent_count=first,
            later_count=count,
            later_support=customers / n_customers,
            later_confidence=confidence,
            later_lift=lift,
            holds=holds,
        )


def sort_rules(rules: SequenceRules, n_watched: int) -> SequenceRules:
    """Bring rules into their one order.

    Highest lift first, then highest confidence, then most customers, then antecedents
    and consequent in order of labels.

    Parameters
    ----------
    rules : SequenceRules
        The rules.
    n_watched : int
        Number of watched purchases.

    Returns
    -------
    SequenceRules
        The same rules.
    """
    customers, first, then, count = rules.counts
    lift = _measures.lift(count, first, then, n_watched)
    labels: list[Array] = [rules.consequents, *rules.antecedents.T[::-1]]
    confidence = _measures.confidence(count, first)
    return rules[np.lexsort((*labels, -customers, -confidence, -lift))]
