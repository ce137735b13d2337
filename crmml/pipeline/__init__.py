"""Tables, features, label and model behind one fit/predict.

A pipeline never trains on an outcome that was not known at the time.
"""

from crmml.pipeline._churn import ChurnPipeline
from crmml.pipeline._no_leakage import assert_no_leakage
from crmml.pipeline._segmentation import SegmentationPipeline
from crmml.pipeline._value import ValuePipeline

__all__ = [
    "ChurnPipeline",
    "SegmentationPipeline",
    "ValuePipeline",
    "assert_no_leakage",
]
