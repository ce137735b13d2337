"""What is bought together, and what is bought next: itemsets, rules, offers.

Baskets come as long order lines, as lists, as a one-hot table or as customer tables.
"""

from crmml.association._association_rules import AssociationRules
from crmml.association._frequent_itemsets import FrequentItemsets
from crmml.association._measures import compute_measures
from crmml.association._rule_validation import RuleValidation
from crmml.association._sequential_rules import SequentialRules

__all__ = [
    "AssociationRules",
    "FrequentItemsets",
    "RuleValidation",
    "SequentialRules",
    "compute_measures",
]
