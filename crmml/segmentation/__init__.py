"""Groups of customers: by k-means, or by recency, frequency and spend; their profiles.

Everything here takes plain numeric tables, such as the frames that features return.
"""

from crmml.segmentation._background import compute_background_table
from crmml.segmentation._behaviour_matrix import (
    assign_quadrants,
    compute_behaviour_matrix,
)
from crmml.segmentation._cohorts import compute_cohort_retention
from crmml.segmentation._concentration import (
    compute_concentration_curve,
    compute_value_shares,
    gini_coefficient,
)
from crmml.segmentation._contrasts import (
    compute_segment_contrasts,
    suggest_segment_names,
)
from crmml.segmentation._kmeans import KMeansSegmenter
from crmml.segmentation._lifecycle import LifecycleSegmenter
from crmml.segmentation._migration import compute_migration_matrix
from crmml.segmentation._pareto import ParetoSegmenter
from crmml.segmentation._profile import compute_segment_profile, compute_typical_members
from crmml.segmentation._rfm import RFMSegmenter
from crmml.segmentation._segment_map import compute_segment_map
from crmml.segmentation._segment_presets import make_named_segments
from crmml.segmentation._segment_rules import compute_segment_rules
from crmml.segmentation._skew_scaler import SkewScaler
from crmml.segmentation._stability import compute_segment_stability

__all__ = [
    "KMeansSegmenter",
    "LifecycleSegmenter",
    "ParetoSegmenter",
    "RFMSegmenter",
    "SkewScaler",
    "assign_quadrants",
    "compute_background_table",
    "compute_behaviour_matrix",
    "compute_cohort_retention",
    "compute_concentration_curve",
    "compute_migration_matrix",
    "compute_segment_contrasts",
    "compute_segment_map",
    "compute_segment_profile",
    "compute_segment_rules",
    "compute_segment_stability",
    "compute_typical_members",
    "compute_value_shares",
    "gini_coefficient",
    "make_named_segments",
    "suggest_segment_names",
]
