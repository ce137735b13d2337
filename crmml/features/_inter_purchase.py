"""The rhythm in which a customer buys, and whether the next order is overdue."""

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import GAP, Declarations, Feature, How
from crmml.features._expressions import (
    days,
    minus,
    ratio_or_null,
    times,
    wide,
)
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql

_MICROSECONDS_A_DAY = DAY // MICROSECOND
_GAP = sql.column(GAP)
_MOMENTS: tuple[tuple[How, exp.Expr], ...] = (
    ("count", _GAP),
    ("sum", _GAP),
    # Of 38 digits: gaps are in microseconds.
    ("sum", times(wide(_GAP), wide(_GAP))),
)


class InterPurchase(PointInTimeBuilder):
    """Gaps between orders: mean, spread, and days overdue against the own rhythm.

    Let g_1 to g_n be the days from each order to the customer's next, both before the
    cutoff, where the later lies in [cutoff - w, cutoff). Then

    - ``mean_gap_days`` = (g_1 + ... + g_n) / n; missing for n = 0;
    - ``std_gap_days``: their standard deviation, with n - 1 in the denominator; missing
      for n < 2;
    - ``cv_gap`` = std_gap_days / mean_gap_days: 0 for clockwork, about 1 for purchases
      at random; missing for n < 2, or where the mean is 0;
    - ``days_overdue`` = days since the last purchase - mean_gap_days: above 0 when the
      customer is later than usual; missing for n = 0.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    See Also
    --------
    RFM : Days since the last purchase, without the rhythm.

    Notes
    -----
    An order happens when its first line does. Two orders at one instant are a gap of
    0 days. Gaps are computed once for all windows and cutoffs; only where the table
    declares ``recorded_at``, so that an order known late can split a gap, are they
    computed for each cutoff.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import InterPurchase
    >>> days = ["2024-01-01", "2024-01-09", "2024-01-21", "2024-01-31", "2024-02-20"]
    >>> sales = pd.DataFrame({"customer_id": 1, "timestamp": days})
    >>> InterPurchase().fit_transform(sales, cutoffs="2024-02-20").T
    customer_id        1
    mean_gap_days   10.0
    std_gap_days     2.0
    cv_gap           0.2
    days_overdue    10.0
    """

    def __init__(self, *, windows: Windows = None) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("transactions", "max", "timestamp")
        features = []
        for window in check_windows(self.windows):
            features += self._of_window(ask, window, minus(ask.cutoff, last))
        return features

    @staticmethod
    def _of_window(
        ask: Declarations, window: pd.Timedelta | None, silence: exp.Expr
    ) -> list[Feature]:
        end = suffix(window)
        n, summed, squares = (
            ask.aggregate("transactions", how, value, grain="gap", window=window)
            for how, value in _MOMENTS
        )
        n_days = times(n, sql.number(_MICROSECONDS_A_DAY))
        n_pairs = times(n, minus(n, sql.number(1)))
        scatter = minus(times(wide(n), squares), times(wide(summed), summed))
        spread = exp.Sqrt(this=ratio_or_null(scatter, n_pairs))
        late = minus(times(wide(silence), n), summed)
        return [
            Feature(f"mean_gap_days{end}", ratio_or_null(summed, n_days)),
            Feature(f"std_gap_days{end}", days(spread)),
            Feature(
                f"cv_gap{end}", ratio_or_null(times(spread, sql.as_double(n)), summed)
            ),
            Feature(f"days_overdue{end}", ratio_or_null(late, n_days)),
        ]
