"""Interest measures of a rule A -> B, each from four counts, with formula and source.

Every function takes the number of baskets with A and B together (`count`), with A
(`antecedent_count`), with B (`consequent_count`) and in all (`n_baskets`), as integer
arrays of shape (n_rules,), and returns floats of that shape. P(.) is a share of the
baskets. One rule serves as the example throughout: of five baskets four hold diapers,
three hold beer, three hold both.
"""

from crmml.association._measures._classic import (
    confidence,
    conviction,
    jaccard,
    leverage,
    lift,
    support,
    zhang,
)
from crmml.association._measures._contingency import (
    chi_squared,
    collective_strength,
    kappa,
    odds_ratio,
    phi,
    yules_q,
    yules_y,
)
from crmml.association._measures._information import (
    gini_index,
    j_measure,
    mutual_information,
)
from crmml.association._measures._prediction import (
    added_value,
    certainty_factor,
    counterexample_rate,
    laplace,
    least_contradiction,
    relative_risk,
)
from crmml.association._measures._registry import (
    DEFAULT,
    MEASURES,
    check_names,
    compute_measures,
    measure_rules,
)
from crmml.association._measures._significance import (
    chi_squared_p_value,
    fisher_p_value,
    implication_index,
    lerman,
)
from crmml.association._measures._similarity import (
    all_confidence,
    cosine,
    dice,
    imbalance_ratio,
    kulczynski,
    max_confidence,
)

__all__ = [
    "DEFAULT",
    "MEASURES",
    "added_value",
    "all_confidence",
    "certainty_factor",
    "check_names",
    "chi_squared",
    "chi_squared_p_value",
    "collective_strength",
    "compute_measures",
    "confidence",
    "conviction",
    "cosine",
    "counterexample_rate",
    "dice",
    "fisher_p_value",
    "gini_index",
    "imbalance_ratio",
    "implication_index",
    "j_measure",
    "jaccard",
    "kappa",
    "kulczynski",
    "laplace",
    "least_contradiction",
    "lerman",
    "leverage",
    "lift",
    "max_confidence",
    "measure_rules",
    "mutual_information",
    "odds_ratio",
    "phi",
    "relative_risk",
    "support",
    "yules_q",
    "yules_y",
    "zhang",
]
