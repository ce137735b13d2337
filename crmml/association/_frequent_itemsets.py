"""Which products are bought together: frequent itemsets."""

from fractions import Fraction
from numbers import Integral
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from crmml._utils._sklearn import Interval, RealNotInt, StrOptions, fit_context
from crmml.association._basket_input import encode_baskets
from crmml.association._itemsets import label_itemsets, make_itemset_table
from crmml.association._mining import ALGORITHMS, mine_itemsets
from crmml.association._thresholds import minimum_count


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
    max_length : int, default=None
        The largest number of items in an itemset. None: no limit.
    algorithm : {"fpgrowth", "apriori", "hmine"}, default="fpgrowth"
        How to search. The result is the same; time and memory differ.
    max_itemsets : int, default=1_000_000
        The largest number of itemsets; when there are more, `fit` stops with an error.
        A million itemsets of ten items take about a gigabyte.
    order_column : str, default="order_id"
        In a long table, the column that says which lines are one basket.
    item_column : str, default="product_id"
        In a long table, the column of the items.

    Attributes
    ----------
    itemsets_ : pandas.DataFrame of shape (n_itemsets, 3)
        Columns support (float64), count (int64, baskets) and itemsets (frozenset of
        labels); largest count first, then the fewest items, then in order of labels.
    n_baskets_ : int
        Number of baskets, empty ones included.

    See Also
    --------
    AssociationRules : Goes on from itemsets to rules and recommendations.

    Notes
    -----
    Baskets come in one of four forms, recognised in this order:

    1. ``CustomerTables``, or its ``Transactions``: the columns declared there as
       ``order_id`` and ``product_id``, one basket for each order.
    2. A pandas, Polars or pyarrow table with both `order_column` and `item_column`:
       long order lines. Other columns are not looked at.
    3. Any other such table whose columns are all boolean or hold only 0 and 1 (pandas
       sparse columns too): one row for each basket, one column for each item, named by
       its label.
    4. A list, tuple or other sequence of lists, tuples or sets of items.

    An item counts once in a basket, however often it comes. A basket without items,
    such as an empty list, a row of zeros or an order whose lines have no item, counts
    in the number of baskets. Order lines without an order and missing items are left
    out with a ``DataQualityWarning`` that counts them. Items are text or whole numbers
    and keep their type: ``"007"`` stays ``"007"``; the empty text is an item like any
    other. Text and numbers mixed are refused.

    The search needs time in proportion to what it finds, and memory in proportion to
    the order lines of frequent items. ``"apriori"`` and ``"hmine"`` are preceded by a
    counting run of FP-growth, which keeps the promise of `max_itemsets`.

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
        "algorithm": [StrOptions(set(ALGORITHMS))],
        "max_itemsets": [Interval(Integral, 1, None, closed="left")],
        "order_column": [str],
        "item_column": [str],
    }

    def __init__(
        self,
        min_support: float | int | Fraction = 0.01,
        *,
        max_length: int | None = None,
        algorithm: str = "fpgrowth",
        max_itemsets: int = 1_000_000,
        order_column: str = "order_id",
        item_column: str = "product_id",
    ) -> None:
        self.min_support = min_support
        self.max_length = max_length
        self.algorithm = algorithm
        self.max_itemsets = max_itemsets
        self.order_column = order_column
        self.item_column = item_column

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: None = None) -> Self:
        """Find the frequent itemsets.

        Parameters
        ----------
        X : table, CustomerTables or sequence of collections
            The baskets, in one of the four forms above. Not changed.
        y : None
            Ignored.

        Returns
        -------
        FrequentItemsets
            The fitted object.

        Raises
        ------
        SchemaError
            If the form is not recognised, or ids or items have an unfit type.
        NotEnoughHistoryError
            If there is no basket.
        LimitError
            If there are more than `max_itemsets` itemsets.
        """
        baskets = encode_baskets(X, self.order_column, self.item_column)
        itemsets = mine_itemsets(
            baskets,
            minimum_count(self.min_support, baskets.n_baskets),
            max_length=self.max_length,
            algorithm=self.algorithm,
            max_itemsets=self.max_itemsets,
        )
        self.n_baskets_ = baskets.n_baskets
        self.itemsets_ = make_itemset_table(
            itemsets.counts, label_itemsets(itemsets, baskets.items), self.n_baskets_
        )
        return self

    def __sklearn_tags__(self) -> Tags:
        """Say that the input is no matrix of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags
