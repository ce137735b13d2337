"""The only door to scikit-learn's underscore names, so that a rename hits one file."""

from sklearn.base import _fit_context as fit_context
from sklearn.calibration import (
    _CalibratedClassifier as CalibratedClassifier,
)
from sklearn.calibration import (
    _SigmoidCalibration as SigmoidCalibration,
)
from sklearn.calibration import (
    _TemperatureScaling as TemperatureScaling,
)
from sklearn.tree._tree import Tree
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "CalibratedClassifier",
    "HasMethods",
    "Interval",
    "RealNotInt",
    "SigmoidCalibration",
    "StrOptions",
    "TemperatureScaling",
    "Tree",
    "check_sample_weight",
    "fit_context",
    "safe_indexing",
]
