"""Rules as a table, with the measures asked for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.association._itemsets import Itemsets
from crmml.association._measures import (
    DEFAULT,
    MEASURES,
    check_names,
    measure_rules,
)
from crmml.association._rules import Rules


def make_rule_table(
    rules: Rules,
    itemsets: Itemsets,
    labelled: NDArray[np.object_],
    n_baskets: int,
    measures: Sequence[str] = DEFAULT,
) -> pd.DataFrame:
    """Make the table that users see: both sides, counts, measures.

    Parameters
    ----------
    rules : Rules
        The rules.
    itemsets : Itemsets
        The itemsets they were made from.
    labelled : ndarray of frozenset of shape (n_itemsets,)
        The same itemsets with the user's labels.
    n_baskets : int
        Number of baskets.
    measures : sequence of str
        Names of measures, one column each.

    Returns
    -------
    pandas.DataFrame
        One row for each rule.
    """
    first = itemsets.counts[rules.antecedents]
    then = itemsets.counts[rules.consequents]
    sides = pd.DataFrame(
        {
            "antecedents": pd.Series(labelled[rules.antecedents], dtype=object),
            "consequents": pd.Series(labelled[rules.consequents], dtype=object),
            "antecedent_count": first,
            "consequent_count": then,
            "count": rules.counts,
        }
    )
    measured = measure_rules(rules.counts, first, then, n_baskets, measures)
    return pd.concat([sides, measured], axis=1)


def read_measures(measures: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read which measures are asked for.

    Parameters
    ----------
    measures : sequence of str, "all" or None
        Names beyond those that are always shown.

    Returns
    -------
    tuple of str
        Those always shown, and the ones named.

    Raises
    ------
    SchemaError
        If a name is none of the measures.

    Examples
    --------
    >>> read_measures(["cosine", "lift"])[-2:]
    ('jaccard', 'cosine')
    """
    if measures is None:
        return DEFAULT
    named = tuple(MEASURES) if isinstance(measures, str) else measures
    check_names(named)
    return tuple(dict.fromkeys([*DEFAULT, *named]))


def spell_rules(table: pd.DataFrame) -> str:
    """Spell rules, one on a line.

    Parameters
    ----------
    table : pandas.DataFrame
        A table of rules.

    Returns
    -------
    str
        The lines.
    """
    return "\n".join(
        f"{_spell(rule.antecedents)} -> {_spell(rule.consequents)}: "
        f"support {_spell_share(rule.support)}, confidence {rule.confidence:.2f}, "
        f"lift {rule.lift:.2f}"
        for rule in table.itertuples()
    )


def _spell(itemset: frozenset[Any]) -> str:
    return "{" + ", ".join(str(item) for item in sorted(itemset)) + "}"


def _spell_share(share: float) -> str:
    # Two digits say too little of a support near one per cent.
    return f"{share:.2f}" if share >= 0.1 else f"{share:.4f}"
