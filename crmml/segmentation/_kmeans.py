"""K-means for customers: prepares the numbers, chooses k, names segments by size."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, fit_context
from crmml.exceptions import SchemaError
from crmml.segmentation._alignment import number_like
from crmml.segmentation._kmeans_fit import Learned, learn_segments
from crmml.segmentation._lloyd import Labels, find_nearest
from crmml.segmentation._mixed_table import decode, encode, prepare_points, read_mixed


class KMeansSegmenter(ClusterMixin, BaseEstimator):
    r"""Group customers by k-means on prepared numbers.

    Columns are capped, skewed ones go through a signed logarithm, and all are brought
    to one scale (see :class:`SkewScaler`). Segments then minimise

    .. math:: inertia = \sum_i w_i \min_k \lVert z_i - c_k \rVert^2

    over the prepared customers :math:`z_i` with weights :math:`w_i`. A different
    category adds `category_weight` to the squared distance (k-prototypes). The result
    depends on the customers and the seed only: not on the order of the rows, the index,
    the units of a column or the number of threads.

    Parameters
    ----------
    n_clusters : int, default=None
        Number of segments. None chooses it from `k_range`; see Notes.
    categorical : sequence of str, default=None
        Columns of a frame that hold categories: text, booleans or codes. The others
        hold numbers; there must be one at least.
    category_weight : float, default=0.5
        Squared distance (at most 1e6) of different categories; numbers have variance 1.
    k_range : tuple of two int, default=(2, 10)
        Smallest and largest number of segments to choose from.
    n_init : int, default=10
        Number of starts, of which the best is kept. With categories, ten times as many.
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
        that differs comes first. After ``refit`` they keep their old numbers.
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centres in the units of the data. For a skewed column this is a mean on the
        logarithmic scale, close to the median. NaN in a column that was all missing.
    cluster_categories_ : ndarray of shape (n_clusters, n_categorical)
        The most frequent categories; None is missing.
    scaled_centers_ : ndarray of shape (n_clusters, n_features)
        Centres in prepared units, with which ``predict`` compares.
    segment_numbers_ : ndarray of shape (n_clusters,)
        The number of the segment that each row of the centres belongs to, ascending.
    categories_ : list of ndarray
        Per categorical column, the categories of ``fit``.
    n_clusters_ : int
        Number of segments.
    inertia_ : float
        Weighted sum of squared distances to the own centre, in prepared units.
    n_iter_ : int
        Passes of the last run.
    scaler_ : SkewScaler
        The fitted preparation; ``scaler_.inverse_transform`` undoes it.
    k_selection_ : pandas.DataFrame
        One row per number considered, none when it was given: n_clusters, silhouette,
        reference, stability, score, simplified_silhouette, calinski_harabasz, gap,
        gap_error, smallest_share, inertia.
    k_reason_ : str
        Why there are so many segments, in a sentence.
    n_features_in_ : int
        Number of columns with numbers.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, when fitted on a frame with text names.

    See Also
    --------
    compute_segment_profile : What the segments are like.
    compute_segment_stability : Whether they would come back.

    Notes
    -----
    *Choice of k.* On a sample of at most 10,000 customers every k gets a score: its
    silhouette less the one that k-means finds in a normal cloud of the same covariance
    (reference), times its stability, the mean adjusted Rand index between its segments
    and those of ten random halves. Of the scores within 5 % of the highest, the k wins
    that most of five criteria would take alone (silhouette, silhouette to centres,
    Calinski-Harabasz, stability, gap of log inertia to the clouds), and of equals the
    largest. If no silhouette is 0.02 above that of the cloud, the most stable k does.
    No k but the smallest may leave fewer than ten customers to a segment on average.
    :func:`crmml.plotting.plot_k_selection` draws the table.

    *Missing values* are read as the column's median, or as a category of their own. A
    category not seen in ``fit`` is different from all. *Columns* that are constant
    within the caps or all missing are left out with a ``DataQualityWarning``; those of
    a frame are matched by name.

    *Speed.* Starts are k-means++ with greedy draws (Arthur and Vassilvitskii 2007).
    Above 2,000 customers (or 100 per segment) they are compared on a sample of that
    size, in which equal customers have their share, and the best is carried on over
    larger samples to all. Distances are in single precision, sums exact.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful
       seeding", SODA 2007.
    .. [2] P. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and
       validation of cluster analysis", 1987, doi:10.1016/0377-0427(87)90125-7.
    .. [3] Z. Huang, "Extensions to the k-means algorithm for clustering large data sets
       with categorical values", 1998, doi:10.1023/A:1009769707641.
    .. [4] R. Tibshirani, G. Walther and T. Hastie, "Estimating the number of clusters
       in a data set via the gap statistic", 2001, doi:10.1111/1467-9868.00293.

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
        "categorical": ["array-like", None],
        "category_weight": [Interval(Real, 0, 1e6, closed="right")],
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
        categorical: Sequence[str] | None = None,
        category_weight: float = 0.5,
        k_range: tuple[int, int] = (2, 10),
        n_init: int = 10,
        max_iter: int = 300,
        tol: float = 1e-4,
        cap_quantiles: tuple[float, float] = (0.01, 0.99),
        skew_threshold: float = 1.0,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.categorical = categorical
        self.category_weight = category_weight
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
            One row per customer: numbers, missing values, and categories where named.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0; 2 counts as a customer repeated, 0 as one left out.
            Above 50,000 customers scales, and so optima, differ a little from that.

        Returns
        -------
        KMeansSegmenter
            This object.

        Raises
        ------
        SchemaError
            If columns are missing, repeated or of wrong types, there are more segments
            than distinct customers, or weights add up to below 1e-200 or above 1e200.
        ValueError
            If there are fewer than two customers.

        Warns
        -----
        DataQualityWarning
            If columns are constant or missing throughout, and so left out.
        """
        learned = learn_segments(self, X, sample_weight, self.n_clusters)
        self._adopt(learned, np.arange(len(learned.fit.centers)))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def refit(
        self, X: Any, previous: "KMeansSegmenter", sample_weight: Any = None
    ) -> "KMeansSegmenter":
        """Learn anew, and give segments the numbers of the old ones they continue.

        Pairs are one to one, such that most of these customers keep their number. A
        segment that continues no old one gets a number above all old ones.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            The customers of today, with the columns that `previous` knows.
        previous : KMeansSegmenter
            The fitted segmenter to continue, which may be this one. Its number of
            segments is kept where `n_clusters` is None.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        KMeansSegmenter
            This object.
        """
        if not isinstance(previous, KMeansSegmenter):
            raise SchemaError(
                f"previous must be a KMeansSegmenter, got {type(previous).__name__}."
            )
        before = previous.predict(X)
        n_clusters = self.n_clusters or previous.n_clusters_
        new = learn_segments(self, X, sample_weight, n_clusters)
        self._adopt(new, number_like(before, new.labels, len(new.fit.centers)))
        return self

    def predict(self, X: Any) -> Labels:
        """Assign customers to the nearest of the learned centres.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            Columns as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Segment numbers; on the rows of ``fit`` they equal ``labels_``.
        """
        check_is_fitted(self)
        table = read_mixed(self, X, self.categorical, self.categories_)
        points = prepare_points(self.scaler_, table, None, self.category_weight)
        modes = encode(self.cluster_categories_, self.categories_)
        centers = self.scaled_centers_[:, ~self.scaler_.ignored_]
        nearest = find_nearest(points, centers, modes)[0]
        numbers: Labels = self.segment_numbers_[nearest]
        return numbers

    def _adopt(self, learned: Learned, numbers: Labels) -> None:
        """Keep what was learned, centres in the order of their segments' numbers."""
        fit, order = learned.fit, np.argsort(numbers)
        self.scaler_ = learned.scaler
        self.categories_ = learned.categories
        self.k_selection_, self.k_reason_ = learned.k_selection, learned.k_reason
        self.n_clusters_ = len(order)
        self.inertia_, self.n_iter_ = fit.inertia, fit.n_iter
        self.segment_numbers_ = numbers[order]
        self.scaled_centers_ = fit.centers[order]
        self.cluster_centers_ = self.scaler_.inverse_transform(self.scaled_centers_)
        self.cluster_categories_ = decode(fit.modes[order], self.categories_)
        self.labels_ = numbers[learned.labels]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
