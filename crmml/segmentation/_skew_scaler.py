"""Make skewed, outlier-ridden customer numbers comparable, and undo it again."""

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from crmml._utils._frames import join_texts
from crmml._utils._sklearn import Interval, check_sample_weight, fit_context
from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.segmentation._column_scale import (
    ColumnScale,
    apply_scales,
    invert_scales,
    learn_column,
)
from crmml.segmentation._columns import Matrix, read_features

CAP_QUANTILES = (0.01, 0.99)
SKEW = 1.0


class SkewScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Scale customer numbers so that no outlier and no unit rules the distances.

    Per column, with everything learned in ``fit``: values are capped at two quantiles,
    a column that is still skewed goes through a signed logarithm, then the median is
    subtracted and the result divided by the standard deviation of what was capped:

    .. math:: z = \frac{g(\min(\max(x, lower), upper) / unit) - center}{scale}

    with :math:`g(t) = sign(t) \log(1 + |t|)` for a skewed column and :math:`g(t) = t`
    for others. Multiplying a column by a positive number (cents instead of euro)
    changes nothing.

    Parameters
    ----------
    cap_quantiles : tuple of two floats, default=(0.01, 0.99)
        Quantiles at which values are capped. Both are values that occur, counted
        inwards from either end, so that up to 100 customers nothing is capped.
        ``(0, 1)`` never caps.
    skew_threshold : float, default=1.0
        The logarithm is taken where the absolute skewness of the capped values is
        above this and the logarithm lessens it. 0 takes it wherever it helps, infinity
        never.

    Attributes
    ----------
    lower_, upper_ : ndarray of shape (n_features,)
        Caps, in the units of the data.
    logged_ : ndarray of shape (n_features,)
        Whether the logarithm is taken.
    unit_ : ndarray of shape (n_features,)
        What values are divided by first: the median of the absolute values other than
        0 for a skewed column, the larger cap for others.
    center_ : ndarray of shape (n_features,)
        Median after shaping.
    scale_ : ndarray of shape (n_features,)
        Standard deviation after shaping; 0 marks a column left out.
    ignored_ : ndarray of shape (n_features,)
        Whether a column is left out, because within the caps it is constant, or
        because all of it is missing. It becomes 0 everywhere.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, when fitted on a frame with text names.

    See Also
    --------
    KMeansSegmenter : Uses this scaler inside.

    Notes
    -----
    Missing values become 0, that is, the column's median. A column where less than
    one customer in a hundred differs from the rest is constant within the default caps
    and so left out, as is one whose caps differ by at most 2e-9 of the larger. Of more
    than 50,000 values without weights, so many are learned from, evenly spaced by rank,
    the smallest and the largest among them.

    Examples
    --------
    Spend is skewed, so its logarithm is taken; age is not.

    >>> import pandas as pd
    >>> from crmml.segmentation import SkewScaler
    >>> customers = pd.DataFrame(
    ...     {"spend": [0.0, 10.0, 10.0, 20.0, 990.0], "age": [20, 30, 40, 50, 60]}
    ... )
    >>> scaler = SkewScaler().fit(customers)
    >>> scaler.logged_
    array([ True, False])
    >>> scaler.unit_
    array([15., 60.])
    >>> scaler.transform(customers).round(2)
    array([[-0.34, -1.41],
           [ 0.  , -0.71],
           [ 0.  ,  0.  ],
           [ 0.22,  0.71],
           [ 2.43,  1.41]])
    >>> scaler.inverse_transform(scaler.transform(customers))[-1].round(6)
    array([990.,  60.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "cap_quantiles": [tuple, list],
        "skew_threshold": [Interval(Real, 0, None, closed="both")],
    }

    def __init__(
        self,
        *,
        cap_quantiles: tuple[float, float] = (0.01, 0.99),
        skew_threshold: float = 1.0,
    ) -> None:
        self.cap_quantiles = cap_quantiles
        self.skew_threshold = skew_threshold

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "SkewScaler":
        """Learn caps, shapes, centres and scales.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            Numbers; missing values are left out of everything learned.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, at least 0; a weight of 2 counts as a repeated row.

        Returns
        -------
        SkewScaler
            This object.

        Raises
        ------
        SchemaError
            If columns are repeated, or hold text, dates or infinite numbers, or if
            `cap_quantiles` are not two increasing shares.

        Warns
        -----
        DataQualityWarning
            If columns are constant or missing throughout, and so left out.
        """
        matrix = read_features(self, X, reset=True, min_samples=1)
        weights = None
        if sample_weight is not None:
            weights = check_sample_weight(
                sample_weight, matrix, dtype=np.float64, ensure_non_negative=True
            )
        return self.fit_matrix(
            matrix, weights, getattr(self, "feature_names_in_", None)
        )

    def fit_matrix(
        self, matrix: Matrix, weights: Matrix | None, names: Any
    ) -> "SkewScaler":
        """Learn from a matrix that was read and checked before.

        Parameters
        ----------
        matrix : ndarray of shape (n_samples, n_features)
            NaN for missing.
        weights : ndarray of shape (n_samples,) or None
            How many customers a row stands for; None: each one.
        names : ndarray of shape (n_features,) or None
            The columns' names.

        Returns
        -------
        SkewScaler
            This object.
        """
        low, high = _check_cap_quantiles(self.cap_quantiles)
        self.n_features_in_ = matrix.shape[1]
        if names is not None:
            self.feature_names_in_ = names
        if weights is not None:
            matrix, weights = matrix[weights > 0], weights[weights > 0]
        scales = [
            learn_column(column, weights, (low, high), self.skew_threshold)
            for column in matrix.T
        ]
        self.lower_ = np.array([s.lower for s in scales])
        self.upper_ = np.array([s.upper for s in scales])
        self.logged_ = np.array([s.logged for s in scales])
        self.unit_ = np.array([s.unit for s in scales])
        self.center_ = np.array([s.center for s in scales])
        self.scale_ = np.array([s.scale for s in scales])
        self.ignored_ = self.scale_ == 0
        self._warn_of_ignored()
        return self

    def transform(self, X: Any) -> Matrix:
        """Scale customers by what was learned.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            Columns as in ``fit``; of a frame, in any order and among others.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Finite numbers; 0 for what is missing.
        """
        check_is_fitted(self)
        return self.scale_matrix(read_features(self, X, reset=False))

    def inverse_transform(self, X: Any) -> Matrix:
        """Take scaled values back to the units of the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled values.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Values within the caps come back as they were. A column left out comes back
            as its constant, or as NaN if all of it was missing.
        """
        check_is_fitted(self)
        matrix = np.asarray(X, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != self.n_features_in_:
            raise SchemaError(
                f"X has shape {matrix.shape}, but {self.n_features_in_} columns were "
                "learned in fit."
            )
        return invert_scales(matrix, self._scales())

    def scale_matrix(self, matrix: Matrix) -> Matrix:
        """Scale a matrix that was read and checked before.

        Parameters
        ----------
        matrix : ndarray of shape (n_samples, n_features)
            The columns of ``fit`` in their order, NaN for missing.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            As from ``transform``.
        """
        return apply_scales(matrix, self._scales())

    def _scales(self) -> list[ColumnScale]:
        ends, shape = (self.lower_, self.upper_), (self.logged_, self.unit_)
        columns = (*ends, *shape, self.center_, self.scale_)
        return [ColumnScale(*values) for values in zip(*columns, strict=True)]

    def _warn_of_ignored(self) -> None:
        if not self.ignored_.any():
            return
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        missing = np.isnan(self.center_)
        parts = [
            f"{what}: {join_texts(list(map(str, names[where])))}"
            for what, where in (
                ("all missing", missing),
                ("constant within the caps", self.ignored_ & ~missing),
            )
            if where.any()
        ]
        warnings.warn(
            f"{self.ignored_.sum()} of {self.n_features_in_} columns say nothing about "
            f"the customers and are left out ({'; '.join(parts)}).",
            DataQualityWarning,
            stacklevel=4,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _check_cap_quantiles(cap_quantiles: Any) -> tuple[float, float]:
    if len(cap_quantiles) != 2 or not 0 <= cap_quantiles[0] < cap_quantiles[1] <= 1:
        raise SchemaError(
            "cap_quantiles must be two increasing shares between 0 and 1, got "
            f"{cap_quantiles!r}."
        )
    return float(cap_quantiles[0]), float(cap_quantiles[1])


def prepare(matrix: Matrix) -> Matrix:
    """Scale a checked matrix by its own caps and scales, without any warning."""
    scales = [learn_column(column, None, CAP_QUANTILES, SKEW) for column in matrix.T]
    return apply_scales(matrix, scales)
