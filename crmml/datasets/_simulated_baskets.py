"""What a simulation of baskets returns: order lines, customers, and the truth."""

from dataclasses import dataclass

import pandas as pd

from crmml._utils._shown import ShownInParts, describe_frames
from crmml.tables import Customers, CustomerTables, Transactions


@dataclass(frozen=True, repr=False)
class SimulatedBaskets(ShownInParts):
    """Simulated order lines, and the probabilities they were drawn from.

    Attributes
    ----------
    lines : pandas.DataFrame
        One row for each item of a basket, in order of time: ``order_id`` (int64),
        ``customer_id`` (text with leading zeros), ``timestamp`` (to the minute),
        ``product_id`` (``"Diapers"``, ``"Beer"`` or ``"Item 001"`` and so on).
    customers : pandas.DataFrame of shape (n_customers, 2)
        ``customer_id`` and ``household``: ``"father"`` or ``"other"``.
    truth : pandas.DataFrame of shape (3, 7)
        Expected shares, one row for ``"all"`` baskets, those of ``"fathers on Friday
        evening"`` and the ``"others"``: ``group``, ``basket_share``, ``diapers``,
        ``beer``, ``both`` (shares of the group's baskets), ``confidence`` and ``lift``
        of the rule from diapers to beer. No other two items have to do with each other.
    observed_until : pandas.Timestamp
        End of the last week.

    See Also
    --------
    make_baskets : Draws one.
    """

    lines: pd.DataFrame
    customers: pd.DataFrame
    truth: pd.DataFrame
    observed_until: pd.Timestamp

    def _parts(self) -> tuple[str, dict[str, str]]:
        frames = {
            "lines": self.lines,
            "customers": self.customers,
            "truth": self.truth,
        }
        title = f"SimulatedBaskets, observed until {self.observed_until}"
        return title, describe_frames(frames)

    def to_tables(self) -> CustomerTables:
        """Declare the frames as customer tables.

        Returns
        -------
        CustomerTables
            With transactions and customers, observed until the end of the last week.
        """
        return CustomerTables(
            transactions=Transactions(
                self.lines,
                customer_id="customer_id",
                timestamp="timestamp",
                order_id="order_id",
                product_id="product_id",
            ),
            customers=Customers(self.customers, customer_id="customer_id"),
            observed_until=self.observed_until,
        )

    def name_groups(self) -> pd.Series:
        """Say of each line whether a father bought it on a Friday evening.

        Returns
        -------
        pandas.Series of shape (n_lines,)
            ``"fathers on Friday evening"`` or ``"others"``, with the index of `lines`.
        """
        households = self.customers.set_index("customer_id")["household"]
        is_father = self.lines["customer_id"].map(households) == "father"
        times = self.lines["timestamp"].dt
        is_evening = (times.day_of_week == FRIDAY) & (times.hour >= EVENING)
        names = pd.Series(GROUPS[1], index=self.lines.index, name="group")
        return names.mask(is_father & is_evening, GROUPS[0])


FRIDAY = 4
"""Day of the week, Monday being 0."""
EVENING = 17
"""The hour at which an evening begins."""
GROUPS = ("fathers on Friday evening", "others")
"""Who buys beer with diapers, and who does not."""
