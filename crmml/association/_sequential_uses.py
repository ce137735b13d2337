"""What fitted sequential rules are for: what is next, and whether they hold later."""

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._durations import MICROSECOND, Duration, check_duration
from crmml.association._sequential_input import (
    Histories,
    check_kind,
    open_tables,
    read_histories,
)
from crmml.association._sequential_offers import recommend_next
from crmml.association._sequential_sets import watch
from crmml.association._sequential_table import LearnedSequences
from crmml.association._thresholds import as_fraction
from crmml.exceptions import SchemaError


class SequenceUses:
    """Methods of :class:`SequentialRules` that look at other histories."""

    min_confidence: float | Fraction
    max_gap: Duration
    min_gap: Duration
    repeats: bool
    customer_column: str
    time_column: str
    item_column: str
    known_until_: pd.Timestamp
    _learned: LearnedSequences

    def predict(
        self, histories: Any, n_items: int = 3, *, cutoff: Any = None
    ) -> pd.DataFrame:
        """Say what each customer will probably buy next, and when.

        A rule applies to a purchase with all its antecedents, while the window after
        that purchase is still open and the consequent has not been bought in it; with
        ``repeats=False``, not at or after that purchase at all. An item that follows
        from several purchases or rules takes the strongest rule, and of equal ones the
        latest purchase.

        Parameters
        ----------
        histories : CustomerTables, Transactions, table or path
            What the customers bought so far, in the form of `fit`. Items that no rule
            knows are passed over.
        n_items : int, default=3
            The largest number of items for a customer.
        cutoff : str or datetime, default=None
            The instant at which we ask: nothing at or after it is known. None: the
            ``observed_until`` of the data.

        Returns
        -------
        pandas.DataFrame
            One row for each customer and item, with columns customer_id, rank (int64,
            from 1), item (label), score (float64, the confidence of the rule),
            antecedents (frozenset, the reason), bought_at (when these were bought),
            gap_days (float64, the median of the rule) and expected_at (bought_at plus
            gap_days; it may have passed). In order of customer_id and rank: highest
            confidence first, then lift, then customer_count, then label. **A
            customer to whom no rule applies has no row**; popular items never fill the
            place.

        Raises
        ------
        SchemaError
            As in `fit`; or if items are of another type than there, or `n_items` is no
            integer from 1.
        """
        check_is_fitted(self)
        n_items = check_count(n_items, "n_items")
        known = self._read(histories, cutoff)
        check_kind(known.baskets.items, self._learned.items)
        return recommend_next(
            self._learned, known, *self._read_window(), self.repeats, n_items
        )

    def validate(self, later_histories: Any, *, cutoff: Any = None) -> pd.DataFrame:
        """Count the rules after the data that they were learned from.

        Only purchases after `known_until_` count as antecedents, so that the same
        tables may be given as to ``fit(..., cutoff=...)``. A rule *survives* if its
        confidence there reaches `min_confidence` and its lift is above 1, both
        compared as integers.

        Parameters
        ----------
        later_histories : CustomerTables, Transactions, table or path
            Later histories, in the form of `fit`; earlier purchases are passed over.
        cutoff : str or datetime, default=None
            Where the later period ends. None: the ``observed_until`` of the data.

        Returns
        -------
        pandas.DataFrame of shape (n_rules, 13)
            One row for each rule, in the order of `rules_`: antecedents, consequents;
            customer_count, antecedent_count, consequent_count, count, support (of the
            customers with a later purchase), confidence and lift in the later period
            (confidence and lift missing where A, or b, is not bought any more);
            learned_support, learned_confidence, learned_lift; survives (bool), whose
            mean is the share of rules that hold.

        Raises
        ------
        SchemaError
            As in `fit`, or if items are of another type than there.
        NotEnoughHistoryError
            If no later purchase is followed by a whole window inside the data.
        """
        check_is_fitted(self)
        histories = self._read(later_histories, cutoff)
        check_kind(histories.baskets.items, self._learned.items)
        since = (self.known_until_ - pd.Timestamp(0)) // MICROSECOND
        follows = watch(histories, *self._read_window(), since=since)
        later = histories.instants > since
        n_customers = len(np.unique(histories.owners[later]))
        return self._learned.compare(
            follows, n_customers, as_fraction(self.min_confidence)
        )

    def _read_window(self) -> tuple[pd.Timedelta, pd.Timedelta]:
        min_gap = check_duration(self.min_gap, "min_gap", allow_zero=True)
        max_gap = check_duration(self.max_gap, "max_gap")
        if min_gap > max_gap:
            raise SchemaError(
                f"min_gap={self.min_gap!r} is longer than max_gap={self.max_gap!r}, so "
                "that nothing could follow."
            )
        return min_gap, max_gap

    def _read(self, X: Any, cutoff: Any) -> Histories:
        names = self.customer_column, self.time_column, self.item_column
        return read_histories(open_tables(X, *names), cutoff)
