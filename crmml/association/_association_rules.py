"""If this is in the basket, then that is too: association rules and what to offer."""

from fractions import Fraction
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._sklearn import Interval, StrOptions, fit_context
from crmml.association._basket_input import check_sequence, encode_baskets
from crmml.association._basket_lists import read_lists
from crmml.association._frequent_itemsets import FrequentItemsets
from crmml.association._itemsets import (
    label_itemsets,
    make_itemset_table,
    sort_itemsets,
)
from crmml.association._mining import ALGORITHMS, mine_itemsets
from crmml.association._offers import prepare_offers, recommend
from crmml.association._rules import derive_rules, make_rule_table
from crmml.association._thresholds import as_fraction, minimum_count


class AssociationRules(BaseEstimator):
    """Rules "baskets with A also hold B", and recommendations from them.

    A rule A -> B joins two itemsets without a common item. It is kept when A and B
    together reach `min_support` and when enough of the baskets with A hold B too::

        confidence(A -> B) = support(A and B) / support(A) >= min_confidence

    Parameters
    ----------
    min_support : float or int, default=0.01
        The smallest support of A and B together: a share of the baskets in (0, 1], or
        an integer number of baskets from 1.
    min_confidence : float, default=0.3
        The smallest confidence, 0 to 1. 0 keeps every split of every itemset. Counts
        are compared with the decimal as written: a rule with 16 of 20 is kept at 0.8.
    min_lift : float, default=None
        The smallest lift, compared in the same way. 1 keeps what comes together at
        least as often as if independent. None: any lift.
    max_length : int, default=None
        The largest number of items of A and B together, at least 1. None: no limit.
    algorithm : {"auto", "fpgrowth", "apriori", "hmine"}, default="auto"
        How to search for itemsets. The result is the same; ``"auto"`` is the fastest.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets; when there are more, `fit` stops with an error.
    max_rules : int, default=1_000_000
        The largest number of rules; when there are more, `fit` stops with an error.
    order_column : str, default="order_id"
        In a long table, the column that says which lines are one basket.
    item_column : str, default="product_id"
        In a long table, the column of the items.

    Attributes
    ----------
    rules_ : pandas.DataFrame of shape (n_rules, 12)
        Columns antecedents and consequents (frozensets of labels), antecedent_count,
        consequent_count and count (int64; baskets with A, with B, with both), support,
        confidence, lift, leverage, conviction (infinite at confidence 1), zhang and
        jaccard (float64). Highest lift first, then confidence, then support, then in
        order of labels.
    itemsets_ : pandas.DataFrame of shape (n_itemsets, 3)
        The frequent itemsets, as in :class:`FrequentItemsets`.
    n_baskets_ : int
        Number of baskets, empty ones included.

    See Also
    --------
    FrequentItemsets : The itemsets alone; its notes say which forms baskets may have.

    Notes
    -----
    With counts a of A, b of B, c of both, and n baskets:

    ========== ==================================== ===============================
    measure    formula                              source
    ========== ==================================== ===============================
    support    c / n                                Agrawal et al. 1993
    confidence c / a                                Agrawal et al. 1993
    lift       c n / (a b)                          Brin et al. 1997
    leverage   c / n - a b / n^2                    Piatetsky-Shapiro 1991
    conviction a (n - b) / (n (a - c))              Brin et al. 1997
    zhang      (c n - a b) / max(c (n-a), a (b-c))  Zhang 2000
    jaccard    c / (a + b - c)                      Tan et al. 2004
    ========== ==================================== ===============================

    A high lift says that A and B come together, not that one causes the other.

    References
    ----------
    R. Agrawal, T. Imielinski and A. Swami (1993), doi:10.1145/170035.170072.

    S. Brin, R. Motwani, J. Ullman and S. Tsur (1997), doi:10.1145/253260.253325.

    G. Piatetsky-Shapiro (1991), Discovery, analysis, and presentation of strong rules,
    in Knowledge Discovery in Databases, AAAI/MIT Press, pages 229-248.

    P.-N. Tan, V. Kumar and J. Srivastava (2004), doi:10.1016/S0306-4379(03)00072-3.

    T. Zhang (2000), doi:10.1007/3-540-45571-X_31.

    Examples
    --------
    >>> from crmml.association import AssociationRules
    >>> baskets = [
    ...     ["Bread", "Milk"],
    ...     ["Bread", "Diapers", "Beer", "Eggs"],
    ...     ["Milk", "Diapers", "Beer", "Cola"],
    ...     ["Bread", "Milk", "Diapers", "Beer"],
    ...     ["Bread", "Milk", "Diapers", "Cola"],
    ... ]
    >>> rules = AssociationRules(min_support=0.6, min_confidence=0.7, min_lift=1.1)
    >>> print(rules.fit(baskets).to_text())
    {Beer} -> {Diapers}: support 0.60, confidence 1.00, lift 1.25
    {Diapers} -> {Beer}: support 0.60, confidence 0.75, lift 1.25
    >>> rules.predict([["Diapers", "Milk"], ["Bread"]])[["basket", "item", "score"]]
       basket  item  score
    0       0  Beer   0.75
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "min_support": FrequentItemsets._parameter_constraints["min_support"],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "algorithm": [StrOptions(set(ALGORITHMS))],
        "max_itemsets": [Interval(Integral, 1, None, closed="left")],
        "order_column": [str],
        "item_column": [str],
        "min_confidence": [Interval(Real, 0, 1, closed="both")],
        "min_lift": [Interval(Real, 0, None, closed="left"), None],
        "max_rules": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        min_support: float | int | Fraction = 0.01,
        min_confidence: float | Fraction = 0.3,
        *,
        min_lift: float | Fraction | None = None,
        max_length: int | None = None,
        algorithm: str = "auto",
        max_itemsets: int = 1_000_000,
        max_rules: int = 1_000_000,
        order_column: str = "order_id",
        item_column: str = "product_id",
    ) -> None:
        self.min_support = min_support
        self.min_confidence = min_confidence
        self.min_lift = min_lift
        self.max_length = max_length
        self.algorithm = algorithm
        self.max_itemsets = max_itemsets
        self.max_rules = max_rules
        self.order_column = order_column
        self.item_column = item_column

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: None = None) -> Self:
        """Find the rules.

        Parameters
        ----------
        X : table, CustomerTables or sequence of collections
            The baskets, in one of the forms of :class:`FrequentItemsets`. Not changed.
        y : None
            Ignored.

        Returns
        -------
        AssociationRules
            The fitted object.

        Raises
        ------
        SchemaError
            If the form is not recognised, or ids or items have an unfit type.
        NotEnoughHistoryError
            If there is no basket.
        LimitError
            If there are more than `max_itemsets` itemsets or `max_rules` rules.
        """
        baskets = encode_baskets(X, self.order_column, self.item_column)
        n_baskets = baskets.n_baskets
        trie = mine_itemsets(
            baskets,
            minimum_count(self.min_support, n_baskets),
            max_length=self.max_length,
            algorithm=self.algorithm,
            max_itemsets=self.max_itemsets,
        )
        itemsets = sort_itemsets(trie)
        rules = derive_rules(
            itemsets,
            n_baskets,
            min_confidence=as_fraction(self.min_confidence),
            min_lift=None if self.min_lift is None else as_fraction(self.min_lift),
            max_rules=self.max_rules,
        )
        labelled = label_itemsets(itemsets, baskets.items)
        self.n_baskets_ = n_baskets
        self.itemsets_ = make_itemset_table(itemsets.counts, labelled, n_baskets)
        self.rules_ = make_rule_table(rules, itemsets, labelled, n_baskets)
        self._offers = prepare_offers(
            rules, itemsets, labelled, baskets.items, n_baskets
        )
        return self

    def predict(self, baskets: Any, n_items: int = 3) -> pd.DataFrame:
        """Recommend items that a basket does not hold yet.

        A rule applies to a basket that holds all its antecedents. Only rules with one
        consequent are used: in a rule with more, each of them has a rule of its own
        with at least that confidence (unless `min_lift` removed it). An item offered by
        several rules takes the strongest.

        Parameters
        ----------
        baskets : sequence of collections
            Lists, tuples or sets of items, as one basket or thousands: ``[["milk"]]``.
            Items that no rule knows are passed over.
        n_items : int, default=3
            The largest number of items for a basket.

        Returns
        -------
        pandas.DataFrame
            One row for each recommendation, with columns basket (int64, position from
            0), rank (int64, from 1), item (label), score (float64, the confidence of
            the rule) and antecedents (frozenset, the reason). In order of basket and
            rank: highest confidence first, then lift, then support, then label. **A
            basket to which no rule applies has no row**; popular items never fill the
            place.

        Raises
        ------
        SchemaError
            If `baskets` is no sequence of collections, items are of another type than
            in `fit`, or `n_items` is no integer from 1.
        """
        check_is_fitted(self)
        n_items = check_count(n_items, "n_items")
        return recommend(self._offers, read_lists(check_sequence(baskets)), n_items)

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
        return "\n".join(
            f"{_spell(rule.antecedents)} -> {_spell(rule.consequents)}: "
            f"support {_spell_share(rule.support)}, confidence {rule.confidence:.2f}, "
            f"lift {rule.lift:.2f}"
            for rule in self.rules_.head(n).itertuples()
        )

    def __sklearn_tags__(self) -> Tags:
        """Say that the input is no matrix of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags


def _spell(itemset: frozenset[Any]) -> str:
    return "{" + ", ".join(str(item) for item in sorted(itemset)) + "}"


def _spell_share(share: float) -> str:
    # Two digits say too little of a support near one per cent.
    return f"{share:.2f}" if share >= 0.1 else f"{share:.4f}"
