"""How often a customer complained, and how long the answer took."""

from collections.abc import Sequence

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND, Duration, check_duration
from crmml.features._builder import PointInTimeBuilder
from crmml.features._compute import compute_features
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, larger, minus, ratio_or_null, smaller
from crmml.features._tenure import tenure_start
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._spine import build_spine

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
    The two on resolution need ``resolved_at``. Asked for by `prior_weight`, there is
    also, for each window,

    - ``shrunk_complaints_per_month`` = (n_complaints + r k) / (months + k), where k is
      the prior weight in months and r the rate of the population: all complaints
      over all months, summed over the customers there were at the earliest cutoff of
      `fit`, as of that cutoff.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.
    prior_weight : duration, default=None
        How long a customer must be watched for his own rate to weigh as much as that
        of the population, such as "180D". The longer, the closer all are to r; who
        came just now has r itself. None: no shrinkage.

    Attributes
    ----------
    population_rates_ : list of float
        The rate r for each window, in complaints per month; empty without a
        `prior_weight`.
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If there is no table of complaints, or `prior_weight` is no duration.
    NotEnoughHistoryError
        If there was no customer at the earliest cutoff to learn r from.

    See Also
    --------
    Activity : What the customer bought meanwhile.

    Notes
    -----
    Every rate is defined: dividing by at least one order and one month keeps a
    complaint without an order, or on the first day, from becoming an infinite rate.
    For who complained and never joined or bought, months is the window, or 1.
    A complaint resolved at or after the cutoff counts as open at the cutoff.

    One complaint in the first month is a rate of one a month, and says little. If
    complaints come as a Poisson process and the customers' rates follow a gamma
    distribution with mean r, whose shape is r k, the shrunk rate is the mean of the
    customer's rate given what was seen. The weight is yours to state: a distribution
    fitted to a few complaints would be less certain than the rates it corrects.

    References
    ----------
    Gelman, A. et al. (2013), *Bayesian Data Analysis*, 3rd edition, section 2.6: the
    Poisson model in terms of rate and exposure. CRC Press.
    https://doi.org/10.1201/b16018

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

    The only customer is the population: one complaint in the 21 days since the first
    purchase, 1.449 a month, whatever the weight.

    >>> shrunk = ComplaintRate(prior_weight="90D").fit(tables, "2024-01-22")
    >>> [round(rate, 3) for rate in shrunk.population_rates_]
    [1.449]
    """

    population_rates_: Sequence[float] = ()

    def __init__(
        self, *, windows: Windows = None, prior_weight: Duration | None = None
    ) -> None:
        self.windows = windows
        self.prior_weight = prior_weight

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Learn the rate of the population as of an instant."""
        rates: list[float] = []
        if self.prior_weight is not None:
            check_duration(self.prior_weight, "prior_weight")
            zone = "UTC" if tables.is_aware else None
            spine = build_spine(tables, pd.Timestamp(before, unit="us", tz=zone))
            ask, windows = Declarations(tables), check_windows(self.windows)
            features = []
            for i, window in enumerate(windows):
                n = ask.aggregate("complaints", "count", window=window)
                exposure = _exposure(ask, window)
                features.append(Feature(f"n_{i}", n, kind="integer"))
                features.append(Feature(f"t_{i}", exposure, kind="integer"))
            found = compute_features(features, ask, tables, spine)
            for i in range(len(windows)):
                # Python's integers: sums of microseconds leave 64 bits.
                n, total = (sum(found[f"{key}_{i}"].to_pylist()) for key in "nt")
                rates.append(n * _MONTH / total)
        self.population_rates_ = rates

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("complaints", "max", "timestamp")
        recency = days(minus(ask.cutoff, last))
        features = [Feature("days_since_last_complaint", recency)]
        for i, window in enumerate(check_windows(self.windows)):
            end = suffix(window)
            complaints = ask.aggregate("complaints", "count", window=window)
            features.append(Feature(f"n_complaints{end}", complaints, kind="integer"))
            if ask.has("transactions"):
                orders = ask.aggregate(
                    "transactions", "count", window=window, grain="order"
                )
                per_order = sql.ratio(complaints, larger(orders, sql.number(1)))
                features.append(Feature(f"complaints_per_order{end}", per_order))
            exposure, a_month = _exposure(ask, window), sql.number(_MONTH)
            per_month = sql.ratio(
                exp.Mul(this=complaints.copy(), expression=a_month),
                larger(exposure, a_month.copy()),
            )
            features.append(Feature(f"complaints_per_month{end}", per_month))
            if self.prior_weight is not None:
                shrunk = self._shrink(complaints, exposure, self.population_rates_[i])
                features.append(Feature(f"shrunk_complaints_per_month{end}", shrunk))
            if ask.has("complaints", "resolved_at"):
                features += self._resolution(ask, window, complaints)
        return features

    def _shrink(
        self, complaints: exp.Expr, exposure: exp.Expr, rate: float
    ) -> exp.Expr:
        """Add to complaints and time what the population's rate would have brought."""
        weight = check_duration(self.prior_weight, "prior_weight") // MICROSECOND
        prior = exp.Literal.number(repr(rate * weight))
        own = exp.Mul(this=complaints.copy(), expression=sql.number(_MONTH))
        return sql.ratio(
            exp.Add(this=sql.as_double(own), expression=sql.as_double(prior)),
            exp.Add(this=exposure.copy(), expression=sql.number(weight)),
        )

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


def _exposure(ask: Declarations, window: pd.Timedelta | None) -> exp.Expr:
    """How long a customer could complain, in microseconds: tenure, or the window."""
    tenure = minus(ask.cutoff, tenure_start(ask))
    longest = sql.number(_MONTH if window is None else window // MICROSECOND)
    if window is None:
        return exp.func("coalesce", tenure, longest)
    return smaller(tenure, longest)
