"""What else a customer did: counts and values for each type of event."""

from collections.abc import Sequence

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._arguments import check_count
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus, units, when
from crmml.features._vocabulary import equals, learn_largest
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql


class UsageEvents(PointInTimeBuilder):
    """Number and summed value of events, in all and for each common type.

    ``days_since_last_event`` is the time since the last event, in days, over all of
    history; missing without events. For each window w, over events in
    [cutoff - w, cutoff):

    - ``n_events``: number of events;
    - ``n_events_of_<type>``: number of events of a type, for the types that `fit`
      found most often, if the table has types;
    - ``event_value_of_<type>``: the sum of their values, in the unit of the table, if
      it has values; ``event_value``, over all events, if it has values and no types.

    The window's name comes before the type's: ``n_events_30d_of_login``.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.
    n_types : int, default=10
        For how many types there are features, at most.

    Attributes
    ----------
    event_types_ : list of str or int
        The types, the commonest first; empty if the table has none.
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If there is no table of events, or `n_types` is no whole number of 1 or more.

    See Also
    --------
    Activity : The same for purchases.

    Notes
    -----
    Types are learned from events that were known before the earliest cutoff given to
    `fit`; of two equally common ones, the first in order comes first. Events of other
    types, or of none, are counted in ``n_events`` alone.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import UsageEvents
    >>> from crmml.tables import Customers, CustomerTables, Events
    >>> people = pd.DataFrame({"id": [1], "since": ["2023-01-01"]})
    >>> log = pd.DataFrame(
    ...     {
    ...         "id": 1,
    ...         "at": ["2024-01-01", "2024-01-02", "2024-01-11", "2024-01-31"],
    ...         "what": ["call", "login", "call", "visit"],
    ...         "minutes": [12.5, None, 3.0, None],
    ...     }
    ... )
    >>> tables = CustomerTables(
    ...     customers=Customers(people, customer_id="id", joined_at="since"),
    ...     events=Events(
    ...         log,
    ...         customer_id="id",
    ...         timestamp="at",
    ...         event_type="what",
    ...         value="minutes",
    ...     ),
    ... )
    >>> UsageEvents().fit_transform(tables, cutoffs="2024-01-21").T
    customer_id               1
    days_since_last_event  10.0
    n_events                3.0
    n_events_of_call        2.0
    event_value_of_call    15.5
    n_events_of_login       1.0
    event_value_of_login    0.0
    """

    event_types_: Sequence[str | int]

    def __init__(self, *, windows: Windows = None, n_types: int = 10) -> None:
        self.windows = windows
        self.n_types = n_types

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Find the commonest types of events known before an instant."""
        n_types = check_count(self.n_types, "n_types")
        self.event_types_ = []
        if "event_type" in tables.table("events").roles:
            self.event_types_ = learn_largest(
                tables, "events", "event_type", n_types, before
            )

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("events", "max", "timestamp")
        features = [Feature("days_since_last_event", days(minus(ask.cutoff, last)))]
        for window in check_windows(self.windows):
            features += self._in_window(ask, window)
        return features

    def _in_window(
        self, ask: Declarations, window: pd.Timedelta | None
    ) -> list[Feature]:
        end, has_value = suffix(window), ask.has("events", "value")
        n = ask.aggregate("events", "count", window=window)
        features = [Feature(f"n_events{end}", n, kind="integer")]
        value: exp.Expr = sql.column("value")
        if has_value and not ask.has("events", "event_type"):
            summed = ask.aggregate("events", "sum", value, window=window)
            features.append(Feature(f"event_value{end}", units(summed)))
        for kind in self.event_types_:
            is_kind = equals("event_type", kind)
            n = ask.aggregate(
                "events", "count", when(is_kind, sql.number(1)), window=window
            )
            name = f"{end}_of_{kind}"
            features.append(Feature(f"n_events{name}", n, kind="integer"))
            if has_value:
                summed = ask.aggregate(
                    "events", "sum", when(is_kind, value), window=window
                )
                features.append(Feature(f"event_value{name}", units(summed)))
        return features
