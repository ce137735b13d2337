"""Logistic regression whose lines may bend: as readable as a scorecard."""

from collections.abc import Mapping
from numbers import Real
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crmml._utils._sklearn import Interval
from crmml.models._additive import AdditiveDesign, AdditiveLogit
from crmml.models._base import BaseChurnClassifier
from crmml.models._encoder import Encoded
from crmml.models._penalized_logit import fit_penalized_logit


class LogisticChurnClassifier(BaseChurnClassifier):
    r"""Logistic regression on mixed data, one readable effect a feature.

    The log-odds of leaving are a sum of effects,

    .. math:: \log\frac{p}{1-p} = b + \sum_j f_j(x_j),

    where every effect averages zero over the training customers. A number's effect
    is a smooth curve over its rank among the training customers (a cubic spline with
    a penalty on its curvature), constant beyond the range seen in training; a text's
    effect is one value a category. Missing values have an effect of their own.

    Parameters
    ----------
    linear : bool, default=False
        Whether numbers act along straight lines, as in textbooks, also beyond the
        range seen in training.
    C : float, default=1.0
        Inverse strength of the penalty. Near 0 all effects vanish and everybody gets
        the share of leavers; large values follow the training data closely.
    monotonic : dict of str to {-1, 1}, default=None
        Known signs, such as ``{"n_complaints": 1}``: as the number rises, the risk
        never falls (1), or never rises (-1), all else equal and whatever the number.
        Missing values have an effect of their own.
    tune : bool, default=False
        Whether to choose `C` by the log-loss in three folds of the training
        customers, stratified and drawn by a fixed seed.
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
    intercept_ : float
        Log-odds at the average effect of every feature, the base of
        ``contributions``.
    coef_ : ndarray of shape (n_terms,)
        Coefficients of ``term_names_``. With ``linear=True`` a number's is the change
        in log-odds per unit.
    term_names_ : list of str
        A straight line's term is called as its feature, a category's
        ``feature=category``; curves have a line and bends.

    See Also
    --------
    BoostedChurnClassifier : Finds interactions too, harder to read.
    TreeChurnClassifier : A few rules instead of a sum.

    Notes
    -----
    Classes are not reweighted: the average predicted probability equals the share of
    leavers in training. The penalised curves are P-splines [1]_ [2]_; one of known
    sign has coefficients that only rise, or only fall, and so does the curve.

    References
    ----------
    .. [1] P. H. C. Eilers and B. D. Marx (1996). Flexible smoothing with B-splines
       and penalties. Statistical Science 11(2). doi:10.1214/ss/1038425655
    .. [2] S. N. Wood (2017). Generalized Additive Models, 2nd edition.
       doi:10.1201/9781315370279

    Examples
    --------
    Of 100 monthly contracts 60 left, of 100 yearly ones 20. With a weak penalty the
    model says just that.

    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = ["left"] * 60 + ["stayed"] * 40 + ["left"] * 20 + ["stayed"] * 80
    >>> y = pd.Series(y) == "left"
    >>> model = LogisticChurnClassifier(C=1e6).fit(X, y)
    >>> new = pd.DataFrame({"contract": ["yearly", "monthly"]})
    >>> model.predict_proba(new)[:, 1].round(3)
    array([0.2, 0.6])
    >>> model.explain(new, n_reasons=1)["reason"].tolist()
    [None, 'contract: monthly, raises the risk']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseChurnClassifier._parameter_constraints,
        "linear": ["boolean"],
        "C": [Interval(Real, 0, None, closed="neither")],
    }
    _candidates: ClassVar[list[dict[str, Any]]] = [
        {"C": C} for C in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    ]

    def __init__(
        self,
        *,
        linear: bool = False,
        C: float = 1.0,  # noqa: N803
        monotonic: Mapping[str, int] | None = None,
        tune: bool = False,
        verbose: bool = True,
    ) -> None:
        self.linear = linear
        self.C = C
        self.monotonic = monotonic
        self.tune = tune
        self.verbose = verbose

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        design = AdditiveDesign.learn(
            self._encoder, encoded, weights, linear=settings.linear
        )
        solution = fit_penalized_logit(
            design.matrix(encoded),
            churned,
            weights,
            settings.C,
            cones=design.cones(self._signs),
        )
        self._logit = AdditiveLogit(design, solution, encoded, weights)
        self.term_names_ = design.labels(self._encoder)
        self.intercept_ = self._logit.intercept
        self.coef_ = self._logit.coef

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        return self._logit.log_odds(encoded)

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        return self._logit.intercept, self._logit.effects(encoded)
