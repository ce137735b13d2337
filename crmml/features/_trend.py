"""Whether a customer buys more or less from one window to the next."""

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature, Grain, How
from crmml.features._expressions import (
    larger,
    minus,
    ratio_or_null,
    times,
    total,
)
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS


class Trend(PointInTimeBuilder):
    """Ratio and slope of orders and spend over adjacent look-back windows.

    For a window w, let x_1 be what happened in [cutoff - w, cutoff), x_2 what happened
    in [cutoff - 2w, cutoff - w), and so on to x_n. Then

    - ``orders_ratio_<w>`` = x_1 / (x_1 + m), where m is the mean of x_2 to x_n: 0.5
      means no change, 0 silence now, 1 nothing before; missing if nothing happened in
      all n windows;
    - ``orders_slope_<w>``: the slope of the least-squares line through x_n, ..., x_1,
      in orders per window from one window to the next; negative when falling;
    - ``spend_ratio_<w>`` and ``spend_slope_<w>``: the same of the sum of amounts, in
      the currency of the table, if the table has amounts. For the ratio, a window with
      more returned than bought counts as 0.

    Parameters
    ----------
    windows : duration or list of durations, default="30D"
        The length w of a window.
    n_windows : int, default=3
        How many adjacent windows are compared, at least 2.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If a window is missing, or `n_windows` is not a whole number of 2 or more.

    See Also
    --------
    Activity : The numbers themselves, and their change between two windows.

    Notes
    -----
    The ratio lies between 0 and 1 whatever happened, where x_1 / m would be infinite
    for who came back after a silence. A customer who came within the last n windows
    has windows of 0 before, hence a rising trend; Tenure tells them apart.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Trend
    >>> days = ["2024-01-01", "2024-01-02", "2024-01-08", "2024-01-15", "2024-01-22"]
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": 1,
    ...         "timestamp": days,
    ...         "amount": [25.0, 10.0, 25.0, 20.0, 9.0],
    ...     }
    ... )
    >>> Trend(windows="7D").fit_transform(sales, cutoffs="2024-01-22").T
    customer_id        1
    orders_ratio_7d  0.4
    orders_slope_7d -0.5
    spend_ratio_7d   0.4
    spend_slope_7d  -7.5
    """

    def __init__(self, *, windows: Windows = "30D", n_windows: int = 3) -> None:
        self.windows = windows
        self.n_windows = n_windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        n = check_count(self.n_windows, "n_windows", least=2)
        features = []
        for window in check_windows(self.windows):
            if window is None:
                raise SchemaError(
                    "Trend compares adjacent windows, so None (all of history) is no "
                    "window; give lengths such as '30D'."
                )
            end = suffix(window)
            orders = _adjacent(ask, window, n, "count", None, "order")
            features += [
                Feature(f"orders_ratio{end}", _ratio(orders)),
                Feature(f"orders_slope{end}", _slope(orders)),
            ]
            if ask.has("transactions", "amount"):
                spend = _adjacent(ask, window, n, "sum", "amount", "row")
                features += [
                    Feature(f"spend_ratio{end}", _ratio(spend)),
                    Feature(f"spend_slope{end}", _slope(spend, MILLIONTHS)),
                ]
        return features


def _adjacent(
    ask: Declarations,
    window: pd.Timedelta,
    n: int,
    how: How,
    value: str | None,
    grain: Grain,
) -> list[exp.Expr]:
    """Ask for the sums of n windows, the last first."""
    sums = [
        ask.aggregate("transactions", how, value, window=k * window, grain=grain)
        for k in range(1, n + 1)
    ]
    later = zip(sums[1:], sums, strict=False)
    return [sums[0], *[minus(wider, narrower) for wider, narrower in later]]


def _ratio(x: list[exp.Expr]) -> exp.Expr:
    """x_1 / (x_1 + mean of the others), of whole numbers until the division."""
    zero = sql.number(0)
    now, *before = [larger(one, zero) for one in x]
    scaled = times(now, sql.number(len(before)))
    return ratio_or_null(scaled, total(scaled, *before))


def _slope(x: list[exp.Expr], unit: int = 1) -> exp.Expr:
    """Least squares over 0, 1, ..., n - 1; doubled, the distances are whole."""
    n = len(x)
    parts = [times(one, sql.number(n - 1 - 2 * ago)) for ago, one in enumerate(x)]
    return sql.ratio(total(*parts), sql.number(n * (n * n - 1) // 6 * unit))
