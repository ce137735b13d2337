"""A decision tree on mixed data: who falls into which leaf, and by which answers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from crmml.models._design import FlatDesign
from crmml.models._encoder import Encoded
from crmml.models._tree_shap import SplitTree, shapley_values

# However small the data, a leaf need not hold more than this share of them.
_LARGEST_LEAF_SHARE = 0.05


@dataclass(frozen=True)
class GrownTree:
    """A fitted tree and the columns it asks about.

    Attributes
    ----------
    design : FlatDesign
        Says which column asks about what.
    classifier : DecisionTreeClassifier
        The fitted tree.
    """

    design: FlatDesign
    classifier: DecisionTreeClassifier

    @classmethod
    def grow(
        cls,
        design: FlatDesign,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        *,
        max_depth: int,
        min_leaf_size: float,
        random_state: int | RandomState | None,
        signs: Mapping[int, int] | None = None,
    ) -> "GrownTree":
        """Grow on training customers; signs hold for the share in every node."""
        classifier = DecisionTreeClassifier(
            max_depth=max_depth,
            min_weight_fraction_leaf=min(
                min_leaf_size / weights.sum(), _LARGEST_LEAF_SHARE
            ),
            random_state=random_state,
            monotonic_cst=design.signs(signs) if signs else None,
        ).fit(design.matrix(encoded), churned, sample_weight=weights)
        return cls(design, classifier)

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(self.classifier.tree_.n_leaves)

    def leaves(self, encoded: Encoded) -> NDArray[np.int64]:
        """Node numbers of the leaves that customers fall into."""
        leaves: NDArray[np.int64] = self.classifier.tree_.apply(
            self.design.matrix(encoded)
        )
        return leaves

    def with_values(self, values: NDArray[np.float64]) -> SplitTree:
        """Return the bare splits with a value, shape (n_nodes,), in every node."""
        tree = self.classifier.tree_
        return SplitTree(
            left=tree.children_left,
            right=tree.children_right,
            # Leaves have feature -2, which is asked of nobody.
            feature=np.append(self.design.features, -1)[np.maximum(tree.feature, -1)],
            weight=tree.weighted_n_node_samples,
            value=values,
        )

    def shapley(
        self, splits: SplitTree, encoded: Encoded
    ) -> tuple[float, NDArray[np.float64]]:
        """Split the value of each customer's leaf over the features."""
        tree = self.classifier.tree_
        asked = self.design.matrix(encoded)[:, np.maximum(tree.feature, 0)]
        missing_left = tree.missing_go_to_left.astype(bool)
        goes_left = np.where(np.isnan(asked), missing_left, asked <= tree.threshold)
        return shapley_values(splits, goes_left, len(encoded.arrays))
