"""Several builders, one scan."""

from collections.abc import Sequence

from sklearn.base import clone

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.tables import CustomerTables


class FeatureSet(PointInTimeBuilder):
    """Features of several builders, computed together.

    All declarations go into one statement that scans each event table once, however
    many builders, windows and cutoffs there are.

    Parameters
    ----------
    builders : list of feature builders
        Such as ``[RFM(), Tenure()]``. Columns come in this order. A feature that two
        builders define alike appears once; one that they define differently is refused.

    Attributes
    ----------
    builders_ : list of feature builders
        The builders as fitted; those that were given are not changed.
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If there is no builder, something else stands in the list, or two builders
        give one name to different features.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import FeatureSet, RFM, Tenure
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": [1, 1],
    ...         "timestamp": ["2024-01-01", "2024-03-01"],
    ...         "amount": [10.0, 5.5],
    ...     }
    ... )
    >>> FeatureSet([RFM(windows="30D"), Tenure()]).fit_transform(
    ...     sales, cutoffs=["2024-02-01", "2024-03-01"]
    ... ).T
    cutoff                   2024-02-01 2024-03-01
    customer_id                       1          1
    days_since_last_purchase       31.0       60.0
    n_orders_30d                    0.0        0.0
    total_spend_30d                 0.0        0.0
    tenure_days                    31.0       60.0
    """

    def __init__(self, builders: Sequence[PointInTimeBuilder]) -> None:
        self.builders = builders

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Let copies of the builders learn what they must."""
        wrong = [
            type(one).__name__
            for one in self.builders
            if not isinstance(one, PointInTimeBuilder)
        ]
        if wrong or not self.builders:
            raise SchemaError(
                "FeatureSet needs a list of feature builders such as [RFM(), Tenure()]"
                f"{f', got {wrong}' if wrong else ''}."
            )
        self.builders_ = [clone(builder) for builder in self.builders]
        for builder in self.builders_:
            builder.learn(tables, before)

    def declare(self, ask: Declarations) -> list[Feature]:
        """Collect what the builders declare."""
        features: dict[str, Feature] = {}
        for builder in self.builders_:
            for feature in builder.declare(ask):
                if features.setdefault(feature.name, feature) != feature:
                    raise SchemaError(
                        f"Two builders give the name {feature.name!r} to different "
                        "features. Drop one, or change its windows."
                    )
        return list(features.values())
