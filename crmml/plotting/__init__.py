"""Pictures of result tables: each function takes a table and returns matplotlib Axes.

Nothing global is changed and no window is opened; pass ``ax`` to draw on your own.
"""

from crmml.plotting._behaviour_matrix import plot_behaviour_matrix
from crmml.plotting._cohorts import plot_cohort_retention
from crmml.plotting._concentration import plot_concentration
from crmml.plotting._conditional_expectations import plot_conditional_expectations
from crmml.plotting._drift import plot_drift
from crmml.plotting._drivers import plot_drivers
from crmml.plotting._gain_curve import plot_gain_curve
from crmml.plotting._inactivity import plot_inactivity
from crmml.plotting._k_selection import plot_k_selection
from crmml.plotting._migration import plot_migration
from crmml.plotting._profit_curve import plot_profit_curve
from crmml.plotting._reliability import plot_reliability
from crmml.plotting._retention_curve import plot_retention_curve
from crmml.plotting._rule_graph import plot_rule_graph
from crmml.plotting._rule_matrix import plot_rule_matrix
from crmml.plotting._rules import plot_rules
from crmml.plotting._segment_contrasts import plot_segment_contrasts
from crmml.plotting._segment_map import plot_segment_map
from crmml.plotting._segment_radar import plot_segment_radar
from crmml.plotting._tracking import plot_tracking
from crmml.plotting._value_deciles import plot_value_deciles

__all__ = [
    "plot_behaviour_matrix",
    "plot_cohort_retention",
    "plot_concentration",
    "plot_conditional_expectations",
    "plot_drift",
    "plot_drivers",
    "plot_gain_curve",
    "plot_inactivity",
    "plot_k_selection",
    "plot_migration",
    "plot_profit_curve",
    "plot_reliability",
    "plot_retention_curve",
    "plot_rule_graph",
    "plot_rule_matrix",
    "plot_rules",
    "plot_segment_contrasts",
    "plot_segment_map",
    "plot_segment_radar",
    "plot_tracking",
    "plot_value_deciles",
]
