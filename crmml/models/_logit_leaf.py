"""A shallow tree of customer groups, each with a logistic model of its own."""

from collections.abc import Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval
from crmml.models._additive import AdditiveDesign, AdditiveLogit
from crmml.models._base import BaseChurnClassifier
from crmml.models._design import FlatDesign
from crmml.models._encoder import Encoded
from crmml.models._grown_tree import GrownTree
from crmml.models._penalized_logit import fit_penalized_logit
from crmml.models._tree_rules import write_rules


class LogitLeafChurnClassifier(BaseChurnClassifier):
    r"""Logistic regression in each leaf of a shallow decision tree.

    The tree finds groups of customers who leave for different reasons; in group g the
    log-odds of leaving are a sum of effects of its own,

    .. math:: \log\frac{p}{1-p} = b_g + \sum_j f_{gj}(x_j),

    curves, or straight lines, of numbers and one value a category, as in
    :class:`LogisticChurnClassifier`. A group's coefficients lean towards those of a
    model of all customers, so that small groups differ only where they must.

    Parameters
    ----------
    max_depth : int, default=3
        Most questions from root to leaf: at most ``2 ** max_depth`` groups.
    min_leaf_size : float, default=200
        Fewest customers (sum of weights) in a group; in small data one customer in
        twenty is enough.
    linear : bool, default=False
        Whether numbers act along straight lines, also beyond the range seen in
        training.
    C : float, default=1.0
        Inverse strength of the penalty on the coefficients of the model of all
        customers. Near 0 they all vanish.
    pooling : float, default=20.0
        Penalty on the squared differences of a group's coefficients from those of all
        customers. Near 0 each group stands alone; large values give all groups the
        same model.
    random_state : int, RandomState instance or None, default=0
        Decides between splits that are equally good.
    monotonic : dict of str to {-1, 1}, default=None
        Known signs, such as ``{"n_complaints": 1}``: as the number rises, the risk
        never falls (1), or never rises (-1), all else equal and whatever the number.
        Missing values have an effect of their own. The tree asks no question about
        these features.
    tune : bool, default=False
        Whether to choose `max_depth` and `pooling` by the log-loss in three folds of
        the training customers, stratified and drawn by the seed.
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
        Number of groups.
    intercept_ : ndarray of shape (n_leaves,)
        Log-odds at the average effects in each group, in the order of ``to_text``.
    coef_ : ndarray of shape (n_leaves, n_terms)
        Coefficients of ``term_names_`` in each group.
    term_names_ : list of str
        As in :class:`LogisticChurnClassifier`.

    See Also
    --------
    LogisticChurnClassifier : One group, easier to read.
    TreeChurnClassifier : Groups of one risk each.

    Notes
    -----
    The logit leaf model is that of [1]_. In place of its selection of features within
    each leaf there are penalties, on the coefficients of all customers and on how far
    a leaf departs from them.

    ``contributions`` are the effects in the customer's group, which average zero over
    its training customers, and the group's average log-odds, split by Shapley values
    over the features that the tree asked about.

    References
    ----------
    .. [1] A. De Caigny, K. Coussement and K. W. De Bock (2018). A new hybrid
       classification algorithm for customer churn prediction based on logistic
       regression and decision trees. European Journal of Operational Research
       269(2), 760-772. doi:10.1016/j.ejor.2018.02.009

    Examples
    --------
    Monthly customers who complain leave, yearly ones leave in silence.

    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import LogitLeafChurnClassifier
    >>> X = pd.DataFrame(
    ...     {
    ...         "contract": ["monthly"] * 500 + ["yearly"] * 500,
    ...         "n_complaints": np.tile(np.arange(5), 200),
    ...     }
    ... )
    >>> y = np.where(
    ...     X["contract"] == "monthly", X["n_complaints"] > 1, X["n_complaints"] < 1
    ... )
    >>> model = LogitLeafChurnClassifier(max_depth=1, linear=True).fit(X, y)
    >>> print(model.to_text())
    contract is monthly: 60.0% left (500 customers)
    contract is yearly: 20.0% left (500 customers)
    >>> pd.DataFrame(model.coef_, columns=model.term_names_)["n_complaints"].round(1)
    0    1.7
    1   -1.2
    Name: n_complaints, dtype: float64
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseChurnClassifier._parameter_constraints,
        "max_depth": [Interval(Integral, 1, 10, closed="both")],
        "min_leaf_size": [Interval(Real, 0, None, closed="neither")],
        "linear": ["boolean"],
        "C": [Interval(Real, 0, None, closed="neither")],
        "pooling": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }
    _candidates: ClassVar[list[dict[str, Any]]] = [
        {"max_depth": depth, "pooling": pooling}
        for depth in (1, 2, 3)
        for pooling in (5.0, 20.0, 80.0)
    ]

    def __init__(
        self,
        *,
        max_depth: int = 3,
        min_leaf_size: float = 200,
        linear: bool = False,
        C: float = 1.0,  # noqa: N803
        pooling: float = 20.0,
        random_state: int | RandomState | None = 0,
        monotonic: Mapping[str, int] | None = None,
        tune: bool = False,
        verbose: bool = True,
    ) -> None:
        self.max_depth = max_depth
        self.min_leaf_size = min_leaf_size
        self.linear = linear
        self.C = C
        self.pooling = pooling
        self.random_state = random_state
        self.monotonic = monotonic
        self.tune = tune
        self.verbose = verbose

    def to_text(self) -> str:
        """Write the groups as indented rules.

        Returns
        -------
        str
            One line a condition. A group's line says what share of its training
            customers left and how many (sum of weights) are in it. "or missing"
            stands where missing values of the training data went.
        """
        check_is_fitted(self)
        return write_rules(
            self._grown.classifier.tree_, self._grown.design, self._encoder
        )

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        self._grown = GrownTree.grow(
            # Across a question the model jumps, which a known sign would forbid.
            FlatDesign.learn(self._encoder, encoded, without=self._signs),
            encoded,
            churned,
            weights,
            max_depth=settings.max_depth,
            min_leaf_size=settings.min_leaf_size,
            random_state=settings.random_state,
        )
        design = AdditiveDesign.learn(
            self._encoder, encoded, weights, linear=settings.linear
        )
        matrix, cones = design.matrix(encoded), design.cones(self._signs)
        overall = fit_penalized_logit(matrix, churned, weights, settings.C, cones)
        found = self._grown.leaves(encoded)
        self._logits: dict[int, AdditiveLogit] = {}
        for leaf in np.unique(found).tolist():
            rows = found == leaf
            solution = fit_penalized_logit(
                matrix[rows],
                churned[rows],
                weights[rows],
                1.0 / settings.pooling,
                cones,
                centre=overall,
            )
            self._logits[leaf] = AdditiveLogit(
                design, solution, encoded.take(rows), weights[rows]
            )
        values = np.zeros(self._grown.classifier.tree_.node_count)
        for leaf, logit in self._logits.items():
            values[leaf] = logit.intercept
        self._splits = self._grown.with_values(values)
        self.n_leaves_ = len(self._logits)
        self.term_names_ = design.labels(self._encoder)
        self.intercept_ = values[list(self._logits)]
        self.coef_ = np.array([logit.coef for logit in self._logits.values()])

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        leaves = self._grown.leaves(encoded)
        log_odds = np.empty(encoded.n_rows)
        for leaf in np.unique(leaves).tolist():
            rows = leaves == leaf
            log_odds[rows] = self._logits[leaf].log_odds(encoded.take(rows))
        return log_odds

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        base, values = self._grown.shapley(self._splits, encoded)
        leaves = self._grown.leaves(encoded)
        for leaf in np.unique(leaves).tolist():
            rows = leaves == leaf
            values[rows] += self._logits[leaf].effects(encoded.take(rows))
        return base, values
