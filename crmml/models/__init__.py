"""Models of customers: who leaves and why, how often they buy, what they are worth.

Churn = 1 means the customer left; models know frames and arrays, never tables.
"""

from crmml.models._beta_binomial import BetaBinomialModel
from crmml.models._beta_geo import BetaGeoModel
from crmml.models._boosted import BoostedChurnClassifier
from crmml.models._drivers import compute_drivers
from crmml.models._gamma_gamma import GammaGammaModel
from crmml.models._lifetime_value_regressor import LifetimeValueRegressor
from crmml.models._logistic import LogisticChurnClassifier
from crmml.models._logit_leaf import LogitLeafChurnClassifier
from crmml.models._modified_beta_geo import ModifiedBetaGeoModel
from crmml.models._neural import NeuralChurnClassifier
from crmml.models._pareto_nbd import ParetoNBDModel
from crmml.models._regular_beta_geo import RegularBetaGeoModel
from crmml.models._shifted_beta_geo import ShiftedBetaGeoModel
from crmml.models._time_to_churn import TimeToChurnModel
from crmml.models._time_to_churn_curve import (
    compute_cumulative_incidence,
    compute_retention_curve,
)
from crmml.models._time_to_churn_median import compute_median_life
from crmml.models._tree import TreeChurnClassifier
from crmml.models._what_would_help import what_would_help
from crmml.models._what_would_help_levers import NumberRange

__all__ = [
    "BetaBinomialModel",
    "BetaGeoModel",
    "BoostedChurnClassifier",
    "GammaGammaModel",
    "LifetimeValueRegressor",
    "LogisticChurnClassifier",
    "LogitLeafChurnClassifier",
    "ModifiedBetaGeoModel",
    "NeuralChurnClassifier",
    "NumberRange",
    "ParetoNBDModel",
    "RegularBetaGeoModel",
    "ShiftedBetaGeoModel",
    "TimeToChurnModel",
    "TreeChurnClassifier",
    "compute_cumulative_incidence",
    "compute_drivers",
    "compute_median_life",
    "compute_retention_curve",
    "what_would_help",
]
