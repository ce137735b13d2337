"""Churn classifiers: scikit-learn estimators on mixed frames that give reasons.

Churn = 1 means the customer left; models know frames and arrays, never tables.
"""

from crmml.models._boosted import BoostedChurnClassifier
from crmml.models._logistic import LogisticChurnClassifier
from crmml.models._neural import NeuralChurnClassifier
from crmml.models._tree import TreeChurnClassifier

__all__ = [
    "BoostedChurnClassifier",
    "LogisticChurnClassifier",
    "NeuralChurnClassifier",
    "TreeChurnClassifier",
]
