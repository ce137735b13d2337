"""How much of what a customer bought comes back."""

from typing import Literal

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import (
    is_negative,
    is_positive,
    ratio_or_null,
    units,
    when,
)
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql

_POLICIES = ("net", "exclude", "separate")


class Returns(PointInTimeBuilder):
    """Return and cancellation rates, and spend under a declared policy for returns.

    A line with a negative amount is a return. For each window w, over the lines and
    orders in [cutoff - w, cutoff):

    - ``n_returns``: number of lines that are returns;
    - ``return_rate`` = n_returns / number of lines, from 0 to 1; missing without lines;
    - ``cancellation_rate`` = cancelled orders / orders with a line in the window, from
      0 to 1; missing without orders. An order is cancelled if it holds a return and
      the sum of its amounts in the window is 0 or less;

    and, in the currency of the table,

    - ``net_spend``, the sum of all amounts, if `negative` is "net";
    - ``gross_spend``, the sum of positive amounts, if it is "exclude" or "separate";
    - ``returned_amount``, what the returns sum up to, as a positive number, and
      ``returned_share`` = returned_amount / gross_spend (missing where gross_spend is
      0), if it is "separate".

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.
    negative : {"separate", "net", "exclude"}, default="separate"
        What becomes of negative amounts: reported beside purchases, deducted from
        them, or left out of spend.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If the transactions have no amount, or `negative` is another word.

    See Also
    --------
    RFM : Spend in which returns are netted.

    Notes
    -----
    A return counts when it happens, not when the thing was bought, so returned_share
    may exceed 1 in a short window. Cancellations that are booked as orders of their
    own, as in many shops' invoices, count as cancelled orders.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Returns
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": 1,
    ...         "timestamp": pd.date_range("2024-01-01", periods=5),
    ...         "order_id": [1, 2, 2, 3, 4],
    ...         "amount": [40.0, 10.0, -5.0, -40.0, 9.0],
    ...     }
    ... )
    >>> Returns().fit_transform(sales, cutoffs="2024-01-05").T
    customer_id                1
    n_returns           2.000000
    return_rate         0.500000
    cancellation_rate   0.333333
    gross_spend        50.000000
    returned_amount    45.000000
    returned_share      0.900000
    """

    def __init__(
        self,
        *,
        windows: Windows = None,
        negative: Literal["separate", "net", "exclude"] = "separate",
    ) -> None:
        self.windows = windows
        self.negative = negative

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        if self.negative not in _POLICIES:
            raise SchemaError(
                f"negative must be one of {_POLICIES}, got {self.negative!r}."
            )
        features = []
        for window in check_windows(self.windows):
            features += self._rates(ask, window)
            features += self._spend(ask, window)
        return features

    @staticmethod
    def _rates(ask: Declarations, window: pd.Timedelta | None) -> list[Feature]:
        end, amount = suffix(window), sql.column("amount")
        lines = ask.aggregate("transactions", "count", window=window)
        returns = ask.aggregate(
            "transactions", "count", when(is_negative(amount), amount), window=window
        )
        orders = ask.aggregate(
            "transactions", "distinct", window=window, grain="by_order"
        )
        cancelled = ask.aggregate(
            "transactions", "taken_back", amount, window=window, grain="by_order"
        )
        return [
            Feature(f"n_returns{end}", returns, kind="integer"),
            Feature(f"return_rate{end}", ratio_or_null(returns, lines)),
            Feature(f"cancellation_rate{end}", ratio_or_null(cancelled, orders)),
        ]

    def _spend(self, ask: Declarations, window: pd.Timedelta | None) -> list[Feature]:
        end, amount = suffix(window), sql.column("amount")
        if self.negative == "net":
            net = ask.aggregate("transactions", "sum", amount, window=window)
            return [Feature(f"net_spend{end}", units(net))]
        gross = ask.aggregate(
            "transactions", "sum", when(is_positive(amount), amount), window=window
        )
        features = [Feature(f"gross_spend{end}", units(gross))]
        if self.negative == "separate":
            minus_amount = exp.Neg(this=amount.copy())
            back = ask.aggregate(
                "transactions",
                "sum",
                when(is_negative(amount), minus_amount),
                window=window,
            )
            features += [
                Feature(f"returned_amount{end}", units(back)),
                Feature(f"returned_share{end}", ratio_or_null(back, gross)),
            ]
        return features
