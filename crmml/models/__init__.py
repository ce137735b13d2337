"""Churn classifiers: scikit-learn estimators on mixed frames that give reasons.

Churn = 1 means the customer left; models know frames and arrays, never tables.
"""

from crmml.models._boosted import BoostedChurnClassifier
from crmml.models._drivers import compute_drivers
from crmml.models._logistic import LogisticChurnClassifier
from crmml.models._neural import NeuralChurnClassifier
from crmml.models._tree import TreeChurnClassifier
from crmml.models._what_would_help import what_would_help
from crmml.models._what_would_help_levers import NumberRange

__all__ = [
    "BoostedChurnClassifier",
    "LogisticChurnClassifier",
    "NeuralChurnClassifier",
    "NumberRange",
    "TreeChurnClassifier",
    "compute_drivers",
    "what_would_help",
]
