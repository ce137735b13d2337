"""Features of customers as of a cutoff, computed from earlier events alone.

Builders declare what they need; ``FeatureSet`` computes all of them in one scan.
"""

from crmml.features._activity import Activity
from crmml.features._complaint_rate import ComplaintRate
from crmml.features._feature_set import FeatureSet
from crmml.features._inter_purchase import InterPurchase
from crmml.features._rfm import RFM
from crmml.features._tenure import Tenure
from crmml.features._trend import Trend

__all__ = [
    "RFM",
    "Activity",
    "ComplaintRate",
    "FeatureSet",
    "InterPurchase",
    "Tenure",
    "Trend",
]
