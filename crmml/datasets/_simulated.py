"""What a simulation returns: the tables a company would have, and the truth."""

from dataclasses import dataclass

import pandas as pd

from crmml._utils._shown import ShownInParts, describe_frames
from crmml.tables import Complaints, Customers, CustomerTables, Transactions


@dataclass(frozen=True, repr=False)
class SimulatedCustomers(ShownInParts):
    """Simulated tables, and the parameters they were drawn from.

    Attributes
    ----------
    customers : pandas.DataFrame of shape (n_customers, 2)
        ``customer_id`` (text with leading zeros), ``joined_at``.
    transactions : pandas.DataFrame
        One row per order, in order of time: ``order_id``, ``customer_id``,
        ``timestamp``, ``amount`` (currency, two decimals).
    complaints : pandas.DataFrame
        One row per complaint, in order of time: ``customer_id``, ``timestamp``,
        ``resolved_at`` (missing where still open at the end).
    truth : pandas.DataFrame of shape (n_customers, 6)
        What no company knows: ``customer_id``, ``purchase_rate`` (orders per day while
        a customer), ``drop_out_rate`` (hazard of leaving per day, before the first
        complaint), ``complaint_effect`` (factor on that hazard for each complaint so
        far), ``mean_amount`` (currency per order), ``left_at`` (missing where still a
        customer at the end).
    observed_until : pandas.Timestamp
        End of the simulation; nothing later is in the tables.

    See Also
    --------
    make_customers : Draws one.
    """

    customers: pd.DataFrame
    transactions: pd.DataFrame
    complaints: pd.DataFrame
    truth: pd.DataFrame
    observed_until: pd.Timestamp

    def _parts(self) -> tuple[str, dict[str, str]]:
        frames = {
            "customers": self.customers,
            "transactions": self.transactions,
            "complaints": self.complaints,
            "truth": self.truth,
        }
        title = f"SimulatedCustomers, observed until {self.observed_until}"
        return title, describe_frames(frames)

    def to_tables(self, *, contractual: bool = False) -> CustomerTables:
        """Declare the frames as customer tables.

        Parameters
        ----------
        contractual : bool, default=False
            False: as a shop sees it, where nobody says goodbye. True: as a company
            with contracts sees it; the customers table has ``left_at``.

        Returns
        -------
        CustomerTables
            With transactions, customers and complaints, observed until the end of the
            simulation.
        """
        customers = self.customers
        if contractual:
            # Both frames have the customers in the same order.
            customers = customers.assign(left_at=self.truth["left_at"])
        return CustomerTables(
            transactions=Transactions(
                self.transactions,
                customer_id="customer_id",
                timestamp="timestamp",
                amount="amount",
                order_id="order_id",
            ),
            customers=Customers(
                customers,
                customer_id="customer_id",
                joined_at="joined_at",
                left_at="left_at" if contractual else None,
            ),
            complaints=Complaints(
                self.complaints,
                customer_id="customer_id",
                timestamp="timestamp",
                resolved_at="resolved_at",
            ),
            observed_until=self.observed_until,
        )
