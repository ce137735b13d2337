"""What is bought together: frequent itemsets, association rules, what to offer next.

Baskets come as long order lines, as lists, as a one-hot table or as customer tables.
"""

from crmml.association._association_rules import AssociationRules
from crmml.association._frequent_itemsets import FrequentItemsets
from crmml.association._measures import compute_measures

__all__ = ["AssociationRules", "FrequentItemsets", "compute_measures"]
