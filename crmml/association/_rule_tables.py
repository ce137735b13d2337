"""Reading what was learned: the rules, the itemsets, some rules in words."""

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml.association._learned_rules import LearnedRules
from crmml.association._rule_table import spell_rules


class RuleTables:
    """Tables of fitted rules, made when somebody looks."""

    _learned: LearnedRules

    @property
    def rules_(self) -> pd.DataFrame:
        """The rules, as a table made when it is first looked at."""
        check_is_fitted(self)
        return self._learned.table

    @property
    def itemsets_(self) -> pd.DataFrame:
        """The itemsets, as a table made when it is first looked at."""
        check_is_fitted(self)
        return self._learned.mined.table

    @property
    def n_rules_(self) -> int:
        """Number of rules."""
        check_is_fitted(self)
        return len(self._learned.rules.counts)

    def to_text(self, n: int = 10) -> str:
        """Spell the first rules, one on a line.

        Parameters
        ----------
        n : int, default=10
            The largest number of rules.

        Returns
        -------
        str
            Lines such as ``{Diapers} -> {Beer}: support 0.60, confidence 0.75, lift
            1.25``; a support below 0.1 has four digits. Empty if there is no rule.

        Raises
        ------
        SchemaError
            If `n` is no integer from 1.
        """
        check_is_fitted(self)
        n = check_count(n, "n")
        return spell_rules(self.rules_.head(n))
