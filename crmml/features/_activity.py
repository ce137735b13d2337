"""How busy a customer was lately, and whether that is more or less than before."""

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import minus, units
from crmml.features._windows import Windows, check_windows, suffix


class Activity(PointInTimeBuilder):
    """Orders, spend and active days in look-back windows, and their change.

    For each window w, over transactions in [cutoff - w, cutoff):

    - ``n_orders_<w>``: number of orders;
    - ``total_spend_<w>``: sum of amounts, in the currency of the table, if the table
      has amounts;
    - ``n_active_days_<w>``: how many of the 24-hour periods counted back from the
      cutoff hold a transaction; calendar days, where the cutoff is at midnight;
    - ``n_orders_change_<w>`` and ``total_spend_change_<w>``: the same minus its value
      in the window before, [cutoff - 2w, cutoff - w).

    Parameters
    ----------
    windows : duration or list of durations, default=("30D", "90D")
        Look-back lengths, in whole days.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If a window is missing, or is not a whole number of days.

    See Also
    --------
    RFM : The three classic numbers alone.

    Notes
    -----
    A customer without transactions in both windows has 0 in all features. One who came
    within the last 2w has a change that counts the time before as no activity.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Activity
    >>> days = ["2024-01-01", "2024-01-05", "2024-02-01", "2024-02-01T18:00"]
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": 1,
    ...         "timestamp": [*days, "2024-02-03"],
    ...         "amount": [2.0, 10.0, 5.0, 2.0, 1.0],
    ...     }
    ... )
    >>> activity = Activity(windows="30D").set_output(transform="arrow")
    >>> activity.fit_transform(sales, cutoffs="2024-02-03").to_pylist()
    [{'customer_id': 1, 'n_orders_30d': 3, 'n_active_days_30d': 2,
    'n_orders_change_30d': 2, 'total_spend_30d': 17.0, 'total_spend_change_30d': 15.0}]
    """

    def __init__(self, *, windows: Windows = ("30D", "90D")) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        features = []
        for window in check_windows(self.windows):
            if window is None:
                raise SchemaError(
                    "Activity compares a window with the one before it, so None (all "
                    "of history) is no window; give lengths such as '30D'."
                )
            end, both = suffix(window), 2 * window
            orders, orders_both = (
                ask.aggregate("transactions", "count", window=length, grain="order")
                for length in (window, both)
            )
            active = ask.aggregate("transactions", "count", window=window, grain="day")
            change = minus(orders, minus(orders_both, orders))
            features += [
                Feature(f"n_orders{end}", orders, kind="integer"),
                Feature(f"n_active_days{end}", active, kind="integer"),
                Feature(f"n_orders_change{end}", change, kind="integer"),
            ]
            if ask.has("transactions", "amount"):
                spend, spend_both = (
                    ask.aggregate("transactions", "sum", "amount", window=length)
                    for length in (window, both)
                )
                change = units(minus(spend, minus(spend_both, spend)))
                features += [
                    Feature(f"total_spend{end}", units(spend)),
                    Feature(f"total_spend_change{end}", change),
                ]
        return features
