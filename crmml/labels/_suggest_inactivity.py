"""How long a silence must be before few who keep it come back."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml._utils._durations import DAY, MICROSECOND
from crmml._utils._shown import ShownInParts
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._coerce import as_tables

Counts = NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class InactivitySuggestion(ShownInParts):
    """A horizon of silence, and what it was chosen from.

    Attributes
    ----------
    horizon : pandas.Timedelta
        The shortest horizon in whole days at which fewer than `max_return_share` of
        the silent come back; ready for ``Inactivity(horizon)``.
    max_return_share : float
        The share that was asked for.
    followed_days : int
        How long silences were followed, in days: "come back" means within this time
        after the last purchase.
    n_silences : int
        Silences of at least a day that were watched: each begins with a purchase.
    table : pandas.DataFrame
        One row for each candidate, shortest first: ``horizon_days``; ``n_silent``,
        silences watched for longer than that; ``return_share``, the estimated share
        of silences so long that end with a purchase.

    See Also
    --------
    suggest_inactivity : Makes one.
    """

    horizon: pd.Timedelta
    max_return_share: float
    followed_days: int
    n_silences: int
    table: pd.DataFrame

    def _parts(self) -> tuple[str, dict[str, str]]:
        days = self.horizon / pd.Timedelta(days=1)
        return f"InactivitySuggestion: a horizon of {days:g} days", {
            "of the silent come back": f"fewer than {self.max_return_share:.3g}",
            "followed for": f"{self.followed_days:,} days",
            "silences watched": f"{self.n_silences:,}",
            "table": f"{len(self.table):,} horizons, shortest first",
        }


def suggest_inactivity(
    tables: Any, *, max_return_share: float = 0.1, min_silences: int = 30
) -> InactivitySuggestion:
    r"""Propose the horizon of :class:`Inactivity` from the gaps between purchases.

    A silence begins with each purchase and ends with the customer's next one; the last
    of each customer is still open when the data end, and is known only to be longer
    than it was watched. With S(h) the probability that a silence lasts h days or more,
    the share of those who come back after h silent days is

    .. math::
        R(h) = 1 - S(f) / S(h), \qquad
        S(h) = \prod_{k < h} (1 - d_k / n_k),

    the Kaplan-Meier estimator on whole days: of the :math:`n_k` silences that lasted
    k days and are watched through the day that follows, :math:`d_k` end on that day.
    f is how long silences are followed.

    Parameters
    ----------
    tables : CustomerTables, Transactions or frame
        The data. Every transaction counts as a purchase, as in :class:`Inactivity`.
    max_return_share : float, default=0.1
        Share of silent customers, strictly between 0 and 1, that may come back: those
        whom the label would call gone by mistake. The smaller, the longer the horizon.
    min_silences : int, default=30
        Silences are followed for as many days as at least this many of them are
        watched: with fewer the estimate would hang on single customers.

    Returns
    -------
    InactivitySuggestion
        The horizon and the table it was chosen from.

    Raises
    ------
    NotEnoughHistoryError
        If too few silences are watched, or no candidate keeps the share: candidates
        end at half the time that silences are followed, so that each is judged by at
        least as much time again.
    SchemaError
        If there are no transactions, or an argument lies outside its range.

    See Also
    --------
    Inactivity : The label that needs a horizon.
    crmml.plotting.plot_inactivity : Draws the table.

    Notes
    -----
    Each silence counts once, so that customers who buy often weigh more; of them the
    long silences, from which R is computed, are few. Transactions after
    ``tables.observed_until`` are not used. Who comes back later than f counts as gone.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958), "Nonparametric estimation from incomplete
    observations", Journal of the American Statistical Association 53(282).
    https://doi.org/10.1080/01621459.1958.10501452

    Examples
    --------
    Forty customers buy twice, ten of them after 2 days and ten after 5; then all are
    silent for good. After 2 days of silence 20 of 60 come back, after 3 days 10 of 50,
    after 6 days nobody.

    >>> import pandas as pd
    >>> from crmml.labels import suggest_inactivity
    >>> gaps = [2] * 10 + [5] * 10
    >>> start = pd.Timestamp("2024-01-01")
    >>> again = [start + pd.Timedelta(gap, "D") for gap in gaps]
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": [*range(40), *range(20)],
    ...         "timestamp": [start] * 40 + again,
    ...     }
    ... )
    >>> from crmml.tables import CustomerTables, Transactions
    >>> tables = CustomerTables(
    ...     transactions=Transactions(
    ...         sales, customer_id="customer_id", timestamp="timestamp"
    ...     ),
    ...     observed_until="2024-03-01",
    ... )
    >>> found = suggest_inactivity(tables)
    >>> found.horizon
    Timedelta('6 days 00:00:00')
    >>> found.table.iloc[1:6].round(3)
       horizon_days  n_silent  return_share
    1             2        60         0.333
    2             3        50         0.200
    3             4        50         0.200
    4             5        50         0.200
    5             6        40         0.000
    """
    share = _check_share(max_return_share)
    least = check_count(min_silences, "min_silences")
    returns, watched = _count_silences(as_tables(tables))
    followed = int((watched >= least).sum())
    if followed < 2:
        raise NotEnoughHistoryError(
            f"No {least} silences were watched for 2 days or more; this long a history "
            "holds no horizon. Give a longer one, or lower min_silences."
        )
    table = _compute_table(returns[:followed], watched[:followed])
    is_kept = (table["return_share"] < share).to_numpy()
    if not is_kept.any():
        last = table.iloc[-1]
        enough = math.floor(100 * table["return_share"].min()) + 1
        way_out = f", or raise max_return_share to {enough / 100:g}"
        raise NotEnoughHistoryError(
            f"Of those silent for {last['horizon_days']:.0f} days, the longest "
            f"candidate, {last['return_share']:.0%} come back; fewer than {share:.0%} "
            f"were asked for. Silences are followed for {followed} days. Give a longer "
            f"history{way_out if enough < 100 else ''}."
        )
    horizon = pd.Timedelta(int(table["horizon_days"][is_kept.argmax()]), "D")
    return InactivitySuggestion(horizon, share, followed, int(watched[1]), table)


def _check_share(value: Any) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) < 1:
        raise SchemaError(
            f"max_return_share must be a number between 0 and 1, got {value!r}."
        )
    return float(value)


def _count_silences(tables: CustomerTables) -> tuple[Counts, Counts]:
    """Count by day: silences that end on it, and silences watched through it."""
    tables.table("transactions")
    if tables.observed_until is None:
        raise NotEnoughHistoryError("transactions: there are none.")
    end = (tables.observed_until - pd.Timestamp(0)) // MICROSECOND
    found = tables.engine.run(_silences_query(end))
    is_return = found["is_return"].to_numpy().astype(bool)
    days, counts = (found[name].cast(pa.int64()).to_numpy() for name in ("day", "n"))
    size = int(days.max(initial=0)) + 1
    returns, lasts = (np.zeros(size, dtype=np.int64) for _ in range(2))
    np.add.at(returns, days[is_return], counts[is_return])
    np.add.at(lasts, days, counts)
    # Watched through day k are those whose last watched day is k or later.
    return returns, lasts[::-1].cumsum()[::-1]


def _silences_query(end: int) -> exp.Select:
    """Count silences by their last watched day, and by whether they end on it."""
    customer, timestamp = sql.column("customer_id"), sql.column("timestamp")
    a_day, until = sql.number(DAY // MICROSECOND), sql.number(end)
    known = exp.LTE(this=timestamp, expression=until)
    purchases = (
        exp.select(customer, timestamp)
        .distinct()
        .from_(sql.table("transactions"))
        .where(known)
    )
    following = exp.Window(
        this=exp.func("lead", timestamp),
        partition_by=[customer],
        order=exp.Order(expressions=[exp.Ordered(this=timestamp)]),
    )
    gap, reach = (
        exp.IntDiv(
            this=exp.paren(exp.Sub(this=stop, expression=timestamp.copy())),
            expression=a_day.copy(),
        )
        for stop in (following, until.copy())
    )
    silences = exp.select(
        exp.alias_(gap, "gap", quoted=True), exp.alias_(reach, "reach", quoted=True)
    ).from_(purchases.subquery("purchases"))
    # Only days that were watched to their end tell who did not come.
    is_return = exp.LT(this=sql.column("gap"), expression=sql.column("reach"))
    last_watched = exp.Sub(this=sql.column("reach"), expression=sql.number(1))
    day = exp.case().when(is_return, sql.column("gap")).else_(last_watched)
    flag = exp.case().when(is_return.copy(), sql.number(1)).else_(sql.number(0))
    return (
        exp.select(
            exp.alias_(day, "day", quoted=True),
            exp.alias_(flag, "is_return", quoted=True),
            exp.alias_(exp.Count(this=exp.Star()), "n", quoted=True),
        )
        .from_(silences.subquery("silences"))
        .where(exp.GTE(this=sql.column("reach"), expression=sql.number(1)))
        .group_by(exp.Literal.number(1), exp.Literal.number(2))
    )


def _compute_table(returns: Counts, watched: Counts) -> pd.DataFrame:
    """Estimate who comes back after each candidate horizon."""
    survival = np.cumprod(1.0 - returns / watched)
    horizons = np.arange(1, len(watched) // 2 + 1)
    return pd.DataFrame(
        {
            "horizon_days": horizons,
            "n_silent": watched[horizons],
            # Survival of h days is that of the days 0 to h - 1.
            "return_share": 1.0 - survival[-1] / survival[horizons - 1],
        }
    )
