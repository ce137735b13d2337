"""Features of customers as of a cutoff, computed from earlier events alone.

Builders declare what they need; ``FeatureSet`` computes all of them in one scan.
"""

from crmml.features._activity import Activity
from crmml.features._btyd_summary import BTYDSummary
from crmml.features._complaint_rate import ComplaintRate
from crmml.features._custom_aggregation import CustomAggregation
from crmml.features._customer_attributes import CustomerAttributes
from crmml.features._describe import describe_features
from crmml.features._discounts import Discounts
from crmml.features._feature_set import FeatureSet
from crmml.features._inter_purchase import InterPurchase
from crmml.features._product_mix import ProductMix
from crmml.features._returns import Returns
from crmml.features._rfm import RFM
from crmml.features._seasonality import Seasonality
from crmml.features._survey_scores import SurveyScores
from crmml.features._tenure import Tenure
from crmml.features._trend import Trend
from crmml.features._usage_events import UsageEvents

__all__ = [
    "RFM",
    "Activity",
    "BTYDSummary",
    "ComplaintRate",
    "CustomAggregation",
    "CustomerAttributes",
    "Discounts",
    "FeatureSet",
    "InterPurchase",
    "ProductMix",
    "Returns",
    "Seasonality",
    "SurveyScores",
    "Tenure",
    "Trend",
    "UsageEvents",
    "describe_features",
]
