"""Evaluation: split panels by time, measure ranking, probabilities, money and drift.

Functions and splitters over frames and arrays; nothing here knows of tables.
"""

from crmml.evaluation._base_rate import adjust_base_rate
from crmml.evaluation._break_even import break_even_incentive, break_even_probability
from crmml.evaluation._calibration import compute_calibration_summary
from crmml.evaluation._call_list import compute_call_list
from crmml.evaluation._compare_classifiers import compare_classifiers
from crmml.evaluation._conditional_expectations import (
    compute_conditional_expectations,
)
from crmml.evaluation._contract_value import compute_contract_value
from crmml.evaluation._cost_matrix import convert_cost_matrix
from crmml.evaluation._customer_equity import compute_customer_equity
from crmml.evaluation._cutoff_split import CutoffSplit
from crmml.evaluation._drift_report import DriftReport, drift_report
from crmml.evaluation._expected_max_profit import (
    compute_expected_max_profit,
    expected_max_profit_score,
)
from crmml.evaluation._find_leaks import find_leaks
from crmml.evaluation._gain import compute_gain_table, lift_score
from crmml.evaluation._keep_or_win import compute_keep_or_win
from crmml.evaluation._max_profit import compute_max_profit, max_profit_score
from crmml.evaluation._payback import compute_payback
from crmml.evaluation._profit_curve import compute_profit_curve
from crmml.evaluation._profit_score import expected_profit_score, profit_score
from crmml.evaluation._profit_threshold import find_profit_threshold
from crmml.evaluation._reliability import compute_reliability_table
from crmml.evaluation._retention import retention_value
from crmml.evaluation._summary import compute_classification_summary
from crmml.evaluation._top_k import compute_top_k_summary
from crmml.evaluation._value import compute_value_deciles, compute_value_summary

__all__ = [
    "CutoffSplit",
    "DriftReport",
    "adjust_base_rate",
    "break_even_incentive",
    "break_even_probability",
    "compare_classifiers",
    "compute_calibration_summary",
    "compute_call_list",
    "compute_classification_summary",
    "compute_conditional_expectations",
    "compute_contract_value",
    "compute_customer_equity",
    "compute_expected_max_profit",
    "compute_gain_table",
    "compute_keep_or_win",
    "compute_max_profit",
    "compute_payback",
    "compute_profit_curve",
    "compute_reliability_table",
    "compute_top_k_summary",
    "compute_value_deciles",
    "compute_value_summary",
    "convert_cost_matrix",
    "drift_report",
    "expected_max_profit_score",
    "expected_profit_score",
    "find_leaks",
    "find_profit_threshold",
    "lift_score",
    "max_profit_score",
    "profit_score",
    "retention_value",
]
