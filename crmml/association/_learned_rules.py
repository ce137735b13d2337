"""What fitting rules leaves behind; tables are made when somebody looks."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._frequent import MinedItemsets
from crmml.association._offers import Offers, prepare_offers
from crmml.association._rule_table import make_rule_table
from crmml.association._rules import Rules
from crmml.association._selection import find_redundant, keep_rules, weigh_evidence


@dataclass(frozen=True)
class LearnedRules:
    """Rules, and the itemsets they were made from.

    Parameters
    ----------
    rules : Rules
        The rules.
    mined : MinedItemsets
        The itemsets.
    measures : tuple of str
        The measures that the table shows.
    p_values : ndarray of float64 of shape (n_rules,) or None
        Adjusted p-values, where they were asked for.
    """

    rules: Rules
    mined: MinedItemsets
    measures: tuple[str, ...]
    p_values: NDArray[np.float64] | None

    def __getstate__(self) -> dict[str, Any]:
        """Save what was learned and not what can be made from it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table that users see."""
        itemsets, labelled = self.mined.itemsets, self.mined.labelled
        table = make_rule_table(
            self.rules, itemsets, labelled, self.mined.total, self.measures
        )
        return table if self.p_values is None else table.assign(p_value=self.p_values)

    @cached_property
    def offers(self) -> Offers:
        """The rules in the order in which they offer items."""
        mined = self.mined
        return prepare_offers(
            self.rules, mined.itemsets, mined.labelled, mined.items, mined.total
        )


def learn_rules(
    rules: Rules,
    mined: MinedItemsets,
    measures: tuple[str, ...],
    *,
    drop_redundant: bool,
    max_p_value: float | None,
    correction: str,
) -> LearnedRules:
    """Keep the rules that say something.

    Parameters
    ----------
    rules : Rules
        Rules strong enough.
    mined : MinedItemsets
        The itemsets they were made from.
    measures : tuple of str
        The measures to show.
    drop_redundant : bool
        Leave out rules without gain over a shorter one.
    max_p_value : float or None
        The largest adjusted p-value; None: not tested.
    correction : {"holm", "bonferroni", "fdr_bh"}
        How to adjust.

    Returns
    -------
    LearnedRules
        What is left.
    """
    if drop_redundant:
        useless = find_redundant(rules, mined.itemsets, mined.total)
        rules = keep_rules(rules, ~useless)
    p_values = None
    if max_p_value is not None:
        p_values = weigh_evidence(rules, mined.itemsets, mined.total, correction)
        sure = p_values <= float(max_p_value)
        rules, p_values = keep_rules(rules, sure), p_values[sure]
    return LearnedRules(rules, mined, measures, p_values)
