"""K-means for customers: prepares the numbers, chooses k, names segments by size."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, check_sample_weight, fit_context
from crmml.exceptions import SchemaError
from crmml.segmentation._choice_of_k import (
    COLUMNS,
    Settings,
    check_k_range,
    choose_k,
    compute_k_selection,
)
from crmml.segmentation._columns import Matrix, read_features
from crmml.segmentation._lloyd import (
    Labels,
    find_distinct_rows,
    find_nearest,
    fit_centers,
)
from crmml.segmentation._skew_scaler import SkewScaler

# Prepared values are rounded, so that cents instead of euro, which differ in the last
# bits after division, give the very same rows.
DECIMALS = 8


class KMeansSegmenter(ClusterMixin, BaseEstimator):
    r"""Group customers by k-means on prepared numbers.

    Columns are capped, skewed ones go through a signed logarithm, and all are brought
    to one scale (see :class:`SkewScaler`). Segments then minimise

    .. math:: inertia = \sum_i w_i \min_k \lVert z_i - c_k \rVert^2

    over the prepared customers :math:`z_i` with weights :math:`w_i`. The result depends
    on the customers and the seed only: not on the order of the rows, the index, the
    units of a column or the number of threads.

    Parameters
    ----------
    n_clusters : int, default=None
        Number of segments. None chooses it from `k_range`; see Notes.
    k_range : tuple of two int, default=(2, 10)
        Smallest and largest number of segments to choose from.
    n_init : int, default=10
        Number of starts, of which the best is kept.
    max_iter : int, default=300
        Most passes of one run.
    tol : float, default=1e-4
        A run ends when the squared moves of all centres, in standard deviations, add
        up to at most this. 0 runs until no customer changes segment.
    cap_quantiles : tuple of two floats, default=(0.01, 0.99)
        Quantiles at which values are capped, so that no outlier owns a segment.
    skew_threshold : float, default=1.0
        Skewness above which the logarithm is taken where it helps.
    random_state : int, RandomState or None, default=0
        Seed. None draws a new one each time.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        Segment of each customer, from 0. Segments are numbered by descending size (sum
        of weights); of equal sizes, the one with the larger centre in the first column
        that differs comes first.
    cluster_centers_ : ndarray of shape (n_clusters_, n_features)
        Centres in the units of the data. For a skewed column this is a mean on the
        logarithmic scale, close to the median. NaN in a column that was all missing.
    scaled_centers_ : ndarray of shape (n_clusters_, n_features)
        Centres in prepared units, with which ``predict`` compares.
    n_clusters_ : int
        Number of segments.
    inertia_ : float
        Weighted sum of squared distances to the own centre, in prepared units.
    n_iter_ : int
        Passes of the last run.
    scaler_ : SkewScaler
        The fitted preparation; ``scaler_.inverse_transform`` undoes it.
    k_selection_ : pandas.DataFrame
        One row per number of segments considered: n_clusters, silhouette, reference,
        stability, score, smallest_share, inertia. No rows when `n_clusters` was given.
    k_reason_ : str
        Why there are so many segments, in a sentence.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, when fitted on a frame with text names.

    See Also
    --------
    RFMSegmenter : Named segments from recency, frequency and spend.
    compute_segment_profile : What the segments are like.

    Notes
    -----
    *Choice of k.* On a sample of at most 2,000 customers every k gets a score: its
    silhouette less the one that k-means finds in a single normal cloud of the same
    covariance, times its stability, the mean adjusted Rand index between its segments
    and those found from ten random halves of the sample. Of the scores within 5 % of
    the highest, the largest k wins; if no silhouette is 0.02 above that of the cloud,
    the most stable k does. No k is tried that leaves fewer than ten customers to a
    segment on average, unless it is the smallest.

    *Missing values* are read as the column's median. *Columns* that are constant
    within the caps, or missing throughout, are left out with a ``DataQualityWarning``.
    Text, dates and infinite numbers are refused. Columns of a frame are matched by
    name: ``predict`` takes them in any order, and others beside them.

    *Start.* k-means++ with greedy draws (Arthur and Vassilvitskii 2007). Above 20,000
    distinct customers the starts are compared on a sample of that size, and the best is
    carried on over all. Time grows with customers x columns x segments.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful
       seeding", SODA 2007.
    .. [2] P. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and
       validation of cluster analysis", 1987, doi:10.1016/0377-0427(87)90125-7.

    Examples
    --------
    Four small customers and two large ones; (10 + 12 + 20 + 24) / 4 = 16.5:

    >>> import pandas as pd
    >>> from crmml.segmentation import KMeansSegmenter
    >>> features = pd.DataFrame(
    ...     {"n_orders": [1, 1, 2, 2, 9, 9], "total_spend": [10, 12, 20, 24, 300, 300]},
    ...     index=["a", "b", "c", "d", "e", "f"],
    ... )
    >>> segmenter = KMeansSegmenter(n_clusters=2).fit(features)
    >>> segmenter.labels_
    array([0, 0, 0, 0, 1, 1])
    >>> segmenter.cluster_centers_.round(1)
    array([[  1.5,  16.5],
           [  9. , 300. ]])
    >>> segmenter.predict(pd.DataFrame({"total_spend": [250], "n_orders": [8]}))
    array([1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left"), None],
        "k_range": [tuple, list],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "cap_quantiles": [tuple, list],
        "skew_threshold": [Interval(Real, 0, None, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        k_range: tuple[int, int] = (2, 10),
        n_init: int = 10,
        max_iter: int = 300,
        tol: float = 1e-4,
        cap_quantiles: tuple[float, float] = (0.01, 0.99),
        skew_threshold: float = 1.0,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.k_range = k_range
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.cap_quantiles = cap_quantiles
        self.skew_threshold = skew_threshold
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None
    ) -> "KMeansSegmenter":
        """Learn the preparation, the number of segments and their centres.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            One row per customer: numbers, booleans and missing values.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each customer, at least 0; a weight of 2 counts as a customer
            repeated, a weight of 0 as one left out.

        Returns
        -------
        KMeansSegmenter
            This object.

        Raises
        ------
        SchemaError
            If columns are repeated, or hold text, dates or infinite numbers, or if
            there are more segments than distinct customers.
        ValueError
            If there are fewer than two customers.

        Warns
        -----
        DataQualityWarning
            If columns are constant or missing throughout, and so left out.
        """
        matrix = read_features(self, X, reset=True, min_samples=2)
        k_range = check_k_range(self.k_range)
        weights = check_sample_weight(
            sample_weight, matrix, dtype=np.float64, ensure_non_negative=True
        )
        self.scaler_ = SkewScaler(
            cap_quantiles=self.cap_quantiles, skew_threshold=self.skew_threshold
        ).fit(self._name_columns(matrix), sample_weight=weights)
        prepared = self._prepare(matrix)
        rows, sizes = find_distinct_rows(prepared, weights)
        rng = check_random_state(self.random_state)
        self._settle_n_clusters(rows, sizes, k_range, rng)
        fit = fit_centers(
            rows, sizes, self.n_clusters_, rng=rng, **vars(self._settings())
        )
        self.scaled_centers_ = _order_by_size(fit.centers, rows, sizes)
        self.cluster_centers_ = self.scaler_.inverse_transform(self.scaled_centers_)
        self.inertia_ = fit.inertia
        self.n_iter_ = fit.n_iter
        self.labels_ = find_nearest(prepared, self.scaled_centers_)[0]
        return self

    def predict(self, X: Any) -> Labels:
        """Assign customers to the nearest of the learned centres.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            Columns as in ``fit``; of a frame, in any order and among others.

        Returns
        -------
        ndarray of shape (n_samples,)
            Segment numbers; on the rows of ``fit`` they equal ``labels_``.
        """
        check_is_fitted(self)
        prepared = self._prepare(read_features(self, X, reset=False))
        return find_nearest(prepared, self.scaled_centers_)[0]

    def _settings(self) -> Settings:
        return Settings(n_init=self.n_init, max_iter=self.max_iter, tol=self.tol)

    def _name_columns(self, matrix: Matrix) -> Any:
        """Give the scaler the names that warnings should use."""
        names = getattr(self, "feature_names_in_", None)
        return matrix if names is None else pd.DataFrame(matrix, columns=names)

    def _prepare(self, matrix: Matrix) -> Matrix:
        # Adding 0 turns -0 into 0, which sorts and compares like it but prints oddly.
        prepared: Matrix = np.round(self.scaler_.scale_matrix(matrix), DECIMALS) + 0.0
        return prepared

    def _settle_n_clusters(
        self,
        rows: Matrix,
        sizes: Matrix,
        k_range: tuple[int, int],
        rng: np.random.RandomState,
    ) -> None:
        self.k_selection_ = pd.DataFrame(columns=list(COLUMNS), dtype=np.float64)
        if self.n_clusters is None:
            seed = rng.randint(np.iinfo(np.int32).max)
            self.k_selection_ = compute_k_selection(
                rows, sizes, k_range, self._settings(), seed
            )
            self.n_clusters_, self.k_reason_ = choose_k(self.k_selection_)
            return
        if self.n_clusters > len(rows):
            raise SchemaError(
                f"n_clusters={self.n_clusters} is more than the {len(rows)} distinct "
                "customers there are once the columns are prepared. Ask for fewer "
                "segments, or give columns in which customers differ."
            )
        self.n_clusters_ = int(self.n_clusters)
        self.k_reason_ = f"n_clusters={self.n_clusters_} was given."

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _order_by_size(centers: Matrix, rows: Matrix, sizes: Matrix) -> Matrix:
    labels = find_nearest(rows, centers)[0]
    totals = np.bincount(labels, weights=sizes, minlength=len(centers))
    order = np.lexsort((*-centers.T[::-1], -totals))
    return centers[order]
