"""RFM: scores by rank of recency, frequency and money, and the usual segment names."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.segmentation._columns import Matrix, read_features
from crmml.segmentation._rfm_scores import (
    OUTPUT_COLUMNS,
    Scores,
    compute_cut_points,
    compute_scores,
    wrap_scores,
)
from crmml.segmentation._segment_table import (
    NO_PURCHASE,
    build_lookup,
    resolve_segments,
)


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
    segments : "named" or dataframe, default="named"
        Which scores make which segment. ``"named"`` stands for the eleven usual
        segments of :func:`make_named_segments`, which need 5 bins. A dataframe with the
        columns segment, r_min, r_max, f_min, f_max, m_min, m_max gives your own; its
        rows must cover every combination of scores exactly once.
    recency : str, default="days_since_last_purchase"
        Column with the days since the last purchase.
    frequency : str, default="n_orders"
        Column with the number of orders.
    monetary : str, default="total_spend"
        Column with the money spent; it may be negative.

    Attributes
    ----------
    cut_points_ : dict of str to ndarray of shape (n_bins - 1,)
        Per column, the values that scores 2, 3 ... must exceed (for recency: that
        scores `n_bins` - 1, `n_bins` - 2 ... exceed), in the units of the data.
    segment_table_ : pandas.DataFrame
        The ranges in force: segment, r_min, r_max, f_min, f_max, m_min, m_max.
    n_features_in_ : int
        Always 3.
    feature_names_in_ : ndarray of shape (3,)
        The three columns, when fitted on a frame.

    See Also
    --------
    KMeansSegmenter : Groups found from any numeric columns.
    make_named_segments : The table of the usual segments.

    Notes
    -----
    *No purchase.* A customer whose recency is missing, or whose frequency is missing, 0
    or negative, has bought nothing: such customers count for no cut point, score 1
    three times, and are segment ``"No purchase"``.

    Of a frame the three columns are taken by name, in any order and among others. An
    array needs exactly three columns: recency, frequency, money.

    Money is compared exactly. Sums that ought to be equal but differ in their last bits
    should be rounded before.

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
        "recency": [str],
        "frequency": [str],
        "monetary": [str],
    }

    def __init__(
        self,
        n_bins: int = 5,
        *,
        segments: Any = "named",
        recency: str = "days_since_last_purchase",
        frequency: str = "n_orders",
        monetary: str = "total_spend",
    ) -> None:
        self.n_bins = n_bins
        self.segments = segments
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
            if money is missing for a customer who bought, or if the table of segments
            does not cover every combination of scores exactly once.
        NotEnoughHistoryError
            If no customer has bought anything.
        """
        table = resolve_segments(self.segments, self.n_bins)
        if len(set(self._names())) < 3:
            raise SchemaError(
                "recency, frequency and monetary must name three different columns, "
                f"got {', '.join(self._names())}."
            )
        matrix, bought = self._read(X, reset=True)
        if not bought.any():
            raise NotEnoughHistoryError(
                f"None of {len(matrix)} customers has a purchase (recency known, "
                "frequency above 0), so there is nothing to rank."
            )
        self.cut_points_ = {
            name: compute_cut_points(values, self.n_bins)
            for name, values in zip(self._names(), matrix[bought].T, strict=True)
        }
        self.segment_table_ = table
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
            Integers r_score, f_score, m_score, and rfm_score, which writes the three
            side by side: 5, 1, 2 is 512 (with 10 bins, two digits each: 50102). A
            frame gives a frame of the same library, with the same index.
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
        """Learn the cut points and name the segment of each customer.

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

    def _read(self, X: Any, *, reset: bool) -> tuple[Matrix, NDArray[np.bool_]]:
        """Return the three columns, and which customers have bought."""
        names = self._names()
        matrix = read_features(
            self, X, reset=reset, select=names, min_samples=1 if reset else 0
        )
        if matrix.shape[1] != len(names):
            raise SchemaError(
                f"An array needs 3 columns (recency, frequency, money), found "
                f"{matrix.shape[1]} feature(s). Pass a frame with named columns."
            )
        bought = ~np.isnan(matrix[:, 0]) & (matrix[:, 1] > 0)
        n_unknown = int(np.isnan(matrix[bought, 2]).sum())
        if n_unknown:
            raise SchemaError(
                f"{self.monetary!r} is missing for {n_unknown} of {int(bought.sum())} "
                "customers who have bought. Fill it in, or leave these rows out."
            )
        return matrix, bought

    def _score(self, X: Any) -> tuple[Scores, NDArray[np.bool_]]:
        check_is_fitted(self)
        matrix, bought = self._read(X, reset=False)
        scores = np.ones(matrix.shape, dtype=np.int64)
        for j, name in enumerate(self._names()):
            scores[bought, j] = compute_scores(
                matrix[bought, j], self.cut_points_[name]
            )
        scores[bought, 0] = self.n_bins + 1 - scores[bought, 0]
        return scores, bought

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
