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
        self, follows: Follows, n_customers: int, min_confidence: Fraction
    ) -> pd.DataFrame:
        """Count the rules in other histories and say which of them survive.

        Parameters
        ----------
        follows : Follows
            The other purchases.
        n_customers : int
            Number of customers there.
        min_confidence : fractions.Fraction
            The confidence that a surviving rule reaches.

        Returns
        -------
        pandas.DataFrame of shape (n_rules, 13)
            One row for each rule.
        """
        customers, first, then, count = recount_rules(self.rules, self.items, follows)
        n_watched = len(follows.watched)
        survives = count * n_watched > first * then
        survives[survives] = reaches(count[survives], first[survives], min_confidence)
        confidence, lift = np.full((2, len(first)), np.nan)
        known = first > 0
        confidence[known] = _measures.confidence(count[known], first[known])
        known &= then > 0
        lift[known] = _measures.lift(count[known], first[known], then[known], n_watched)
        learned = self.table
        return pd.DataFrame(
            {
                "antecedents": learned["antecedents"],
                "consequents": learned["consequents"],
                "customer_count": customers,
                "antecedent_count": first,
                "consequent_count": then,
                "count": count,
                "support": customers / n_customers,
                "confidence": confidence,
                "lift": lift,
                "learned_support": learned["support"],
                "learned_confidence": learned["confidence"],
                "learned_lift": learned["lift"],
                "survives": survives,
            }
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
