"""What happened to a customer after the cutoff, once it is known for sure.

A label is read in ``[cutoff + gap, cutoff + gap + horizon)``; churn = 1 means gone.
"""

from crmml.labels._check_history import check_history
from crmml.labels._contract_end import ContractEnd
from crmml.labels._future_spend import FutureSpend
from crmml.labels._inactivity import Inactivity
from crmml.labels._next_purchase import NextPurchase
from crmml.labels._suggest_inactivity import InactivitySuggestion, suggest_inactivity

__all__ = [
    "ContractEnd",
    "FutureSpend",
    "Inactivity",
    "InactivitySuggestion",
    "NextPurchase",
    "check_history",
    "suggest_inactivity",
]
