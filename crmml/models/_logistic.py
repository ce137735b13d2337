"""Logistic regression whose lines may bend: as readable as a scorecard."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
from crmml.models._columns import NUMERIC, TEXT
from crmml.models._effects import LINE_SCALE, CategoryTerm, CurveTerm, LineTerm
from crmml.models._encoder import Encoded

_Term = CurveTerm | LineTerm | CategoryTerm

# Newton's method is exact but squares the number of columns.
_NEWTON_COLUMNS = 400


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

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had any.
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
    leavers in training. The penalised curves are P-splines [1]_ [2]_.

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
        "linear": ["boolean"],
        "C": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, linear: bool = False, C: float = 1.0) -> None:  # noqa: N803
        self.linear = linear
        self.C = C

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        self._terms = self._make_terms(encoded, weights)
        blocks = [term.design(encoded.arrays[j]) for j, term in self._terms.items()]
        names = self._encoder.names_
        self.term_names_ = [
            label for j, term in self._terms.items() for label in term.labels(names[j])
        ]
        # A constant column keeps the solver going when no feature is of use.
        design = np.hstack(blocks) if blocks else np.zeros((encoded.n_rows, 1))
        few = design.shape[1] <= _NEWTON_COLUMNS
        solver = LogisticRegression(
            C=self.C,
            solver="newton-cholesky" if few else "lbfgs",
            tol=1e-8 if few else 1e-4,
            max_iter=100 if few else 2000,
        ).fit(design, churned, sample_weight=weights)
        self.intercept_ = float(solver.intercept_[0])
        start = 0
        coef = []
        for (j, term), block in zip(self._terms.items(), blocks, strict=True):
            end = start + block.shape[1]
            coef.append(term.accept(solver.coef_[0, start:end]))
            mean = float(np.average(term.effect(encoded.arrays[j]), weights=weights))
            term.shift(mean)
            self.intercept_ += mean
            start = end
        self.coef_ = np.concatenate(coef) if coef else np.empty(0)

    def _make_terms(
        self, encoded: Encoded, weights: NDArray[np.float64]
    ) -> dict[int, _Term]:
        """One term a feature; features of no known value have none."""
        terms: dict[int, _Term] = {}
        shape = LineTerm if self.linear else CurveTerm
        for j, kind in enumerate(self._encoder.kinds_):
            if kind in NUMERIC:
                terms[j] = shape.learn(encoded.arrays[j], weights)
            elif kind == TEXT:
                terms[j] = CategoryTerm.learn(
                    encoded.arrays[j],
                    self._encoder.categories_[j],
                    scale=1.0 if self.linear else LINE_SCALE,
                )
        return terms

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        # Column by column, not by a matrix product: sums then do not depend on how
        # many customers are scored together.
        total = np.full(encoded.n_rows, self.intercept_)
        for j, term in self._terms.items():
            total += term.effect(encoded.arrays[j])
        return total

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        values = np.zeros((encoded.n_rows, len(encoded.arrays)))
        for j, term in self._terms.items():
            values[:, j] = term.effect(encoded.arrays[j])
        return self.intercept_, values
