"""What buy-till-you-die models read: frequency, recency, T and monetary value."""

from typing import Literal

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND, Duration, check_duration
from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import GAP, Declarations, Feature, Grain
from crmml.features._expressions import larger, minus, ratio_or_null, times, total
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS

_DAY = DAY // MICROSECOND
_GRAINS: dict[str, Grain] = {"day": "by_day", "order": "by_order"}


class BTYDSummary(PointInTimeBuilder):
    """Frequency, recency, T and monetary value as buy-till-you-die models mean them.

    Let a customer's purchases before the cutoff lie at t_0 < t_1 < ... < t_x and sum up
    to m_0, ..., m_x. Then

    - ``frequency`` = x, the number of repeat purchases; 0 for who never bought;
    - ``recency`` = t_x - t_0, from the first to the last purchase, in the given unit;
      0 after one purchase, missing for who never bought;
    - ``T`` = cutoff - t_0, the age of the customer, in the given unit;
    - ``monetary_value`` = (m_1 + ... + m_x) / x, the mean of repeat purchases, in the
      currency of the table; missing for x = 0. It needs amounts;
    - ``unit_days`` and ``grain_days``, the same in every row: in how many days times
      are counted, and in how many days purchases count as one, 0 for orders. With them
      the units travel with the data into any container or file, and models refuse a
      summary in another unit than their own.

    They are not the RFM trio: there, recency is the time since the last purchase.

    Parameters
    ----------
    unit : duration, default="1D"
        The unit of recency and T, such as ``"7D"`` for weeks.
    grain : {"day", "order"}, default="day"
        What is one purchase. "day": all that was bought in one of the 24-hour periods
        counted back from the cutoff (calendar days, where the cutoff is at midnight),
        and it lies where the period begins. "order": an order, which lies where its
        first line does; of several at the first instant, the smallest counts as the
        first.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If unit or grain cannot be used.

    See Also
    --------
    RFM : The trio of direct marketing.
    InterPurchase : The spread of the gaps as well.

    Notes
    -----
    Purchases on the day of the cutoff lie after it. A summary "as of the end of day d"
    is that of the cutoff at midnight after d, with T larger by one day than in packages
    that count whole days from t_0 to d.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). Counting your customers
       the easy way. Marketing Science 24(2). https://doi.org/10.1287/mksc.1040.0098

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import BTYDSummary
    >>> days = ["2024-01-01", "2024-01-11T10:00", "2024-01-11T18:00", "2024-01-22"]
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": [1, 1, 1, 1, 2],
    ...         "timestamp": [*days, "2024-01-31"],
    ...         "amount": [9.0, 3.0, 1.0, 6.0, 5.0],
    ...     }
    ... )
    >>> BTYDSummary().fit_transform(sales, cutoffs="2024-01-31")
                 frequency  recency     T  monetary_value  unit_days  grain_days
    customer_id
    1                  2.0     21.0  30.0             5.0        1.0         1.0
    """

    def __init__(
        self, *, unit: Duration = "1D", grain: Literal["day", "order"] = "day"
    ) -> None:
        self.unit = unit
        self.grain = grain

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        if self.grain not in _GRAINS:
            raise SchemaError(
                f"grain must be one of {tuple(_GRAINS)}, got {self.grain!r}."
            )
        unit = sql.number(check_duration(self.unit, "unit") // MICROSECOND)
        by_order = self.grain == "order"
        frequency, recency, age = (_by_order if by_order else _by_day)(ask)
        features = [
            Feature("frequency", frequency),
            Feature("recency", sql.ratio(recency, unit)),
            Feature("T", sql.ratio(age, unit.copy())),
        ]
        if ask.has("transactions", "amount"):
            spend = ask.aggregate("transactions", "sum", "amount")
            first = ask.aggregate(
                "transactions", "first", "amount", grain=_GRAINS[self.grain]
            )
            purchases = times(frequency, sql.number(MILLIONTHS))
            mean = ratio_or_null(minus(spend, first), purchases)
            features.append(Feature("monetary_value", mean))
        return [
            *features,
            Feature("unit_days", sql.ratio(unit.copy(), sql.number(_DAY))),
            Feature("grain_days", sql.as_double(sql.number(0 if by_order else 1))),
        ]


def _by_order(ask: Declarations) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Frequency, recency and age, in microseconds."""
    first = ask.aggregate("transactions", "min", "timestamp")
    repeats = ask.aggregate("transactions", "count", sql.column(GAP), grain="gap")
    span = ask.aggregate("transactions", "sum", sql.column(GAP), grain="gap")
    # A sum over no gaps is 0; without a first purchase it is none.
    is_customer = first.copy().is_(exp.null()).not_()
    recency = exp.case().when(is_customer, span)
    return repeats, recency, minus(ask.cutoff, first)


def _by_day(ask: Declarations) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Frequency, recency and age, in microseconds."""
    first = ask.aggregate("transactions", "min", "timestamp")
    last = ask.aggregate("transactions", "max", "timestamp")
    n_days = ask.aggregate("transactions", "count", grain="day")
    repeats = larger(minus(n_days, sql.number(1)), sql.number(0))
    oldest, newest = _days_ago(ask, first), _days_ago(ask, last)
    a_day = sql.number(_DAY)
    recency = times(minus(oldest, newest), a_day)
    return repeats, recency, times(total(oldest, sql.number(1)), a_day)


def _days_ago(ask: Declarations, instant: exp.Expr) -> exp.Expr:
    """How many whole periods lie between an instant's and the cutoff."""
    ago = minus(minus(ask.cutoff, sql.number(1)), instant)
    return exp.IntDiv(this=ago, expression=sql.number(_DAY))
