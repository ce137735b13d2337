"""How long a customer has been one."""

import sqlglot.expressions as exp

from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus, smaller


def tenure_start(ask: Declarations) -> exp.Expr:
    """Ask for the instant at which a customer came: joined, or first bought."""
    starts = []
    if ask.has("transactions"):
        starts.append(ask.aggregate("transactions", "min", "timestamp"))
    if ask.has("customers", "joined_at") or not starts:
        starts.append(ask.attribute("joined_at"))
    return starts[0] if len(starts) == 1 else smaller(*starts)


class Tenure(PointInTimeBuilder):
    """Days since the customer came, as of a cutoff.

    ``tenure_days`` = cutoff - min(joined_at, first purchase), in days. Where the
    customers table gives no ``joined_at``, or none before the cutoff, the first
    purchase decides; a customer with neither has a missing tenure.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    See Also
    --------
    RFM : How recently, how often and for how much the customer bought.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import Tenure
    >>> sales = pd.DataFrame({"customer_id": [7], "timestamp": ["2024-01-01"]})
    >>> Tenure().fit_transform(
    ...     pd.concat([sales, sales.assign(timestamp="2024-02-01")]),
    ...     cutoffs="2024-01-31",
    ... )
                 tenure_days
    customer_id
    7                   30.0
    """

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        return [Feature("tenure_days", days(minus(ask.cutoff, tenure_start(ask))))]
