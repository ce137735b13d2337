"""Recency, frequency and money: the three numbers every shop knows."""

from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus, units
from crmml.features._windows import Windows, check_windows, suffix


class RFM(PointInTimeBuilder):
    """Recency, frequency and monetary value as of a cutoff.

    For a customer's transactions at times t with amounts m, and a window w,

    - ``days_since_last_purchase``: cutoff - max(t), in days, over all of history;
    - ``n_orders``: number of orders whose first line lies in [cutoff - w, cutoff);
    - ``total_spend``: sum of m over lines in [cutoff - w, cutoff), in the currency of
      the table; returns (negative amounts) are netted.

    These are the trio of direct marketing. The buy-till-you-die models use other
    quantities under similar names: there, recency is the time from the first to the
    last purchase and frequency counts repeat purchases only.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths for frequency and money. None is all of history; a length
        such as ``"90D"`` adds its name to the feature's: ``n_orders_90d``.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    See Also
    --------
    Activity : Adds active days and the change against the window before.
    Tenure : How long the customer has been one.

    Notes
    -----
    Without an order id the lines of a customer at one instant are one order. Where the
    table declares ``recorded_at``, an order's first line is the first of those known
    at the cutoff. A customer without transactions has 0 orders, 0 spend and a missing
    recency.

    References
    ----------
    .. [1] Hughes, A. M. (1994). Strategic Database Marketing. Probus.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import RFM
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": ["a", "a", "b"],
    ...         "timestamp": ["2024-01-01", "2024-03-01", "2024-03-11"],
    ...         "amount": [10.0, 5.5, 7.0],
    ...     }
    ... )
    >>> RFM().fit_transform(sales, cutoffs="2024-03-11")
                 days_since_last_purchase  n_orders  total_spend
    customer_id
    a                                10.0         2         15.5
    """

    def __init__(self, *, windows: Windows = None) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("transactions", "max", "timestamp")
        recency = days(minus(ask.cutoff, last))
        features = [Feature("days_since_last_purchase", recency)]
        for window in check_windows(self.windows):
            orders = ask.aggregate(
                "transactions", "count", window=window, grain="order"
            )
            spend = ask.aggregate("transactions", "sum", "amount", window=window)
            features += [
                Feature(f"n_orders{suffix(window)}", orders, kind="integer"),
                Feature(f"total_spend{suffix(window)}", units(spend)),
            ]
        return features
