"""Which products are bought together: frequent itemsets."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from numbers import Integral
from typing import Any, ClassVar, Self

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, RealNotInt, StrOptions, fit_context
from crmml.association._basket_input import encode_weighted
from crmml.association._basket_tables import read_cutoff
from crmml.association._baskets import Item
from crmml.association._frequent import exclude_items, mine_selected
from crmml.association._hierarchy import LEVELS, apply_hierarchy
from crmml.association._kinds import KINDS
from crmml.association._mining import ALGORITHMS


class FrequentItemsets(BaseEstimator):
    """Sets of items that many baskets hold.

    The support of an itemset is the share of the baskets that hold all its items; an
    itemset is frequent when its support reaches `min_support`::

        support(S) = (number of baskets with every item of S) / (number of baskets)

    Parameters
    ----------
    min_support : float or int, default=0.01
        The smallest support. A float in (0, 1] is a share of the baskets, an integer
        from 1 a number of baskets: ``1.0`` asks for items in every basket, ``1`` for
        items in any. Counts are compared as integers with the decimal as written, so
        7 of 25 baskets reach 0.28.
    kind : {"all", "closed", "maximal"}, default="all"
        Which itemsets to show: all; those of which no larger one is in as many baskets;
        those of which no larger one is frequent.
    max_length : int, default=None
        The largest number of items in an itemset. None: no limit.
    must_contain : collection of items, default=None
        Show itemsets with all of these items. Only baskets with them are searched;
        support stays a share of all baskets.
    exclude : collection of items, default=None
        Items to take out of the baskets before the search.
    hierarchy : mapping of item to category, default=None
        What an item belongs to, and a category in turn: ``{"ale": "beer", "beer":
        "drinks"}``. No itemset holds an item and what that item belongs to.
    level : {"category", "mixed"}, default="category"
        With a hierarchy: put the category in the place of an item, or add all that is
        above it.
    algorithm : {"auto", "fpgrowth", "apriori", "hmine"}, default="auto"
        How to search. The result is the same; ``"auto"`` is by far the fastest, the
        others are the textbook algorithms as mlxtend has them.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets; when there are more, `fit` stops with an error.
        The search needs 16 bytes for each; the table of a million takes about a
        gigabyte.
    n_jobs : int, default=None
        Number of threads; None or -1: one for each processor. The result is the same.
    order_column : str or list of str, default="order_id"
        In a long table, the column that says which lines are one basket; or several,
        such as ``["customer_id", "timestamp"]``: each distinct combination is a basket,
        and of a timestamp the day counts (UTC if it has a time zone).
    item_column : str, default="product_id"
        In a long table, the column of the items.
    basket_by : {"order", "customer_day"}, default="order"
        In customer tables, whether an order is a basket, or what a customer buys on one
        day.

    Attributes
    ----------
    itemsets_ : pandas.DataFrame of shape (n_itemsets, 3)
        Columns support (float64), count (int64, baskets) and itemsets (frozenset of
        labels); largest count first, then the fewest items, then in order of labels.
        Made when it is first looked at.
    n_itemsets_ : int
        Number of rows of `itemsets_`.
    n_baskets_ : int
        Number of baskets, empty ones included.

    See Also
    --------
    AssociationRules : Goes on from itemsets to rules and recommendations.

    Notes
    -----
    Baskets come in one of five forms, recognised in this order:

    1. ``CustomerTables``, or its ``Transactions``: the columns declared there as
       ``order_id`` and ``product_id``, one basket for each order.
    2. The path of a Parquet file, or of a folder of such: long order lines.
    3. A pandas, Polars or pyarrow table with both `order_column` and `item_column`:
       long order lines. Other columns are not looked at.
    4. Any other such table whose columns are all boolean or hold only 0 and 1 (pandas
       sparse columns too): one row for each basket, one column for each item, named by
       its label.
    5. A list, tuple or other sequence of lists, tuples or sets of items.

    A Spark DataFrame of order lines stays in Spark: the FP-growth of its MLlib finds
    the same itemsets (extra ``spark``), and only these come here. `must_contain`,
    `hierarchy` and weights need the baskets in this process and are refused.

    An item counts once in a basket, however often it comes. A basket without items,
    such as an empty list, a row of zeros or an order whose lines have no item, counts
    in the number of baskets. Order lines without an order and missing items are left
    out with a ``DataQualityWarning`` that counts them. Items are text or whole numbers
    and keep their type: ``"007"`` stays ``"007"``; the empty text is an item like any
    other. Text and numbers mixed are refused.

    The search needs memory in proportion to the order lines of frequent items; twenty
    million lines take less than half a gigabyte beside the table. Baskets are rows of
    ranks, the rarest item first. What follows each item is written out and counted, cut
    down to frequent pairs, and from there bit sets are intersected depth first.
    Some ten thousand baskets are searched with numpy alone; beyond that kernels are
    compiled, once, for about half a minute, and kept on disk.

    ``"apriori"`` and ``"hmine"`` are preceded by a counting run of FP-growth, which
    keeps the promise of `max_itemsets`.

    References
    ----------
    R. Agrawal, T. Imielinski and A. Swami (1993), Mining association rules between sets
    of items in large databases, doi:10.1145/170035.170072.

    J. Han, J. Pei and Y. Yin (2000), Mining frequent patterns without candidate
    generation, doi:10.1145/342009.335372.

    Examples
    --------
    >>> from crmml.association import FrequentItemsets
    >>> baskets = [["a", "c", "d"], ["b", "c", "e"], ["a", "b", "c", "e"], ["b", "e"]]
    >>> itemsets = FrequentItemsets(min_support=3).fit(baskets).itemsets_
    >>> itemsets["support"].tolist()
    [0.75, 0.75, 0.75, 0.75]
    >>> [sorted(itemset) for itemset in itemsets["itemsets"]]
    [['b'], ['c'], ['e'], ['b', 'e']]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "min_support": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
        ],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "kind": [StrOptions(set(KINDS))],
        "must_contain": ["array-like", set, frozenset, None],
        "exclude": ["array-like", set, frozenset, None],
        "hierarchy": [Mapping, None],
        "level": [StrOptions(set(LEVELS))],
        "algorithm": [StrOptions(set(ALGORITHMS))],
        "max_itemsets": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "order_column": [str, list, tuple],
        "item_column": [str],
        "basket_by": [StrOptions({"order", "customer_day"})],
    }

    def __init__(
        self,
        min_support: float | int | Fraction = 0.01,
        *,
        kind: str = "all",
        max_length: int | None = None,
        must_contain: Collection[Item] | None = None,
        exclude: Collection[Item] | None = None,
        hierarchy: Mapping[Item, Item] | None = None,
        level: str = "category",
        algorithm: str = "auto",
        max_itemsets: int = 1_000_000,
        n_jobs: int | None = None,
        order_column: str | Sequence[str] = "order_id",
        item_column: str = "product_id",
        basket_by: str = "order",
    ) -> None:
        self.min_support = min_support
        self.kind = kind
        self.max_length = max_length
        self.must_contain = must_contain
        self.exclude = exclude
        self.hierarchy = hierarchy
        self.level = level
        self.algorithm = algorithm
        self.max_itemsets = max_itemsets
        self.n_jobs = n_jobs
        self.order_column = order_column
        self.item_column = item_column
        self.basket_by = basket_by

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: None = None, *, sample_weight: Any = None, cutoff: Any = None
    ) -> Self:
        """Find the frequent itemsets.

        Parameters
        ----------
        X : table, CustomerTables, path or sequence of collections
            The baskets, in one of the five forms above. Not changed.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_baskets,) or str, default=None
            What each basket counts, a whole number from 1: a basket of weight 3 counts
            like three. Support and counts are then shares and sums of weights. For
            lists and one-hot tables one weight for each basket, in their order; for
            order lines the name of a column that has one value in each order.
        cutoff : str or datetime, default=None
            For customer tables: only order lines before it, and recorded before it.
            None: all.

        Returns
        -------
        FrequentItemsets
            The fitted object.

        Raises
        ------
        SchemaError
            If the form is not recognised, or ids or items have an unfit type, or items
            named in an argument are in no basket.
        NotEnoughHistoryError
            If there is no basket.
        LimitError
            If there are more than `max_itemsets` itemsets.
        """
        form = self.order_column, self.item_column, self.basket_by
        until = read_cutoff(cutoff, X)
        baskets = encode_weighted(X, *form, weights=sample_weight, until=until)
        ancestors = None
        if self.hierarchy is not None:
            baskets, ancestors = apply_hierarchy(baskets, self.hierarchy, self.level)
        excluded = () if self.exclude is None else self.exclude
        baskets = exclude_items(baskets, excluded)
        self._mined = mine_selected(
            baskets,
            self.min_support,
            kind=self.kind,
            max_length=self.max_length,
            must_contain=() if self.must_contain is None else self.must_contain,
            ancestors=ancestors,
            algorithm=self.algorithm,
            max_itemsets=self.max_itemsets,
            n_jobs=self.n_jobs,
        )
        self.n_baskets_ = baskets.n_baskets
        return self

    @property
    def itemsets_(self) -> pd.DataFrame:
        """The itemsets, as a table made when it is first looked at."""
        check_is_fitted(self)
        return self._mined.table

    @property
    def n_itemsets_(self) -> int:
        """Number of itemsets."""
        check_is_fitted(self)
        return len(self._mined)

    def __sklearn_tags__(self) -> Tags:
        """Say that the input is no matrix of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags
