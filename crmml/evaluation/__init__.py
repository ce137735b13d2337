"""Evaluation: split panels by time, measure how well leavers are ranked.

Functions and splitters over frames and arrays; nothing here knows of tables.
"""

from crmml.evaluation._cutoff_split import CutoffSplit
from crmml.evaluation._find_leaks import find_leaks
from crmml.evaluation._gain import compute_gain_table, lift_score
from crmml.evaluation._reliability import compute_reliability_table
from crmml.evaluation._summary import compute_classification_summary

__all__ = [
    "CutoffSplit",
    "compute_classification_summary",
    "compute_gain_table",
    "compute_reliability_table",
    "find_leaks",
    "lift_score",
]
