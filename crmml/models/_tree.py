"""One decision tree: a page of rules with honest probabilities."""

from collections.abc import Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
from crmml.models._design import FlatDesign
from crmml.models._encoder import Encoded
from crmml.models._grown_tree import GrownTree
from crmml.models._tree_rules import write_rules


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
    monotonic : dict of str to {-1, 1}, default=None
        Known signs, such as ``{"n_complaints": 1}``: as the number rises, the risk
        never falls (1), or never rises (-1), all else equal and whatever the number.
        Missing values may differ either way.
    tune : bool, default=False
        Whether to choose `max_depth`, `min_leaf_size` and `shrinkage` by the log-loss
        in three folds of the training customers, stratified and drawn by the seed.
    verbose : bool, default=True
        Whether to show progress when fit takes more than a few seconds; nothing is
        shown in batch jobs.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.
    tuned_params_ : dict
        What ``tune=True`` chose; empty without.
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

    Below a question about a feature of known sign no group on one side has a larger
    share of leavers than any on the other. Smoothing keeps that: a leaf's smoothed
    share is that of the group with the question plus a sum, with weights of 0 and
    more and of one total, of how far the groups on its path depart from there.

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
        **BaseChurnClassifier._parameter_constraints,
        "max_depth": [Interval(Integral, 1, 30, closed="both")],
        "min_leaf_size": [Interval(Real, 0, None, closed="neither")],
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }
    _candidates: ClassVar[list[dict[str, Any]]] = [
        {"max_depth": depth, "min_leaf_size": size, "shrinkage": shrinkage}
        for depth in (4, 6, 8)
        for size in (20.0, 50.0, 100.0)
        for shrinkage in (30.0, 100.0, 300.0)
    ]

    def __init__(
        self,
        *,
        max_depth: int = 6,
        min_leaf_size: float = 50,
        shrinkage: float = 100.0,
        random_state: int | RandomState | None = 0,
        monotonic: Mapping[str, int] | None = None,
        tune: bool = False,
        verbose: bool = True,
    ) -> None:
        self.max_depth = max_depth
        self.min_leaf_size = min_leaf_size
        self.shrinkage = shrinkage
        self.random_state = random_state
        self.monotonic = monotonic
        self.tune = tune
        self.verbose = verbose

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
            self._grown.classifier.tree_, self._design, self._encoder, self._smoothed
        )

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        self._design = FlatDesign.learn(self._encoder, encoded, flagged=self._signs)
        self._grown = GrownTree.grow(
            self._design,
            encoded,
            churned,
            weights,
            max_depth=settings.max_depth,
            min_leaf_size=settings.min_leaf_size,
            random_state=settings.random_state,
            signs=self._signs,
        )
        self.n_leaves_ = self._grown.n_leaves
        self._smoothed = _smooth(self._grown.classifier.tree_, settings.shrinkage)
        self._splits = self._grown.with_values(logit(self._smoothed))

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        log_odds: NDArray[np.float64] = self._splits.value[self._grown.leaves(encoded)]
        return log_odds

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        return self._grown.shapley(self._splits, encoded)


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
