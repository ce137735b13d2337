"""Who buys this now buys that next: sequential rules, with the days between."""

from datetime import timedelta
from fractions import Fraction
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import Duration
from crmml._utils._sklearn import Interval, RealNotInt, fit_context
from crmml.association._sequential_search import search_rules
from crmml.association._sequential_sets import watch
from crmml.association._sequential_table import LearnedSequences, sort_rules
from crmml.association._sequential_uses import SequenceUses
from crmml.association._thresholds import as_fraction, minimum_count


class SequentialRules(SequenceUses, BaseEstimator):
    """Rules "who buys A buys b next, within some days", and what is next for whom.

    A purchase is all that a customer buys at one instant; its window are the purchases
    of that customer from `min_gap` to `max_gap` after it. A rule A -> b says that
    purchases with all items of A are followed by the item b in the window::

        support(A -> b)    = customers who bought A and then b / customers
        confidence(A -> b) = purchases with A that b follows / purchases with A
        lift(A -> b)       = confidence(A -> b) / (purchases that b follows / purchases)

    Only *watched* purchases count, whose window lies inside the data: of the others
    nobody knows what follows.

    Parameters
    ----------
    min_support : float or int, default=0.01
        The smallest support: a share of the customers in (0, 1], or an integer number
        of customers from 1. Compared as integers.
    min_confidence : float, default=0.1
        The smallest confidence, 0 to 1. Counts are compared with the decimal as
        written: 16 of 20 reach 0.8.
    min_lift : float, default=None
        The smallest lift, compared in the same way. None: any.
    max_gap : duration, default="30D"
        The longest time from A to b, itself included.
    min_gap : duration, default="1D"
        The shortest time from A to b, itself included. The default leaves out what is
        bought later on the same day. ``"0D"``: any later instant.
    max_antecedents : int, default=1
        The largest number of items of A, all bought in one purchase. None: no limit.
    repeats : bool, default=True
        Whether b may be one of A: what is bought again. False: nor does `predict` offer
        what the customer bought together with A.
    max_rules : int, default=1_000_000
        The largest number of rules; when there are more, `fit` stops with an error.
    n_jobs : int, default=None
        Number of threads; None or -1: one for each processor. The result is the same.
    customer_column : str, default="customer_id"
        In a bare table, the column of customers.
    time_column : str, default="timestamp"
        In a bare table, the column of instants.
    item_column : str, default="product_id"
        In a bare table, the column of items.

    Attributes
    ----------
    rules_ : pandas.DataFrame of shape (n_rules, 12)
        Columns antecedents and consequents (frozensets of labels, the latter of one);
        customer_count (customers who bought A, watched, and then b), antecedent_count
        (watched purchases with A), consequent_count (watched purchases of any kind
        that b follows) and count (those with A that b follows), all int64; support,
        confidence and lift (float64); gap_days_q25, gap_days_median and gap_days_q75
        (float64), quartiles of the days from A to the first b after it, over `count`
        purchases, each gap rounded to whole days. Highest lift first, then confidence,
        then customer_count, then in order of labels. Made when it is first looked at.
    n_rules_ : int
        Number of rules.
    n_customers_ : int
        Number of customers with a purchase.
    n_purchases_ : int
        Number of watched purchases.
    known_until_ : pandas.Timestamp
        The last instant that `fit` looked at; in UTC if the data have a time zone.

    See Also
    --------
    AssociationRules : What is bought together, in one basket.

    Notes
    -----
    Histories come as ``CustomerTables`` or its ``Transactions``, whose ``product_id``
    is the item; or as whatever ``Transactions`` takes (a pandas, Polars or pyarrow
    table, a Parquet or CSV file, a Spark DataFrame), with the columns named here.
    Items that are bought at one instant are not ordered. An item counts once in a
    purchase. Lines without an item are left out with a ``DataQualityWarning``, but
    their purchases and customers count. Every line is a purchase: take returns out.

    Classical sequence mining counts customers throughout. But who has a hundred
    purchases has a hundred chances that b follows A by luck, and more the longer the
    history; a purchase has one window, so that confidence and lift can be compared
    between items, customers and periods. Support counts customers, so that no rule
    rests on a few of them. The counts may be given to :func:`compute_measures`, with
    watched purchases for baskets; p-values come out too small, since purchases of one
    customer are not independent.

    Lift above 1 says that b follows A more often than it follows purchases at large.
    It does not say that A makes customers buy b: who likes coffee buys filters before
    and after.

    A grows by one item as long as some b follows it for enough customers, since no
    larger set can be followed for more. A window is a run of the customer's later
    purchases, walked through once for each A. Small histories are searched in plain
    Python, larger ones by the same loops compiled: once, for about half a minute, and
    kept on disk.

    References
    ----------
    R. Agrawal and R. Srikant (1995), Mining sequential patterns,
    doi:10.1109/ICDE.1995.380415.

    R. Srikant and R. Agrawal (1996), Mining sequential patterns: generalizations and
    performance improvements (gaps between elements), doi:10.1007/BFb0014140.

    P. Fournier-Viger, C.-W. Wu, V. S. Tseng, L. Cao and R. Nkambou (2015), Mining
    partially-ordered sequential rules common to multiple sequences (rules rather than
    patterns, windows), doi:10.1109/TKDE.2015.2405509.

    Examples
    --------
    Three of four customers buy a printer, and two of them ink within a month.

    >>> import pandas as pd
    >>> from crmml.association import SequentialRules
    >>> sales = pd.DataFrame(
    ...     [
    ...         ("a", "2024-01-01", "printer"),
    ...         ("a", "2024-01-21", "ink"),
    ...         ("b", "2024-01-02", "printer"),
    ...         ("b", "2024-01-12", "ink"),
    ...         ("c", "2024-01-03", "printer"),
    ...         ("d", "2024-01-04", "paper"),
    ...         ("d", "2024-02-28", "printer"),
    ...     ],
    ...     columns=["customer_id", "timestamp", "product_id"],
    ... )
    >>> model = SequentialRules(min_support=2, max_gap="30D").fit(sales)
    >>> for rule in model.rules_.itertuples():
    ...     print(*rule.antecedents, "->", *rule.consequents)
    printer -> ink
    >>> counts = ["customer_count", "antecedent_count", "consequent_count", "count"]
    >>> model.rules_.loc[0, counts].tolist()
    [2, 3, 2, 2]
    >>> shares = ["support", "confidence", "lift", "gap_days_median"]
    >>> model.rules_.loc[0, shares].round(2).tolist()
    [0.5, 0.67, 2.0, 15.0]

    The printer of 28 February is too young to be watched; it is what to act upon.

    >>> model.predict(sales)[["customer_id", "item", "gap_days", "expected_at"]]
      customer_id item  gap_days expected_at
    0           d  ink      15.0  2024-03-14
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "min_support": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
        ],
        "min_confidence": [Interval(Real, 0, 1, closed="both")],
        "min_lift": [Interval(Real, 0, None, closed="left"), None],
        "max_gap": [str, timedelta],
        "min_gap": [str, timedelta],
        "max_antecedents": [Interval(Integral, 1, None, closed="left"), None],
        "repeats": ["boolean"],
        "max_rules": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "customer_column": [str],
        "time_column": [str],
        "item_column": [str],
    }

    def __init__(
        self,
        min_support: float | int = 0.01,
        min_confidence: float | Fraction = 0.1,
        *,
        min_lift: float | Fraction | None = None,
        max_gap: Duration = "30D",
        min_gap: Duration = "1D",
        max_antecedents: int | None = 1,
        repeats: bool = True,
        max_rules: int = 1_000_000,
        n_jobs: int | None = None,
        customer_column: str = "customer_id",
        time_column: str = "timestamp",
        item_column: str = "product_id",
    ) -> None:
        self.min_support = min_support
        self.min_confidence = min_confidence
        self.min_lift = min_lift
        self.max_gap = max_gap
        self.min_gap = min_gap
        self.max_antecedents = max_antecedents
        self.repeats = repeats
        self.max_rules = max_rules
        self.n_jobs = n_jobs
        self.customer_column = customer_column
        self.time_column = time_column
        self.item_column = item_column

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: None = None, *, cutoff: Any = None) -> Self:
        """Find the rules.

        Parameters
        ----------
        X : CustomerTables, Transactions, table or path
            The histories. Not changed.
        y : None
            Ignored.
        cutoff : str or datetime, default=None
            The instant we pretend it is: what happens at or after it, or is recorded
            only then, changes nothing. None: all data until ``observed_until``, which
            is the last purchase unless the tables say otherwise.

        Returns
        -------
        SequentialRules
            The fitted object.

        Raises
        ------
        SchemaError
            If the form is not recognised, columns are missing or unfit, or a duration
            cannot be read.
        NotEnoughHistoryError
            If no purchase is followed by a whole window inside the data.
        LimitError
            If there are more than `max_rules` rules.
        """
        window = self._read_window()
        histories = self._read(X, cutoff)
        follows = watch(histories, *window)
        n_customers = len(histories.customers)
        rules = search_rules(
            follows,
            min_count=minimum_count(self.min_support, n_customers),
            min_confidence=as_fraction(self.min_confidence),
            min_lift=None if self.min_lift is None else as_fraction(self.min_lift),
            max_antecedents=self.max_antecedents,
            repeats=self.repeats,
            max_rules=self.max_rules,
            n_jobs=self.n_jobs,
        )
        n_watched = len(follows.watched)
        self._learned = LearnedSequences(
            sort_rules(rules, n_watched),
            histories.baskets.items,
            n_customers,
            n_watched,
        )
        self.n_customers_ = n_customers
        self.n_purchases_ = n_watched
        self.known_until_ = pd.Timestamp(histories.end, unit="us")
        return self

    @property
    def rules_(self) -> pd.DataFrame:
        """The rules, as a table made when it is first looked at."""
        check_is_fitted(self)
        return self._learned.table

    @property
    def n_rules_(self) -> int:
        """Number of rules."""
        check_is_fitted(self)
        return len(self._learned.rules.consequents)

    def __sklearn_tags__(self) -> Tags:
        """Say that the input is no matrix of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags
