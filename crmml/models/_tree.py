"""One decision tree: a page of rules with honest probabilities."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
from crmml.models._design import FlatDesign
from crmml.models._encoder import Encoded
from crmml.models._tree_rules import write_rules
from crmml.models._tree_shap import SplitTree, shapley_values

# However small the data, a leaf need not hold more than this share of them.
_LARGEST_LEAF_SHARE = 0.05


class TreeChurnClassifier(BaseChurnClassifier):
    r"""A decision tree on mixed data, printed as rules by ``to_text``.

    A customer gets the smoothed churn share of the leaf: the leaf's own share leans
    towards those of the groups above it, the more the smaller these are,

    .. math:: \hat p = p_0 + \sum_{k=1}^{K} \frac{p_k - p_{k-1}}
              {1 + \lambda / n_{k-1}},

    where p and n are churn share and size of the nodes from the root (0) to the
    leaf (K), and :math:`\lambda` is `shrinkage`.

    Parameters
    ----------
    max_depth : int, default=6
        Most questions from root to leaf. 1 asks a single question.
    min_leaf_size : float, default=50
        Fewest customers (sum of weights) in a leaf; in small data one customer in
        twenty is enough.
    shrinkage : float, default=100.0
        How many customers of evidence the group above counts for. 0 takes each
        leaf's own share, large values give all customers the overall share.
    random_state : int, RandomState instance or None, default=0
        Decides between splits that are equally good.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had any.
    n_leaves_ : int
        Number of leaves, that is of rules.

    See Also
    --------
    LogisticChurnClassifier : A sum of effects instead of a few rules.

    Notes
    -----
    Shrinkage along the path is that of [1]_. ``contributions`` are exact Shapley
    values of the TreeSHAP game [2]_ on the log-odds of the leaves, with the features
    of X as players.

    References
    ----------
    .. [1] A. Agarwal, Y. S. Tan, O. Ronen, C. Singh and B. Yu (2022). Hierarchical
       shrinkage. ICML 2022. doi:10.48550/arXiv.2202.00858
    .. [2] S. M. Lundberg et al. (2020). From local explanations to global
       understanding with explainable AI for trees. Nature Machine Intelligence 2.
       doi:10.1038/s42256-019-0138-9

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.models import TreeChurnClassifier
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> model = TreeChurnClassifier(shrinkage=0).fit(X, y)
    >>> print(model.to_text())
    contract is monthly: 60.0% leave (100 customers, 60.0% left)
    contract is yearly: 20.0% leave (100 customers, 20.0% left)

    Both groups lean towards the 40 % of all 200 customers by 1 / (1 + 100 / 200):

    >>> model.set_params(shrinkage=100).fit(X, y).predict_proba(X)[[0, 199], 1].round(3)
    array([0.533, 0.267])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_depth": [Interval(Integral, 1, 30, closed="both")],
        "min_leaf_size": [Interval(Real, 0, None, closed="neither")],
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        max_depth: int = 6,
        min_leaf_size: float = 50,
        shrinkage: float = 100.0,
        random_state: int | RandomState | None = 0,
    ) -> None:
        self.max_depth = max_depth
        self.min_leaf_size = min_leaf_size
        self.shrinkage = shrinkage
        self.random_state = random_state

    def to_text(self) -> str:
        """Write the tree as indented rules.

        Returns
        -------
        str
            One line a condition. A leaf's line says what share is predicted to
            leave, how many training customers (sum of weights) are in it, and what
            share of them left. "or missing" stands where missing values of the
            training data went.
        """
        check_is_fitted(self)
        return write_rules(
            self._tree.tree_, self._design, self._encoder, self._smoothed
        )

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        self._design = FlatDesign.learn(self._encoder, encoded)
        leaf_share = min(self.min_leaf_size / weights.sum(), _LARGEST_LEAF_SHARE)
        self._tree = DecisionTreeClassifier(
            max_depth=self.max_depth,
            min_weight_fraction_leaf=leaf_share,
            random_state=self.random_state,
        ).fit(self._design.matrix(encoded), churned, sample_weight=weights)
        tree = self._tree.tree_
        self.n_leaves_ = int(tree.n_leaves)
        self._smoothed = _smooth(tree, self.shrinkage)
        self._splits = SplitTree(
            left=tree.children_left,
            right=tree.children_right,
            # Leaves have feature -2, which is asked of nobody.
            feature=np.append(self._design.features, -1)[np.maximum(tree.feature, -1)],
            weight=tree.weighted_n_node_samples,
            value=logit(self._smoothed),
        )

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        leaves = self._tree.tree_.apply(self._design.matrix(encoded))
        log_odds: NDArray[np.float64] = self._splits.value[leaves]
        return log_odds

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        tree = self._tree.tree_
        asked = self._design.matrix(encoded)[:, np.maximum(tree.feature, 0)]
        missing_left = tree.missing_go_to_left.astype(bool)
        goes_left = np.where(np.isnan(asked), missing_left, asked <= tree.threshold)
        return shapley_values(self._splits, goes_left, len(encoded.arrays))


def _smooth(tree: Any, shrinkage: float) -> NDArray[np.float64]:
    """Churn share of every node, leaning towards its ancestors; never 0 or 1."""
    share = tree.value[:, 0, 1]
    size = tree.weighted_n_node_samples
    smoothed: NDArray[np.float64] = share.copy()
    # Children are numbered after their parents.
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                lean = 1.0 + shrinkage / size[node]
                smoothed[child] = smoothed[node] + (share[child] - share[node]) / lean
    # Half a customer keeps the log-odds of a pure leaf finite.
    least = 0.5 / (size[0] + 1.0)
    return np.clip(smoothed, least, 1.0 - least)
