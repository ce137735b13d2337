"""How much of what a customer buys is bought at a discount."""

import pandas as pd
import sqlglot.expressions as exp

from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import (
    is_negative,
    is_positive,
    ratio_or_null,
    total,
    units,
    when,
)
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql


class Discounts(PointInTimeBuilder):
    """Discounts that a customer was given: number, sum and share of the list price.

    For each window w, over lines in [cutoff - w, cutoff) that are no returns, that is,
    with an amount of 0 or more (without amounts, all lines):

    - ``n_discounted_lines``: number of lines with a discount above 0;
    - ``discounted_line_share`` = n_discounted_lines / number of lines; missing without
      lines;
    - ``total_discount``: sum D of the discounts above 0, in the currency of the table;
    - ``discount_share`` = D / (A + D), where A is the sum of the amounts: the part of
      the list price that was taken off, from 0 to 1; missing where A + D is 0. It
      needs amounts.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If the transactions have no discount.

    See Also
    --------
    RFM : What was paid after the discount.

    Notes
    -----
    The amount is what was paid, after the discount. A missing discount counts as none,
    and so does a negative one.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Discounts
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": 1,
    ...         "timestamp": pd.date_range("2024-01-01", periods=4),
    ...         "amount": [8.0, 10.0, 12.0, 1.0],
    ...         "discount": [2.0, None, 8.0, 0.5],
    ...     }
    ... )
    >>> Discounts().fit_transform(sales, cutoffs="2024-01-04").T
    customer_id                   1
    n_discounted_lines     2.000000
    discounted_line_share  0.666667
    total_discount        10.000000
    discount_share         0.250000
    """

    def __init__(self, *, windows: Windows = None) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        features = []
        for window in check_windows(self.windows):
            features += self._in_window(ask, window)
        return features

    @staticmethod
    def _in_window(ask: Declarations, window: pd.Timedelta | None) -> list[Feature]:
        end, discount = suffix(window), sql.column("discount")
        amount, one = sql.column("amount"), sql.number(1)
        has_amount = ask.has("transactions", "amount")
        is_sale = is_negative(amount).not_() if has_amount else exp.true()
        is_reduced = exp.and_(is_sale, is_positive(discount))
        lines = ask.aggregate(
            "transactions", "count", when(is_sale, one), window=window
        )
        reduced = ask.aggregate(
            "transactions", "count", when(is_reduced, discount), window=window
        )
        off = ask.aggregate(
            "transactions", "sum", when(is_reduced, discount), window=window
        )
        features = [
            Feature(f"n_discounted_lines{end}", reduced, kind="integer"),
            Feature(f"discounted_line_share{end}", ratio_or_null(reduced, lines)),
            Feature(f"total_discount{end}", units(off)),
        ]
        if has_amount:
            paid = ask.aggregate(
                "transactions", "sum", when(is_sale, amount), window=window
            )
            share = ratio_or_null(off, total(off, paid))
            features.append(Feature(f"discount_share{end}", share))
        return features
