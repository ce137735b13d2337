"""Tables, features, label and model behind one fit/predict.

A pipeline never trains on an outcome that was not known at the time.
"""

from crmml.pipeline._churn import ChurnPipeline

__all__ = ["ChurnPipeline"]
