"""RFM: scores by rank of recency, frequency and money, and the usual segment names."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.segmentation._columns import Matrix
from crmml.segmentation._rfm_scores import (
    OUTPUT_COLUMNS,
    Scores,
    check_cut_points,
    compute_cut_points,
    compute_scores,
    describe_scores,
    read_rfm,
    wrap_scores,
)
from crmml.segmentation._segment_presets import resolve_segments
from crmml.segmentation._segment_table import NO_PURCHASE, build_lookup


class RFMSegmenter(TransformerMixin, BaseEstimator):
    r"""Score customers by recency, frequency and spend, and name their segments.

    Each score runs from 1 to `n_bins`, the best. With :math:`n` customers in ``fit``,
    a value :math:`x` of frequency or money scores

    .. math:: 1 + \lfloor n\_bins \cdot \#\{i : x_i < x\} / n \rfloor

    and recency, of which less is better, scores `n_bins` + 1 minus that. Equal values
    thus always get equal scores: a group of ties is placed by its lower end, so that
    customers with the one order that most have score 1, and those who all bought
    yesterday score `n_bins`. Only ranks count: any strictly increasing transformation
    of a column, in ``fit`` and ``transform``, leaves every score as it is.

    Parameters
    ----------
    n_bins : int, default=5
        Highest score, from 2 to 10. 5 gives quintiles.
    segments : str or dataframe, default="named"
        Which scores make which segment: ``"named"``, ``"rfm_package"``, ``"shopify"``,
        ``"klaviyo"`` (needs 3 bins) or ``"hughes"``, see :func:`make_named_segments`.
        A dataframe with the columns segment, r_min, r_max, f_min, f_max, m_min, m_max
        gives your own; its rows must cover every combination of scores exactly once.
    cut_points : dict of str to sequence of float, default=None
        Per column, the `n_bins` - 1 values, increasing, that scores 2, 3 ... must
        exceed (for recency, `n_bins` - 1, `n_bins` - 2 ...), in the units of the data.
        Columns that are not named get quantiles.
    recency : str, default="days_since_last_purchase"
        Column with the days since the last purchase.
    frequency : str, default="n_orders"
        Column with the number of orders.
    monetary : str, default="total_spend"
        Column with the money spent; it may be negative.

    Attributes
    ----------
    cut_points_ : dict of str to ndarray of shape (n_bins - 1,)
        Per column, the values in force, given or learned.
    score_ranges_ : pandas.DataFrame
        What scores mean: one row per column and score with column, score, above (the
        score begins beyond this value), up_to (and ends with this one) and n_customers
        of ``fit``. With many ties a range may be empty.
    segment_table_ : pandas.DataFrame
        The ranges in force: segment, r_min, r_max, f_min, f_max, m_min, m_max.
    n_features_in_ : int
        Always 3.
    feature_names_in_ : ndarray of shape (3,)
        The three columns, when fitted on a frame.

    See Also
    --------
    make_named_segments : The tables that presets stand for.

    Notes
    -----
    *No purchase.* Whose recency is missing, or frequency missing, 0 or negative, has
    bought nothing, counts for no cut point, scores 1 three times, and is segment
    ``"No purchase"``.

    Of a frame the columns are taken by name, in any order and among others. An array
    needs exactly three: recency, frequency, money.

    Money is compared exactly: round sums that ought to be equal before.

    References
    ----------
    .. [1] A. M. Hughes, "Strategic Database Marketing", 1994.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import RFMSegmenter
    >>> rfm = pd.DataFrame(
    ...     {
    ...         "days_since_last_purchase": [2, 9, 30, 200, 300, None],
    ...         "n_orders": [12, 1, 4, 9, 1, 0],
    ...         "total_spend": [900.0, 15.0, 80.0, 700.0, 10.0, 0.0],
    ...     },
    ...     index=["Ann", "Bo", "Cy", "Di", "Ed", "Fay"],
    ... )
    >>> segmenter = RFMSegmenter().fit(rfm)
    >>> segmenter.cut_points_["n_orders"]
    array([1., 1., 4., 9.])
    >>> segmenter.score_ranges_.query("column == 'total_spend'")[["score", "up_to"]]
        score  up_to
    10      1   10.0
    11      2   15.0
    12      3   80.0
    13      4  700.0
    14      5    inf
    >>> segmenter.transform(rfm)
         r_score  f_score  m_score  rfm_score
    Ann        5        5        5        555
    Bo         4        1        2        412
    Cy         3        3        3        333
    Di         2        4        4        244
    Ed         1        1        1        111
    Fay        1        1        1        111
    >>> segmenter.predict(rfm).tolist()
    ['Champions', 'Promising', 'Need attention', 'Cannot lose', 'Lost', 'No purchase']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_bins": [Interval(Integral, 2, 10, closed="both")],
        # Checked in fit, where the message can say what is wrong with a table.
        "segments": "no_validation",  # type: ignore[dict-item]
        "cut_points": "no_validation",  # type: ignore[dict-item]
        "recency": [str],
        "frequency": [str],
        "monetary": [str],
    }

    def __init__(
        self,
        n_bins: int = 5,
        *,
        segments: Any = "named",
        cut_points: Any = None,
        recency: str = "days_since_last_purchase",
        frequency: str = "n_orders",
        monetary: str = "total_spend",
    ) -> None:
        self.n_bins = n_bins
        self.segments = segments
        self.cut_points = cut_points
        self.recency = recency
        self.frequency = frequency
        self.monetary = monetary

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "RFMSegmenter":
        """Learn the cut points.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 3)
            One row per customer, with the columns named by `recency`, `frequency` and
            `monetary`.
        y : None
            Ignored.

        Returns
        -------
        RFMSegmenter
            This object.

        Raises
        ------
        SchemaError
            If a column is missing, repeated, or holds text, dates or infinite numbers,
            if money is missing for a customer who bought, if cut points do not increase
            or are not `n_bins` - 1, or if the table of segments does not cover every
            combination of scores exactly once.
        NotEnoughHistoryError
            If no customer has bought anything.
        """
        table = resolve_segments(self.segments, self.n_bins)
        if len(set(self._names())) < 3:
            raise SchemaError(
                "recency, frequency and monetary must name three different columns, "
                f"got {', '.join(self._names())}."
            )
        given = check_cut_points(self.cut_points, self._names(), self.n_bins)
        matrix, bought = read_rfm(self, X, self._names(), reset=True)
        if not bought.any():
            raise NotEnoughHistoryError(
                f"None of {len(matrix)} customers has a purchase (recency known, "
                "frequency above 0), so there is nothing to rank."
            )
        self.cut_points_ = {
            name: given[name] if name in given else compute_cut_points(x, self.n_bins)
            for name, x in zip(self._names(), matrix[bought].T, strict=True)
        }
        self.segment_table_ = table
        scores = self._score_matrix(matrix, bought)[bought]
        self.score_ranges_ = describe_scores(self.cut_points_, scores, self.n_bins)
        return self

    def transform(self, X: Any) -> Any:
        """Score customers against the learned cut points.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 3)
            As in ``fit``.

        Returns
        -------
        dataframe or ndarray of shape (n_samples, 4)
            Integers r_score, f_score, m_score, and rfm_score, the three side by side:
            512 (with 10 bins 50102). A frame gives a frame of the same library, with
            the same index.
        """
        scores, _ = self._score(X)
        base = 10 if self.n_bins < 10 else 100
        joined = scores @ np.array([base * base, base, 1])
        return wrap_scores(np.column_stack([scores, joined]), X)

    def predict(self, X: Any) -> NDArray[np.object_]:
        """Name the segment of each customer.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 3)
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of segments; ``"No purchase"`` where nothing was bought.
        """
        scores, bought = self._score(X)
        cube = build_lookup(self.segment_table_, self.n_bins)
        names: NDArray[np.object_] = cube[tuple(scores.T - 1)]
        names[~bought] = NO_PURCHASE
        return names

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.object_]:
        """Learn from customers and name their segments.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 3)
            As in ``fit``.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of segments.
        """
        names: NDArray[np.object_] = self.fit(X).predict(X)
        return names

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (4,)
            The names r_score, f_score, m_score, rfm_score.
        """
        check_is_fitted(self)
        return np.array(OUTPUT_COLUMNS, dtype=object)

    def _names(self) -> list[str]:
        return [self.recency, self.frequency, self.monetary]

    def _score(self, X: Any) -> tuple[Scores, NDArray[np.bool_]]:
        check_is_fitted(self)
        matrix, bought = read_rfm(self, X, self._names(), reset=False)
        return self._score_matrix(matrix, bought), bought

    def _score_matrix(self, matrix: Matrix, bought: NDArray[np.bool_]) -> Scores:
        scores = np.ones(matrix.shape, dtype=np.int64)
        for j, name in enumerate(self._names()):
            scores[bought, j] = compute_scores(
                matrix[bought, j], self.cut_points_[name]
            )
        scores[bought, 0] = self.n_bins + 1 - scores[bought, 0]
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
