"""From fitted rules to offers: for baskets, for customers, for segments."""

from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._durations import Duration
from crmml.association._basket_input import check_sequence
from crmml.association._basket_lists import read_lists
from crmml.association._basket_tables import check_learned, read_cutoff
from crmml.association._cross_sell import divide_baskets, rank_offers
from crmml.association._customer_offers import offer_customers
from crmml.association._learned_rules import LearnedRules
from crmml.association._offers import recommend
from crmml.association._other_counts import recode
from crmml.tables import CustomerTables


class RuleOffers:
    """What to offer next, by fitted rules."""

    _learned: LearnedRules
    _until: int | None = None
    order_column: Any
    item_column: str
    basket_by: str

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
        offers = self._learned.offers
        asked = recode(read_lists(check_sequence(baskets)), offers.codes)
        return recommend(offers, asked, n_items)

    def recommend_for_customers(
        self,
        tables: CustomerTables,
        cutoff: Any,
        *,
        n_items: int = 3,
        window: Duration | None = None,
    ) -> pd.DataFrame:
        """Recommend items that customers have not bought yet, as of a cutoff.

        What a customer bought in ``[cutoff - window, cutoff)``, in whichever orders,
        is taken as one basket, to which rules apply. What the customer bought earlier
        is not offered either; lines recorded at or after the cutoff are unknown.

        Parameters
        ----------
        tables : CustomerTables
            The data, with the column of products declared.
        cutoff : str or datetime
            The instant we pretend it is. Rules learned from customer tables must have
            been learned from what was before it: ``fit(tables, cutoff=cutoff)``.
        n_items : int, default=3
            The largest number of items for a customer.
        window : duration, default=None
            How far back purchases are taken into the basket, such as ``"365D"``. None:
            all.

        Returns
        -------
        pandas.DataFrame
            One row for each recommendation, in order of customer and rank, with columns
            customer_id (as in the tables) and rank, item, score and antecedents as in
            :meth:`predict`. A customer to whom no rule applies has no row.

        Raises
        ------
        SchemaError
            If `tables` is something else, has no column of products, or `cutoff` or
            `window` cannot be read.
        NotEnoughHistoryError
            If the data do not reach around the cutoff.
        LeakageError
            If the rules were learned from orders at or after the cutoff.

        Examples
        --------
        >>> import pandas as pd
        >>> from crmml.association import AssociationRules
        >>> from crmml.tables import CustomerTables, Transactions
        >>> sales = pd.DataFrame(
        ...     {
        ...         "id": ["a", "a", "b", "b", "c", "c"],
        ...         "day": ["2024-05-01", "2024-05-01", "2024-05-02", "2024-05-02"]
        ...         + ["2024-05-03", "2024-05-09"],
        ...         "item": ["beer", "diapers", "beer", "diapers", "beer", "diapers"],
        ...     }
        ... )
        >>> tables = CustomerTables(
        ...     transactions=Transactions(
        ...         sales, customer_id="id", timestamp="day", product_id="item"
        ...     )
        ... )
        >>> rules = AssociationRules(0.5, 0.5, basket_by="customer_day")
        >>> rules = rules.fit(tables, cutoff="2024-05-04")
        >>> offers = rules.recommend_for_customers(tables, "2024-05-04")
        >>> offers[["customer_id", "rank", "item"]]
          customer_id  rank     item
        0           c     1  diapers
        """
        check_is_fitted(self)
        n_items = check_count(n_items, "n_items")
        return offer_customers(
            self._learned.offers, tables, cutoff, window, n_items, self._until
        )

    def cross_sell(
        self,
        baskets: Any,
        segments: Any,
        *,
        n_offers: int = 5,
        min_count: int = 10,
        cutoff: Any = None,
    ) -> pd.DataFrame:
        """Rank what to offer to each segment of customers.

        The rules with one consequent are counted anew in the baskets of each segment.
        A rule counts there if at least `min_count` baskets hold the antecedents and
        its lift is above 1; the score is the lower bound of the 95 % interval of its
        confidence (Wilson 1927), so that few baskets promise little. An item is
        offered once, by the rule with the highest score; ties go to the larger count,
        then to the rule that comes first in ``rules_``.

        Parameters
        ----------
        baskets : table, CustomerTables, path or sequence of collections
            Baskets, in one of the forms of :class:`FrequentItemsets`.
        segments : Series, mapping, str or array-like of shape (n_baskets,)
            For customer tables the segment of each customer, a Series or mapping by
            customer id; baskets of others are left out and counted in a warning. For
            order lines the name of a column that has one value in each order. For lists
            and one-hot tables one segment for each basket.
        n_offers : int, default=5
            The largest number of items for a segment.
        min_count : int, default=10
            The smallest number of baskets with the antecedents in the segment.
        cutoff : str or datetime, default=None
            For customer tables: only order lines before it. None: all.

        Returns
        -------
        pandas.DataFrame
            One row for each offer, in order of segment and rank, with columns segment,
            n_baskets (of the segment), rank, item, antecedents, antecedent_count,
            count, confidence, lift (in the segment), score, overall_lift (when
            learned), and n_open: baskets of the segment that hold the antecedents and
            not the item.

        Raises
        ------
        SchemaError
            If baskets or segments are not as above.
        NotEnoughHistoryError
            If there is no basket.
        LeakageError
            If the rules were learned from orders at or after the cutoff.

        References
        ----------
        E. B. Wilson (1927), doi:10.1080/01621459.1927.10502953.

        Examples
        --------
        >>> from crmml.association import AssociationRules
        >>> young = [["diapers", "beer"]] * 15 + [["tea"]] * 5
        >>> old = [["diapers"]] * 4 + [["diapers", "beer"]] + [["tea"]] * 15
        >>> rules = AssociationRules(0.2, 0.3).fit(young + old)
        >>> offers = rules.cross_sell(young + old, ["young"] * 20 + ["old"] * 20)
        >>> offers[["segment", "item", "confidence", "lift", "score"]].round(2)
          segment     item  confidence  lift  score
        0   young  diapers         1.0  1.33    0.8
        1   young     beer         1.0  1.33    0.8
        """
        check_is_fitted(self)
        n_offers = check_count(n_offers, "n_offers")
        min_count = check_count(min_count, "min_count")
        until = read_cutoff(cutoff, baskets)
        if until is not None:
            check_learned(self._until, until)
        form = self.order_column, self.item_column, self.basket_by
        divided, names = divide_baskets(baskets, segments, *form, until=until)
        return rank_offers(
            self._learned, divided, names, n_offers=n_offers, min_count=min_count
        )
