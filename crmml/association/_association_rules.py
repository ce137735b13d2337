"""If this is in the basket, then that is too: association rules and what to offer."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from crmml._utils._sklearn import Interval, StrOptions, fit_context
from crmml.association._basket_input import encode_weighted
from crmml.association._basket_tables import find_end, read_cutoff
from crmml.association._baskets import Item
from crmml.association._frequent import allow_items, exclude_items, mine_selected
from crmml.association._frequent_itemsets import FrequentItemsets
from crmml.association._learned_rules import learn_rules
from crmml.association._rule_offers import RuleOffers
from crmml.association._rule_table import read_measures
from crmml.association._rule_tables import RuleTables
from crmml.association._rule_tests import RuleTests
from crmml.association._rules import derive_rules
from crmml.association._selection import CORRECTIONS
from crmml.association._thresholds import as_fraction


class AssociationRules(RuleTables, RuleOffers, RuleTests, BaseEstimator):
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
    antecedent_items, consequent_items : collection of items, default=None
        The items that A, and B, may hold; None: any. Items on neither list are taken
        out of the baskets before the search.
    exclude : collection of items, default=None
        Items to take out of the baskets before the search.
    drop_redundant : bool, default=False
        Leave out A -> B where fewer antecedents, or none, predict B with at least that
        confidence.
    max_p_value : float, default=None
        The largest p-value of Fisher's exact test (one-sided), adjusted for the number
        of rules tested: all splits of all frequent itemsets. None: not tested.
    correction : {"holm", "bonferroni", "fdr_bh"}, default="holm"
        How p-values are adjusted. The first two bound the chance of any false rule, the
        last (Benjamini and Hochberg) the share of false rules.
    measures : sequence of str or "all", default=None
        Further columns of `rules_`, by the names of :func:`compute_measures`.
    algorithm : {"auto", "fpgrowth", "apriori", "hmine"}, default="auto"
        How to search for itemsets. The result is the same; ``"auto"`` is the fastest.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets; when there are more, `fit` stops with an error.
    max_rules : int, default=1_000_000
        The largest number of rules; when there are more, `fit` stops with an error.
    n_jobs : int, default=None
        Number of threads; None or -1: one for each processor. The result is the same.
    order_column : str or list of str, default="order_id"
        In a long table, the column, or columns, that say which lines are one basket.
    item_column : str, default="product_id"
        In a long table, the column of the items.
    basket_by : {"order", "customer_day"}, default="order"
        In customer tables, whether an order is a basket, or what a customer buys on one
        day.

    Attributes
    ----------
    rules_ : pandas.DataFrame of shape (n_rules, 12 and more)
        Columns antecedents and consequents (frozensets of labels), antecedent_count,
        consequent_count and count (int64; baskets with A, with B, with both), support,
        confidence, lift, leverage, conviction (infinite at confidence 1), zhang and
        jaccard (float64), then those of `measures`, then p_value (adjusted) if
        `max_p_value` is given. Highest lift first, then confidence, then support, then
        in order of labels. Made when it is first looked at.
    itemsets_ : pandas.DataFrame of shape (n_itemsets, 3)
        The frequent itemsets, as in :class:`FrequentItemsets`.
    n_rules_ : int
        Number of rules.
    n_baskets_ : int
        Number of baskets, empty ones included.

    See Also
    --------
    FrequentItemsets : The itemsets alone; its notes say which forms baskets may have.
    SequentialRules : What is bought after it, and when.

    Notes
    -----
    :func:`compute_measures` gives the formulas. A high lift says that A and B come
    together, not that one causes the other, nor that they will tomorrow:
    :meth:`validate` tests that. :meth:`predict`, :meth:`recommend_for_customers` and
    :meth:`cross_sell` turn rules into offers.

    References
    ----------
    R. Agrawal, T. Imielinski and A. Swami (1993), doi:10.1145/170035.170072.

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
        **{
            name: FrequentItemsets._parameter_constraints[name]
            for name in (
                *("min_support", "max_length", "exclude", "algorithm", "max_itemsets"),
                *("n_jobs", "order_column", "item_column", "basket_by"),
            )
        },
        "min_confidence": [Interval(Real, 0, 1, closed="both")],
        "min_lift": [Interval(Real, 0, None, closed="left"), None],
        "antecedent_items": ["array-like", set, frozenset, None],
        "consequent_items": ["array-like", set, frozenset, None],
        "drop_redundant": ["boolean"],
        "max_p_value": [Interval(Real, 0, 1, closed="both"), None],
        "correction": [StrOptions(set(CORRECTIONS))],
        "measures": [list, tuple, StrOptions({"all"}), None],
        "max_rules": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        min_support: float | int | Fraction = 0.01,
        min_confidence: float | Fraction = 0.3,
        *,
        min_lift: float | Fraction | None = None,
        max_length: int | None = None,
        antecedent_items: Collection[Item] | None = None,
        consequent_items: Collection[Item] | None = None,
        exclude: Collection[Item] | None = None,
        drop_redundant: bool = False,
        max_p_value: float | None = None,
        correction: str = "holm",
        measures: Sequence[str] | str | None = None,
        algorithm: str = "auto",
        max_itemsets: int = 1_000_000,
        max_rules: int = 1_000_000,
        n_jobs: int | None = None,
        order_column: str | Sequence[str] = "order_id",
        item_column: str = "product_id",
        basket_by: str = "order",
    ) -> None:
        self.min_support = min_support
        self.min_confidence = min_confidence
        self.min_lift = min_lift
        self.max_length = max_length
        self.antecedent_items = antecedent_items
        self.consequent_items = consequent_items
        self.exclude = exclude
        self.drop_redundant = drop_redundant
        self.max_p_value = max_p_value
        self.correction = correction
        self.measures = measures
        self.algorithm = algorithm
        self.max_itemsets = max_itemsets
        self.max_rules = max_rules
        self.n_jobs = n_jobs
        self.order_column = order_column
        self.item_column = item_column
        self.basket_by = basket_by

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: None = None, *, sample_weight: Any = None, cutoff: Any = None
    ) -> Self:
        """Find the rules.

        Parameters
        ----------
        X : table, CustomerTables or sequence of collections
            The baskets, in one of the forms of :class:`FrequentItemsets`. Not changed.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_baskets,) or str, default=None
            What each basket counts, as in :meth:`FrequentItemsets.fit`. All counts are
            then sums of weights, and p-values take a basket of weight 3 for three.
        cutoff : str or datetime, default=None
            For customer tables: only order lines before it, and recorded before it.
            None: all.

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
        until = read_cutoff(cutoff, X)
        form = self.order_column, self.item_column, self.basket_by
        baskets = encode_weighted(X, *form, weights=sample_weight, until=until)
        excluded = () if self.exclude is None else self.exclude
        baskets = exclude_items(baskets, excluded)
        leads, follows = (
            allow_items(baskets, labels, name)
            for labels, name in (
                (self.antecedent_items, "antecedent_items"),
                (self.consequent_items, "consequent_items"),
            )
        )
        if not (kept := leads | follows).all():
            baskets = baskets.keep_items(kept)
        mined = mine_selected(
            baskets,
            self.min_support,
            max_length=self.max_length,
            algorithm=self.algorithm,
            max_itemsets=self.max_itemsets,
            n_jobs=self.n_jobs,
        )
        measures = read_measures(self.measures)
        rules = derive_rules(
            mined.itemsets,
            mined.total,
            min_confidence=as_fraction(self.min_confidence),
            min_lift=None if self.min_lift is None else as_fraction(self.min_lift),
            max_rules=self.max_rules,
            may_lead=None if leads.all() else leads,
            may_follow=None if follows.all() else follows,
        )
        self._learned = learn_rules(
            rules,
            mined,
            measures,
            drop_redundant=self.drop_redundant,
            max_p_value=self.max_p_value,
            correction=self.correction,
        )
        self._until = find_end(X) if until is None else until
        self.n_baskets_ = baskets.n_baskets
        return self

    def __sklearn_tags__(self) -> Tags:
        """Say that the input is no matrix of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags
