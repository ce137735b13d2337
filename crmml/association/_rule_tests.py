"""Tomorrow's test: fitted rules against baskets they were not learned from."""

from fractions import Fraction
from typing import Any

from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml.association._basket_input import encode_baskets
from crmml.association._basket_tables import check_learned, read_cutoff
from crmml.association._learned_rules import LearnedRules
from crmml.association._other_counts import recode
from crmml.association._rule_validation import RuleValidation, validate_rules
from crmml.association._thresholds import as_fraction
from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables


class RuleTests:
    """Whether fitted rules hold in other baskets."""

    _learned: LearnedRules
    _until: int | None = None
    order_column: Any
    item_column: str
    basket_by: str
    min_confidence: float | Fraction
    correction: str

    def validate(
        self,
        later_baskets: Any,
        *,
        n_items: int = 3,
        max_p_value: float = 0.05,
        cutoff: Any = None,
    ) -> RuleValidation:
        """Test the rules, and what they offer, on later baskets.

        A rule *survives* if its confidence in the later baskets reaches
        `min_confidence` and its lift is above 1, both compared as integers. The verdict
        on a rule is the first of these that applies:

        - ``"not seen"``: no later basket holds the antecedents;
        - ``"gone"``: lift is at most 1;
        - ``"weaker"``: lift is above 1, confidence below `min_confidence`;
        - ``"holds"``: it survives, but chance could do that too;
        - ``"confirmed"``: it survives, and Fisher's exact test on the later baskets
          alone, adjusted by `correction` for the number of rules, is at most
          `max_p_value`.

        The offers are tested by leaving one out: in each later basket with two or more
        of the items that learned baskets held, each that was frequent there is hidden
        in turn, and `n_items` items are offered for the rest. Bestsellers are the items
        that most of the learned baskets hold, without those that the rest holds.

        Parameters
        ----------
        later_baskets : table, CustomerTables, path or sequence of collections
            Baskets from after those learned from, in one of the forms of
            :class:`FrequentItemsets`. Each counts one.
        n_items : int, default=3
            The number of items offered.
        max_p_value : float, default=0.05
            The largest adjusted p-value of a confirmed rule, 0 to 1.
        cutoff : str or datetime, default=None
            For customer tables: only orders at or after it count. None: the cutoff of
            `fit`.

        Returns
        -------
        RuleValidation
            Tables ``rules`` and ``hits``, and a ``verdict`` in words, which is also
            what is printed.

        Raises
        ------
        SchemaError
            If an argument is not as above, or items are of another type than in `fit`.
        NotEnoughHistoryError
            If there is no later basket.
        LeakageError
            If the rules were learned from orders at or after the cutoff.

        Notes
        -----
        Intervals take baskets as independent. Where a few customers bring most of the
        baskets they are too narrow.

        Examples
        --------
        >>> from crmml.association import AssociationRules
        >>> week = [["Diapers", "Beer"]] * 6 + [["Diapers"]] * 2 + [["Milk"]] * 12
        >>> rules = AssociationRules(0.2, 0.5).fit(week)
        >>> result = rules.validate(week * 2)
        >>> result.rules[["confidence", "lift", "p_value", "verdict"]].round(4)
           confidence  lift  p_value    verdict
        0        1.00   2.5      0.0  confirmed
        1        0.75   2.5      0.0  confirmed
        >>> print(result.verdict.split(";")[0])
        2 of 2 rules survive in 40 later baskets (confidence of at least 0.5 and lift
        above 1)
        """
        check_is_fitted(self)
        n_items = check_count(n_items, "n_items")
        baskets = encode_baskets(
            later_baskets,
            *(self.order_column, self.item_column, self.basket_by),
            since=self._find_start(later_baskets, cutoff),
        )
        return validate_rules(
            self._learned,
            recode(baskets, self._learned.offers.codes),
            min_confidence=as_fraction(self.min_confidence),
            max_p_value=_check_share(max_p_value),
            correction=self.correction,
            n_items=n_items,
        )

    def _find_start(self, baskets: Any, cutoff: Any) -> int | None:
        """Give the instant from which orders are later, in microseconds."""
        start = read_cutoff(cutoff, baskets)
        if not isinstance(baskets, CustomerTables) or self._until is None:
            return start
        if start is None:
            start = self._until
        check_learned(self._until, start)
        return start


def _check_share(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        raise SchemaError(f"max_p_value must be a number from 0 to 1, got {value!r}.")
    return float(value)
