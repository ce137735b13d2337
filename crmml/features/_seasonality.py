"""When a customer spends: on which weekdays, at which hours, in which months."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._calendar import hour, month, weekday
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import is_positive, ratio_or_null, when
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql

Season: TypeAlias = Literal["weekday", "hour", "month"]

# Not of the standard library's calendar: it speaks the language of the machine.
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = (
    "march april may june july august september october november december january "
    "february"
)
_SEASONS: dict[str, tuple[Callable[[exp.Expr], exp.Expr], list[str]]] = {
    "weekday": (weekday, [f"on_{day}" for day in _DAYS.split()]),
    "hour": (hour, [f"at_{number:02}h" for number in range(24)]),
    "month": (month, [f"in_{name}" for name in _MONTHS.split()]),
}


class Seasonality(PointInTimeBuilder):
    """Shares of spend by weekday, hour of the day or month of the year.

    For each window w, over purchases (lines with a positive amount) in
    [cutoff - w, cutoff), the spend in one bucket divided by the spend in all:

    - ``spend_share_on_monday`` to ``spend_share_on_sunday`` for "weekday";
    - ``spend_share_at_00h`` to ``spend_share_at_23h`` for "hour": from that hour to the
      next;
    - ``spend_share_in_march`` to ``spend_share_in_february`` for "month".

    The shares of a kind add up to 1; all are missing where nothing was bought. The
    window's name comes before the bucket's: ``spend_share_90d_on_monday``.

    Parameters
    ----------
    by : {"weekday", "hour", "month"} or list of them, default="weekday"
        The kinds of buckets.
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If the transactions have no amount, or `by` names something else.

    See Also
    --------
    InterPurchase : How regularly the customer buys.

    Notes
    -----
    Days and hours are those of the timestamps as they are given; with a time zone,
    those of UTC. For shares by month choose a window of whole years: half a year of
    history says nothing about the other half.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Seasonality
    >>> days = ["2024-01-06", "2024-01-08", "2024-01-13", "2024-01-14"]
    >>> sales = pd.DataFrame(
    ...     {"customer_id": 1, "timestamp": days, "amount": [30.0, 10.0, 40.0, 5.0]}
    ... )
    >>> shares = Seasonality().fit_transform(sales, cutoffs="2024-01-14").T
    >>> shares[shares[1] > 0]
    customer_id                1
    spend_share_on_monday    0.125
    spend_share_on_saturday  0.875
    """

    def __init__(
        self, *, by: Season | Sequence[Season] = "weekday", windows: Windows = None
    ) -> None:
        self.by = by
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        seasons = [self.by] if isinstance(self.by, str) else list(self.by)
        if not seasons or len(set(seasons) & set(_SEASONS)) < len(seasons):
            raise SchemaError(
                f"by must name some of {tuple(_SEASONS)}, each once, got {self.by!r}."
            )
        return [
            feature
            for window in check_windows(self.windows)
            for season in seasons
            for feature in _shares(ask, window, season)
        ]


def _shares(
    ask: Declarations, window: pd.Timedelta | None, season: Season
) -> list[Feature]:
    amount = sql.column("amount")
    spend = when(is_positive(amount), amount)
    whole = ask.aggregate("transactions", "sum", spend, window=window)
    bucket_of, names = _SEASONS[season]
    bucket = bucket_of(sql.column("timestamp"))
    features = []
    for i, name in enumerate(names):
        is_here = exp.EQ(this=bucket.copy(), expression=sql.number(i))
        part = ask.aggregate("transactions", "sum", when(is_here, spend), window=window)
        share = ratio_or_null(part, whole)
        features.append(Feature(f"spend_share{suffix(window)}_{name}", share))
    return features
