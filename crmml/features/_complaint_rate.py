"""How often a customer complained, and how long the answer took."""

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, larger, minus, ratio_or_null, smaller
from crmml.features._tenure import tenure_start
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql

DAYS_A_MONTH = 30.4375
"""Days in a twelfth of a Julian year."""
_MONTH = round(DAYS_A_MONTH * 86_400_000_000)


class ComplaintRate(PointInTimeBuilder):
    """Complaints per order and per month, and the wait for their resolution.

    For each window w, over complaints and orders in [cutoff - w, cutoff):

    - ``n_complaints``: number of complaints;
    - ``complaints_per_order``: n_complaints / max(n_orders, 1), if there is a table
      of transactions;
    - ``complaints_per_month``: n_complaints / max(months, 1), where months is the
      shorter of tenure and window, in months of 30.4375 days;
    - ``mean_days_to_resolve``: mean of resolved_at - timestamp, in days, over the
      complaints that were resolved before the cutoff; missing if there is none;
    - ``n_open_complaints``: complaints not yet resolved at the cutoff;

    and over all of history ``days_since_last_complaint``, missing if there is none.
    The two on resolution need ``resolved_at``.

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
        If there is no table of complaints.

    See Also
    --------
    Activity : What the customer bought meanwhile.

    Notes
    -----
    Every rate is defined: dividing by at least one order and one month keeps a
    complaint without an order, or on the first day, from becoming an infinite rate.
    For who complained and never joined or bought, months is the window, or 1.
    A complaint resolved at or after the cutoff counts as open at the cutoff.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import ComplaintRate
    >>> from crmml.tables import Complaints, CustomerTables, Transactions
    >>> sales = pd.DataFrame({"id": 1, "at": ["2024-01-01", "2024-01-11"]})
    >>> calls = pd.DataFrame({"id": [1], "at": ["2024-01-12"], "done": ["2024-01-15"]})
    >>> tables = CustomerTables(
    ...     transactions=Transactions(sales, customer_id="id", timestamp="at"),
    ...     complaints=Complaints(
    ...         calls, customer_id="id", timestamp="at", resolved_at="done"
    ...     ),
    ...     observed_until="2024-03-01",
    ... )
    >>> ComplaintRate().fit_transform(tables, cutoffs="2024-01-22").T
    customer_id                   1
    days_since_last_complaint  10.0
    n_complaints                1.0
    complaints_per_order        0.5
    complaints_per_month        1.0
    mean_days_to_resolve        3.0
    n_open_complaints           0.0
    """

    def __init__(self, *, windows: Windows = None) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("complaints", "max", "timestamp")
        recency = days(minus(ask.cutoff, last))
        features = [Feature("days_since_last_complaint", recency)]
        for window in check_windows(self.windows):
            end = suffix(window)
            complaints = ask.aggregate("complaints", "count", window=window)
            features.append(Feature(f"n_complaints{end}", complaints, kind="integer"))
            if ask.has("transactions"):
                orders = ask.aggregate(
                    "transactions", "count", window=window, grain="order"
                )
                per_order = sql.ratio(complaints, larger(orders, sql.number(1)))
                features.append(Feature(f"complaints_per_order{end}", per_order))
            months = minus(ask.cutoff, tenure_start(ask))
            if window is not None:
                months = smaller(months, sql.number(window // MICROSECOND))
            a_month = sql.number(_MONTH)
            per_month = sql.ratio(
                exp.Mul(this=complaints.copy(), expression=a_month),
                larger(months, a_month),
            )
            features.append(Feature(f"complaints_per_month{end}", per_month))
            if ask.has("complaints", "resolved_at"):
                features += self._resolution(ask, window, complaints)
        return features

    @staticmethod
    def _resolution(
        ask: Declarations, window: pd.Timedelta | None, complaints: exp.Expr
    ) -> list[Feature]:
        wait = exp.Sub(
            this=sql.column("resolved_at"), expression=sql.column("timestamp")
        )
        total = ask.aggregate(
            "complaints", "sum", wait, window=window, visible_from="resolved_at"
        )
        resolved = ask.aggregate(
            "complaints", "count", window=window, visible_from="resolved_at"
        )
        end = suffix(window)
        return [
            Feature(f"mean_days_to_resolve{end}", ratio_or_null(days(total), resolved)),
            Feature(
                f"n_open_complaints{end}", minus(complaints, resolved), kind="integer"
            ),
        ]
